"""What cameras see is stored, follows their pose, and gives the lengths of road in view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from alembic import command
from click.testing import CliRunner, Result
from rasterio.transform import from_origin
from shapely import LineString, Point
from sqlalchemy import text

import migrations
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, working_engine, writing
from layers.camera_commands import cameras as commands
from layers.frames import read_frame
from layers.read import read
from layers.registry import LAYERS
from layers.segment_views import seen_lengths, watched_segments
from layers.store import load
from layers.viewsheds import ComputedViews, compute_views, prepare

EAST, NORTH = 560_000.0, 1_820_000.0
TOWN = Point(EAST, NORTH)
TOWER = Point(EAST + 15, NORTH - 9_985)
CELL_M = 30.0
RIDGE_ROW = 300
"""1 km north of the tower, which stands in row 333; the ridge is 100 m high, the tower's lens 30 m."""


def put_cameras(**changed: Sequence[object]) -> None:
    """A street camera that looks north over level ground, and a forest tower that looks over terrain."""
    columns: dict[str, Sequence[object]] = {
        "code": ["STREET", "TOWER"], "name": ["Phố", "Chòi"], "owner_agency": ["HueIOC"] * 2,
        "purpose": ["traffic", "forest"], "mast_height_m": [8.0, 30.0], "azimuth_deg": [0.0, 0.0],
        "tilt_deg": [10.0, 2.0], "field_of_view_deg": [60.0, 90.0], "range_m": [100.0, 6000.0],
        "frame_interval_s": [1.0, 60.0], "ai_solutions": [["vehicle-density"], ["forest-smoke"]],
        "status": ["active"] * 2, "origin": ["test"] * 2,
    }  # fmt: skip
    rows = gpd.GeoDataFrame(columns | changed, geometry=[TOWN, TOWER], crs=METRIC_SRID).to_crs(4326)
    with writing() as connection:
        load(connection, LAYERS["cameras"], rows)


def put_roads(*lines: LineString) -> None:
    rows = gpd.GeoDataFrame(
        {
            "code": [f"R{number}" for number in range(len(lines))],
            "road_class": ["primary"] * len(lines),
            "origin": ["test"] * len(lines),
        },
        geometry=list(lines),
        crs=METRIC_SRID,
    )
    with writing() as connection:
        load(connection, LAYERS["road_segments"], rows.to_crs(4326))


def put_terrain(ridge_m: float = 100.0) -> None:
    """Level ground at 5 m with a wall across it."""
    z = np.full((700, 500), 5.0, np.float32)
    z[RIDGE_ROW] = 5.0 + ridge_m
    path = get_settings().terrain_file
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=700, width=500, dtype="float32", crs=f"EPSG:{METRIC_SRID}",
        transform=from_origin(EAST - 250 * CELL_M, NORTH + 15, CELL_M, CELL_M),
    ) as dataset:  # fmt: skip
        dataset.write(z, 1)


def compute(codes: Sequence[str] | None = None) -> ComputedViews:
    with writing() as connection:
        return compute_views(connection, get_settings(), codes)


def views() -> pd.DataFrame:
    with reading() as connection:
        rows = read(connection, LAYERS["camera_views"])
    return rows.to_crs(METRIC_SRID).set_index("code")


def lengths() -> dict[tuple[str, str], float]:
    with reading() as connection:
        rows = seen_lengths(connection)
    return {(row.camera_code, row.segment_code): row.seen_length_m for row in rows.itertuples(index=False)}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["viewsheds", *arguments], catch_exceptions=False)


def nearest_seen_m() -> float:
    """Where the lower edge of the street camera's frame meets the ground."""
    half_up = math.atan(math.tan(math.radians(30)) * 1080 / 1920)
    return 8.0 / math.tan(math.radians(10) + half_up)


def watched() -> dict[str, float]:
    """How much each camera is taken to see of the segment that it is said to watch."""
    with reading() as connection:
        rows = read_frame(connection, watched_segments())
    return dict(zip(rows["camera_code"], rows["seen_length_m"], strict=True))


