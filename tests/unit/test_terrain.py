"""Terrain: one contract for every implementation, and what reading a raster accepts, mends and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin

from gis_core.crs import transformer
from gis_core.errors import CRSMismatchError, RasterError
from gis_core.terrain import PlaneTerrain, RasterTerrain, Terrain, file_digest, read_terrain

WEST, NORTH, CELL_M = 560_000.0, 1_820_000.0, 20.0
SLOPE_X, SLOPE_Y = 0.1, -0.05


def plane_raster() -> RasterTerrain:
    """The plane ``10 + 0.1 (x - west) - 0.05 (y - north)`` as a raster of 30 rows and 40 columns."""
    x = (np.arange(40) + 0.5) * CELL_M
    y = -(np.arange(30) + 0.5) * CELL_M
    z = 10 + SLOPE_X * x[None, :] + SLOPE_Y * y[:, None]
    return RasterTerrain(
        "plane", z.astype(np.float32), from_origin(WEST, NORTH, CELL_M, CELL_M), CRS.from_epsg(9214)
    )


@pytest.fixture(params=["plane", "raster"])
def terrain(request: pytest.FixtureRequest) -> Terrain:
    if request.param == "raster":
        return plane_raster()
    return PlaneTerrain(10 - SLOPE_X * WEST - SLOPE_Y * NORTH, SLOPE_X, SLOPE_Y)


def test_every_terrain_knows_the_elevation_between_its_cells(terrain: Terrain) -> None:
    x = np.array([WEST + 10, WEST + 123.4, WEST + 700.0])
    y = np.array([NORTH - 10, NORTH - 321.0, NORTH - 555.5])
    expected = 10 + SLOPE_X * (x - WEST) + SLOPE_Y * (y - NORTH)
    np.testing.assert_allclose(terrain.sample(x, y), expected, atol=1e-3)


def test_every_terrain_keeps_the_shape_and_answers_nan_with_nan(terrain: Terrain) -> None:
    x = np.array([[WEST + 100.0, np.nan, WEST + 50.0]])
    found = terrain.sample(x, np.full((1, 3), NORTH - 100.0))
    assert found.shape == (1, 3)
    assert np.isnan(found).tolist() == [[False, True, False]]


def test_outside_a_raster_nothing_is_known_and_its_outer_half_cell_counts_as_inside() -> None:
    raster = plane_raster()
    x = np.array([WEST - 1, WEST + 1, WEST + 40 * CELL_M - 1, WEST + 40 * CELL_M + 1])
    found = raster.sample(x, np.full(4, NORTH - 10.0))
    assert np.isnan(found).tolist() == [True, False, False, True]
    assert found[1] == pytest.approx(raster.elevation_m[0, 0])


def test_next_to_an_unknown_cell_the_elevation_is_unknown() -> None:
    raster = plane_raster()
    raster.elevation_m[5, 5] = np.nan
    centre = NORTH - 5.5 * CELL_M
    found = raster.sample(np.array([WEST + 5.0 * CELL_M, WEST + 8.5 * CELL_M]), np.full(2, centre))
    assert np.isnan(found).tolist() == [True, False]


def test_the_cell_of_a_position() -> None:
    raster = plane_raster()
    assert raster.cell_of(WEST + 25, NORTH - 5) == (0, 1)
    assert raster.cell_of(WEST - 1, NORTH - 5) is None
    assert raster.cell_of(WEST + 40 * CELL_M, NORTH - 5) is None


def write(path: Path, z: np.ndarray, **options: Any) -> Path:
    """A GeoTIFF of one band, EPSG:9214 with cells of 20 m unless said otherwise."""
    profile = {
        "driver": "GTiff", "count": 1, "height": z.shape[0], "width": z.shape[1], "dtype": z.dtype.name,
        "crs": "EPSG:9214", "transform": from_origin(WEST, NORTH, CELL_M, CELL_M), "nodata": -9999,
    } | options  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(z, 1)
    return path


def test_a_metric_raster_is_taken_as_it_is(tmp_path: Path) -> None:
    z = plane_raster().elevation_m
    path = write(tmp_path / "plane.tif", z)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(SIMULATED="YES")
    read = read_terrain(path)
    np.testing.assert_array_equal(read.elevation_m, z)
    assert (read.cell_m, read.crs.to_epsg(), read.simulated, read.notes) == (CELL_M, 9214, True, ())
    assert read.bounds == (WEST, NORTH - 600, WEST + 800, NORTH)


def test_degrees_become_metres_and_the_ground_stays_where_it_is(tmp_path: Path) -> None:
    lon, lat = 107.5 + (np.arange(90) + 0.5) / 3600, 16.5 - (np.arange(80) + 0.5) / 3600
    x, y = transformer(4326, 9214).transform(*np.meshgrid(lon, lat))
    z = (50 + 0.01 * (x - x.mean()) + 0.02 * (y - y.mean())).astype(np.float32)
    path = write(
        tmp_path / "degrees.tif", z, crs="EPSG:4326", transform=from_origin(107.5, 16.5, 1 / 3600, 1 / 3600)
    )
    read = read_terrain(path)
    assert read.crs.to_epsg() == 9214
    assert 29 < read.cell_m < 32
    assert "reprojected to EPSG:9214" in read.notes[-1]
    np.testing.assert_allclose(read.sample(x[5:-5, 5:-5], y[5:-5, 5:-5]), z[5:-5, 5:-5], atol=0.02)


@pytest.mark.parametrize(
    ("crs", "west", "north", "cell", "expected"),
    [
        ("EPSG:4326", 1.0, 43.0, 1 / 1200, 32631),
        ("EPSG:4326", -70.0, -20.0, 1 / 1200, 32719),
        ("EPSG:3857", 11_970_000.0, 1_860_000.0, 30.0, 9214),
        ("EPSG:32648", 760_000.0, 1_820_000.0, 30.0, 32648),
    ],
)
def test_lengths_are_metres_of_ground_in_a_crs_near_the_place(
    tmp_path: Path, *, crs: str, west: float, north: float, cell: float, expected: int
) -> None:
    path = write(
        tmp_path / "z.tif",
        np.ones((50, 50), np.float32),
        crs=crs,
        transform=from_origin(west, north, cell, cell),
    )
    assert read_terrain(path).crs.to_epsg() == expected


def test_enclosed_voids_are_filled_and_unknown_ground_at_the_edge_is_not(tmp_path: Path) -> None:
    z = plane_raster().elevation_m.copy()
    truth = z.copy()
    z[10:13, 10:13] = -9999
    z[:, 35:] = -9999
    read = read_terrain(write(tmp_path / "voids.tif", z))
    # A hole of 60 m on ground that climbs 6 m across it.
    assert np.abs(read.elevation_m[10:13, 10:13] - truth[10:13, 10:13]).max() < 3
    assert np.isnan(read.elevation_m[:, 35:]).all()
    assert not np.isnan(read.elevation_m[:, :35]).any()
    assert read.notes == ("9 void cells were filled from around them.",)


def test_a_terrain_of_voids_is_refused(tmp_path: Path) -> None:
    z = plane_raster().elevation_m.copy()
    z[2:-2, 2:20] = -9999
    with pytest.raises(RasterError, match=r"holes\.tif: 3\d% of the terrain are voids"):
        read_terrain(write(tmp_path / "holes.tif", z))


def test_a_large_raster_is_read_coarser_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "large.tif", plane_raster().elevation_m)
    read = read_terrain(path, max_cells=300)
    assert read.elevation_m.shape == (15, 20)
    assert read.cell_m == 2 * CELL_M
    assert read.bounds == (WEST, NORTH - 600, WEST + 800, NORTH)
    assert read.elevation_m[0, 0] == pytest.approx(plane_raster().elevation_m[:2, :2].mean())
    assert "2.0 times as wide" in read.notes[0]


def test_a_raster_without_a_crs_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "nowhere.tif", np.ones((5, 5), np.float32), crs=None)
    with pytest.raises(
        CRSMismatchError, match=r"nowhere\.tif: the raster has no coordinate reference system"
    ):
        read_terrain(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fill": -32768}, "is no elevation on land"),
        ({"fill": -9999}, "no elevation at all"),
        ({"unit": "ft"}, "must be in metres"),
        ({"turned": True}, "turned away from north"),
    ],
)
def test_what_is_no_terrain_is_refused_with_its_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    z = np.full((5, 5), change.get("fill", 1), np.float32)
    options = {}
    if "turned" in change:
        options["transform"] = from_origin(WEST, NORTH, CELL_M, CELL_M) @ rasterio.Affine.rotation(20)
    path = write(tmp_path / "odd.tif", z, **options)
    if "unit" in change:
        with rasterio.open(path, "r+") as dataset:
            dataset.set_band_unit(1, change["unit"])
    with pytest.raises(RasterError, match=rf"odd\.tif: .*{reason}"):
        read_terrain(path)


def test_a_raster_in_a_crs_of_no_place_on_the_earth_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "site.tif", np.ones((5, 5), np.float32), crs='LOCAL_CS["site",UNIT["metre",1]]')
    with pytest.raises(CRSMismatchError, match=r"site\.tif: .* none of positions on the Earth"):
        read_terrain(path)


def test_a_raster_that_does_not_say_where_it_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    # GDAL keeps what a PNG cannot hold, here the CRS, in a file beside it.
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(path, "w", driver="PNG", count=1, height=4, width=4, dtype="uint8", crs="EPSG:9214"),
    ):
        pass
    with pytest.raises(RasterError, match=r"scan\.png: .* \(no geotransform\)"):
        read_terrain(path)


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (50, 2)])
def test_a_raster_too_small_for_water_to_run_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    path = write(tmp_path / "crumb.tif", np.ones(shape, np.float32))
    with pytest.raises(RasterError, match=r"crumb\.tif: .* too few for water to run down"):
        read_terrain(path)


def test_a_picture_of_three_bands_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=4, width=4, dtype="uint8", crs="EPSG:9214",
        transform=from_origin(WEST, NORTH, CELL_M, CELL_M),
    ) as dataset:  # fmt: skip
        dataset.write(np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(RasterError, match="one band of elevations, this raster has 3"):
        read_terrain(path)


def test_what_is_no_raster_or_is_not_there_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with pytest.raises(RasterError, match=r"text\.tif: is not a raster"):
        read_terrain(text)
    with pytest.raises(RasterError, match=r"gone\.tif: there is no such file"):
        read_terrain(tmp_path / "gone.tif")
    with pytest.raises(RasterError, match=r"gone\.tif: there is no such file"):
        file_digest(tmp_path / "gone.tif")


def test_the_real_terrain_of_da_nang(shared_data: Path) -> None:
    terrain = read_terrain(shared_data / "dem" / "danang_dem.tif")
    assert terrain.crs.to_epsg() == 9214
    assert 29 < terrain.cell_m < 32
    highest = float(np.nanmax(terrain.elevation_m))
    assert 650 < highest <= 686


def test_the_real_srtm_tile_of_andorra_with_its_voids(shared_data: Path) -> None:
    terrain = read_terrain(shared_data / "dem" / "N42E001.hgt.zip")
    assert terrain.crs.to_epsg() == 32631
    assert terrain.notes[0] == "7593 void cells were filled from around them."
    middle = terrain.elevation_m[100:-100, 100:-100]
    assert not np.isnan(middle).any()
    assert 2000 < float(middle.max()) <= 3100
