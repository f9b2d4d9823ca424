"""Cursors: what one gave, one takes back, and nothing else."""

from __future__ import annotations

import json
from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis_core.crs import metric_to_lonlat
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds
from layers.areas import search_area
from layers.order import SortKey, complete, decode_cursor, encode_cursor, parse_order
from layers.registry import LAYERS

CAMERAS, DETECTIONS = LAYERS["cameras"], LAYERS["detections"]
BY_CODE, BY_ID = complete(CAMERAS, ()), complete(DETECTIONS, ())
URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))


@given(texts)
def test_a_text_identifier_comes_back(last_id: str) -> None:
    cursor = encode_cursor(CAMERAS, json.dumps([last_id]), BY_CODE)
    assert set(cursor) <= URL_SAFE
    assert decode_cursor(CAMERAS, cursor, BY_CODE) == [last_id]


@given(st.uuids())
def test_an_event_identifier_comes_back(last_id: UUID) -> None:
    cursor = encode_cursor(DETECTIONS, json.dumps([str(last_id)]), BY_ID)
    assert decode_cursor(DETECTIONS, cursor, BY_ID) == [last_id]


@given(st.none() | texts, st.none() | st.floats(allow_nan=False, allow_infinity=False), st.uuids())
def test_the_keys_of_any_order_come_back(camera: str | None, confidence: float | None, last_id: UUID) -> None:
    order = parse_order(DETECTIONS, "camera_code,-confidence")
    written = [camera, None if confidence is None else str(confidence), str(last_id)]
    cursor = encode_cursor(DETECTIONS, json.dumps(written), order)
    assert decode_cursor(DETECTIONS, cursor, order) == [camera, confidence, last_id]


def test_a_cursor_belongs_to_its_order() -> None:
    order = parse_order(CAMERAS, "-code")
    cursor = encode_cursor(CAMERAS, json.dumps(["CAM-0001"]), order)
    with pytest.raises(InvalidParameterError, match="cursor"):
        decode_cursor(CAMERAS, cursor, BY_CODE)


def test_a_forged_cursor_is_refused() -> None:
    for forged in ("{}", "[]", "[1]", "[null]", '["a", "b"]', "[" * 100_000, '["soon"]'):
        with pytest.raises(InvalidParameterError, match="cursor"):
            decode_cursor(DETECTIONS, encode_cursor(DETECTIONS, forged, BY_ID), BY_ID)


def test_an_order_ends_with_the_identifier() -> None:
    assert parse_order(CAMERAS, " name,-purpose") == (
        SortKey("name"), SortKey("purpose", descending=True), SortKey("code"),
    )  # fmt: skip
    assert parse_order(CAMERAS, "-code,name") == (SortKey("code", descending=True),)


def test_identifiers_of_events_sort_by_time() -> None:
    assert parse_order(DETECTIONS, "subject,-detected_at") == (
        SortKey("subject"),
        SortKey("id", descending=True),
    )


@pytest.mark.parametrize(
    "text", ["", "nothing", "name,name", "name,-name", "ai_solutions", "geometry", "--name"]
)
def test_an_order_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="sortby"):
        parse_order(CAMERAS, text)


@given(texts.filter(bool), st.integers(min_value=1, max_value=4))
def test_a_cut_cursor_is_refused(last_id: str, cut: int) -> None:
    with pytest.raises(InvalidParameterError, match="cursor"):
        decode_cursor(CAMERAS, encode_cursor(CAMERAS, json.dumps([last_id]), BY_CODE)[:-cut], BY_CODE)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="cursor"):
        decode_cursor(CAMERAS, text, BY_CODE)


def test_a_cursor_belongs_to_its_layer() -> None:
    with pytest.raises(InvalidParameterError, match="cursor"):
        decode_cursor(LAYERS["wards"], encode_cursor(CAMERAS, '["CAM-0001"]', BY_CODE), BY_CODE)


def test_a_metric_box_keeps_its_bent_edges() -> None:
    box = Bounds(500_000, 1_780_000, 640_000, 1_850_000)
    area = search_area(box, 9214)
    easting = np.linspace(box.west, box.east, 15)
    # Straight lines between the corners would pass 50 m beside the middle of the northern edge.
    for northing, inside in [(box.north - 5, True), (box.north + 5, False)]:
        lon, lat = metric_to_lonlat(easting[1:-1], np.full(13, northing))
        assert np.all(shapely.contains_xy(area, lon, lat) == inside)


def test_a_box_across_the_antimeridian_has_two_parts() -> None:
    area = search_area(Bounds(170, -20, -170, 20), 4326)
    assert area.area == pytest.approx(800)
    assert area.bounds == (-180, -20, 180, 20)


@pytest.mark.parametrize(
    ("bbox", "srid"),
    [
        (Bounds(107, 17, 108, 16), 4326),
        (Bounds(600_000, 1_790_000, 520_000, 1_850_000), 9214),
        (Bounds(0, 0, 1e9, 1e9), 9214),
    ],
)
def test_a_box_without_sense_is_refused(bbox: Bounds, srid: int) -> None:
    with pytest.raises(InvalidParameterError, match="bbox"):
        search_area(bbox, srid)


def test_a_box_beyond_the_globe_is_cut_to_it() -> None:
    assert search_area(Bounds(-999, -999, 999, 999), 4326).bounds == (-180, -90, 180, 90)
