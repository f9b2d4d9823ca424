"""The pinhole camera over planes and terrain: by hand, by independent computation, and by Monte Carlo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq

from gis_core.errors import CRSMismatchError, GeoreferenceError
from gis_core.georeference import Lens, PinholeCamera, Pose, focal_length_px, pose_covariance
from gis_core.georeference.pinhole import CURVATURE_PER_M
from gis_core.georeference.pose import distorted, parameters_of, with_parameters
from gis_core.terrain import PlaneTerrain, RasterTerrain, read_terrain
from gis_core.types import FloatArray

NONE = np.zeros((8, 8))
CHI2_95 = 5.991464547
NORTHWARD = Pose(1000, 2000, 10, 0, 45, 0, focal_length_px(90, 200), 200, 100)
METRIC = CRS.from_epsg(9214)


def located(camera: PinholeCamera, u: float, v: float) -> tuple[float, float]:
    found = camera.locate(np.array([u]), np.array([v]))
    return found.x[0], found.y[0]


def hills(cell_m: float = 20, amplitude_m: float = 60, seed: int = 1, size: int = 240) -> RasterTerrain:
    smooth = gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 12)
    edge = size / 2 * cell_m
    return RasterTerrain(
        "hills",
        (smooth / smooth.std() * amplitude_m).astype(np.float32),
        Affine(cell_m, 0, -edge, 0, -cell_m, edge),
        METRIC,
    )


def over(terrain: RasterTerrain, height_m: float, **angles: float) -> Pose:
    """A camera above the middle of a terrain."""
    ground = float(terrain.sample(np.zeros(1), np.zeros(1))[0])
    pose = Pose(0, 0, ground + height_m, 40, 5, 0, focal_length_px(60, 1920), 1920, 1080)
    return replace(pose, **angles)


def test_the_middle_of_the_frame_lies_where_the_axis_meets_the_ground() -> None:
    """At 45° below the horizon a 10 m mast looks 10 m ahead."""
    assert located(PinholeCamera(NORTHWARD, PlaneTerrain(), NONE), 100, 50) == pytest.approx((1000, 2010))


def test_right_in_the_frame_is_east_when_looking_north() -> None:
    """With 90° of view the focal length is half the width, so the edge is 45° aside: 10·√2 m at 45° tilt."""
    found = located(PinholeCamera(NORTHWARD, PlaneTerrain(), NONE), 200, 50)
    assert found == pytest.approx((1000 + 10 * np.sqrt(2), 2010))


def test_a_camera_rolled_clockwise_sees_its_right_lower() -> None:
    """Rolled by 90°, the right edge of the frame looks straight down from a 45° tilt."""
    rolled = PinholeCamera(replace(NORTHWARD, roll_deg=90), PlaneTerrain(), NONE)
    assert located(rolled, 200, 50) == pytest.approx((1000, 2000), abs=1e-9)


def test_a_slope_is_met_where_it_rises_to_the_ray() -> None:
    """Ground that rises by 1 in 2 northwards meets a ray falling 1 in 1 from 10 m after 10 / 1.5 m."""
    slope = PlaneTerrain(z0_m=-1000, slope_y=0.5)
    assert located(PinholeCamera(NORTHWARD, slope, NONE), 100, 50)[1] == pytest.approx(2000 + 10 / 1.5)


def test_out_of_range_and_above_the_horizon_are_told_apart() -> None:
    flat = PinholeCamera(replace(NORTHWARD, tilt_deg=1), PlaneTerrain(), NONE, range_m=100)
    found = flat.locate(np.array([100.0, 100]), np.array([50.0, 0]))
    assert "range" in found.reason[0]
    assert "horizon" in found.reason[1]
    assert np.isnan(found.x).all()


def test_without_terrain_there_are_directions_only() -> None:
    found = PinholeCamera(NORTHWARD, None, NONE).locate(np.array([200.0]), np.array([50.0]))
    assert found.reason[0] == "No terrain is known where the camera looks."
    assert found.azimuth_deg[0] == pytest.approx(np.degrees(np.arctan2(10 * np.sqrt(2), 10)))


@pytest.mark.parametrize(
    ("pose", "sentence"),
    [
        ({"z_m": 0.0}, "not above the ground"),
        ({"focal_px": 0.0}, "focal length"),
        ({"x_m": float("nan")}, "lacks a number"),
        ({"width_px": 0}, "at least one pixel"),
    ],
)
def test_an_impossible_camera_is_refused(pose: dict[str, float], sentence: str) -> None:
    with pytest.raises(GeoreferenceError, match=sentence):
        PinholeCamera(replace(NORTHWARD, **pose), PlaneTerrain(), NONE)


@pytest.mark.parametrize("view_deg", [0, -5, 180, float("nan")])
def test_an_impossible_field_of_view_is_refused(view_deg: float) -> None:
    with pytest.raises(GeoreferenceError, match="field of view"):
        focal_length_px(view_deg, 1920)


def test_terrain_in_degrees_is_refused() -> None:
    degrees = RasterTerrain(
        "dem", np.zeros((9, 9), np.float32), Affine(0.01, 0, 107, 0, -0.01, 17), CRS.from_epsg(4326)
    )
    with pytest.raises(CRSMismatchError, match="grid in metres"):
        PinholeCamera(NORTHWARD, degrees, NONE)


def test_a_covariance_that_is_none_is_refused() -> None:
    camera = PinholeCamera(NORTHWARD, PlaneTerrain(), -np.eye(8))
    with pytest.raises(GeoreferenceError, match="negative variance"):
        camera.locate(np.array([100.0]), np.array([50.0]))


@given(azimuth_deg=st.floats(0, 360), tilt_deg=st.floats(5, 80), u=st.floats(0, 640), v=st.floats(300, 480))
def test_turning_the_camera_turns_the_ground(azimuth_deg: float, tilt_deg: float, u: float, v: float) -> None:
    """Only the bearing of a position depends on the heading, not its distance nor the size of its error."""
    pose = Pose(0, 0, 12, 0, tilt_deg, 0, focal_length_px(60, 640), 640, 480)
    sure = pose_covariance(pose, heading_sigma_deg=0.2, tilt_sigma_deg=0.1)
    pixel = np.array([u]), np.array([v])
    north = PinholeCamera(pose, PlaneTerrain(), sure).locate(*pixel)
    turned = PinholeCamera(replace(pose, heading_deg=azimuth_deg), PlaneTerrain(), sure).locate(*pixel)
    assert np.hypot(turned.x, turned.y) == pytest.approx(np.hypot(north.x, north.y))
    assert np.trace(turned.covariance_m2[0]) == pytest.approx(np.trace(north.covariance_m2[0]))
    assert np.linalg.eigvalsh(turned.covariance_m2[0]).min() > 0


@given(
    k1=st.floats(-0.2, 0.2), k2=st.floats(-0.05, 0.05),
    p1=st.floats(-0.002, 0.002), p2=st.floats(-0.002, 0.002),
    u=st.floats(0, 1920), v=st.floats(500, 1080), roll_deg=st.floats(-20, 20), heading_deg=st.floats(0, 360),
)  # fmt: skip
def test_projecting_a_position_gives_its_pixel_back(
    k1: float, k2: float, p1: float, p2: float, u: float, v: float, roll_deg: float, heading_deg: float
) -> None:
    pose = Pose(
        566_000, 1_820_000, 20, heading_deg, 30, roll_deg, focal_length_px(70, 1920), 1920, 1080,
        Lens(k1, k2, p1, p2),
    )  # fmt: skip
    found = PinholeCamera(pose, PlaneTerrain(), NONE).locate(np.array([u]), np.array([v]))
    if found.reason[0] is not None:
        return
    back = pose.project(found.x, found.y, np.zeros(1))
    assert (back[0][0], back[1][0]) == pytest.approx((u, v), abs=1e-3)


def test_distortion_follows_its_published_definition() -> None:
    """Brown's model by hand at (0.3, -0.4), r² = 0.25: radial 1 + 0.25·0.1 + 0.0625·0.02 + 0.015625·0.003."""
    lens = Lens(0.1, 0.02, 0.001, -0.002, 0.003)
    radial = 1 + 0.025 + 0.00125 + 0.000046875
    x = 0.3 * radial + 2 * 0.001 * 0.3 * -0.4 + -0.002 * (0.25 + 2 * 0.09)
    y = -0.4 * radial + 0.001 * (0.25 + 2 * 0.16) + 2 * -0.002 * 0.3 * -0.4
    assert distorted(np.array([[0.3, -0.4]]), lens)[0] == pytest.approx([x, y])


