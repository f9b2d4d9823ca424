"""Recorded detections become features where the camera's pose puts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner
from shapely import Point
from sqlalchemy import text

from detectors.commands import detect
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.errors import FeatureNotFoundError, IngestError
from layers.read import read
from layers.registry import LAYERS
from layers.store import load

FRAME = {
    "camera": "CAM-1",
    "at": "2025-10-27T08:00:00+07:00",
    "width_px": 200,
    "height_px": 100,
    "objects": [
        {"box_px": [90, 20, 110, 50], "class": "car", "confidence": 0.9},
        {"box_px": [0, 0, 10, 10], "class": "smoke", "confidence": 0.4},
    ],
}


@pytest.fixture
def camera(database: str) -> Point:
    """A camera that looks north from a 10 m mast, 10° below the horizon; its place in EPSG:9214."""
    place = gpd.GeoSeries([Point(107.58, 16.46)], crs=4326)
    rows = gpd.GeoDataFrame(
        {
            "code": ["CAM-1"], "name": ["Ngã sáu"], "owner_agency": ["HueIOC"], "purpose": ["traffic"],
            "mast_height_m": [10.0], "azimuth_deg": [0.0], "tilt_deg": [10.0], "field_of_view_deg": [90.0],
            "range_m": [150.0], "frame_interval_s": [1.0], "ai_solutions": [["vehicle_density"]],
            "status": ["active"], "origin": ["test"],
        },
        geometry=place,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["cameras"], rows)
    return place.to_crs(METRIC_SRID).iloc[0]


def write(folder: Path, *frames: object) -> Path:
    recording = folder / "recording.jsonl"
    recording.write_text("\n".join(json.dumps(frame) for frame in frames), encoding="utf-8")
    return recording


def test_a_recorded_frame_becomes_features_once(camera: Point, tmp_path: Path) -> None:
    recording = write(tmp_path, FRAME)
    first = CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)
    again = CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)
    assert "1 new findings" in first.output
    assert "1 without a position" in first.output
    assert "0 new findings, 1 known already" in again.output
    with reading() as connection:
        rows = read(connection, LAYERS["detections"])
    found = rows.to_crs(METRIC_SRID).geometry.iloc[0]
    # The middle of the frame, 10° below the horizon from 10 m, lies 10 / tan 10° = 56.71 m ahead.
    assert found.x - camera.x == pytest.approx(0, abs=0.01)
    assert found.y - camera.y == pytest.approx(56.713, abs=0.01)
    assert rows["detected_at"].iloc[0] == datetime(2025, 10, 27, 1, tzinfo=UTC)
    assert rows["subject"].tolist() == ["vehicle"]
    assert rows["cov_yy_m2"].iloc[0] > rows["cov_xx_m2"].iloc[0] > 0


def test_an_unknown_camera_is_named(camera: Point, tmp_path: Path) -> None:
    recording = write(tmp_path, FRAME | {"camera": "CAM-404"})
    with pytest.raises(FeatureNotFoundError, match="CAM-404"):
        CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)


@pytest.mark.parametrize("at", ["yesterday", "0001-01-01T00:00:00+07:00", "9999-12-31T08:00:00+07:00"])
def test_a_damaged_line_is_named_and_nothing_goes_in(camera: Point, tmp_path: Path, at: str) -> None:
    recording = write(tmp_path, FRAME, FRAME | {"at": at})
    with pytest.raises(IngestError, match=r"recording\.jsonl, row 2: at"):
        CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)
    with reading() as connection:
        assert read(connection, LAYERS["detections"]).empty


@pytest.mark.parametrize("edge", [1e308, float("nan"), float("inf")])
def test_a_box_that_is_nowhere_is_a_damaged_line(camera: Point, tmp_path: Path, edge: float) -> None:
    objects = [{"box_px": [edge, 20, edge, 50], "class": "car", "confidence": 0.9}]
    recording = write(tmp_path, FRAME | {"objects": objects})
    with pytest.raises(IngestError, match=r"row 1: objects\.0\.box_px\.0"):
        CliRunner().invoke(detect, ["replay", str(recording)], catch_exceptions=False)


def test_a_recording_that_cannot_be_read_is_named(camera: Point, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"^there\.jsonl: the file cannot be read \(No such file"):
        CliRunner().invoke(detect, ["replay", str(tmp_path / "there.jsonl")], catch_exceptions=False)


@pytest.mark.usefixtures("camera")
def test_a_replay_reports_every_frame_that_was_analysed(tmp_path: Path) -> None:
    empty = FRAME | {"at": "2025-10-27T08:00:30+07:00", "objects": []}
    CliRunner().invoke(detect, ["replay", str(write(tmp_path, FRAME, empty))], catch_exceptions=False)
    with reading() as connection:
        (hour,) = connection.execute(text("SELECT * FROM gis.camera_hours")).mappings()
    assert (hour["camera_code"], hour["hour_at"]) == ("CAM-1", datetime(2025, 10, 27, 1, tzinfo=UTC))
    assert (hour["frame_offsets_ms"], hour["frames_seen"], hour["reported"]) == ([0, 30_000], 2, True)
