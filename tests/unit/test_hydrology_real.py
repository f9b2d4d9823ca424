"""Real terrains through the door that the flood surfaces use: metres, voids, sea, and pyflwdir beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyflwdir
import pytest
import rasterio
from pyflwdir import dem
from pyproj import Geod
from rasterio.transform import from_origin

from gis_core.analysis.hydrology import Drainage
from gis_core.errors import CRSMismatchError, RasterError
from layers.surfaces.drainage import drained_terrain
from tests.unit.test_hydrology_reference import basin_shared, height_above_drain, near, shared


def total_km2(drainage: Drainage) -> float:
    """The land that drains through all outlets together."""
    cells = np.arange(drainage.downstream.size)
    return float(drainage.area_km2.ravel()[drainage.downstream == cells].sum(dtype=np.float64))


def geodesic_km2(west: float, south: float, east: float, north: float) -> float:
    """Area of a quadrangle of degrees on the ellipsoid, its parallels followed in steps."""
    lon = np.linspace(west, east, 200)
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(
        [*lon, *lon[::-1]], [*np.full(200, south), *np.full(200, north)]
    )
    return abs(area) / 1e6


@pytest.mark.parametrize(("west", "south"), [(107.4, 16.2), (15.0, 66.0), (-70.0, -45.0)])
def test_areas_of_a_terrain_in_degrees_are_those_on_the_ellipsoid(
    tmp_path: Path, west: float, south: float
) -> None:
    size_deg, cells = 0.2, 400
    tilted = np.add.outer(np.arange(cells), np.arange(cells)).astype(np.float32) / 10 + 50
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=cells, width=cells, dtype="float32", crs="EPSG:4326",
        transform=from_origin(west, south + size_deg, size_deg / cells, size_deg / cells), nodata=-9999,
    ) as dataset:  # fmt: skip
        dataset.write(tilted, 1)
    drainage = drained_terrain(path).drainage
    expected = geodesic_km2(west, south, west + size_deg, south + size_deg)
    # Cells at a slanting edge count whole or not at all.
    assert total_km2(drainage) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize(
    ("crs", "fill", "error", "reason"),
    [
        (None, 5.0, CRSMismatchError, r"terrain\.tif: the raster has no coordinate reference system"),
        ("EPSG:9214", -3.0, RasterError, "no land above the sea"),
        ("EPSG:9214", -9999.0, RasterError, r"terrain\.tif: the raster holds no elevation at all"),
    ],
)
def test_what_cannot_be_drained_is_refused_with_a_sentence(
    tmp_path: Path, crs: str | None, fill: float, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        drained_terrain(level_terrain(tmp_path, fill, crs))


def test_a_plain_of_one_level_is_drained_and_kept(tmp_path: Path) -> None:
    path, kept = level_terrain(tmp_path, 3.0, "EPSG:9214"), tmp_path / "kept"
    first, second = (drained_terrain(path, kept).drainage for _ in range(2))
    assert len(list(kept.iterdir())) == 1
    assert total_km2(first) == pytest.approx(40 * 40 * 0.03**2)
    for name in ("elevation_m", "filled_m", "directions", "sea", "downstream", "order", "area_km2"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == getattr(second, name).dtype


def level_terrain(folder: Path, level_m: float, crs: str | None) -> Path:
    path = folder / "terrain.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=40, width=40, dtype="float32", crs=crs,
        transform=from_origin(560_000, 1_820_000, 30, 30), nodata=-9999,
    ) as dataset:  # fmt: skip
        dataset.write(np.full((40, 40), level_m, dtype=np.float32), 1)
    return path


def beside_pyflwdir(drainage: Drainage, stream_area_km2: float) -> tuple[float, float, float, float]:
    """How far pyflwdir's own drainage of the same land agrees, after its network on our directions does.

    Returns:
        Share of our streams within a cell of its own, intersection over union of the land up to 3 m
        above the drainage, share of the land whose HAND differs by 1 m at most, and the least
        intersection over union of the ten largest basins.
    """
    land = np.isfinite(drainage.filled_m)
    filled, codes = dem.fill_depressions(np.where(land, drainage.elevation_m, np.nan), nodata=np.nan)
    np.testing.assert_allclose(drainage.filled_m, filled, rtol=0, atol=1e-4)
    ours = drainage.streams(stream_area_km2)
    hand = drainage.hand(ours)
    network = pyflwdir.from_array(drainage.directions, ftype="d8", check_ftype=False)
    area = network.upstream_area("cell") * drainage.cell_m**2 / 1e6
    np.testing.assert_allclose(drainage.area_km2[land], area[land], rtol=1e-6)
    np.testing.assert_array_equal(drainage.basins(), np.where(land, network.basins(), 0))
    same = height_above_drain(network.idxs_ds, network.idxs_seq, ours.ravel(), drainage.filled_m.ravel())
    # It adds up the drops along the way, and with them what each is rounded by.
    np.testing.assert_allclose(hand[land], same.reshape(land.shape)[land], atol=2e-3)

    own = pyflwdir.from_array(codes, ftype="d8", check_ftype=False)
    streams = (own.upstream_area("cell") * drainage.cell_m**2 / 1e6 >= stream_area_km2) & land
    other = height_above_drain(own.idxs_ds, own.idxs_seq, streams.ravel(), filled.ravel()).reshape(land.shape)
    numbers, others = drainage.basins(), own.basins()
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    return (
        near(ours, streams),
        shared((hand <= 3) & land, (other <= 3) & land),
        float((np.abs(hand - other)[land] <= 1).mean()),
        min(basin_shared(numbers == number, others) for number in np.argsort(sizes)[-10:]),
    )


def test_the_real_terrain_of_da_nang_hills_plain_and_sea(shared_data: Path) -> None:
    drained = drained_terrain(shared_data / "dem" / "danang_dem.tif")
    drainage = drained.drainage
    assert drained.terrain.crs.to_epsg() == 9214
    # The bay is sea; everything else is land, and all of its water is accounted for.
    assert 0.15 < drainage.sea.mean() < 0.25
    cells = drainage.sea.sum() + np.isfinite(drainage.filled_m).sum()
    assert total_km2(drainage) == pytest.approx(
        np.isfinite(drainage.filled_m).sum() * drainage.cell_m**2 / 1e6
    )
    assert cells == np.isfinite(drainage.elevation_m).sum()
    beside, low, metre, basins = beside_pyflwdir(drainage, 5.0)
    # More than a quarter of this land is filled, and across the flats that this makes each draws lines of
    # its own, pyflwdir's in the order of its heap and ours by the fewest cells. Levels there are equal.
    assert beside > 0.6
    assert low > 0.98
    assert metre > 0.97
    assert basins > 0.8


def test_the_real_srtm_tile_of_andorra_steep_and_with_voids(shared_data: Path) -> None:
    drained = drained_terrain(shared_data / "dem" / "N42E001.hgt.zip")
    drainage = drained.drainage
    assert "void cells were filled" in drained.terrain.notes[0]
    assert not drainage.sea.any()
    beside, low, metre, basins = beside_pyflwdir(drainage, 5.0)
    # Lines agree to a cell; on slopes of 30° one cell beside is tens of metres, so that HAND agrees
    # to 1 m on hardly more than half of the land.
    assert beside > 0.95
    assert low > 0.85
    assert metre > 0.5
    assert basins > 0.98
