"""Checks of features: geometries, positions, repeated stations, codes and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gis_core.quality_settings import Quality
from gis_core.types import Bounds
from layers.quality.base import Scope, said
from layers.quality.future import find_future
from layers.quality.geometries import find_invalid, find_outside
from layers.quality.references import (
    Watching,
    find_distant_segments,
    find_unknown_cameras,
    find_unknown_segments,
)
from layers.quality.stations import find_duplicates, normalised
from layers.quality.wards import Stated, find_misplaced, plain_ward

NOW = datetime(2025, 11, 1, tzinfo=UTC)
SCOPE = Scope(frozenset(), Bounds(107, 15.95, 108.25, 16.8), NOW, timedelta(days=30), Quality())
METRE_DEG = 1 / 110_700
"""A metre along the meridian at Huế, in degrees of latitude."""


def features(*shapes: shapely.Geometry, **columns: Any) -> gpd.GeoDataFrame:
    count = len(shapes)
    named = {"feature_id": [f"f{row}" for row in range(count)], "simulated": [False] * count} | columns
    return gpd.GeoDataFrame(named, geometry=list(shapes), crs=4326)


def test_an_invalid_geometry_is_shown_where_it_is_invalid() -> None:
    bow_tie = shapely.Polygon([(107.0, 16.0), (107.2, 16.2), (107.2, 16.0), (107.0, 16.2)])
    found = list(
        find_invalid(
            {"wards": features(bow_tie, shapely.box(107, 16, 107.1, 16.1), shapely.Polygon())}, SCOPE
        )
    )
    assert [finding.feature_id for finding in found] == ["f0", "f2"]
    assert found[0].point is not None
    assert found[0].point.equals_exact(shapely.Point(107.1, 16.1), 1e-9)
    assert found[0].sentence == (
        "Hình học không hợp lệ: tự cắt chính nó.",
        "The geometry is invalid: it crosses itself.",
    )
    assert found[1].point is None


def test_outside_means_wholly_outside_and_swapped_axes_are_told() -> None:
    shapes = (
        shapely.Point(107.58, 16.46),
        shapely.Point(105.85, 21.03),
        shapely.Point(16.46, 107.58),
        shapely.LineString([(106.9, 16.5), (107.1, 16.5)]),
        shapely.Point(108.25, 16.8),
    )
    found = list(find_outside({"cameras": features(*shapes)}, SCOPE))
    assert [finding.feature_id for finding in found] == ["f1", "f2"]
    assert found[0].sentence.en == "It lies outside the province, at 105.85000, 21.03000."
    assert "changed places" in found[1].sentence.en


def stations(*rows: tuple[str, str, float]) -> gpd.GeoDataFrame:
    codes, names, north_m = zip(*rows, strict=True)
    points = [shapely.Point(107.58, 16.46 + metres * METRE_DEG) for metres in north_m]
    return gpd.GeoDataFrame(
        {"code": codes, "name": names, "simulated": [False] * len(codes)}, geometry=points, crs=4326
    )


def test_stations_are_repeated_by_place_or_by_name() -> None:
    found = stations(
        ("a", "Kim Long", 0),
        ("b", "Bến Ngự", 45),  # close to a
        ("c", "  kim  LONG ", 900),  # named as a and near enough
        ("d", "Kim Long", 2500),  # named so, but far from all of that name
        ("e", "Phú Bài", 5000),
        ("f", "Phú Bái", 5200),  # another name
        ("g", "An Cựu", 7000),
        ("h", "Vỹ Dạ", 7060),  # not within 50 m
    )
    said_of = {
        finding.feature_id: finding.sentence.en
        for finding in find_duplicates({"rain_stations": found}, SCOPE)
    }
    assert set(said_of) == {"b", "c"}
    assert said_of["b"] == "Station Bến Ngự is 45 m from Kim Long (a); they may be one station."
    assert "is 900 m from Kim Long (a) and has its name" in said_of["c"]


def test_a_name_is_the_same_in_nfc_and_nfd() -> None:
    assert normalised("Huê\u0301  THƯỢNG") == normalised(" hu\u1ebf thượng")
    assert normalised("Phú Bài") != normalised("Phú Bái")


def test_no_stations_and_one_station_repeat_nothing() -> None:
    one = stations(("a", "Kim Long", 0))
    assert list(find_duplicates({"rain_stations": one, "river_gauges": one.iloc[:0]}, SCOPE)) == []


def test_a_camera_must_watch_a_segment_that_exists_and_is_in_range() -> None:
    place = shapely.Point(107.58, 16.46)
    cameras = gpd.GeoDataFrame(
        {
            "code": ["near", "far", "lost"],
            "name": ["A", "B", "C"],
            "road_segment_code": ["s1", "s2", "s3"],
            "range_m": [120.0, 120.0, 120.0],
            "simulated": [True, False, False],
        },
        geometry=[place] * 3,
        crs=4326,
    )
    north = [
        shapely.LineString([(107.57, 16.46 + m * METRE_DEG), (107.59, 16.46 + m * METRE_DEG)])
        for m in (100, 300)
    ]
    segments = gpd.GeoDataFrame({"code": ["s1", "s2"]}, geometry=north, crs=4326)
    watching = Watching(cameras, segments)
    (unknown,) = find_unknown_segments(watching, SCOPE)
    (distant,) = find_distant_segments(watching, SCOPE)
    assert (unknown.feature_id, distant.feature_id) == ("lost", "far")
    assert distant.sentence.en == "Camera B sees 120 m far, but its road segment s2 is 300 m away."
    assert list(find_distant_segments(Watching(cameras, segments.iloc[:0]), SCOPE)) == []


def test_a_flood_spot_must_name_a_camera_that_exists() -> None:
    spots = gpd.GeoDataFrame(
        {"code": ["p", "q"], "name": ["P", "Q"], "camera_code": ["c1", "c9"], "simulated": [False, False]},
        geometry=[shapely.Point(107.58, 16.46)] * 2,
        crs=4326,
    )
    cameras = gpd.GeoDataFrame({"code": ["c1"]}, geometry=[shapely.Point(107.58, 16.46)], crs=4326)
    (finding,) = find_unknown_cameras(Watching(spots, cameras), SCOPE)
    assert finding.feature_id == "q"
    assert "c9" in finding.sentence.vi


WARDS = gpd.GeoDataFrame(
    {"code": ["19753", "19774"], "name": ["Phường Phú Xuân", "Phường Kim Long"]},
    geometry=[
        shapely.MultiPolygon([shapely.box(107.5, 16.4, 107.6, 16.5)]),
        shapely.MultiPolygon([shapely.box(107.5, 16.5, 107.6, 16.6)]),
    ],
    crs=4326,
)


def misplaced(stated: str, metres_north: float, wards: gpd.GeoDataFrame = WARDS) -> list[str]:
    """What is said of a camera so far north of the border between the two wards, in English."""
    place = shapely.Point(107.55, 16.5 + metres_north * METRE_DEG)
    cameras = features(place, code=["c"], name=["Cầu"], stated_ward=[stated])
    return [finding.sentence.en for finding in find_misplaced(Stated(cameras, wards), SCOPE)]


@pytest.mark.parametrize(
    "stated", ["Phường Phú Xuân", "phú xuân", "P. Phu Xuan", "PHƯỜNG PHÚ XUÂN", "19753", "P.Phú  Xuân"]
)
def test_a_camera_stands_in_the_ward_it_states_however_that_is_written(stated: str) -> None:
    assert misplaced(stated, -1000) == []
    # Borders run along roads, and cameras stand on both sides of them.
    assert misplaced(stated, 20) == []
    # A parallel of 10 km bends by 0.65 m in the grid, where its ends are joined straight.
    assert misplaced(stated, 39.65) == [
        f"Camera Cầu is said to stand in {stated} (39 m away), but it is in Phường Kim Long."
    ]


def test_a_ward_that_is_none_and_a_place_that_is_in_none() -> None:
    assert misplaced("Phường Vĩnh Ninh", -1000) == [
        "Camera Cầu is said to stand in Phường Vĩnh Ninh, which is no ward today, "
        "but it is in Phường Phú Xuân."
    ]
    assert misplaced("Kim Long", 100_000) == [
        "Camera Cầu is said to stand in Kim Long (88,899 m away), but it is in no ward."
    ]


def test_without_wards_nothing_can_be_said_of_them() -> None:
    assert misplaced("Phú Xuân", 1000, WARDS.iloc[:0]) == []


def test_two_wards_of_one_name_are_both_meant() -> None:
    twice = WARDS.assign(name="Phường Phú Xuân")
    assert misplaced("Phú Xuân", 1000, twice) == misplaced("Phú Xuân", -1000, twice) == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Xã A Lưới 1", "a_luoi_1"),
        ("x. Phú Vang", "phu_vang"),
        ("Thị trấn Sịa", "sia"),
        ("Phường Phường Đúc", "phuong_duc"),
        ("phu-loc", "phu_loc"),
    ],
)
def test_a_ward_without_its_kind(name: str, plain: str) -> None:
    assert plain_ward(name) == plain


def test_an_event_may_be_a_little_ahead_but_not_by_a_zone() -> None:
    at = pd.to_datetime([NOW + timedelta(minutes=9), NOW + timedelta(hours=7), NOW - timedelta(hours=1)])
    events = features(*[shapely.Point(107.58, 16.46)] * 3, at=at)
    (finding,) = find_future({"observations": events}, SCOPE)
    assert finding.feature_id == "f1"
    assert finding.sentence.en == "Its time, 14:00 01-11-2025, lies in the future."


def test_a_sentence_takes_outside_text_as_it_is() -> None:
    assert said("{a} {b}", "{a} {b}", a="{b}", b=1234.5) == ("{b} 1.234", "{b} 1,234")
