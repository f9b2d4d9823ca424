"""Vector tiles as GDAL reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio

STEPS = 4096


def layers_of(mvt: bytes) -> list[str]:
    """The names of a tile's layers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tile.mvt"
        file.write_bytes(mvt)
        return [str(name) for name, _ in pyogrio.list_layers(f"MVT:{file}")]


def features_of(mvt: bytes, level: int, row: int, col: int) -> gpd.GeoDataFrame:
    """The features of a tile of WebMercatorQuad with all that lies beyond its edge, EPSG:3857."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tile.mvt"
        file.write_bytes(mvt)
        place = {"X": str(col), "Y": str(row), "Z": str(level)}
        return pyogrio.read_dataframe(f"MVT:{file}", CLIP="NO", **place)
