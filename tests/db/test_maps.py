"""What the maps read: densities, stages, rain and hotspots out of a real PostGIS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shapely import LineString, MultiPolygon, Point, box

from gis_core.analysis.traffic import LEVELS
from gis_core.config import get_settings
from gis_core.crs import metric_to_lonlat
from gis_core.db import reading, writing
from gis_core.errors import ConfigError
from gis_core.time import Window
from layers.camera_counts import read_counts, read_views
from layers.registry import LAYERS
from layers.store import load
from maps import texts
from maps.catalogue import MAPS
from maps.commands import maps
from maps.export import copy_static
from maps.flood import read_flood
from maps.overview import MOST_FEATURES, read_overview
from maps.page import render_map
from maps.portal import read_summary, render_portal
from maps.request import Ask
from maps.traffic import read_traffic

NOON = datetime(2025, 10, 27, 12, 0, tzinfo=UTC)
EAST_M, NORTH_M = 560_000.0, 1_820_000.0
COMMON = {"origin": "test", "simulated": True}


def at(x_m: float, y_m: float = 0.0) -> Point:
    """A point so many metres east and north of the tests' origin, in degrees."""
    lon, lat = metric_to_lonlat(np.array([EAST_M + x_m]), np.array([NORTH_M + y_m]))
    return Point(lon[0], lat[0])


def put(layer: str, rows: list[dict[str, Any]], shapes: list[Any]) -> None:
    frame = pd.DataFrame([COMMON | row for row in rows])
    with writing() as connection:
        load(connection, LAYERS[layer], gpd.GeoDataFrame(frame, geometry=shapes, crs=4326))


def put_road(code: str, y_m: float, lanes: int | None = 2) -> None:
    row = {"code": code, "name": f"Đường {code}", "road_class": "primary", "lanes": lanes}
    put("road_segments", [row], [LineString([at(0, y_m), at(1000, y_m)])])


def put_camera(
    code: str, segment: str | None, y_m: float, *, status: str = "active", azimuth_deg: float = 90.0
) -> None:
    row = {
        "code": code, "name": code, "owner_agency": "A", "purpose": "traffic", "mast_height_m": 8.0,
        "azimuth_deg": azimuth_deg, "tilt_deg": 20.0, "field_of_view_deg": 60.0, "range_m": 100.0,
        "frame_interval_s": 600.0, "ai_solutions": ["count"], "status": status, "road_segment_code": segment,
    }  # fmt: skip
    put("cameras", [row], [at(200, y_m)])


def put_detections(
    subject: str, count: int, *, camera: str | None = None, end: datetime = NOON, **values: Any
) -> None:
    rows = [
        {
            "detected_at": end - timedelta(seconds=30 * number),
            "subject": subject,
            "class_name": "car",
            "status": "observed",
            "steward_agency": "A",
            "camera_code": camera,
            "origin_key": f"{subject}-{camera}-{number}-{end}",
        }
        | values
        for number in range(count)
    ]
    put("detections", rows, [at(200 + number, 5) for number in range(count)])


def put_series(layer: str, station: str, observed: str, values: dict[datetime, float], place: Point) -> None:
    rows = [
        {"observed_at": instant, "station_code": station, "observed_property": observed, "value": value,
         "origin_key": f"{station}-{instant}"}
        for instant, value in values.items()
    ]  # fmt: skip
    put("observations", rows, [place] * len(rows))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", list(MAPS))
def test_an_empty_database_gives_a_map_that_says_so(name: str) -> None:
    page = MAPS[name].make(get_settings(), Ask())
    assert page.window is None
    assert page.remarks
    assert not page.simulated
    assert texts.NO_TIME.vi in render_map(page, Ask(), root="../")


@pytest.mark.usefixtures("database")
def test_an_empty_database_gives_a_portal() -> None:
    with reading() as connection:
        summary = read_summary(connection, get_settings())
    assert {line.rows for line in summary.layers} == {0}
    assert not summary.simulated
    page = render_portal(summary, None, get_settings(), "vi")
    assert texts.NOT_BUILT.vi in page
    assert texts.SIMULATED.vi not in page


