"""Every style by its name: one for each layer, one for each band of a surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gis_core.types import Text
from layers.base import Layer
from layers.raster import Band, RasterLayer
from layers.registry import LAYERS, SURFACES, Registry

Say = Callable[[Text], str]
"""Gives a text in the language of the reader."""

REST = Text("Khác", "Other")
"""What a legend calls the features whose value has no class of its own."""


@dataclass(frozen=True, slots=True)
class LayerStyle:
    """The style of a vector layer, named like it."""

    layer: Layer

    @property
    def name(self) -> str:
        """Its identifier."""
        return self.layer.name

    @property
    def collection(self) -> str:
        """The collection that it draws."""
        return self.layer.name

    @property
    def title(self) -> Text:
        """What it shows."""
        return self.layer.title

    def legend(self) -> list[tuple[str, Text]]:
        """Colour and label of each entry, in order."""
        style = self.layer.style
        if not style.classes:
            return [(style.color, self.layer.title)]
        return [*((entry.color, entry.label) for entry in style.classes), (style.color, REST)]


@dataclass(frozen=True, slots=True)
class BandStyle:
    """The style of one band of a surface: the first is named like the surface, the others after both."""

    surface: RasterLayer
    band: Band

    @property
    def name(self) -> str:
        """Its identifier."""
        first = self.surface.bands[0] is self.band
        return self.surface.name if first else f"{self.surface.name}.{self.band.name}"

    @property
    def collection(self) -> str:
        """The collection that it draws."""
        return self.surface.name

    @property
    def title(self) -> Text:
        """What it shows."""
        return self.band.title

    @property
    def index(self) -> int:
        """The number of the band, from 1."""
        return self.surface.bands.index(self.band) + 1

    def legend(self) -> list[tuple[str, Text]]:
        """Colour and label of each step, ascending."""
        return [(stop.color, stop.label) for stop in self.band.stops]


class _Styles(Registry[LayerStyle | BandStyle]):
    """Follows the list of layers, which may change while the service runs."""

    def __init__(self) -> None:
        super().__init__(
            *(BandStyle(surface, band) for surface in SURFACES.values() for band in surface.bands)
        )

    @property
    def edition(self) -> Mapping[str, LayerStyle | BandStyle]:
        return {**{name: LayerStyle(layer) for name, layer in LAYERS.items()}, **self._entries}


STYLES = _Styles()


def styles_of(collection: str) -> list[LayerStyle | BandStyle]:
    """The styles that draw a collection, the default one first."""
    return [style for style in STYLES.values() if style.collection == collection]
