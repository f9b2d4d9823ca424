"""What the catalogue lists: layers, surfaces, styles and processes, each made from its declaration."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from gis_core.types import Text
from layers.base import Layer
from layers.processes.base import Process
from layers.processes.registry import PROCESSES
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES, BandStyle, LayerStyle
from ogc_api.config import TITLE as SERVICE

Kind = Literal["dataset", "style", "process"]
KINDS: dict[Kind, Text] = {
    "dataset": Text("Dữ liệu", "Data"),
    "style": Text("Kiểu hiển thị", "Style"),
    "process": Text("Phép xử lý", "Process"),
}
"""Values of a record's ``type``, and what people call them."""

_STYLE = Text("Kiểu hiển thị", "Style")
_LETTERS_OF_A_BEGINNING = 4


@dataclass(frozen=True)
class Entry:
    """One resource, and what it is found by."""

    id: str
    kind: Kind
    title: Text
    declared: Layer | RasterLayer | Process
    """The layer, surface or process that it is, or the one that it draws."""
    external_ids: tuple[tuple[str, str], ...] = ()
    """Scheme and value of identifiers that other systems know it by."""
    style: LayerStyle | BandStyle | None = None

    @property
    def collection(self) -> str | None:
        """The collection that it is or draws; processes have none."""
        return None if isinstance(self.declared, Process) else self.declared.name

    @property
    def steward(self) -> Text:
        """Who keeps it."""
        return SERVICE if isinstance(self.declared, Process) else self.declared.steward

    @property
    def theme(self) -> Text:
        """What it is about."""
        return KINDS["process"] if isinstance(self.declared, Process) else self.declared.theme

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What a search looks through, folded: both languages, the title first."""
        declared = self.declared
        said = (self.title, declared.description, self.steward, self.theme)
        every = (*(text.both for text in said), " ".join(declared.keywords), self.id)
        return tuple(map(folded, every))

    def has(self, terms: tuple[str, ...], *, in_title: bool = False) -> bool:
        """Whether one of the folded terms stands in it, as whole words.

        The last word may go on where at least four letters of it are given: ``flood`` finds
        ``flooding``, but ``lu`` does not find every syllable that begins so.
        """
        texts = self.texts[:1] if in_title else self.texts
        return any(_pattern(term).search(text) for term in terms for text in texts)


def entries() -> Iterator[Entry]:
    """Every entry, in the declared order: layers, surfaces, processes, then styles."""
    for layer in LAYERS.values():
        external = (("postgis", f"{layer.table.schema}.{layer.table.name}"),)
        yield Entry(layer.name, "dataset", layer.title, layer, external)
    for surface in SURFACES.values():
        yield Entry(surface.name, "dataset", surface.title, surface, (("stac", surface.name),))
    for process in PROCESSES.values():
        yield Entry(f"process.{process.id}", "process", process.title, process)
    for style in STYLES.values():
        declared = style.layer if isinstance(style, LayerStyle) else style.surface
        title = Text(*(f"{what}: {of}" for what, of in zip(_STYLE, style.title, strict=True)))
        yield Entry(f"style.{style.name}", "style", title, declared, (), style)


@lru_cache(maxsize=256)
def _pattern(term: str) -> re.Pattern[str]:
    end = "" if len(term.rsplit(" ", maxsplit=1)[-1]) >= _LETTERS_OF_A_BEGINNING else r"\b"
    return re.compile(rf"\b{re.escape(term)}{end}")


def folded(text: str) -> str:
    """A text for comparison: no capitals, no accents, one space between words."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())