def test_beyond_the_fold_of_a_lens_there_is_no_position() -> None:
    """r·(1 - 0.5 r²) grows to 0.544 at most: further out, the model puts no point at all."""
    pose = replace(NORTHWARD, lens=Lens(-0.5))
    found = PinholeCamera(pose, PlaneTerrain(), NONE).locate(np.array([150.0, 190]), np.array([50.0, 50]))
    assert found.reason[0] is None
    assert "lens" in found.reason[1]


def test_rays_meet_terrain_where_a_fine_search_finds_it() -> None:
    terrain = hills()
    pose = over(terrain, 40, lens=Lens(-0.08, 0.01))
    camera = PinholeCamera(pose, terrain, NONE)
    rng = np.random.default_rng(2)
    u, v = rng.uniform(0, 1920, 300), rng.uniform(350, 1080, 300)
    found = camera.locate(u, v)
    compared = 0
    for index in np.flatnonzero(np.isfinite(found.x)):
        expected = searched(camera, terrain, found.azimuth_deg[index], u[index], v[index])
        assert (found.x[index], found.y[index]) == pytest.approx(expected, abs=0.01)
        compared += 1
    assert compared > 200


def test_rays_meet_the_recorded_terrain_to_a_centimetre(shared_data: Path) -> None:
    """A slope of Vienna at 1 m, from five places and heights, against a search in the raster itself."""
    terrain = read_terrain(shared_data / "monoplot" / "44_2_dgm.tif")
    bounds = terrain.bounds
    compared = 0
    for share, heading in ((0.5, 30.0), (0.3, 75.0), (0.7, 250.0), (0.4, 160.0), (0.6, 320.0)):
        x, y = bounds.west + share * 520, bounds.south + 0.5 * 520
        ground = float(terrain.sample(np.array([x]), np.array([y]))[0])
        pose = Pose(x, y, ground + 25, heading, 12, 1, focal_length_px(50, 1920), 1920, 1080)
        camera = PinholeCamera(pose, terrain, NONE)
        u, v = (grid.ravel() for grid in np.meshgrid(np.linspace(50, 1870, 9), np.linspace(300, 1050, 9)))
        found = camera.locate(u, v)
        for index in np.flatnonzero(np.isfinite(found.x)):
            expected = searched(camera, terrain, found.azimuth_deg[index], u[index], v[index])
            assert np.hypot(found.x[index] - expected[0], found.y[index] - expected[1]) < 0.01
            compared += 1
    assert compared > 250


