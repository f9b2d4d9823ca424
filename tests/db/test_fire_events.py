"""Fire events in the database: built from detections, known again, told in words and figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric, metric_to_lonlat
from gis_core.db import writing
from gis_core.fire_settings import FireEvents
from gis_core.time import Window
from layers import detections
from layers.fire_calibration import TooFewFiresError, calibrate, read_calibration, tell_probabilities
from layers.fire_commands import group
from layers.fire_tracking import build_events, read_events
from layers.ingest.load import load_file
from layers.ingest.report import Rejections
from layers.ingest.source import Request
from layers.registry import LAYERS
from layers.store import load
from tests.conftest import Place

START = datetime(2025, 5, 1, 3, tzinfo=UTC)
WINDOW = Window(START - timedelta(days=1), START + timedelta(days=10))
RULES = FireEvents(within_m=1_000, within_h=24)


def seen(*at: tuple[float, float, float], status: str = "suspected", subject: str = "forest_fire") -> None:
    """Load detections at (east m, north m, hours) from a place in the hills."""
    x0, y0 = lonlat_to_metric(np.array([107.4]), np.array([16.2]))
    east, north, hours = np.array(at, float).T
    lon, lat = metric_to_lonlat(x0 + east, y0 + north)
    rows = gpd.GeoDataFrame(
        {
            "detected_at": [START + timedelta(hours=hour) for hour in hours],
            "subject": subject,
            "class_name": "smoke",
            "status": status,
            "steward_agency": "Chi cục Kiểm lâm",
            "camera_code": [None if hour == 0 else "cam-1" for hour in hours],
            "confidence": 0.8,
            "origin": "test",
            "simulated": False,
            "origin_key": [f"{subject}/{status}/{one}" for one in at],
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    with writing() as connection:
        load(connection, detections.LAYER, rows)


def built() -> gpd.GeoDataFrame:
    with writing() as connection:
        build_events(connection, WINDOW, RULES)
        return read_events(connection).sort_values("started_at").reset_index(drop=True)


def test_near_detections_are_one_event_with_extent_and_growth(database: str) -> None:
    seen((0, 0, 0), (600, 0, 2), (5_000, 0, 2))
    events = built()
    assert events["detection_count"].tolist() == [2, 1]
    first = events.iloc[0]
    assert first["sources"] == ["cam-1", "satellite"]
    # A strip of 600 m between two half circles of the margin's radius.
    hull_ha = (600 * 2 * RULES.margin_m + np.pi * RULES.margin_m**2) / 10_000
    assert first["area_ha"] == pytest.approx(hull_ha, rel=0.01)
    assert first["growth_ha_per_h"] == pytest.approx(600 * 2 * RULES.margin_m / 10_000 / 2, rel=0.02)
    assert first["detections_per_h"] == 1
    assert np.isnan(events.iloc[1]["growth_ha_per_h"])


def test_building_again_keeps_every_code(database: str) -> None:
    seen((0, 0, 0), (5_000, 0, 2))
    assert built()["code"].tolist() == built()["code"].tolist()


def test_an_event_that_goes_on_keeps_its_code_and_its_beginning(database: str) -> None:
    seen((0, 0, 0), (500, 0, 10))
    before = built()
    seen((900, 0, 30))
    with writing() as connection:
        # The window holds the last detection alone.
        build_events(connection, Window(START + timedelta(hours=29), START + timedelta(hours=31)), RULES)
        after = read_events(connection)
    assert after["code"].tolist() == before["code"].tolist()
    assert after["detection_count"].tolist() == [3]
    assert after["started_at"].iloc[0] == START


def test_merged_events_keep_the_oldest_code_and_a_split_says_where_from(database: str) -> None:
    seen((0, 0, 0), (1_800, 0, 1))
    old, young = built()["code"]
    seen((900, 0, 2))
    assert built()["code"].tolist() == [old]
    with writing() as connection:
        into = connection.execute(
            text("SELECT merged_into FROM gis.fire_events WHERE code = :code"), {"code": young}
        ).scalar()
        assert into == old
        # The bridge was an error of the source: without it they are two again.
        connection.execute(
            text("DELETE FROM gis.detections WHERE detected_at = :at"), {"at": START + timedelta(hours=2)}
        )
    apart = built()
    assert apart["code"].iloc[0] == old
    assert apart["split_from"].isna().tolist() == [True, False]
    assert apart["split_from"].iloc[1] == old


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (("refuted", "forest_fire"), ("verified", "forest_fire"), "verified"),
        (("refuted", "forest_fire"), ("refuted", "forest_fire"), "false"),
        (("refuted", "forest_fire"), ("suspected", "forest_fire"), "suspected"),
        (("verified", "straw_burning"), ("refuted", "forest_fire"), "false"),
        (("observed", "straw_burning"), ("refuted", "forest_fire"), "suspected"),
    ],
)
def test_an_event_has_the_status_of_its_detections(
    database: str, first: tuple[str, str], second: tuple[str, str], status: str
) -> None:
    seen((0, 0, 0), status=first[0], subject=first[1])
    seen((100, 0, 1), status=second[0], subject=second[1])
    assert built()["status"].tolist() == [status]


def test_too_few_verified_events_give_no_probability(database: str) -> None:
    seen((0, 0, 0), status="verified")
    built()
    with (
        writing() as connection,
        pytest.raises(TooFewFiresError, match="1 events are verified and 0 refuted"),
    ):
        calibrate(connection, get_settings())
    with writing() as connection:
        assert tell_probabilities(connection, get_settings()) == 0
        assert read_events(connection)["fire_probability"].isna().all()


def test_the_sample_is_gathered_calibrated_and_told(province: Place) -> None:
    runner = CliRunner()
    listed = runner.invoke(group, ["events"], catch_exceptions=False)
    assert "Simulated data" in listed.output
    done = runner.invoke(group, ["calibrate"], catch_exceptions=False)
    assert "verified" in done.output
    calibration = read_calibration(get_settings())
    assert calibration is not None
    assert calibration["simulated"]
    assert sum(one["events"] for one in calibration["reliability"]) == (
        calibration["verified"] + calibration["refuted"]
    )
    fires = calibration["calibration_fires"]
    assert calibration["guarantee"] == fires / (fires + 1)
    with writing() as connection:
        events = read_events(connection)
    assert events["fire_probability"].between(0, 1).all()
    assert events["reasons_vi"].str.len().min() > 0
    shown = json.loads(runner.invoke(group, ["events", "--json"], catch_exceptions=False).output)
    assert len(shown["features"]) == len(events)


def test_the_danger_of_every_zone_is_told(province: Place) -> None:
    shown = CliRunner().invoke(group, ["danger"], catch_exceptions=False)
    assert "Simulated data" in shown.output
    dry = CliRunner().invoke(group, ["danger", "--at", "2025-10-19T14:00"], catch_exceptions=False)
    assert "lower bound" in dry.output
    CliRunner().invoke(group, ["danger"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("file", "hotspots"),
    [("modis_c6_nrt_southeast_asia_2018-05-23.csv", 614), ("viirs_nrt_thai_myanmar_2020-02.csv", 181)],
)
def test_real_hotspots_become_events(database: str, shared_data: Path, file: str, hotspots: int) -> None:
    load_file(shared_data / "firms" / file, Request(LAYERS["detections"]), Rejections(), keep_good=True)
    listed = CliRunner().invoke(group, ["events", "--hours", "96"], catch_exceptions=False)
    assert "Simulated" not in listed.output
    with writing() as connection:
        events = read_events(connection)
    assert events["detection_count"].sum() == hotspots
    assert 1 < len(events) < hotspots
    assert events["fire_probability"].isna().all()
