"""Calibrations are stored with their time, used by it, and place earlier detections again."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner, Result
from rasterio.transform import Affine
from shapely import Point

from detectors.commands import detect
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.errors import FeatureNotFoundError, GeoreferenceError, GisError
from gis_core.georeference import PinholeCamera, Pose, focal_length_px
from gis_core.terrain import PlaneTerrain
from layers.camera_commands import cameras
from layers.georeferencing import calibrations_of, georeferencer_of
from layers.read import read
from layers.registry import LAYERS
from layers.store import load

PLACE = gpd.GeoSeries([Point(107.58, 16.46)], crs=4326)
STAND = PLACE.to_crs(METRIC_SRID).iloc[0]
TRUE = Pose(STAND.x, STAND.y, 10.0, 7.0, 12.0, 1.0, focal_length_px(62, 1280), 1280, 720)
"""How the camera really looks; layer cameras says due north, 10° down, 60° wide."""


@pytest.fixture
def camera(database: str) -> str:
    """A traffic camera CAM-1 and a forest camera CAM-2 at the same place."""
    rows = gpd.GeoDataFrame(
        {
            "code": ["CAM-1", "CAM-2"], "name": ["Ngã sáu", "Chòi canh"], "owner_agency": ["HueIOC"] * 2,
            "purpose": ["traffic", "forest"], "mast_height_m": [10.0, 30.0], "azimuth_deg": [0.0, 45.0],
            "tilt_deg": [10.0, 5.0], "field_of_view_deg": [60.0, 60.0], "range_m": [150.0, 6000.0],
            "frame_interval_s": [1.0, 60.0], "ai_solutions": [["vehicle_density"], ["forest-smoke"]],
            "status": ["active"] * 2, "origin": ["test"] * 2,
        },
        geometry=[PLACE.iloc[0]] * 2, crs=4326,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["cameras"], rows)
    return "CAM-1"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cameras, list(map(str, arguments)), catch_exceptions=False)


def control_file(folder: Path, pose: Pose = TRUE, *, epsg: int = 9214, name: str = "points.csv") -> Path:
    """Nine points of level ground as a camera sees them."""
    u, v = (grid.ravel() for grid in np.meshgrid([150.0, 640, 1130], [330.0, 450, 690]))
    found = PinholeCamera(pose, PlaneTerrain(), np.zeros((8, 8))).locate(u, v)
    there = gpd.GeoSeries(gpd.points_from_xy(found.x, found.y), crs=METRIC_SRID).to_crs(epsg)
    file = folder / name
    lines = [f"{a},{b},{c!r},{d!r}" for a, b, c, d in zip(u, v, there.x, there.y, strict=True)]
    file.write_text("\n".join(["u,v,x,y", *lines]), encoding="utf-8")
    return file


def rows_of(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("method", ["homography", "pinhole"])
@pytest.mark.parametrize("epsg", [9214, 4326, 32648])
def test_a_camera_is_calibrated_from_points_in_any_crs(
    camera: str, tmp_path: Path, method: str, epsg: int
) -> None:
    points = control_file(tmp_path, epsg=epsg)
    done = run(
        "calibrate", points, "--crs", f"EPSG:{epsg}", "--camera", camera, "--frame-size", "1280x720",
        "--method", method, "--from", "2025-10-01", "--by", "Đội 3",
    )  # fmt: skip
    assert f"of camera {camera}" in done.output
    with reading() as connection:
        found = georeferencer_of(connection, camera, at("2025-10-02"), (1280, 720))
        stored = read(connection, LAYERS["camera_calibrations"])
    located = found.locate(np.array([700.0, 700]), np.array([500.0, 20]))
    expected = PinholeCamera(TRUE, PlaneTerrain(), np.zeros((8, 8))).locate(
        np.array([700.0]), np.array([500.0])
    )
    assert located.x[0] == pytest.approx(expected.x[0], abs=0.01)
    assert located.y[0] == pytest.approx(expected.y[0], abs=0.01)
    assert located.azimuth_deg[0] == pytest.approx(expected.azimuth_deg[0], abs=0.01)
    assert "horizon" in located.reason[1]
    assert found.calibration_id == stored["id"].iloc[0]
    assert (stored["method"].iloc[0], stored["made_by"].iloc[0]) == (method, "Đội 3")
    assert stored["rms_m"].iloc[0] < 0.01
    assert json.loads(stored["parameters"].iloc[0])["method"] == method


def test_the_pose_that_is_found_is_told_with_its_errors(camera: str, tmp_path: Path) -> None:
    done = run(
        "calibrate", control_file(tmp_path), "--crs", "EPSG:9214", "--camera", camera,
        "--frame-size", "1280x720", "--method", "pinhole",
    )  # fmt: skip
    assert "heading 7.000 ± 0." in done.output
    assert "tilt 12.000 ± 0." in done.output
    assert "field of view 62.00 ± " in done.output


def test_the_newest_calibration_in_force_is_used_and_the_stated_pose_before_any(
    camera: str, tmp_path: Path
) -> None:
    for start, end in (("2025-03-01", None), ("2025-06-01", "2025-07-01"), ("2025-03-01", None)):
        more = [] if end is None else ["--to", end]
        run("calibrate", control_file(tmp_path), "--crs", "EPSG:9214", "--camera", camera,
            "--frame-size", "1280x720", "--from", f"{start}T00:00Z", *more)  # fmt: skip
    with reading() as connection:
        known = calibrations_of(connection, camera)
        used = [
            georeferencer_of(connection, camera, at(day), (1280, 720)).calibration_id
            for day in ("2025-02-28", "2025-03-01", "2025-06-15", "2025-07-01")
        ]
    june, newer, older = known
    assert newer.made_at > older.made_at
    assert used == [None, newer.id, june.id, newer.id]
    assert run("calibrations", "--camera", camera).output.count("homography, 9 points") == 3


def test_frames_of_a_substream_fit_and_those_of_another_shape_do_not(camera: str, tmp_path: Path) -> None:
    run("calibrate", control_file(tmp_path), "--crs", "EPSG:9214", "--camera", camera,
        "--frame-size", "1280x720", "--from", "2025-01-01")  # fmt: skip
    with reading() as connection:
        whole = georeferencer_of(connection, camera, at("2025-02-01"))
        half = georeferencer_of(connection, camera, at("2025-02-01"), (640, 360))
        with pytest.raises(GeoreferenceError, match="another part of the scene"):
            georeferencer_of(connection, camera, at("2025-02-01"), (640, 480))
    there = whole.locate(np.array([700.0]), np.array([500.0]))
    assert half.locate(np.array([350.0]), np.array([250.0])).x == pytest.approx(there.x)


def test_detections_are_placed_again_by_a_better_calibration(camera: str, tmp_path: Path) -> None:
    """Two frames of a car, one before the camera was turned; a thing above the horizon never had a place."""
    recording = tmp_path / "recording.jsonl"
    frames = [
        {
            "camera": camera, "at": f"2025-{month}-10T08:00:00+07:00", "width_px": 1280, "height_px": 720,
            "objects": [{"box_px": [600, 400, 800, 500], "class": "car", "confidence": 0.9},
                        {"box_px": [600, 0, 800, 100], "class": "smoke", "confidence": 0.9}],
        } for month in ("03", "09")
    ]  # fmt: skip
    recording.write_text("\n".join(map(json.dumps, frames)), encoding="utf-8")
    CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)
    with reading() as connection:
        before = read(connection, LAYERS["detections"])
    assert before["calibration_id"].isna().all()
    run("calibrate", control_file(tmp_path), "--crs", "EPSG:9214", "--camera", camera,
        "--frame-size", "1280x720", "--from", "2025-06-01")  # fmt: skip
    none = run("relocate", "--camera", camera, "--to", "2025-05-01")
    assert "0 detections moved, 1 unchanged" in none.output
    assert "1 detections moved, 1 unchanged" in run("relocate", "--camera", camera).output
    assert "0 detections moved, 2 unchanged" in run("relocate", "--camera", camera).output
    with reading() as connection:
        after = read(connection, LAYERS["detections"]).to_crs(METRIC_SRID)
        known = calibrations_of(connection, camera)
    expected = PinholeCamera(TRUE, PlaneTerrain(), np.zeros((8, 8))).locate(
        np.array([700.0]), np.array([500.0])
    )
    moved = after.geometry.iloc[1]
    assert (moved.x, moved.y) == pytest.approx((expected.x[0], expected.y[0]), abs=0.01)
    assert after["calibration_id"].tolist() == [None, known[0].id]
    assert after.geometry.iloc[0].distance(before.to_crs(METRIC_SRID).geometry.iloc[0]) < 1e-6
    assert after["id"].tolist() == before["id"].tolist()


def test_locate_prints_csv_of_the_stated_pose(camera: str, tmp_path: Path) -> None:
    """The middle of a frame, 10° down from 10 m, lies 10 / tan 10° = 56.713 m ahead."""
    pixels = tmp_path / "pixels.csv"
    pixels.write_text("u,v\n640,360\n640,10\n", encoding="utf-8")
    done = run("locate", "--camera", camera, pixels, "--frame-size", "1280x720")
    ground, sky = rows_of(done.stdout)
    assert float(ground["x"]) == pytest.approx(STAND.x, abs=0.001)
    assert float(ground["y"]) - STAND.y == pytest.approx(56.713, abs=0.001)
    assert float(ground["lat"]) == pytest.approx(16.46 + 56.7 / 110_700, abs=1e-5)
    assert float(ground["semi_major_m"]) > float(ground["semi_minor_m"]) > 0
    assert float(ground["azimuth_deg"]) % 180 == pytest.approx(0, abs=0.01)
    assert ground["reason"] == ""
    assert sky["x"] == sky["cov_xx_m2"] == sky["azimuth_deg"] == ""
    assert sky["reason"].startswith(
        "The pixel shows no ground: it lies above the horizon. Direction 0.000° ± 0."
    )
    assert "by its stated pose" in done.stderr


def test_locate_by_points_keeps_faulty_rows_in_their_place(camera: str, tmp_path: Path) -> None:
    points = control_file(tmp_path, epsg=4326)
    pixels = tmp_path / "pixels.csv"
    pixels.write_text("u,v\n640,450\nabc,5\n150,330\n", encoding="utf-8")
    done = run("locate", "--points", points, "--crs", "EPSG:4326", pixels)
    assert done.exit_code == 1
    first, faulty, last = rows_of(done.stdout)
    assert float(first["x"]) == pytest.approx(float(first["lon"]), abs=1e-8)
    assert faulty["reason"] == "Row 3: u 'abc' is not a number."
    assert last["reason"] == ""
    assert "pixels.csv, row 3: u 'abc' is not a number." in done.stderr


def test_a_far_camera_looks_over_terrain_and_without_it_has_directions_only(
    camera: str, tmp_path: Path
) -> None:
    with reading() as connection:
        blind = georeferencer_of(connection, "CAM-2", at("2025-01-01"), (1280, 720))
    found = blind.locate(np.array([640.0]), np.array([360.0]))
    assert found.reason[0] == "No terrain is known where the camera looks."
    assert found.azimuth_deg[0] == pytest.approx(45)
    write_terrain(get_settings().terrain_file, epsg=32648)
    with reading() as connection:
        seeing = georeferencer_of(connection, "CAM-2", at("2025-01-01"), (1280, 720))
    found = seeing.locate(np.array([640.0]), np.array([500.0]))
    distance = np.hypot(found.x[0] - STAND.x, found.y[0] - STAND.y)
    # Level terrain at 200 m in another CRS: the mast stands on it, and its height alone decides.
    drop = np.radians(5) + np.arctan(140 / focal_length_px(60, 1280))
    assert distance == pytest.approx(30 / np.tan(drop), abs=0.1)


def write_terrain(path: Path, epsg: int) -> None:
    """Level ground at 200 m around the camera, on a grid of 30 m."""
    middle = PLACE.to_crs(epsg).iloc[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", height=300, width=300, count=1, dtype="float32", crs=f"EPSG:{epsg}",
        transform=Affine(30, 0, middle.x - 4500, 0, -30, middle.y + 4500),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((1, 300, 300), 200, np.float32))


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("u,v,x,y\n1,1,562000,1820000\n2,2,562001,1820000\n3,3,562002,1820000\n4,4,562003,1820000", [],
         "one line"),
        ("u,v,x,y\n1,1,0,0\n9,2,1,0\n3,9,9,9\n4,4,0,5", [], "km from camera CAM-1"),
        ("u,v,x,y\n1,1,562000,1820000\n9999,2,562001,1820000\n3,9,562000,1820009\n4,4,562001,1820004", [],
         "point 2 lies outside a frame"),
        ("u,v,x,y\n1,1,562000,1820009\n9,1,562009,1820009\n9,9,562009,1820000\n1,9,562000,1820000",
         ["--from", "2025-02-01", "--to", "2025-01-01"], "cannot end"),
    ],
)  # fmt: skip
def test_what_cannot_be_calibrated_is_told_and_nothing_is_stored(
    camera: str, tmp_path: Path, text: str, options: list[str], sentence: str
) -> None:
    points = tmp_path / "points.csv"
    points.write_text(text, encoding="utf-8")
    with pytest.raises(GisError, match=sentence):
        run(
            "calibrate",
            points,
            "--crs",
            "EPSG:9214",
            "--camera",
            camera,
            "--frame-size",
            "1280x720",
            *options,
        )
    with reading() as connection:
        assert calibrations_of(connection, camera) == []


def test_unknown_cameras_and_missing_options_are_told(camera: str, tmp_path: Path) -> None:
    points = control_file(tmp_path)
    with pytest.raises(FeatureNotFoundError, match="CAM-404"):
        run("relocate", "--camera", "CAM-404")
    with pytest.raises(GeoreferenceError, match="size of its frames must be given"):
        run("locate", "--camera", camera, points)
    assert "--frame-size" in run("calibrate", points, "--crs", "EPSG:9214", "--camera", camera).output
    assert "either --camera or --points" in run("locate", points).output
    assert "not a size" in run("locate", "--camera", camera, points, "--frame-size", "wide").output