def searched(
    camera: PinholeCamera, terrain: RasterTerrain, azimuth_deg: float, u: float, v: float
) -> tuple[float, float]:
    """The first ground along a ray, in steps of a twentieth of a cell, then by Brent's method.

    The ray is found from outside too: among the points in space along its azimuth, the one
    that the camera projects to the pixel.
    """
    pose, to = camera.pose, np.radians(azimuth_deg)
    rise = brentq(
        lambda z: (
            pose.project(
                np.array([pose.x_m + 100 * np.sin(to)]),
                np.array([pose.y_m + 100 * np.cos(to)]),
                np.array([z]),
            )[1][0]
            - v
        ),
        pose.z_m - 400,
        pose.z_m + 60,
    )
    slope = (rise - pose.z_m) / 100

    def above(s: float | FloatArray) -> FloatArray:
        s = np.atleast_1d(s)
        height = pose.z_m + slope * s + camera.curvature_per_m * s**2
        return height - terrain.sample(pose.x_m + s * np.sin(to), pose.y_m + s * np.cos(to))

    steps = np.arange(0, 4000, terrain.cell_m / 20)
    under = int(np.flatnonzero(above(steps) < 0)[0])
    s = brentq(lambda at: above(at)[0], steps[under - 1], steps[under], xtol=1e-6)
    return pose.x_m + s * np.sin(to), pose.y_m + s * np.cos(to)


