"""What is seen over terrain: exact expectations on small ground made by hand, and one ray at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from gis_core.errors import CRSMismatchError, GeoreferenceError
from gis_core.georeference import Lens, PinholeCamera, Pose, pose_covariance
from gis_core.terrain import RasterTerrain
from gis_core.types import BoolArray, FloatArray
from gis_core.viewshed import outlines, visible_cells, visible_ground

CELL_M = 10.0
WIDE_PX, HIGH_PX = 4000, 4000


def terrain(elevation_m: NDArray[np.float64] | NDArray[np.float32], srid: int = 9214) -> RasterTerrain:
    rows = elevation_m.shape[0]
    transform = Affine(CELL_M, 0, 0, 0, -CELL_M, rows * CELL_M)
    return RasterTerrain("hand-made", elevation_m.astype(np.float32), transform, CRS.from_epsg(srid))


def centre(column: int, row: int, rows: int) -> tuple[float, float]:
    return (column + 0.5) * CELL_M, (rows - row - 0.5) * CELL_M


def looking(
    x_m: float, y_m: float, z_m: float, heading_deg: float, *, tilt_deg: float = 0.0, view_deg: float = 170.0
) -> Pose:
    """A camera with a square frame, so that it sees as much up and down as to the sides."""
    focal_px = WIDE_PX / 2 / math.tan(math.radians(view_deg) / 2)
    return Pose(x_m, y_m, z_m, heading_deg, tilt_deg, 0.0, focal_px, WIDE_PX, HIGH_PX)


def seen_all(pose: Pose, ground: RasterTerrain, range_m: float = 1e6, curvature: float = 0.0) -> BoolArray:
    """Which cells of the whole terrain are seen."""
    visible = visible_cells(pose, ground, range_m, curvature)
    whole = np.zeros(ground.elevation_m.shape, bool)
    column, row = (round(edge) for edge in ~ground.transform @ (visible.transform.c, visible.transform.f))
    rows, columns = visible.seen.shape
    whole[row : row + rows, column : column + columns] = visible.seen
    return whole


def test_level_ground_is_seen_in_the_whole_frame_and_nowhere_else() -> None:
    ground = terrain(np.zeros((41, 41)))
    x, y = centre(20, 40, 41)
    seen = seen_all(looking(x, y, 33.0, 0.0, view_deg=90.2), ground, range_m=205.0)
    rows, columns = np.mgrid[0:41, 0:41]
    east, north = (columns - 20) * CELL_M, (40 - rows) * CELL_M
    # To the sides as far as ahead, below down to 45 degrees.
    expected = (np.abs(east) <= north) & (north >= 33.0) & (np.hypot(east, north) <= 205.0)
    assert np.array_equal(seen, expected)


def test_a_wall_hides_what_its_shadow_covers() -> None:
    """A lens at 20 m and a wall of 12 m at 50 m: the shadow ends at 50 * 20 / 8 = 125 m."""
    heights = np.zeros((3, 31))
    heights[:, 5] = 12.0
    ground = terrain(heights)
    x, y = centre(0, 1, 3)
    seen = seen_all(looking(x, y, 20.0, 90.0), ground)
    # The near foot of the wall rises towards it; its top is seen, its back is not.
    assert seen[1].tolist() == [False] + [column <= 5 or column >= 13 for column in range(1, 31)]


def test_a_valley_hides_its_near_slope_and_shows_its_far_one() -> None:
    profile = np.array([50, 50, 50, 0, 0, 0, 0, 50, 50, 50, 50.0])
    ground = terrain(np.tile(profile, (3, 1)))
    x, y = centre(0, 1, 3)
    seen = seen_all(looking(x, y, 60.0, 90.0), ground)[1]
    # The line over the edge at 20 m falls by half a metre a metre: at 60 m it is at 30 m still.
    assert seen.tolist() == [False, True, True, False, False, False, False, True, True, True, True]


def test_the_earth_hides_the_far_ground_unless_taken_for_flat() -> None:
    """From 20 m the horizon is at sqrt(20 / c) = 17.1 km with refraction."""
    ground = terrain(np.zeros((1, 2500)).repeat(2, axis=0))
    pose = looking(*centre(0, 0, 2), 20.0, 90.0)
    assert seen_all(pose, ground)[0, 1:].all()
    curved = (1 - 0.13) / 2 / 6_371_000
    farthest = np.flatnonzero(seen_all(pose, ground, curvature=curved)[0]).max() * CELL_M
    assert farthest == pytest.approx(math.sqrt(20 / curved), abs=200)


def test_unknown_ground_is_neither_seen_nor_seen_across() -> None:
    heights = np.zeros((3, 21))
    heights[:, 10] = np.nan
    seen = seen_all(looking(*centre(0, 1, 3), 20.0, 90.0), terrain(heights))
    assert seen[1].tolist() == [0 < column < 10 for column in range(21)]


def test_a_lens_that_bends_outwards_sees_less_at_the_sides() -> None:
    ground = terrain(np.zeros((41, 41)))
    x, y = centre(20, 40, 41)
    straight = looking(x, y, 30.0, 0.0, view_deg=90.0)
    pincushion = Pose(x, y, 30.0, 0.0, 0.0, 0.0, straight.focal_px, WIDE_PX, HIGH_PX, Lens(0.2))
    plain, bent = seen_all(straight, ground), seen_all(pincushion, ground)
    assert bent.sum() < plain.sum()
    assert not (bent & ~plain).any()


def hills(seed: int, size: int = 40) -> RasterTerrain:
    from scipy.ndimage import gaussian_filter

    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 2.5)
    return terrain(rough / rough.std() * 25 + 100)


def clearance_m(pose: Pose, ground: RasterTerrain, x: FloatArray, y: FloatArray, curvature: float) -> float:
    """The least height of one line of sight above the ground before its end, by 20 looks in a cell."""
    distance = math.hypot(float(x[0]) - pose.x_m, float(y[0]) - pose.y_m)
    share = np.linspace(0, 1, max(2, int(distance / CELL_M * 20)))[:-1]
    end_m = float(ground.sample(x, y)[0]) - curvature * distance**2
    sight_m = pose.z_m + share * (end_m - pose.z_m)
    along_x, along_y = pose.x_m + share * (x - pose.x_m), pose.y_m + share * (y - pose.y_m)
    below_m = ground.sample(along_x, along_y) - curvature * (share * distance) ** 2
    return float((sight_m - below_m).min())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("curvature", [0.0, 2e-5])
def test_hills_are_seen_as_one_ray_at_a_time_sees_them(seed: int, curvature: float) -> None:
    ground = hills(seed)
    x, y = 213.0, 187.0
    z = float(ground.sample(np.array([x]), np.array([y]))[0]) + 15
    pose = looking(x, y, z, 70.0 * seed, tilt_deg=5.0, view_deg=150.0)
    seen = seen_all(pose, ground, curvature=curvature)
    agreed = judged = 0
    for row in range(40):
        for column in range(40):
            at_x, at_y = (np.array([value]) for value in centre(column, row, 40))
            u, v = pose.project(
                at_x, at_y, ground.sample(at_x, at_y) - curvature * ((at_x - x) ** 2 + (at_y - y) ** 2)
            )
            in_frame = bool(0 <= u[0] <= WIDE_PX and 0 <= v[0] <= HIGH_PX)
            if not in_frame:
                assert not seen[row, column]
                continue
            clear_m = clearance_m(pose, ground, at_x, at_y, curvature)
            # Between two lines of centres the surface bulges by a few centimetres.
            if clear_m < -0.3 or clear_m > -1e-4:
                judged += 1
                agreed += seen[row, column] == (clear_m > -1e-4)
    assert judged > 300
    assert agreed == judged


def test_blocks_that_are_passed_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terrain whose blocks all reach into the sky has to be looked at cell by cell."""
    import gis_core.viewshed as module

    ground = hills(7, 64)
    pose = looking(320.0, 320.0, 190.0, 45.0, tilt_deg=10.0)
    quick = seen_all(pose, ground)
    prepared = module.prepared_cells(ground)
    monkeypatch.setattr(
        module,
        "prepared_cells",
        lambda _: prepared._replace(highest_m=np.full_like(prepared.highest_m, np.inf)),
    )
    assert np.array_equal(seen_all(pose, ground), quick)
    assert 100 < quick.sum() < quick.size / 2


