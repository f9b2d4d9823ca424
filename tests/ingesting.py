"""Helpers of the tests of ingestion: small files, and what becomes of their rows without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Transformer

from gis_core.errors import CRSMismatchError, IngestError
from layers.ingest.fit import Fault, Fitter
from layers.ingest.readers import open_source
from layers.ingest.source import Request
from layers.registry import LAYERS

HUE = (107.58, 16.46)
"""Longitude and latitude of the city's centre."""
HUE_GRID = Transformer.from_crs(4326, 9214, always_xy=True).transform(*HUE)
"""The same place in EPSG:9214, metres."""


class Fitted(NamedTuple):
    rows: gpd.GeoDataFrame
    faults: list[Fault]
    fitter: Fitter

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.faults]


def fit_file(path: Path, layer: str, **options: Any) -> Fitted:
    """Read and fit a whole file."""
    request = Request(LAYERS[layer], **options)
    source = open_source(path, request)
    fitter = Fitter(source, request)
    parts = [fitter.fit(batch) for batch in source.batches]
    rows = [part for part, _ in parts if not part.empty]
    faults = [fault for _, some in parts for fault in some]
    return Fitted(pd.concat(rows) if rows else gpd.GeoDataFrame(), faults, fitter)


def square(west: float, south: float, side: float = 0.01) -> list[list[list[float]]]:
    """The coordinates of a polygon in degrees."""
    east, north = west + side, south + side
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def write_geojson(path: Path, *features: Any, **members: Any) -> Path:
    document = {"type": "FeatureCollection", "features": list(features), **members}
    path.write_text(json.dumps(document, ensure_ascii=True))
    return path


def spot(code: str, x: float = 107.58, y: float = 16.46, **properties: Any) -> dict[str, Any]:
    """A flood spot: the layer with the fewest columns."""
    return feature(point(x, y), code=code, **({"name": f"Điểm {code}"} | properties))


def refused(path: Path, layer: str = "flood_spots", **options: Any) -> str:
    """The sentence that a file is refused with; it names the file."""
    with pytest.raises((IngestError, CRSMismatchError)) as caught:
        fit_file(path, layer, **options)
    assert path.name in str(caught.value)
    return str(caught.value)


FIRE = {"time": "2025-03-01T10:00Z", "subject": "forest_fire", "class": "smoke", "steward_agency": "Kiểm lâm"}
"""What a detection must say."""
