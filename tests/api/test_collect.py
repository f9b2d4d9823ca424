"""The push door: an acknowledged batch is in, a bad row is in quarantine, and nothing is in twice."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

import migrations
from gis_core.access import digest_of
from gis_core.cluster import Cluster
from gis_core.db import make_engine
from tests.conftest import Place, RunningService, serving
from tests.ingesting import HUE, HUE_GRID, point
from tests.surviving import count, kill_9, wait_for_rows_in_flight

TOKEN = "a token that only the hub knows"  # noqa: S105 - opens a door in these tests alone
HUB = {"Authorization": f"Bearer {TOKEN}"}
TOKENS = json.dumps({"hub": digest_of(TOKEN), "other": digest_of("another")})


def row(key: Any, **changes: Any) -> dict[str, Any]:
    """A good detection with a name of its own, but for what is changed; Ellipsis leaves a value out."""
    good = {
        "lon": 107.58, "lat": 16.46, "detected_at": "2025-10-27T20:00:00+07:00", "camera_code": "CAM-1",
        "subject": "vehicle", "class": "car", "steward_agency": "CSGT", "confidence": 0.9, "id": key,
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not ...}


@pytest.fixture
def door(place: Place) -> Iterator[httpx.Client]:
    with (
        serving(place, HUEGIS_COLLECT__TOKENS=TOKENS) as running,
        httpx.Client(base_url=running.base_url, headers=HUB, timeout=60) as client,
    ):
        yield client


def counts(answer: httpx.Response) -> tuple[int, int, int]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["accepted"], body["known_already"], body["quarantined"]


def query(place: Place, sql: str) -> list[Any]:
    with psycopg.connect(place.url) as connection:
        return [tuple(found) if len(found) > 1 else found[0] for found in connection.execute(sql)]


def test_every_form_of_body_gives_the_same_events(door: httpx.Client, place: Place) -> None:
    rows = [row("a"), row("b")]
    features = [
        {
            "type": "Feature",
            "id": one.pop("id"),
            "geometry": {"type": "Point", "coordinates": [one.pop("lon"), one.pop("lat")]},
            "properties": one,
        }
        for one in (row("a"), row("b"))
    ]
    lines = "\n".join(json.dumps(one) for one in rows) + "\n\n"
    url = "/collect/detections"
    assert counts(door.post(url, json=rows)) == (2, 0, 0)
    assert counts(door.post(url, json={"rows": rows})) == (0, 2, 0)
    assert counts(door.post(url, json={"type": "FeatureCollection", "features": features})) == (0, 2, 0)
    ndjson = {"Content-Type": "application/x-ndjson"}
    assert counts(door.post(url, content=lines, headers=ndjson)) == (0, 2, 0)
    packed = {**ndjson, "Content-Encoding": "gzip"}
    assert counts(door.post(url, content=gzip.compress(lines.encode()), headers=packed)) == (0, 2, 0)
    assert counts(door.post(url, json=[])) == (0, 0, 0)
    assert query(place, "SELECT origin, origin_key FROM gis.detections ORDER BY 2") == [
        ("hub", "a"),
        ("hub", "b"),
    ]


def test_a_bad_row_is_in_quarantine_beside_the_good_ones(door: httpx.Client, place: Place) -> None:
    answer = door.post("/collect/detections", json=[row("a"), row("b", confidence=1.7), 5])
    assert counts(answer) == (1, 0, 2)
    assert answer.json()["errors"] == [
        {"row": 2, "reason": "confidence 1.7 is above 1"},
        {"row": 3, "reason": "it is '5', not an object"},
    ]
    assert counts(door.post("/collect/detections", json=[row("b", confidence=1.7)])) == (0, 0, 1)
    kept = query(place, "SELECT source, layer, row_number, content, reason FROM gis.quarantine ORDER BY id")
    assert [(source, layer, number) for source, layer, number, *_ in kept] == [
        ("hub", "detections", 2), ("hub", "detections", 3),
    ]  # fmt: skip
    assert json.loads(kept[0][3]) == row("b", confidence=1.7)
    status = query(place, "SELECT source, rows_in, rows_refused, last_error FROM gis.collect_status")
    assert status == [("hub", 1, 3, None)]


def test_events_without_a_name_are_known_by_their_frame_or_by_all_they_say(door: httpx.Client) -> None:
    frame = row(..., index=3)
    later = row(..., index=3, detected_at="2025-10-27T13:00:00Z", confidence=0.8)
    url = "/collect/detections"
    assert counts(door.post(url, json=[frame])) == (1, 0, 0)
    assert counts(door.post(url, json=[later, row(..., index=4)])) == (1, 1, 0)
    nameless = row(..., camera_code=...)
    assert counts(door.post(url, json=[nameless])) == (1, 0, 0)
    # What comes with a row must not change what it is known as.
    assert counts(door.post(url, json=[row("x", frp_mw=3), nameless, nameless])) == (1, 2, 0)


def test_nobody_speaks_in_anothers_name(door: httpx.Client, place: Place) -> None:
    url = "/collect/detections"
    other = {"Authorization": "Bearer another"}
    assert counts(door.post(url, json=[row("a", origin="hub")], headers=other)) == (1, 0, 0)
    assert counts(door.post(url, json=[row("a")])) == (1, 0, 0)
    assert query(place, "SELECT origin FROM gis.detections ORDER BY 1") == ["hub", "other/hub"]


def test_readings_take_the_place_of_their_station(door: httpx.Client, place: Place) -> None:
    with psycopg.connect(place.url) as connection:
        connection.execute(
            "INSERT INTO gis.river_gauges (code, name, river, datum, geom, origin) VALUES "
            "('KL', 'Kim Long', 'Hương', 'VN-2000', ST_SetSRID(ST_Point(107.56, 16.45), 4326), 'test')"
        )
    reading = {"observed_at": "2025-10-27T20:00+07:00", "property": "stage_m", "value": 5.05}
    answer = door.post(
        "/collect/observations", json=[reading | {"station": code} for code in ("KL", "no\x00")]
    )
    assert counts(answer) == (1, 0, 1)
    assert "no station" in answer.json()["errors"][0]["reason"]
    assert query(place, "SELECT ST_X(geom), ST_Y(geom) FROM gis.observations") == [(107.56, 16.45)]


def test_features_may_be_in_the_grid_of_the_province(door: httpx.Client, place: Place) -> None:
    values = row("a", lon=..., lat=...)
    features = [
        {"type": "Feature", "geometry": point(*HUE_GRID), "properties": values},
        {"type": "Feature", "geometry": None, "properties": values | {"id": "b", "lon": 107.5, "lat": 16.4}},
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9214"}}
    body = {"type": "FeatureCollection", "crs": crs, "features": features}
    answer = door.post("/collect/detections", json=body)
    assert counts(answer) == (1, 0, 1)
    assert answer.json()["errors"] == [{"row": 2, "reason": "it has no geometry"}]
    found = query(place, "SELECT ST_X(geom), ST_Y(geom) FROM gis.detections")
    assert found[0] == pytest.approx(HUE, abs=1e-7)


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        (b"[{", {}, 400, "no valid JSON"),
        (b"{}", {}, 400, "neither a JSON array"),
        (b'[{"a":1}]\xff', {}, 400, "not UTF-8"),
        (b"[" * 100_000, {}, 400, "nested too deeply"),
        (b"[" + b"1" * 5000 + b"]", {}, 400, "digits"),
        (b'{"a":1}\n{"a"', {"Content-Type": "application/x-ndjson"}, 400, "line 2"),
        (b"[]", {"Content-Encoding": "gzip"}, 400, "gzip"),
        (gzip.compress(b"[]" * 50)[:-9], {"Content-Encoding": "gzip"}, 400, "cut off"),
        (b"[]", {"Content-Encoding": "br"}, 415, "gzip"),
        (b"[]", {"Content-Type": "text/plain"}, 415, "application/json"),
        (
            b'{"type":"FeatureCollection","features":[],"crs":{"properties":{"name":"EPSG:0"}}}',
            {},
            400,
            "EPSG:0",
        ),
        (b" " * (17 << 20), {}, 413, "16 MiB"),
        (gzip.compress(b" " * (17 << 20)), {"Content-Encoding": "gzip"}, 413, "16 MiB"),
        (b"[" + b"5," * 50_000 + b"5]", {}, 413, "50,000 rows"),
    ],
)
def test_a_body_that_is_no_good_is_refused_whole(
    shared_door: httpx.Client, content: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    sent = {"Content-Type": "application/json", **headers}
    answer = shared_door.post("/collect/detections", content=content, headers=sent)
    assert answer.status_code == status
    assert said in answer.json()["description"]


@pytest.fixture(scope="module")
def shared_door(service_with_door: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service_with_door.base_url, headers=HUB, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def service_with_door(prepared_province: Place) -> Iterator[RunningService]:
    with serving(prepared_province, HUEGIS_COLLECT__TOKENS=TOKENS) as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "Say who you are"),
        ({"Authorization": "Bearer no"}, "not one of"),
        ({"Authorization": TOKEN}, "not one"),
    ],
)
def test_whoever_has_no_token_is_told_so(
    service_with_door: RunningService, headers: dict[str, str], said: str
) -> None:
    answer = httpx.post(f"{service_with_door.base_url}/collect/detections", json=[], headers=headers)
    assert answer.status_code == 403
    assert said in answer.json()["description"]


def test_the_door_is_closed_unless_someone_opens_it(service: RunningService) -> None:
    answer = httpx.post(f"{service.base_url}/collect/detections", json=[row("a")])
    assert answer.status_code == 403
    assert "huegis collect token" in answer.json()["description"]
    assert httpx.get(f"{service.base_url}/collect/detections").status_code == 405


def test_an_open_door_is_open_to_this_machine_only(place: Place) -> None:
    with serving(place, HUEGIS_COLLECT__OPEN="true") as running:
        url = f"{running.base_url}/collect/detections"
        assert counts(httpx.post(url, json=[row("a")])) == (1, 0, 0)
        through_a_proxy = httpx.post(url, json=[row("b")], headers={"X-Forwarded-For": "203.0.113.5"})
        assert through_a_proxy.status_code == 403
    assert query(place, "SELECT origin FROM gis.detections") == ["local"]


def test_the_same_batch_five_times_at_once_is_in_once(door: httpx.Client, place: Place) -> None:
    batch = [row(key) for key in range(2_000)] + [row("bad", confidence=9)]
    with ThreadPoolExecutor(5) as senders:
        answers = list(senders.map(lambda _: door.post("/collect/detections", json=batch), range(5)))
    assert sum(counts(answer)[0] for answer in answers) == 2_000
    assert sum(counts(answer)[1] for answer in answers) == 8_000
    assert count(place.url) == (2_000, 2_000)
    assert query(place, "SELECT count(*) FROM gis.quarantine") == [1]
    assert query(place, "SELECT rows_in, rows_refused FROM gis.collect_status") == [(2_000, 5)]


def test_kill_9_of_the_service_leaves_batches_whole_or_absent(place: Place) -> None:
    first, second = ([row(f"{name}{key}") for key in range(30_000)] for name in "ab")
    with ThreadPoolExecutor(1) as senders:
        with serving(place, HUEGIS_COLLECT__TOKENS=TOKENS) as running:
            url = f"{running.base_url}/collect/detections"
            assert counts(httpx.post(url, json=first, headers=HUB, timeout=60)) == (30_000, 0, 0)
            sending = senders.submit(httpx.post, url, json=second, headers=HUB, timeout=60)
            wait_for_rows_in_flight(place.url, lambda: not sending.done())
            kill_9(running.pid)
        with pytest.raises(httpx.TransportError):
            sending.result(timeout=60)
    assert count(place.url) in ((30_000, 30_000), (60_000, 60_000))
    with serving(place, HUEGIS_COLLECT__TOKENS=TOKENS) as running:
        for batch in (second, first):
            answer = httpx.post(f"{running.base_url}/collect/detections", json=batch, headers=HUB, timeout=60)
            assert sum(counts(answer)) == 30_000
    assert count(place.url) == (60_000, 60_000)


def test_kill_9_of_the_database_leaves_batches_whole_or_absent(scratch: Path) -> None:
    """The service itself goes on, says that the database is gone, and takes the batch when it is back."""
    own = Cluster(scratch / "push-survival" / "postgres")
    own.start()
    engine = make_engine(own.url)
    migrations.upgrade(engine)
    engine.dispose()
    place = Place(own.url, scratch / "push-survival")
    first, second = ([row(f"{name}{key}") for key in range(30_000)] for name in "ab")
    with (
        serving(place, HUEGIS_COLLECT__TOKENS=TOKENS) as running,
        ThreadPoolExecutor(1) as senders,
        httpx.Client(base_url=running.base_url, headers=HUB, timeout=60) as client,
    ):
        url = "/collect/detections"
        assert counts(client.post(url, json=first)) == (30_000, 0, 0)
        sending = senders.submit(client.post, url, json=second)
        wait_for_rows_in_flight(place.url, lambda: not sending.done())
        kill_9(int((own.data / "postmaster.pid").read_text().splitlines()[0]))
        unanswered = sending.result(timeout=60)
        assert unanswered.status_code == 503
        assert "database" in unanswered.json()["description"]
        own.start()
        assert count(place.url) == (30_000, 30_000)
        assert counts(client.post(url, json=second)) == (30_000, 0, 0)
        assert counts(client.post(url, json=first)) == (0, 30_000, 0)
    assert count(place.url) == (60_000, 60_000)
    own.stop()


DAMAGE: dict[str, dict[str, Any]] = {
    "wrong type": {"confidence": "high"},
    "list for a number": {"confidence": [0.5]},
    "truth for a number": {"frp_mw": True},
    "not a number": {"lon": float("nan")},
    "infinite": {"lat": float("inf")},
    "missing": {"subject": ...},
    "null": {"class": None},
    "no place": {"lon": ..., "lat": ...},
    "half a place": {"lat": ...},
    "out of range": {"confidence": 1.01},
    "below the range": {"frp_mw": -1},
    "off the earth": {"lat": 95},
    "swapped": {"lon": 16.46, "lat": 107.58},
    "no such day": {"detected_at": "2025-02-30T10:00:00Z"},
    "long ago": {"detected_at": "0001-01-01T00:00:00Z"},
    "still to come": {"detected_at": "2999-01-01T00:00:00Z"},
    "a number for a time": {"detected_at": 1730000000},
    "no choice": {"subject": "ufo"},
    "no text": {"camera_code": "CAM\x00"},
    "half a pair": {"camera_code": "\ud83d"},
    "beyond any number": {"confidence": 10**400},
    "a broken geometry": {"geometry": {"type": "Point", "coordinates": ["a", "b"]}},
    "a line for a point": {"geometry": {"type": "LineString", "coordinates": [[107, 16], [108, 17]]}},
}


def test_ten_thousand_rows_with_every_damage_are_divided_exactly(door: httpx.Client, place: Place) -> None:
    chance = random.Random(7)  # noqa: S311 - the same damage in every run
    kinds = list(DAMAGE)
    rows: list[Any] = []
    good: list[Any] = []
    bad = 0
    for key in range(9_990):
        what = chance.random()
        if what < 0.3:
            rows.append(row(key, **DAMAGE[kinds[key % len(kinds)]]))
            bad += 1
        elif what < 0.4 and good:
            rows.append(chance.choice(good))
        else:
            good.append(row(key))
            rows.append(good[-1])
    rows += [row("long", camera_code="x" * (4 << 20)), row("wide", subject="x" * (4 << 20))]
    rows += [None, [], "text", 7, {}, {"type": "Feature", "properties": 3}]
    # Another row of the same name at the same time says something else of the same event.
    rows += [row("twin"), row("twin", confidence=0.1)]
    bad += 2 + 6 + 1
    new, repeated = len(good) + 1, len(rows) - bad - len(good) - 1
    assert len(rows) == 10_000
    body = gzip.compress(json.dumps(rows).encode(), 1)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for expected in ((new, repeated, bad), (0, new + repeated, bad)):
        answer = door.post("/collect/detections", content=body, headers=headers)
        assert counts(answer) == expected
        assert len(answer.json()["errors"]) == 100
        assert count(place.url) == (new, new)
        assert query(place, "SELECT count(*), count(DISTINCT content) FROM gis.quarantine") == [(bad, bad)]
    longest = query(place, "SELECT max(content_chars), max(length(content)) FROM gis.quarantine")
    assert longest[0][0] > 4 << 20
    assert longest[0][1] == 100_000
