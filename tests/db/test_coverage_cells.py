"""The cells that a coverage answers with: cut, made coarser, and of the moment asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.errors import InvalidParameterError, SurfaceNotBuiltError
from gis_core.time import Window
from gis_core.types import Bounds, FloatArray
from layers.raster import NODATA
from layers.registry import SURFACES
from layers.surfaces.series import publish
from ogc_api.coverages.provider import built_path, read_coverage_json, read_geotiff
from ogc_api.coverages.query import Cut

pytestmark = pytest.mark.usefixtures("database")

SURFACE = SURFACES["vehicle-density"]
AT = datetime(2025, 10, 27, tzinfo=UTC)
CELL_M = 50.0
WEST, NORTH = 560_000.0, 1_822_000.0


def put(cells: FloatArray, hours: float = 0) -> None:
    attrs = {
        "crs": f"EPSG:{METRIC_SRID}", "transform": from_origin(WEST, NORTH, CELL_M, CELL_M),
        "inputs": {}, "simulated": True,
    }  # fmt: skip
    end = AT + timedelta(hours=hours)
    array = xr.DataArray(cells[np.newaxis].astype(np.float32), dims=("band", "y", "x"), attrs=attrs)
    publish(SURFACE, Window(end - timedelta(hours=1), end), array, get_settings())


def read(cut: Cut) -> tuple[FloatArray, rasterio.Affine]:
    with MemoryFile(read_geotiff(SURFACE, cut)) as memory, memory.open() as dataset:
        return dataset.read(1), dataset.transform


def test_coarser_cells_are_the_means_of_the_finer_and_lie_on_them() -> None:
    cells = np.arange(600 * 400, dtype=float).reshape(400, 600)
    cells[:2, :2] = NODATA
    put(cells)
    found, transform = read(Cut(factors=(2, 2)))
    assert found.shape == (200, 300)
    assert (transform.a, transform.e, transform.c, transform.f) == (100, -100, WEST, NORTH)
    assert found[0, 0] == NODATA
    assert found[100, 100] == pytest.approx(cells[200:202, 200:202].mean(), rel=1e-5)
    sized, transform = read(Cut(size=(150, 50)))
    assert sized.shape == (50, 150)
    assert (transform.a, transform.e) == (200, -400)


def test_a_box_in_coarser_cells() -> None:
    put(np.full((400, 600), 3.0))
    box = Bounds(WEST + 1000, NORTH - 4000, WEST + 3000, NORTH - 2000)
    found, transform = read(Cut(box, METRIC_SRID, factors=(4, 4)))
    assert found.shape == (10, 10)
    assert (transform.c, transform.f) == (WEST + 1000, NORTH - 2000)
    assert (found == 3).all()


def test_the_moment_chooses_from_the_series() -> None:
    for hours in (1, 2, 3):
        put(np.full((60, 60), float(hours)), hours)
    assert (read(Cut(until=AT + timedelta(hours=2.5), factors=(2, 2)))[0] == 2).all()
    assert (read(Cut(factors=(2, 2)))[0] == 3).all()
    with rasterio.open(built_path(SURFACE, AT + timedelta(hours=1))) as dataset:
        assert (dataset.read(1) == 1).all()
    with pytest.raises(SurfaceNotBuiltError, match="the series begins"):
        read_geotiff(SURFACE, Cut(until=AT))


def test_more_than_an_answer_may_hold_is_refused_before_it_is_made() -> None:
    put(np.full((60, 60), 1.0))
    with pytest.raises(InvalidParameterError, match="coarser cells by scale-size"):
        read_geotiff(SURFACE, Cut(size=(100_000, 100_000)))
    with pytest.raises(InvalidParameterError, match="more than 500,000 values"):
        read_coverage_json(SURFACE, Cut(size=(1000, 1000)))
    document = read_coverage_json(SURFACE, Cut(size=(3, 2)))
    (band,) = document["ranges"].values()
    assert band["shape"] == [2, 3]
    assert document["domain"]["axes"]["x"] == {"start": WEST + 500, "stop": WEST + 2500, "num": 3}
