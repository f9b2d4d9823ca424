"""The cells that a coverage answers with: cut, made coarser, and of the moment asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from starlette.exceptions import HTTPException

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, parse_crs, transformer
from gis_core.errors import InvalidParameterError, SurfaceNotBuiltError
from gis_core.time import Window
from gis_core.types import Bounds, FloatArray
from layers.raster import NODATA
from layers.registry import SURFACES
from layers.surfaces.series import publish
from ogc_api.coverages.cells import MOST_CELLS, Cells, built, read_cells
from ogc_api.coverages.encodings import MOST_JSON_VALUES, coverage_json, geotiff
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


def cells_of(cut: Cut, most: int = MOST_CELLS) -> Cells:
    return read_cells(SURFACE, built(SURFACE, cut.until).path, cut, most)


def read(cut: Cut) -> tuple[FloatArray, rasterio.Affine]:
    with MemoryFile(geotiff(SURFACE, cells_of(cut))) as memory, memory.open() as dataset:
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
    with rasterio.open(built(SURFACE, AT + timedelta(hours=1)).path) as dataset:
        assert (dataset.read(1) == 1).all()
    with pytest.raises(SurfaceNotBuiltError, match="the series begins"):
        cells_of(Cut(until=AT))


def test_more_than_an_answer_may_hold_is_refused_before_it_is_made() -> None:
    put(np.full((60, 60), 1.0))
    with pytest.raises(InvalidParameterError, match="coarser cells by scale-size"):
        cells_of(Cut(size=(100_000, 100_000)))
    with pytest.raises(InvalidParameterError, match="more than 500,000 values"):
        cells_of(Cut(size=(1000, 1000)), MOST_JSON_VALUES)
    document = coverage_json(SURFACE, cells_of(Cut(size=(3, 2))))
    (band,) = document["ranges"].values()
    assert band["shape"] == [2, 3]
    assert document["domain"]["axes"]["x"] == {"start": WEST + 500, "stop": WEST + 2500, "num": 3}


def test_another_crs_keeps_places_and_values() -> None:
    """Cells that say their own easting are found where PROJ puts them, to within a cell."""
    eastings = np.tile(WEST + CELL_M * (np.arange(600) + 0.5), (400, 1)) - WEST
    put(eastings)
    found = cells_of(Cut(crs=parse_crs("CRS84")))
    rows, columns = found.values.shape[1:]
    assert abs(rows * columns / (400 * 600) - 1) < 0.1
    middle = found.transform @ (columns / 2 + 0.5, rows / 2 + 0.5)
    easting, northing = transformer(STORAGE_SRID, METRIC_SRID).transform(*middle)
    assert found.values[0, rows // 2, columns // 2] == pytest.approx(easting - WEST, abs=2 * CELL_M)
    assert NORTH - 400 * CELL_M < northing < NORTH


def test_a_box_in_another_crs_is_the_box_that_was_asked_for() -> None:
    put(np.full((400, 600), 3.0))
    west, south, east, north = transformer(METRIC_SRID, STORAGE_SRID).transform_bounds(
        WEST + 5000, NORTH - 15000, WEST + 15000, NORTH - 5000
    )
    found = cells_of(Cut(Bounds(west, south, east, north), size=(50, 40), crs=parse_crs("EPSG:4326")))
    assert found.values.shape == (1, 40, 50)
    assert found.place.bounds == pytest.approx((west, south, east, north))
    assert (found.values == 3).all()


def test_a_box_elsewhere_is_not_found() -> None:
    put(np.full((60, 60), 1.0))
    for crs in (None, parse_crs("CRS84")):
        with pytest.raises(HTTPException, match="does not meet") as raised:
            cells_of(Cut(Bounds(10, 50, 11, 51), crs=crs))
        assert raised.value.status_code == 404