def test_a_pixel_that_is_located_on_the_ground_lies_on_ground_that_is_seen() -> None:
    ground = hills(3)
    z = float(ground.sample(np.array([213.0]), np.array([187.0]))[0]) + 15
    pose = looking(213.0, 187.0, z, 30.0, tilt_deg=10.0, view_deg=100.0)
    camera = PinholeCamera(pose, ground, pose_covariance(pose), curvature_per_m=0.0)
    draw = np.random.default_rng(0)
    found = camera.locate(draw.uniform(0, WIDE_PX, 2000), draw.uniform(0, HIGH_PX, 2000))
    x, y = found.x[np.isfinite(found.x)], found.y[np.isfinite(found.y)]
    area = visible_ground(pose, ground, 1e6, 0.0).buffer(CELL_M)
    assert len(x) > 500
    assert shapely.contains_xy(area, x, y).mean() > 0.99


@settings(max_examples=30, deadline=None)
@given(
    heading_deg=st.floats(0, 360),
    tilt_deg=st.floats(0, 40),
    lower_m=st.floats(2, 30),
    raised_m=st.floats(0, 50),
)
def test_raising_the_mast_never_loses_ground_on_a_plain(
    heading_deg: float, tilt_deg: float, lower_m: float, raised_m: float
) -> None:
    """But for what comes to lie below the lower edge of the frame, near the mast."""
    ground = terrain(np.zeros((31, 31)))
    x, y = centre(15, 15, 31)
    low, high = (
        seen_all(looking(x, y, z, heading_deg, tilt_deg=tilt_deg, view_deg=178.0), ground, curvature=1e-6)
        for z in (lower_m, lower_m + raised_m)
    )
    rows, columns = np.mgrid[0:31, 0:31]
    below = np.hypot(rows - 15, columns - 15) * CELL_M < (lower_m + raised_m) / math.tan(math.radians(40))
    assert not (low & ~high & ~below).any()