@pytest.mark.usefixtures("database")
def test_density_is_vehicles_by_frames_and_seen_length() -> None:
    put_road("A", 0)
    put_camera("C1", "A", 0)
    put_detections("vehicle", 30, camera="C1")
    with reading() as connection:
        data = read_traffic(connection, get_settings(), Ask(window=timedelta(hours=1)))
    segment = data.segments.iloc[0]
    # The camera stands on the road and looks along it: it sees its range, in 6 frames an hour.
    assert segment.seen_length_m == pytest.approx(100.0, abs=0.5)
    assert segment.frames == pytest.approx(6.0)
    assert segment.veh_km == pytest.approx(30 / 6 / 0.1, rel=0.01)
    assert segment.pc_km_ln == pytest.approx(segment.veh_km / 2)
    assert LEVELS[segment.level] == "E"  # 25 pc/km/ln lies between 22 and 28


@pytest.mark.usefixtures("database")
def test_what_no_camera_sees_is_not_observed() -> None:
    for number, code in enumerate(("seen", "off", "missed", "alone")):
        put_road(code, 500.0 * number)
    put_camera("C1", "seen", 0)
    put_camera("C2", "off", 500, status="offline")
    put_camera("C3", "missed", 1200)  # named for its segment, but 200 m away from it
    put_camera("C4", None, 1500)
    for camera in ("C1", "C2", "C3", "C4"):
        put_detections("vehicle", 5, camera=camera)
    with reading() as connection:
        data = read_traffic(connection, get_settings(), Ask())
    density = data.segments.set_index("code")["veh_km"]
    assert density["seen"] > 0
    assert density[["off", "missed", "alone"]].isna().all()


@pytest.mark.usefixtures("database")
def test_a_time_without_any_report_shows_no_zeros() -> None:
    put_road("A", 0)
    put_camera("C1", "A", 0)
    put_detections("vehicle", 5, camera="C1")
    page = MAPS["traffic"].make(get_settings(), Ask(at=NOON - timedelta(days=300)))
    assert texts.NO_VEHICLES in page.remarks
    assert page.tables[0].rows == ()


@pytest.mark.usefixtures("database")
def test_counts_leave_the_end_of_the_window_out() -> None:
    put_road("A", 0)
    put_camera("C1", "A", 0)
    put_detections("vehicle", 1, camera="C1", end=NOON)
    put_detections("vehicle", 1, camera="C1", end=NOON - timedelta(hours=1))
    window = Window(NOON - timedelta(hours=1), NOON)
    with reading() as connection:
        assert read_counts(connection, window)["vehicles"].sum() == 1
        assert list(read_views(connection, window)["frames"]) == [6.0]


@pytest.mark.usefixtures("database")
def test_rain_is_that_of_the_hours_of_the_window() -> None:
    put(
        "rain_stations",
        [{"code": "R1", "name": "Bạch Mã"}, {"code": "R2", "name": "Nam Đông"}],
        [at(0), at(10)],
    )
    put_series(
        "observations", "R1", "rain_1h_mm", {NOON - timedelta(hours=h): 10.0 for h in range(30)}, at(0)
    )
    with reading() as connection:
        stations = read_flood(connection, get_settings(), Ask()).stations.set_index("code")
        earlier = read_flood(
            connection, get_settings(), Ask(at=NOON - timedelta(hours=28))
        ).stations.set_index("code")
    assert stations.loc["R1", "rain_mm"] == pytest.approx(240.0)
    assert stations.loc["R1", "hours"] == 24
    assert np.isnan(stations.loc["R2", "rain_mm"])
    assert earlier.loc["R1", "rain_mm"] == pytest.approx(20.0)


@pytest.mark.usefixtures("database")
def test_gauges_show_the_last_stage_and_the_alarm_it_reached() -> None:
    alarms = {"alarm_1_m": 1.0, "alarm_2_m": 2.0, "alarm_3_m": 3.5}
    rows = [
        {"code": "KL", "name": "Kim Long", "river": "Hương", "datum": "VN-2000"} | alarms,
        {"code": "PO", "name": "Phú Ốc", "river": "Bồ", "datum": "VN-2000"} | alarms,
    ]
    put("river_gauges", rows, [at(0), at(100)])
    stages = {NOON: 5.05, NOON - timedelta(hours=1): 4.0, NOON - timedelta(hours=9): 1.5}
    put_series("observations", "KL", "stage_m", stages, at(0))
    with reading() as connection:
        now = read_flood(connection, get_settings(), Ask()).gauges.set_index("code")
        before = read_flood(connection, get_settings(), Ask(at=NOON - timedelta(hours=2))).gauges.set_index(
            "code"
        )
        summary = read_summary(connection, get_settings())
    assert (now.loc["KL", "stage_m"], now.loc["KL", "level"]) == (5.05, 3)
    assert (before.loc["KL", "stage_m"], before.loc["KL", "level"]) == (1.5, 1)
    assert pd.isna(now.loc["PO", "level"])
    assert [sentence.vi for sentence, _ in summary.alerts] == ["Kim Long 5,05 m – trên BĐ3 1,55 m"]
    page = MAPS["flood"].make(get_settings(), Ask())
    assert page.tables[0].rows[0][0].vi == "Kim Long 5,05 m – trên BĐ3 1,55 m"
    assert page.simulated


