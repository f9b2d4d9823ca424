"""What an exported file says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
from pyproj import CRS

from gis_core.time import Window
from gis_core.types import Bounds, Text
from layers.base import Layer
from layers.dictionary import Term, terms_of

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)
"""A window that reaches here has an open end."""


@dataclass(frozen=True)
class Metadata:
    """Whose data these are, what they mean, and which part of them was taken.

    ``bounds`` is in EPSG:4326, ``extracted_at`` aware UTC. ``simulated`` counts the rows among
    ``rows`` that no one observed.
    """

    layer: Layer
    terms: Text
    crs: CRS
    extracted_at: datetime
    bounds: Bounds | None
    window: Window | None
    rows: int
    simulated: int

    @property
    def crs_code(self) -> str:
        """The CRS by its authority's code, such as EPSG:9214."""
        return self.crs.to_string()

    @property
    def interval(self) -> str | None:
        """The time asked for as ``start/end`` of ISO 8601; ``..`` is an open end."""
        if self.window is None:
            return None
        start = ".." if self.window.start == BEGINNING else self.window.start.isoformat()
        end = ".." if self.window.end == END else self.window.end.isoformat()
        return f"{start}/{end}"

    @property
    def columns(self) -> tuple[Term, ...]:
        """The entries of the data dictionary for the layer."""
        return tuple(terms_of(self.layer))

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        layer = self.layer
        return {
            "layer": layer.name,
            "title": layer.title._asdict(),
            "description": layer.description._asdict(),
            "steward": layer.steward._asdict(),
            "terms": self.terms._asdict(),
            "keywords": list(layer.keywords),
            "crs": self.crs_code,
            "extracted_at": self.extracted_at.isoformat(),
            "filter": {
                "bbox": None if self.bounds is None else list(self.bounds),
                "datetime": self.interval,
            },
            "rows": self.rows,
            "simulated_rows": self.simulated,
            "simulated_share": round(self.simulated / self.rows, 4) if self.rows else 0.0,
            "columns": [_said(term) for term in self.columns],
        }


def simulated_in(features: gpd.GeoDataFrame) -> int:
    """How many of these rows are simulated."""
    return int(features["simulated"].sum()) if len(features) else 0


def _said(term: Term) -> dict[str, str]:
    """A column without what there is nothing to say of."""
    values = {name: value for name, value in term._asdict().items() if name != "layer" and value}
    return {"name": values.pop("column"), **values}
