"""Pages of features that PostGIS writes: their text, their order, their number."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import text

from gis_core.cluster import Cluster
from gis_core.crs import METRIC_SRID, parse_crs, transformer
from gis_core.db import reading, writing
from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from gis_core.types import Bounds
from layers.base import Layer
from layers.page_sql import Shape, page_sql
from layers.query import FeaturePage, FeatureQuery, Interval, read_feature, read_page
from layers.registry import LAYERS
from layers.store import load
from tests.conftest import Place, at

DETECTIONS, CAMERAS, WARDS = LAYERS["detections"], LAYERS["cameras"], LAYERS["wards"]
START = datetime(2025, 10, 31, 16, tzinfo=UTC)
COUNT = 100
AWKWARD = ('say "hi"', "back\\slash", "{a,b}", "a\nb", "</script>", "Huế 🔥", "'", "%s %%")
SOLUTIONS = [["smoke", "fire, big"], ["smoke"], *([[]] * (len(AWKWARD) - 2))]


@pytest.fixture(scope="module", autouse=True)
def filled(cluster: Cluster, migrated_template: str, scratch: Path) -> Iterator[None]:
    """One database for all the tests here, which only read."""
    name = f"query_{secrets.token_hex(6)}"
    place = Place(cluster.create_database(name, migrated_template), scratch)
    with at(place):
        load_all()
        yield
    cluster.drop_database(name)


def load_all() -> None:
    """A detection each quarter of an hour over the turn of a month, some cameras, and a ward."""
    detections = {
        "detected_at": [START + timedelta(minutes=15 * row) for row in range(COUNT)],
        "subject": ["vehicle", "forest_fire"] * (COUNT // 2), "class_name": "car", "steward_agency": "CSGT",
        "confidence": [row / COUNT for row in range(COUNT)], "origin": "test",
        "origin_key": [str(row) for row in range(COUNT)], "simulated": False,
    }  # fmt: skip
    line = gpd.points_from_xy(np.linspace(107.2, 107.8, COUNT), np.linspace(16.1, 16.6, COUNT))
    cameras = {
        "code": [f"C{place}" for place in range(len(AWKWARD))], "name": AWKWARD, "owner_agency": "CA",
        "purpose": "traffic", "mast_height_m": 10.0, "azimuth_deg": 0.5, "tilt_deg": 5.0,
        "field_of_view_deg": 60.0, "range_m": 300.0, "frame_interval_s": 60.0,
        "ai_solutions": SOLUTIONS, "status": "active", "origin": "test",
    }  # fmt: skip
    corner = gpd.points_from_xy([107.58] * len(AWKWARD), [16.46] * len(AWKWARD))
    ward = {"code": ["W"], "name": ["Phú Hội"], "kind": ["ward"], "origin": ["test"]}
    clockwise = shapely.MultiPolygon([shapely.box(107.5, 16.4, 107.6, 16.5, ccw=False)])
    with writing() as connection:
        load(connection, DETECTIONS, gpd.GeoDataFrame(detections, geometry=line, crs=4326))
        load(connection, CAMERAS, gpd.GeoDataFrame(cameras, geometry=corner, crs=4326))
        load(connection, WARDS, gpd.GeoDataFrame(ward, geometry=[clockwise], crs=4326))


def ask(
    layer: Layer = DETECTIONS, limit: int = 1000, *, exact_below: int = 10_000, **wanted: Any
) -> FeaturePage:
    with reading() as connection:
        return read_page(connection, FeatureQuery(layer, limit, **wanted), exact_below)


def plan(filters: dict[str, Any], *settings: str) -> str:
    """How PostgreSQL would make a page of detections."""
    shape = Shape(DETECTIONS, 4326, y_first=False, properties=None, filters=tuple(filters))
    with reading() as connection:
        for setting in settings:
            connection.execute(text(f"SET LOCAL {setting}"))
        explained = connection.exec_driver_sql(f"EXPLAIN {page_sql(shape)}", {**filters, "_limit": 10})
        return "\n".join(explained.scalars())


def features(page: FeaturePage) -> list[dict[str, Any]]:
    return json.loads(f"[{page.features_json}]")  # type: ignore[no-any-return]


def test_a_feature_is_as_its_row() -> None:
    first = features(ask())[0]
    assert first["type"] == "Feature"
    assert isinstance(first["id"], str)
    assert first["geometry"] == {"type": "Point", "coordinates": [107.2, 16.1]}
    assert list(first["properties"]) == [column.name for column in DETECTIONS.properties]
    assert first["properties"]["detected_at"] == "2025-10-31T16:00:00Z"
    assert first["properties"]["confidence"] == 0.0
    assert first["properties"]["frp_mw"] is None
    assert first["properties"]["simulated"] is False


def test_numbers_of_a_float_column_have_a_point() -> None:
    assert '"mast_height_m":10.0,"azimuth_deg":0.5' in ask(CAMERAS).features_json


def test_awkward_texts_come_back_and_can_be_asked_for() -> None:
    assert [one["properties"]["name"] for one in features(ask(CAMERAS))] == list(AWKWARD)
    for place, name in enumerate(AWKWARD):
        assert [one["id"] for one in features(ask(CAMERAS, equals={"name": name}))] == [f"C{place}"]


@pytest.mark.parametrize("limit", [1, 7, 50, 99, 100, 101])
def test_paging_walks_a_layer_once_in_order_of_time(limit: int) -> None:
    seen: list[dict[str, Any]] = []
    cursor = None
    for _ in range(COUNT + 1):
        page = ask(limit=limit, cursor=cursor)
        assert page.number_returned == len(features(page)) <= limit
        assert page.matched.number == COUNT
        seen += features(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [one["properties"]["origin_key"] for one in seen] == [str(row) for row in range(COUNT)]


def test_an_empty_layer_is_one_empty_page() -> None:
    page = ask(LAYERS["observations"])
    assert (page.features_json, page.number_returned, page.next_cursor) == ("", 0, None)
    assert page.matched == (0, True)


def test_a_box_takes_what_lies_in_it() -> None:
    bbox = Bounds(107.4, 16.2, 107.6, 16.5)
    found = features(ask(bbox=bbox))
    everything = features(ask())
    inside = [
        one["id"]
        for one in everything
        if shapely.box(*bbox).covers(shapely.Point(one["geometry"]["coordinates"]))
    ]
    assert [one["id"] for one in found] == inside
    assert 0 < len(inside) < COUNT


def test_a_box_in_metres_is_the_box_in_metres() -> None:
    bbox = Bounds(540_000, 1_795_000, 560_000, 1_815_000)
    found = {one["id"] for one in features(ask(bbox=bbox, bbox_srid=METRIC_SRID))}
    lonlat = [(one["id"], *one["geometry"]["coordinates"]) for one in features(ask())]
    to_metric = transformer(4326, METRIC_SRID)
    inside = set()
    for identifier, lon, lat in lonlat:
        x, y = to_metric.transform(lon, lat)
        if bbox.west <= x <= bbox.east and bbox.south <= y <= bbox.north:
            inside.add(identifier)
    assert found == inside
    assert inside


def test_a_box_can_use_the_spatial_index() -> None:
    area = shapely.to_wkb(shapely.set_srid(shapely.box(107, 16, 107.1, 16.1), 4326), include_srid=True)
    assert "Index Cond: (geom &&" in plan({"_area": area}, "enable_seqscan = off", "enable_indexscan = off")


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(START, START), [0]),
        (Interval(START, START + timedelta(minutes=30)), [0, 1, 2]),
        (Interval(START, START + timedelta(minutes=30), end_included=False), [0, 1]),
        (Interval(None, START), [0]),
        (Interval(START + timedelta(minutes=15 * (COUNT - 1)), None), [COUNT - 1]),
        (Interval(START + timedelta(days=90), None), []),
        (Interval(None, None), list(range(COUNT))),
    ],
)
def test_an_interval_holds_both_its_ends(interval: Interval, expected: list[int]) -> None:
    found = features(ask(interval=interval))
    assert [int(one["properties"]["origin_key"]) for one in found] == expected


def test_an_interval_reads_only_the_partitions_it_needs() -> None:
    november = plan({"_start": datetime(2025, 11, 1, tzinfo=UTC)})
    assert "detections_2025_11" in november
    assert "detections_2025_10" not in november
    october = plan({"_before": datetime(2025, 11, 1, tzinfo=UTC)})
    assert "detections_2025_10" in october
    assert "detections_2025_11" not in october


def test_a_layer_without_time_passes_an_interval_over() -> None:
    assert ask(CAMERAS, interval=Interval(START, START)).number_returned == len(AWKWARD)


def test_filters_join_by_and() -> None:
    found = features(ask(equals={"subject": "forest_fire", "confidence": 0.03}))
    assert [one["properties"]["origin_key"] for one in found] == ["3"]


def test_a_list_is_filtered_by_one_of_its_elements() -> None:
    assert [one["id"] for one in features(ask(CAMERAS, equals={"ai_solutions": "fire, big"}))] == ["C0"]
    assert [one["id"] for one in features(ask(CAMERAS, equals={"ai_solutions": "smoke"}))] == ["C0", "C1"]


def test_only_the_named_properties_come() -> None:
    first = features(ask(CAMERAS, properties=("status", "name")))[0]
    assert first["properties"] == {"name": AWKWARD[0], "status": "active"}


def test_metric_coordinates_agree_with_proj() -> None:
    expected = [
        transformer(4326, METRIC_SRID).transform(*one["geometry"]["coordinates"]) for one in features(ask())
    ]
    found = [one["geometry"]["coordinates"] for one in features(ask(crs=parse_crs("EPSG:9214")))]
    # EPSG lists northing first for this grid.
    flipped = parse_crs("EPSG:9214").y_first
    found = [(y, x) if flipped else (x, y) for x, y in found]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_authority_says_which_axis_comes_first() -> None:
    assert features(ask(CAMERAS))[0]["geometry"]["coordinates"] == [107.58, 16.46]
    assert features(ask(CAMERAS, crs=parse_crs("EPSG:4326")))[0]["geometry"]["coordinates"] == [16.46, 107.58]


def test_rings_run_counterclockwise() -> None:
    drawn = shapely.from_geojson(json.dumps(features(ask(WARDS))[0]["geometry"]))
    assert shapely.is_ccw(drawn.geoms[0].exterior)


def test_small_results_are_counted_and_large_ones_estimated() -> None:
    fires = {"subject": "forest_fire"}
    assert ask(limit=10, exact_below=100).matched == (100, True)
    assert ask(limit=10, exact_below=50, equals=fires).matched == (50, True)
    # A layer that was never analysed is estimated by the planner, which then knows little.
    unknown = ask(limit=10, exact_below=20).matched
    assert not unknown.is_exact
    assert unknown.number >= 21
    with writing() as connection:
        connection.execute(text("ANALYZE gis.detections"))
    assert ask(limit=10, exact_below=99).matched == (100, False)
    estimated = ask(limit=10, exact_below=49, equals=fires).matched
    assert not estimated.is_exact
    assert estimated.number == pytest.approx(50, abs=10)


def test_the_last_page_knows_the_number_of_all() -> None:
    first = ask(limit=60)
    assert ask(limit=60, cursor=first.next_cursor).matched == (COUNT, True)


def test_one_feature_by_its_identifier() -> None:
    with reading() as connection:
        found = json.loads(read_feature(connection, CAMERAS, "C1", parse_crs("CRS84")))
    assert found["id"] == "C1"
    assert found["properties"]["name"] == AWKWARD[1]


@pytest.mark.parametrize("identifier", ["C9", "", "a\x00b", "'; DROP TABLE gis.cameras; --"])
def test_no_feature_of_that_identifier(identifier: str) -> None:
    with reading() as connection, pytest.raises(FeatureNotFoundError, match="cameras"):
        read_feature(connection, CAMERAS, identifier, parse_crs("CRS84"))


def test_an_identifier_that_no_event_can_have_is_not_found() -> None:
    with reading() as connection, pytest.raises(FeatureNotFoundError, match="'seven'"):
        read_feature(connection, DETECTIONS, "seven", parse_crs("CRS84"))


def test_a_cursor_of_another_layer_is_refused() -> None:
    cursor = ask(limit=1).next_cursor
    with pytest.raises(InvalidParameterError, match="cursor"):
        ask(CAMERAS, cursor=cursor)