@pytest.mark.usefixtures("database")
def test_flood_spots_show_their_last_depth() -> None:
    put(
        "flood_spots",
        [{"code": "F1", "name": "Đập Đá", "camera_code": "C1"}, {"code": "F2", "name": "X"}],
        [at(0), at(9)],
    )
    put_detections("flooding", 1, camera="C1", end=NOON - timedelta(hours=3), water_depth_m=0.9)
    put_detections("flooding", 1, camera="C1", end=NOON, water_depth_m=0.4)
    put_detections("flooding", 1, camera=None, end=NOON, water_depth_m=2.0)
    put_detections(
        "flooding", 1, camera="C1", end=NOON + timedelta(hours=1), water_depth_m=5.0, status="refuted"
    )
    with reading() as connection:
        spots = read_flood(connection, get_settings(), Ask(at=NOON + timedelta(hours=2))).spots.set_index(
            "code"
        )
    assert spots.loc["F1", "water_depth_m"] == 0.4
    assert np.isnan(spots.loc["F2", "water_depth_m"])


@pytest.mark.usefixtures("database")
def test_hotspots_of_the_week_by_status() -> None:
    put_detections("forest_fire", 3, status="suspected")
    put_detections("forest_fire", 2, status="verified", end=NOON - timedelta(days=2))
    put_detections("straw_burning", 1)
    put_detections("forest_fire", 4, status="verified", end=NOON - timedelta(days=20))
    put_detections("vehicle", 5)
    page = MAPS["fire"].make(get_settings(), Ask())
    counts = {status.en: count.en for status, count in page.tables[0].rows}
    assert counts["Verified forest fire"] == "2"
    assert counts["Suspected forest fire"] == "3"
    assert counts["Straw burning"] == "1"
    longer = MAPS["fire"].make(get_settings(), Ask(window=timedelta(days=30)))
    assert dict(longer.tables[0].rows)[page.tables[0].rows[0][0]].en == "6"


@pytest.mark.usefixtures("database")
def test_heavy_layers_are_limited_and_the_rare_is_kept() -> None:
    put_detections("vehicle", MOST_FEATURES + 300)
    put_detections("forest_fire", 2, end=NOON - timedelta(hours=20))
    put_series(
        "observations", "R1", "rain_1h_mm", {NOON - timedelta(hours=h): float(h) for h in range(10)}, at(0)
    )
    with reading() as connection:
        data = read_overview(connection, get_settings(), Ask())
    shown = {entry.layer.name: entry for entry in data.layers}
    seen = shown["detections"]
    assert len(seen.rows) < MOST_FEATURES < seen.total
    assert (seen.rows["subject"] == "forest_fire").sum() == 2
    # Of several observations at one place only the last is drawn.
    assert list(shown["observations"].rows["value"]) == [0.0]
    page = MAPS["all"].make(get_settings(), Ask())
    assert any("1.502" in remark.vi for remark in page.remarks)


@pytest.mark.usefixtures("database")
def test_every_layer_is_on_the_map_of_everything() -> None:
    put(
        "wards",
        [{"code": "W", "name": "Phú Xuân", "kind": "ward"}],
        [MultiPolygon([box(107.5, 16.4, 107.6, 16.5)])],
    )
    page = MAPS["all"].make(get_settings(), Ask())
    assert {legend.title for legend in page.legends} >= {layer.title for layer in LAYERS.values()}
    html = render_map(page, Ask(), root="../")
    assert all(layer.title.vi in html for layer in LAYERS.values())


@pytest.mark.usefixtures("database")
def test_the_command_writes_a_page_with_its_time(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    done = CliRunner().invoke(maps, ["export", str(folder), "--map", "flood", "--at", "2025-10-27T20:00"])
    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(folder / "flood.html")
    assert "20:00 27-10-2025" in (folder / "flood.html").read_text()
    assert not list(folder.glob("*.part"))
    refused = CliRunner().invoke(maps, ["export", str(folder), "--map", "none"])
    assert refused.exit_code == 2
    assert "fire, traffic, flood, all" in refused.output


def test_an_export_without_the_installed_packages_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="npm ci"):
        copy_static(tmp_path / "nothing", tmp_path / "static")