@settings(max_examples=30, deadline=None)
@given(
    wall_row=st.integers(3, 25), wall_m=st.floats(20, 80), column=st.integers(5, 25), mast_m=st.floats(2, 19)
)
def test_a_wall_hides_all_level_ground_behind_it(
    wall_row: int, wall_m: float, column: int, mast_m: float
) -> None:
    heights = np.zeros((31, 31))
    heights[wall_row] = wall_m
    seen = seen_all(looking(*centre(column, 30, 31), mast_m, 0.0), terrain(heights))
    assert not seen[:wall_row].any()
    assert seen[wall_row + 1 : 29, column].all() or wall_row >= 27


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 0.9))
def test_outlines_leave_the_seen_cells_by_half_a_cell_at_most(seed: int, share: float) -> None:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(30, 30)), 1.2)
    mask = noise > np.quantile(noise, share)
    transform = Affine(CELL_M, 0, 0, 0, -CELL_M, 300)
    from gis_core.viewshed import VisibleCells

    area = outlines(VisibleCells(mask, transform))
    cells = shapely.union_all(
        [
            shapely.box(c * CELL_M, 300 - (r + 1) * CELL_M, (c + 1) * CELL_M, 300 - r * CELL_M)
            for r, c in np.argwhere(mask)
        ]
    )
    assert area.is_valid
    assert area.difference(cells.buffer(CELL_M / 2 + 1e-6)).area < 1e-6
    again = rasterize([(area, 1)], out_shape=mask.shape, transform=transform).astype(bool)
    assert (again != mask).mean() < 0.2


def test_nothing_seen_has_an_empty_outline() -> None:
    pose = looking(*centre(20, 20, 41), 30.0, 0.0, tilt_deg=-60, view_deg=20.0)
    assert visible_ground(pose, terrain(np.zeros((41, 41))), 500.0).is_empty


def test_a_camera_off_or_under_the_terrain_is_refused() -> None:
    ground = terrain(np.zeros((41, 41)))
    with pytest.raises(GeoreferenceError, match="no terrain is known"):
        visible_cells(looking(-100.0, 0.0, 30.0, 0.0), ground, 500.0)
    with pytest.raises(GeoreferenceError, match="not above the ground"):
        visible_cells(looking(100.0, 100.0, -1.0, 0.0), ground, 500.0)
    with pytest.raises(CRSMismatchError, match="metres"):
        visible_cells(looking(100.0, 100.0, 10.0, 0.0), terrain(np.zeros((41, 41)), 4326), 500.0)