def test_a_camera_sees_of_its_segment_what_its_view_holds_and_its_cone_until_then(database: str) -> None:
    put_roads(
        LineString([(EAST, NORTH), (EAST, NORTH + 300)]),
        LineString([(EAST, NORTH - 50), (EAST + 300, NORTH - 50)]),  # behind the camera
    )
    put_cameras(road_segment_code=["R0", "R1"])
    assert watched() == {"STREET": pytest.approx(100, abs=0.2), "TOWER": 0}
    compute(["STREET"])
    assert watched()["STREET"] == pytest.approx(100 - nearest_seen_m(), abs=0.2)
    put_cameras(road_segment_code=["R1", "R1"])
    compute(["STREET"])
    assert watched() == {"STREET": 0, "TOWER": 0}


def test_a_camera_has_its_flat_cone_until_its_view_is_computed(database: str) -> None:
    put_cameras()
    before = views()
    assert before["basis"].tolist() == ["flat_cone"] * 2
    assert before["computed_at"].isna().all()
    with reading() as connection:
        cones = connection.execute(
            text(
                "SELECT bool_and(ST_Equals(v.geom, c.view_cone)) "
                "FROM gis.camera_views v JOIN gis.cameras c USING (code)"
            )
        ).scalar()
    assert cones is True


def test_the_view_of_a_near_camera_is_its_frame_on_level_ground(database: str) -> None:
    put_cameras()
    put_roads(
        LineString([(EAST, NORTH - 50), (EAST, NORTH + 150)]),
        LineString([(EAST, NORTH - 9), (EAST, NORTH - 1)]),
    )
    done = compute(["STREET"])
    assert (done.computed, done.segments, done.failed) == (1, 1, ())
    street = views().loc["STREET"]
    assert street["basis"] == "level_ground"
    assert street["area_km2"] == pytest.approx(street["geometry"].area / 1e6, rel=1e-6)
    assert street["geometry"].bounds[1] == pytest.approx(NORTH + nearest_seen_m(), abs=0.05)
    with reading() as connection:
        part = read(connection, LAYERS["segment_views"]).iloc[0]
    # From the frame's lower edge to the range.
    assert part["seen_length_m"] == pytest.approx(100 - nearest_seen_m(), abs=0.1)
    assert part["from_fraction"] == pytest.approx((50 + nearest_seen_m()) / 200, abs=1e-3)
    assert part["to_fraction"] == pytest.approx(150 / 200, abs=1e-3)
    assert lengths() == {("STREET", "R0"): part["seen_length_m"]}


def test_a_ridge_hides_ground_and_road_from_a_tower(database: str) -> None:
    put_cameras()
    put_terrain()
    put_roads(LineString([(TOWER.x, TOWER.y + 500), (TOWER.x, TOWER.y + 5500)]))
    done = compute()
    assert (done.computed, done.failed) == (2, ())
    tower = views().loc["TOWER"]
    assert tower["basis"] == "terrain"
    assert len(tower["terrain_digest"]) == 64
    ridge_north_m = NORTH + 15 - RIDGE_ROW * CELL_M
    assert tower["geometry"].bounds[3] == pytest.approx(ridge_north_m, abs=CELL_M)
    seen_m = lengths()["TOWER", "R0"]
    assert seen_m == pytest.approx(ridge_north_m - TOWER.y - 500, abs=CELL_M)


def test_views_are_computed_where_their_inputs_have_changed_and_nowhere_else(database: str) -> None:
    put_cameras()
    put_terrain()
    put_roads(LineString([(EAST, NORTH), (EAST, NORTH + 150)]))
    assert compute()[:2] == (2, 0)
    assert compute()[:2] == (0, 2)
    put_cameras()
    assert compute()[:2] == (0, 2)
    put_terrain(ridge_m=0.0)
    assert compute()[:2] == (1, 1)
    assert views().loc["TOWER", "geometry"].bounds[3] > NORTH - 9_985 + 5_900
    put_roads(LineString([(EAST, NORTH), (EAST, NORTH + 50)]))
    assert compute()[:2] == (2, 0)
    assert lengths()["STREET", "R0"] == pytest.approx(50 - nearest_seen_m(), abs=0.1)