def test_the_earth_falls_away_below_a_long_ray() -> None:
    """Over level terrain at 0 m, a ray that falls 1 in 100 from 100 m goes past 10 km by its curve."""
    level = RasterTerrain(
        "sea", np.zeros((400, 400), np.float32), Affine(60, 0, -12000, 0, -60, 12000), METRIC
    )
    pose = Pose(0, 0, 100, 0, np.degrees(np.arctan(0.01)), 0, 5000, 1920, 1080)
    found = PinholeCamera(pose, level, NONE).locate(np.array([960.0]), np.array([540.0]))
    c = CURVATURE_PER_M
    assert found.y[0] == pytest.approx((0.01 - np.sqrt(0.01**2 - 4 * c * 100)) / (2 * c), abs=0.01)
    assert found.y[0] > 10_500


def test_a_ray_off_the_terrain_into_a_void_or_over_all_of_it_is_told_so() -> None:
    level = np.zeros((50, 50), np.float32)
    grid = Affine(10, 0, -250, 0, -10, 250)
    pose = Pose(0, 0, 30, 0, 2, 0, 1000, 1920, 1080)
    pixel = np.array([960.0]), np.array([540.0])
    short = PinholeCamera(pose, RasterTerrain("short", level, grid, METRIC), NONE).locate(*pixel)
    assert "leaves the known terrain" in short.reason[0]
    holed = level.copy()
    holed[5:10] = np.nan
    void = PinholeCamera(replace(pose, tilt_deg=9), RasterTerrain("void", holed, grid, METRIC), NONE)
    assert "leaves the known terrain" in void.locate(*pixel).reason[0]
    up = PinholeCamera(replace(pose, tilt_deg=-2), RasterTerrain("sky", level, grid, METRIC), NONE)
    assert "above the horizon" in up.locate(*pixel).reason[0]


def ridge_terrain() -> RasterTerrain:
    """Level ground with a wall of 20 m, 300 m north of the middle, and a slope far behind it."""
    z = np.zeros((400, 100), np.float32)
    rows = np.arange(400)
    north_m = (200 - rows) * 10 - 5
    z[(north_m > 290) & (north_m < 310)] = 20
    z[north_m > 900] = (north_m[north_m > 900, None] - 900) * 0.3
    return RasterTerrain("ridge", z, Affine(10, 0, -500, 0, -10, 2000), METRIC)


def test_a_pixel_at_the_edge_of_a_ridge_has_a_direction_only() -> None:
    terrain = ridge_terrain()
    pose = Pose(0, 0, 30, 0, 0, 0, 2000, 1920, 1080)
    sure = pose_covariance(pose, tilt_sigma_deg=0.02, heading_sigma_deg=0.02)
    camera = PinholeCamera(pose, terrain, sure, pixel_sigma_px=1, curvature_per_m=0)
    # The crest, 10 m below the lens at 305 m, is 65.6 px below the middle of the frame.
    crest = 540 + 2000 * 10 / 305
    found = camera.locate(np.full(5, 960.0), crest + np.array([-40, -2.0, 0.5, 2, 8]))
    assert found.reason[0] is None
    assert found.y[0] > 900
    assert all("ridge" in reason for reason in found.reason[1:4])
    assert found.reason[4] is None
    assert found.y[4] < 310
    assert found.azimuth_deg == pytest.approx(np.zeros(5), abs=1e-9)


