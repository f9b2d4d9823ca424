"""Polling over real HTTP: the four uses, when a source is asked, and secrets that stay secret."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from gis_core.config import get_settings
from gis_core.errors import ConfigError
from layers.collect.claims import Claims
from layers.collect.commands import collect, quarantine
from layers.collect.http import HttpConnector
from layers.collect.replay import ReplayReport, replay
from layers.collect.run import Fared
from tests.answering import Server, answering, body, empty
from tests.ingesting import feature, point
from tests.polling import (
    FIRMS,
    GAUGE,
    SECRET,
    STATION,
    Polled,
    fires,
    let_be_tried,
    query,
    source,
    status,
    telemetry,
)


@pytest.fixture
def server() -> Iterator[Server]:
    with answering() as running:
        yield running


@pytest.fixture
def gauge(database: str) -> str:
    """A database with the gauge in it."""
    with psycopg.connect(database) as connection:
        connection.execute(GAUGE)
    return database


def test_telemetry_finds_its_station_and_an_overlap_is_known(server: Server, gauge: str) -> None:
    poll = Polled(source(server))
    server.say = body(telemetry(STATION))
    assert poll() == [(1, 0, 0)]
    later = STATION | {"at": "2025-10-27T14:00", "reading": {"level": 5.01, "rain": 12.5}, "battery_v": 12.1}
    # What a station says beside its reading, and what it was asked for again, makes no new event.
    server.say = body(telemetry(STATION | {"battery_v": 11.9}, later))
    assert poll() == [(2, 1, 0)]
    found = query(
        gauge, "SELECT observed_property, value, observed_at, round(ST_X(geom)::numeric, 2) "
        "FROM gis.observations ORDER BY 3, 1"
    )  # fmt: skip
    at = datetime(2025, 10, 27, 13, tzinfo=UTC)
    assert [(kind, value, moment, float(x)) for kind, value, moment, x in found] == [
        ("stage_m", 5.05, at, 107.56),
        ("rain_1h_mm", 12.5, at + timedelta(hours=1), 107.56),
        ("stage_m", 5.01, at + timedelta(hours=1), 107.56),
    ]
    assert status(gauge)[:4] == (3, 0, 0, None)


def test_a_bad_row_is_in_quarantine_and_goes_in_as_the_source_is_set_up_then(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = source(server)
    server.say = body(telemetry(STATION, STATION | {"at": "noon"}, 7))  # type: ignore[arg-type]
    assert Polled(settings)() == [(0, 0, 3)]
    assert status(database)[:4] == (0, 3, 0, None)
    with psycopg.connect(database) as connection:
        connection.execute(GAUGE)
    monkeypatch.setenv("HUEGIS_COLLECT__HTTP", f"[{settings.model_dump_json()}]")
    get_settings.cache_clear()
    assert replay(get_settings(), "telemetry") == ReplayReport(1, 2)
    server.say = body(telemetry(STATION))
    # What went in by replay is the event that the source says again.
    assert Polled(settings)() == [(0, 1, 0)]
    assert query(database, "SELECT observed_at FROM gis.observations") == [
        datetime(2025, 10, 27, 13, tzinfo=UTC)
    ]


def test_fires_of_the_area_feed_are_those_of_the_file(server: Server, database: str) -> None:
    poll = Polled(fires(server))
    server.say = body(FIRMS, "text/csv")
    assert poll() == [(2, 0, 0)]
    server.say = body(FIRMS + "16.3,107.6,330.1,0.4,0.4,2025-03-02,1,N,VIIRS,x,2.0NRT\n", "text/plain")
    assert poll() == [(0, 2, 1)]
    assert query(database, "SELECT DISTINCT class_name, origin FROM gis.detections") == [
        ("hotspot", "FIRMS Suomi-NPP VIIRS")
    ]
    assert "telemetry" in CliRunner().invoke(quarantine, ["list"], catch_exceptions=False).output
    server.say = body(FIRMS.splitlines()[0] + "\n", "text/csv")
    assert poll() == [(0, 0, 0)]
    server.say = body("Invalid MAP_KEY.", "text/plain")
    assert poll() == []
    assert "/fires.csv, row 1: there is no header line" in poll.refused[0]
    assert "/tmp" not in poll.refused[0]  # noqa: S108 - it is looked for, not used
    assert status(database)[2] == 1


def test_readings_in_a_table_without_places_find_their_gauge(server: Server, gauge: str) -> None:
    settings = source(
        server, format="csv", columns={"Giờ": "observed_at", "Mực nước": "value"}, measures={}, times="local",
        constants={"observed_property": "stage_m"},
    )  # fmt: skip
    server.say = body("Mã trạm;Giờ;Mực nước\nKL;2025-10-27T20:00;5,05\nKL;2025-10-27T21:00\n", "text/csv")
    assert Polled(settings)() == [(1, 0, 1)]
    found = query(gauge, "SELECT value, observed_at FROM gis.observations")
    assert found == [(5.05, datetime(2025, 10, 27, 13, tzinfo=UTC))]


def test_a_camera_inventory_is_brought_up_to_date_by_code(server: Server, database: str) -> None:
    camera = {
        "name": "Cầu Trường Tiền", "owner_agency": "CSGT", "purpose": "traffic", "mast_height_m": 8,
        "azimuth_deg": 90, "tilt_deg": 20, "field_of_view_deg": 60, "range_m": 120, "frame_interval_s": 1,
        "ai_solutions": ["vehicle count"], "status": "active",
    }  # fmt: skip
    settings = source(
        server, layer="cameras", format="geojson", records="", columns={}, measures={}, times="local"
    )

    def inventory(*cameras: dict[str, Any]) -> str:
        features = [feature(point(107.58, 16.46), **(camera | one)) for one in cameras]
        return json.dumps({"type": "FeatureCollection", "features": features})

    poll = Polled(settings)
    server.say = body(inventory({"code": "A"}, {"code": "B"}), "application/geo+json")
    assert poll() == [(2, 0, 0)]
    server.say = body(inventory({"code": "A", "status": "offline"}, {"code": "B"}, {"code": "C"}))
    assert poll() == [(2, 1, 0)]
    assert query(database, "SELECT code, status FROM gis.cameras ORDER BY 1") == [
        ("A", "offline"), ("B", "active"), ("C", "active"),
    ]  # fmt: skip


def test_lines_of_json_come_in_packed(server: Server, gauge: str) -> None:
    settings = source(server, format="ndjson", records="")
    lines = gzip.compress(
        "\n".join(json.dumps(STATION | {"at": f"2025-10-27T1{hour}:00"}) for hour in range(3)).encode()
    )
    server.say = body(lines, "application/x-ndjson", Content_Encoding="gzip")
    assert Polled(settings)() == [(3, 0, 0)]


def test_304_and_the_same_body_are_successes_with_nothing_new(server: Server, gauge: str) -> None:
    poll = Polled(source(server))
    known = {"ETag": '"one"', "Last_Modified": "Mon, 27 Oct 2025 13:00:00 GMT"}
    server.say = body(telemetry(STATION), **known)
    poll()
    before = status(gauge)[4]
    server.say = empty(304)
    assert poll() == []
    assert server.asked[-1].headers["if-none-match"] == '"one"'
    assert server.asked[-1].headers["if-modified-since"] == known["Last_Modified"]
    assert poll.fared is Fared.WELL
    assert status(gauge)[:4] == (1, 0, 0, None)
    assert status(gauge)[4] > before
    server.say = body(telemetry(STATION), ETag='"two"')
    assert poll() == []
    server.say = empty(304)
    poll()
    assert server.asked[-1].headers["if-none-match"] == '"two"'
    # Set up otherwise, what is known says nothing: the rows are to be read anew.
    changed = Polled(source(server, key=["station_code", "observed_property", "observed_at", "value"]))
    server.say = body(telemetry(STATION))
    assert changed() == [(1, 0, 0)]
    assert "if-none-match" not in server.asked[-1].headers


def test_a_source_is_asked_when_it_is_due_and_by_one_collector_alone(server: Server, gauge: str) -> None:
    poll = Polled(source(server))
    server.say = body(telemetry(STATION))
    assert poll(due_only=True) == [(1, 0, 0)]
    due_at = status(gauge)[5]
    assert timedelta(minutes=9) < due_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert poll(due_only=True) == []
    assert len(server.asked) == 1
    assert poll.connector.next_at() == due_at
    other = Claims()
    assert other.hold("telemetry")
    assert poll() == []
    assert len(server.asked) == 1
    other.close()
    assert poll() == []
    assert len(server.asked) == 2


def test_redirects_are_followed_some_times_and_take_no_secret_to_another_host(
    server: Server, gauge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEMETRY_TOKEN", SECRET)
    settings = source(
        server, secrets={"token": "TELEMETRY_TOKEN"}, max_redirects=2,
        headers={"Authorization": "Bearer {token}", "X-Key": "{token}"},
    )  # fmt: skip
    with answering() as other:

        def at_home(handler: BaseHTTPRequestHandler) -> None:
            target = "/new" if handler.path == "/latest" else f"{other.url}/elsewhere"
            empty(307, Location=target)(handler)

        server.say = at_home
        other.say = body(telemetry(STATION))
        assert Polled(settings)() == [(1, 0, 0)]
        assert [one.path for one in server.asked] == ["/latest", "/new"]
        assert all(one.headers["x-key"] == SECRET for one in server.asked)
        assert SECRET not in str(other.asked)
        other.say = empty(302, Location="/again")
        poll = Polled(settings)
        poll()
        assert "redirects more than 2 times" in poll.complaints[0]


def test_a_secret_is_in_the_question_and_nowhere_else(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FIRMS_MAP_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    settings = fires(server, secrets={"key": "FIRMS_MAP_KEY"}).model_copy(
        update={"url": f"{server.url}/csv/{{key}}/VIIRS?again={{key}}"}
    )
    poll = Polled(settings)
    echo = FIRMS + f"16.2,107.5,330.1,0.4,0.4,2025-03-01,0620,{SECRET},VIIRS,x,2.0NRT\n"
    server.say = body(echo, "text/csv", ETag=f'"{SECRET[:4]}"')
    assert poll() == [(2, 0, 1)]
    assert server.asked[0].path == f"/csv/{SECRET}/VIIRS?again={SECRET}"
    for say in (
        empty(500), body("no", f"text/{SECRET}"), empty(302, Location=f"ftp://127.0.0.1/{SECRET}"),
        empty(302, Location=f"http://{SECRET}.invalid:x/"), body(f"wrong key {SECRET}", "text/plain"),
    ):  # fmt: skip
        let_be_tried(database)
        server.say = say
        assert poll() == []
    assert len(poll.complaints) + len(poll.refused) == 5
    assert "/csv/{key}/VIIRS" in poll.complaints[0]
    said = CliRunner().invoke(collect, ["status"]).output + CliRunner().invoke(quarantine, ["list"]).output
    kept = [
        query(database, f"SELECT row_to_json(t)::text FROM gis.{table} t")
        for table in ("collect_status", "collect_checkpoints", "quarantine", "load_journal", "detections")
    ]
    assert all(kept)
    assert SECRET not in f"{said} {kept} {poll.complaints} {poll.refused} {caplog.text}"
    assert "{key}" in str(kept)


def test_a_secret_that_is_missing_or_none_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = fires(server, secrets={"key": "NO_SUCH_SECRET"})
    with pytest.raises(ConfigError, match="no NO_SUCH_SECRET"):
        HttpConnector(settings, Claims())
    monkeypatch.setenv("NO_SUCH_SECRET", "short")
    with pytest.raises(ConfigError, match="8 or more"):
        HttpConnector(settings, Claims())


def test_days_are_asked_for_until_they_are_over_and_since_follows_what_was_read(
    server: Server, gauge: str
) -> None:
    now = datetime.now(UTC)
    days = [(now - timedelta(days=back)).date().isoformat() for back in (2, 1, 0)]
    settings = source(server, overlap="1h", backfill="47h", url=f"{server.url}/{{utc_date}}?from={{since}}")

    def by_day(handler: BaseHTTPRequestHandler) -> None:
        day = handler.path[1:11]
        if day == days[0]:
            empty(404)(handler)
        elif day == days[1]:
            body(telemetry(STATION | {"at": f"{day}T10:00"}))(handler)
        else:
            body(telemetry(STATION | {"at": f"{day}T00:00"}))(handler)

    server.say = by_day
    assert Polled(settings)() == [(1, 0, 0), (1, 0, 0)]
    assert [one.path[1:11] for one in server.asked] == days
    (since,) = query(gauge, "SELECT since FROM gis.collect_checkpoints")
    assert since == datetime.fromisoformat(f"{days[2]}T00:00:00+00:00")
    server.asked.clear()
    Polled(settings)()
    # An hour is asked for again, and that hour is of the day before.
    assert [one.path[1:11] for one in server.asked] == days[1:]
    assert server.asked[0].path.endswith(f"from={days[1]}T23:00:00Z")


def test_today_must_be_there(server: Server, database: str) -> None:
    poll = Polled(source(server, backfill="1s", overlap="1s", url=f"{server.url}/{{date:%Y%m%d}}.json"))
    server.say = empty(404)
    poll()
    assert "404 Not Found" in poll.complaints[0]


def test_check_reaches_every_source_and_takes_nothing(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUEGIS_COLLECT__HTTP", f"[{source(server).model_dump_json()}]")
    get_settings.cache_clear()
    server.say = body(telemetry(STATION))
    done = CliRunner().invoke(collect, ["check"], catch_exceptions=False)
    assert "telemetry: answers with" in done.output
    server.say = empty(500)
    done = CliRunner().invoke(collect, ["check"])
    assert done.exit_code == 1
    assert "500 Internal Server Error" in done.output
    assert query(database, "SELECT count(*) FROM gis.collect_status") == [0]
    shown = CliRunner().invoke(collect, ["status"], catch_exceptions=False).output.splitlines()
    assert shown[1].split()[:2] == ["telemetry", "never"]


def test_what_the_settings_cannot_mean_is_said(server: Server) -> None:
    for changes, said in (
        ({"url": "ftp://x/y"}, "must begin with http"),
        ({"url": "http://me:secret@x/y"}, "holds a user or a password"),
        ({"url": "http://x/{key}"}, "'{key}' is neither"),
        ({"url": "http://x:99999/"}, "ort out of range"),
        ({"url": "http://{since}/"}, "host of the url"),
        ({"url": "http://x/{date}/{utc_date}"}, "one of them must do"),
        ({"every": None}, "give either 'every'"),
        ({"cron": "5 * * * *"}, "give either 'every'"),
        ({"every": "soon"}, "is not a length of time"),
        ({"every": None, "cron": "0 0 * * 1"}, "by its letters"),
    ):
        with pytest.raises(ValueError, match=said.replace("{", r"\{").replace("}", r"\}")):
            source(server, **changes)
    for changes, said in (
        ({"every": None, "cron": "every day"}, "is no crontab"),
        ({"every": None, "cron": "0 0 30 2 *"}, "never comes"),
        ({"columns": {"a": "nowhere"}}, "no column 'nowhere'"),
        ({"layer": "cameras"}, "no column 'observed_at'"),
        ({"layer": "camera_views", "columns": {}}, "takes no rows"),
    ):
        with pytest.raises(ConfigError, match=said):
            HttpConnector(source(server, **changes), Claims())
