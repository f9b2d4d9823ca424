"""Traffic from frames whose vehicles are known, on the stretches that a camera was computed to see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shapely import LineString, Point
from sqlalchemy import select

# looking takes make_detector when it is imported: that must not be while a test has replaced it.
import detectors.looking
import detectors.models
from detectors.base import Detections, Frame
from detectors.measuring import crossing_counts, measure
from detectors.stretch import read_stretches
from detectors.traffic_commands import traffic
from detectors.watched import read_camera
from gis_core.analysis.stretches import PERFECT
from gis_core.analysis.traffic import HANOI_UNITS
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, metric_to_lonlat
from gis_core.db import reading, writing
from gis_core.errors import DetectorError
from layers.georeferencing import stand_of, stated_camera
from layers.registry import LAYERS
from layers.rollup_tables import TrackHour
from layers.store import load
from layers.tracks import load_tracks
from layers.viewsheds import compute_views

EAST, NORTH = 560_000.0, 1_820_000.0
START = datetime(2025, 10, 27, 7, 0, tzinfo=UTC)
SIZE = 1280, 720
LINE = np.array([[EAST - 15, NORTH + 45], [EAST + 15, NORTH + 45]])


@pytest.fixture
def street(database: str) -> str:
    """A camera that looks north along a street of two lanes, and another street 40 m to the east."""
    camera = gpd.GeoDataFrame(
        {
            "code": ["STREET"], "name": ["Phố"], "owner_agency": ["HueIOC"], "purpose": ["traffic"],
            "mast_height_m": [8.0], "azimuth_deg": [0.0], "tilt_deg": [10.0], "field_of_view_deg": [60.0],
            "range_m": [100.0], "frame_interval_s": [1.0], "ai_solutions": [["vehicle-density"]],
            "status": ["active"], "origin": ["test"],
        },
        geometry=[Point(EAST, NORTH)], crs=METRIC_SRID,
    )  # fmt: skip
    roads = gpd.GeoDataFrame(
        {"code": ["MAIN", "SIDE"], "road_class": ["primary"] * 2, "lanes": [2, 2], "origin": ["test"] * 2},
        geometry=[
            LineString([(EAST, NORTH - 100), (EAST, NORTH + 150)]),
            LineString([(EAST + 25, NORTH + 60), (EAST + 25, NORTH + 200)]),
        ],
        crs=METRIC_SRID,
    )
    with writing() as connection:
        load(connection, LAYERS["cameras"], camera.to_crs(4326))
        load(connection, LAYERS["road_segments"], roads.to_crs(4326))
        compute_views(connection, get_settings())
    return "STREET"


class Known:
    """A detector that knows where the vehicles are: class, metres aside and ahead, and m/s ahead."""

    def __init__(self, *vehicles: tuple[str, float, float, float]) -> None:
        self.vehicles = vehicles
        with reading() as connection:
            stand = stand_of(connection, "STREET")
        self.pose = stated_camera(stand, SIZE, get_settings()).pose

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> Detections:
        at_s = (frame.taken_at - START).total_seconds()
        boxes, names = [], []
        for name, aside_m, ahead_m, speed_m_s in self.vehicles:
            x, y = EAST + aside_m, NORTH + ahead_m + speed_m_s * at_s
            u, v = (float(one[0]) for one in self.pose.project(np.array([x]), np.array([y]), np.zeros(1)))
            if 0 <= u <= SIZE[0] and 0 <= v <= SIZE[1]:
                size = 1.6 * self.pose.focal_px / math.hypot(x - EAST, y - NORTH)
                boxes.append([u - size / 2, v - size, u + size / 2, v])
                names.append(name)
        return Detections(frame, np.array(boxes).reshape(-1, 4), tuple(names), np.full(len(names), 0.8))


def frames(count: int, rate_hz: float) -> list[Frame]:
    return [Frame("STREET", START + timedelta(seconds=number / rate_hz), *SIZE) for number in range(count)]


def measured(detector: Known, count: int, rate_hz: float, line: np.ndarray | None = None):  # type: ignore[no-untyped-def]
    with reading() as connection:
        camera, stretches = (
            read_camera(connection, "STREET", get_settings()),
            read_stretches(connection, "STREET"),
        )
    return measure(
        frames(count, rate_hz), detector, camera.georeferencer, stretches,
        units=HANOI_UNITS, quality=PERFECT, line=line, rate_hz=rate_hz,
    )  # fmt: skip


def test_vehicles_on_each_stretch_by_its_length_are_its_density(street: str) -> None:
    standing = Known(
        ("car", 2.0, 30.0, 0.0), ("motorcycle", -2.0, 40.0, 0.0), ("motorcycle", 3.0, 60.0, 0.0),
        ("bus", 26.0, 75.0, 0.0), ("person", 1.0, 35.0, 0.0), ("car", -18.0, 50.0, 0.0),
    )  # fmt: skip
    done = measured(standing, 4, 1.0)
    rows = done.by_stretch.set_index("segment_code")
    main, side = rows.loc["MAIN"], rows.loc["SIDE"]
    assert (main["car"], main["motorcycle"], side["bus"], side["car"]) == (4, 8, 4, 0)
    assert main["veh_km"] == pytest.approx(3 / main["seen_length_m"] * 1000)
    assert main["pcu_km"] == pytest.approx((1 + 2 / 3.4) / main["seen_length_m"] * 1000)
    assert main["pcu_km_lane"] == pytest.approx(main["pcu_km"] / 2)
    assert main["veh_km_sigma"] == pytest.approx(math.sqrt(12) / 4 / main["seen_length_m"] * 1000)
    assert main["seen_fraction"] == pytest.approx(main["seen_length_m"] / 250, rel=1e-4)
    assert 80 < main["seen_length_m"] < 90
    assert side["veh_km"] == pytest.approx(1 / side["seen_length_m"] * 1000)
    assert len(done.by_frame) == 8
    assert done.by_frame.groupby("taken_at")["vehicles"].sum().tolist() == [4.0] * 4


def test_a_vehicle_that_was_given_two_classes_counts_once(street: str) -> None:
    twice = Known(("car", 2.0, 30.0, 0.0), ("truck", 2.05, 30.0, 0.0), ("car", -2.0, 30.0, 0.0))
    done = measured(twice, 1, 1.0)
    assert done.by_stretch.set_index("segment_code").loc["MAIN", ["car", "truck"]].tolist() == [2, 0]


def test_frames_without_vehicles_count_too(street: str) -> None:
    leaving = Known(("car", 2.0, 60.0, 30.0))
    done = measured(leaving, 4, 1.0)
    assert done.by_frame[done.by_frame["segment_code"] == "MAIN"]["car"].tolist() == [1, 1, 0, 0]
    assert done.by_stretch.set_index("segment_code").loc["MAIN", "vehicles"] == pytest.approx(0.5)


def test_what_crosses_a_line_is_counted_with_direction_and_speed(street: str) -> None:
    moving = Known(("car", 2.0, 20.0, 10.0), ("truck", -2.0, 70.0, -8.0), ("motorcycle", 4.0, 15.0, 1.0))
    crossings = measured(moving, 50, 10.0, LINE).crossings
    assert crossings is not None
    counted = crossing_counts(crossings)
    assert counted[["class_name", "direction", "count"]].to_numpy().tolist() == [
        ["car", -1, 1],
        ["truck", 1, 1],
    ]
    assert counted["speed_kmh"].to_numpy() == pytest.approx([36.0, 28.8], rel=0.02)


def test_no_frames_and_frames_of_two_sizes_are_refused(street: str) -> None:
    with pytest.raises(DetectorError, match="not one frame"):
        measured(Known(), 0, 1.0)
    with reading() as connection:
        camera, stretches = (
            read_camera(connection, street, get_settings()),
            read_stretches(connection, street),
        )
    mixed = [*frames(1, 1.0), Frame("STREET", START + timedelta(seconds=9), 640, 360)]
    with pytest.raises(DetectorError, match="change their size: 640x360, 1280x720"):
        measure(mixed, Known(), camera.georeferencer, stretches, units=HANOI_UNITS, quality=PERFECT)


def test_the_command_measures_a_folder_of_pictures(
    street: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        detectors.models, "make_detector",
        lambda name, settings: Known(("car", 2.0, 20.0, 10.0), ("truck", -2.0, 70.0, -8.0)),
    )  # fmt: skip
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(0, 5000, 100):
        moment = START + timedelta(milliseconds=number)
        name = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z.png"
        cv2.imwrite(str(folder / name), np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    lon, lat = metric_to_lonlat(*LINE.T)
    line = ",".join(f"{value:.7f}" for pair in zip(lon, lat, strict=True) for value in pair)
    table, tracks = tmp_path / "crossings.csv", tmp_path / "tracks.csv"
    done = CliRunner().invoke(
        traffic,
        [
            "measure", str(folder), "--camera", street, "--rate=10", "--line", line,
            f"--crossings-csv={table}", f"--tracks-csv={tracks}",
        ],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "50 frames; PCU by table hanoi" in done.output
    assert "MAIN: " in done.output
    assert "car, right to left: 1, 36." in done.output or "car, right to left: 1, 35." in done.output
    assert len(pd.read_csv(table)) == 2
    with writing() as connection:
        loaded = load_tracks(connection, tracks, None, None, simulated=False)
    assert (loaded.tracks, loaded.off_road) == (2, 0)
    with reading() as connection:
        hours = connection.execute(select(TrackHour).where(TrackHour.road_segment_code == "MAIN")).all()
    speeds = {row.class_name: row.distance_m / row.time_s for row in hours}
    assert speeds == pytest.approx({"car": 10.0, "truck": 8.0}, rel=0.05)


@pytest.mark.parametrize("line", ["1,2,3", "a,b,c,d", "107.5,16.4,107.5,16.4", "0,95,1,96"])
def test_a_line_that_is_none_is_told(street: str, line: str) -> None:
    done = CliRunner().invoke(traffic, ["measure", "nothing.mp4", "--camera", street, "--line", line])
    assert done.exit_code == 2
    assert "is not two points" in done.output or "is no line on the ground" in done.output