POSE = Pose(0, 0, 12, 30, 8, 1, focal_length_px(50, 1280), 1280, 720, Lens(-0.05))
TILTED = PlaneTerrain(slope_x=0.25, slope_y=0.1)
CASES = {
    "near": (replace(POSE, tilt_deg=25), PlaneTerrain()),
    "far": (replace(POSE, z_m=60, tilt_deg=3), PlaneTerrain()),
    "flat": (replace(POSE, tilt_deg=6), PlaneTerrain()),
    "steep": (replace(POSE, heading_deg=60), TILTED),
    "downhill": (replace(POSE, heading_deg=240, tilt_deg=35), TILTED),
    "straight down": (replace(POSE, tilt_deg=89), PlaneTerrain()),
    "hills, near": (over(hills(), 30, tilt_deg=20), hills()),
    "hills, far": (over(hills(amplitude_m=120), 60, tilt_deg=7, heading_deg=200), hills(amplitude_m=120)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_95_percent_ellipse_covers_what_it_says(name: str) -> None:
    """Pixel, pose and ground drawn anew with their stated errors: 93-97 % lie in the stated ellipse.

    The pose's errors are correlated, as those of a calibration are.
    """
    pose, ground = CASES[name]
    rng = np.random.default_rng(9)
    mix = np.eye(8) + 0.4 * rng.normal(size=(8, 8)) * (np.arange(8) < 7) * (np.arange(8) < 7)[:, None]
    sigma = np.array([0.15, 0.15, 0.1, 0.08, 0.05, 0.08, 2.0, 0.0])
    covariance = sigma[:, None] * (mix @ mix.T) * sigma
    camera = PinholeCamera(pose, ground, covariance, pixel_sigma_px=1.5, ground_sigma_m=0.3)
    found = camera.locate(np.array([700.0]), np.array([400.0]))
    assert found.reason[0] is None
    offsets = drawn_offsets(camera, found.x[0], found.y[0], rng)
    squared = np.einsum("ni,ij,nj->n", offsets, np.linalg.inv(found.covariance_m2[0]), offsets)
    assert 0.93 < (squared < CHI2_95).mean() < 0.97


def drawn_offsets(camera: PinholeCamera, x: float, y: float, rng: np.random.Generator) -> FloatArray:
    """How far positions move with errors drawn 1,500 times; a ray that meets nothing counts as far off."""
    offsets = []
    errors = rng.multivariate_normal(np.zeros(8), camera.covariance, 1500)
    for error in errors:
        lift = rng.normal(0, camera.ground_sigma_m)
        # Ground that is higher everywhere is a lens that is lower.
        moved = with_parameters(camera.pose, parameters_of(camera.pose) + error)
        lowered = replace(moved, z_m=moved.z_m - lift)
        pixel = 700 + rng.normal(0, 1.5, 1), 400 + rng.normal(0, 1.5, 1)
        found = PinholeCamera(lowered, camera.ground, NONE).locate(*pixel)
        offset = found.x[0] - x, found.y[0] - y
        offsets.append(offset if np.isfinite(offset).all() else (1e9, 1e9))
    return np.array(offsets)


def test_the_stated_azimuth_errors_are_those_that_are_drawn() -> None:
    sure = pose_covariance(POSE, heading_sigma_deg=0.2, tilt_sigma_deg=0.1, roll_sigma_deg=0.3)
    camera = PinholeCamera(POSE, PlaneTerrain(), sure, pixel_sigma_px=2)
    at = np.array([1200.0]), np.array([100.0])
    stated = camera.locate(*at)
    rng = np.random.default_rng(4)
    drawn = []
    for error in rng.multivariate_normal(np.zeros(8), sure, 1000):
        moved = with_parameters(POSE, parameters_of(POSE) + error)
        pixel = at[0] + rng.normal(0, 2, 1), at[1] + rng.normal(0, 2, 1)
        drawn.append(PinholeCamera(moved, None, NONE).locate(*pixel).azimuth_deg[0])
    assert np.std(drawn) == pytest.approx(stated.azimuth_sigma_deg[0], rel=0.08)
    assert np.mean(drawn) == pytest.approx(stated.azimuth_deg[0], abs=0.05)