def test_a_camera_that_is_turned_falls_back_to_its_cone_and_is_seen_anew(database: str) -> None:
    put_cameras()
    put_terrain()
    put_roads(LineString([(EAST, NORTH), (EAST, NORTH + 150)]))
    compute()
    put_cameras(azimuth_deg=[180.0, 0.0], name=["Phố mới", "Chòi"])
    turned = views()
    assert turned["basis"].tolist() == ["flat_cone", "terrain"]
    assert turned.loc["STREET", "name"] == "Phố mới"
    assert pd.isna(turned.loc["STREET", "inputs_digest"])
    assert ("STREET", "R0") not in lengths()
    assert compute()[:2] == (1, 1)
    assert views().loc["STREET", "geometry"].centroid.y < NORTH


def test_a_camera_that_goes_takes_its_view_with_it(database: str) -> None:
    put_cameras()
    put_roads(LineString([(EAST, NORTH), (EAST, NORTH + 150)]))
    compute(["STREET"])
    with writing() as connection:
        connection.execute(text("DELETE FROM gis.cameras WHERE code = 'STREET'"))
    assert views().index.tolist() == ["TOWER"]
    assert lengths() == {}


def test_a_tower_without_terrain_keeps_its_cone_and_holds_up_no_other(database: str) -> None:
    put_cameras()
    done = compute()
    assert done.computed == 1
    assert done.failed == (
        "Camera TOWER keeps its flat cone: it looks over terrain, and none is known there.",
    )
    assert views()["basis"].tolist() == ["level_ground", "flat_cone"]


def test_the_step_of_set_up_is_silent_where_nothing_has_changed(database: str) -> None:
    put_cameras()
    put_terrain()
    said: list[str] = []
    prepare(said.append)
    assert said[0].startswith("What 2 cameras see was computed in ")
    said.clear()
    prepare(said.append)
    assert said == []


def test_the_command_tells_what_it_did(database: str) -> None:
    put_cameras()
    first = run("--camera", "STREET")
    assert first.output.startswith("1 views computed in ")
    assert "0 up to date" in first.output
    assert "1 up to date" in run("--camera", "STREET").output
    assert run("--camera", "STREET", "--again").output.startswith("1 views computed")
    assert "Camera TOWER keeps its flat cone" in run().stderr


def test_a_calibration_turns_the_view(database: str, tmp_path: Path) -> None:
    """Control points as a camera sees them that looks east, not north as it is stated."""
    from gis_core.georeference import PinholeCamera, Pose, focal_length_px
    from gis_core.terrain import PlaneTerrain

    put_cameras()
    compute(["STREET"])
    true = Pose(EAST, NORTH, 8.0, 90.0, 12.0, 0.0, focal_length_px(60, 1280), 1280, 720)
    u, v = (grid.ravel() for grid in np.meshgrid([150.0, 640, 1130], [330.0, 450, 690]))
    found = PinholeCamera(true, PlaneTerrain(), np.zeros((8, 8))).locate(u, v)
    file = tmp_path / "points.csv"
    lines = [
        f"{a},{b},{c!r},{d!r}" for a, b, c, d in zip(u, v, found.x.tolist(), found.y.tolist(), strict=True)
    ]
    file.write_text("\n".join(["u,v,x,y", *lines]), encoding="utf-8")
    done = CliRunner().invoke(
        commands,
        ["calibrate", str(file), "--crs", "EPSG:9214", "--camera", "STREET", "--frame-size", "1280x720"],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    street = views().loc["STREET"]
    assert (street["basis"], str(street["calibration_id"]) in done.output) == ("homography", True)
    ahead = np.array(street["geometry"].centroid.coords[0]) - (EAST, NORTH)
    assert math.degrees(math.atan2(*ahead)) == pytest.approx(90, abs=3)
    assert shapely.contains_xy(street["geometry"], found.x, found.y).all()


def test_0009_can_be_taken_back_and_gives_every_camera_a_view_again(database: str) -> None:
    put_cameras()
    compute(["STREET"])
    for way, revision in ((command.downgrade, "0008"), (command.upgrade, "head")):
        with working_engine().connect() as connection:
            way(migrations.alembic_config(connection), revision)
            connection.commit()
    assert views()["basis"].tolist() == ["flat_cone"] * 2
    with working_engine().connect() as connection:
        command.check(migrations.alembic_config(connection))
