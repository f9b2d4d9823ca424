"""Subscribing to a real broker: what is acknowledged is in, and nothing is in twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from gis_core.collect_settings import MqttSource
from gis_core.config import get_settings
from gis_core.errors import ConfigError
from layers.collect.claims import Claims
from layers.collect.commands import collect
from layers.collect.connectors import connectors
from layers.collect.mqtt import MqttConnector
from layers.collect.replay import ReplayReport, replay
from layers.collect.run import Outcome, attempt
from tests.conftest import Place
from tests.mosquitto import PASSWORD, Broker, broker_in
from tests.surviving import at_work, kill_9, wait_for_rows_in_flight

GAUGE = (
    "INSERT INTO gis.river_gauges (code, name, river, datum, geom, origin) VALUES "
    "('KL', 'Kim Long', 'Hương', 'VN-2000', ST_SetSRID(ST_Point(107.56, 16.45), 4326), 'test')"
)
LEVEL = "hue/KL/level"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with broker_in(folder) as running:
        yield running


@pytest.fixture
def gauge(place: Place, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the gauge KL in it, and the password where the settings name it."""
    monkeypatch.setenv("HUE_MQTT_PASSWORD", PASSWORD)
    with psycopg.connect(place.url) as connection:
        connection.execute(GAUGE)
    return place.url


def source(broker: Broker, **changes: Any) -> MqttSource:
    usual = {
        "name": "stations", "layer": "observations", "host": "127.0.0.1", "port": broker.port,
        "topic": "hue/{station_code}/{observed_property}", "client_id": "huegis", "username": "huegis",
        "password": "HUE_MQTT_PASSWORD", "measures": {"level": "stage_m", "rain": "rain_1h_mm"},
    }  # fmt: skip
    return MqttSource.model_validate(usual | changes)


class Listening:
    """A collector of one source; what it took is counted over all batches."""

    def __init__(self, settings: MqttSource) -> None:
        self.claims = Claims()
        self.connector = MqttConnector(settings, self.claims)
        self.complaints: list[str] = []

    def __call__(self) -> tuple[int, int, int]:
        """One poll: accepted, known already, quarantined."""
        told: list[Outcome] = []
        attempt(self.connector, told.append, lambda _, said: self.complaints.append(said), Event())
        receipts = [outcome.receipt for outcome in told if outcome.receipt]
        return (
            sum(one.accepted for one in receipts),
            sum(one.known_already for one in receipts),
            sum(one.quarantined for one in receipts),
        )

    def until(self, **wanted: int) -> None:
        """Poll until so many rows of a kind have come."""
        got = {"accepted": 0, "known": 0, "quarantined": 0}
        for _ in range(60):
            for name, more in zip(got, self(), strict=True):
                got[name] += more
            if all(got[name] >= count for name, count in wanted.items()):
                break
        assert {name: got[name] for name in wanted} == wanted, self.complaints

    def stop(self) -> None:
        self.connector.close()
        self.claims.close()


@pytest.fixture
def listen(gauge: str) -> Iterator[Any]:
    """Makes collectors, and stops those that the test did not."""
    made: list[Listening] = []

    def listening(settings: MqttSource) -> Listening:
        made.append(Listening(settings))
        return made[-1]

    yield listening
    for one in made:
        one.stop()


def query(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [tuple(found) if len(found) > 1 else found[0] for found in connection.execute(sql)]


def reading(value: float, minute: int = 0) -> str:
    return json.dumps({"value": value, "observed_at": f"2025-10-27T13:{minute:02d}:00Z"})


def test_every_form_of_payload_is_a_reading_of_the_station_of_its_topic(
    broker: Broker, gauge: str, listen: Any
) -> None:
    listening = listen(source(broker))
    assert listening() == (0, 0, 0)
    began = datetime.now(UTC).replace(microsecond=0)
    several = [{"value": 2, "observed_at": f"2025-10-27T14:0{minute}:00Z"} for minute in range(3)]
    mixed = {"rain": 3.5, "level": 1.5, "observed_at": "2025-10-27T15:00:00Z", "station": "another"}
    broker.publish(
        (LEVEL, reading(5.05)), (LEVEL, json.dumps(several)), ("hue/KL/rain", "12.5"), (LEVEL, b" ")
    )
    listening.until(accepted=5)
    ended = datetime.now(UTC)
    found = query(
        gauge, "SELECT observed_property, value, observed_at, station_code, origin "
        "FROM gis.observations ORDER BY 3"
    )  # fmt: skip
    assert [row[:2] for row in found] == [("stage_m", 5.05), *[("stage_m", 2.0)] * 3, ("rain_1h_mm", 12.5)]
    assert {row[3:] for row in found} == {("KL", "stations")}
    assert began <= found[-1][2] <= ended
    listening.stop()
    whole = listen(source(broker, name="whole", client_id="whole", topic="hue/{station_code}/#"))
    whole()
    broker.publish(("hue/KL/state/all", json.dumps(mixed)))
    whole.until(accepted=2)
    of_whole = "SELECT observed_property, value, station_code FROM gis.observations WHERE origin = 'whole'"
    assert sorted(query(gauge, of_whole)) == [("rain_1h_mm", 3.5, "KL"), ("stage_m", 1.5, "KL")]


def test_duplicates_and_retained_messages_change_nothing(broker: Broker, gauge: str, listen: Any) -> None:
    broker.publish((LEVEL, reading(5.05)), ("hue/KL/rain", "7"), retain=True)
    # A number that is remembered says nothing of when it was measured.
    first = listen(source(broker))
    first.until(accepted=1)
    broker.publish((LEVEL, reading(5.05)), (LEVEL, reading(5.05)), (LEVEL, reading(4.9, 10)))
    first.until(accepted=1, known=2)
    first.stop()
    # A session of its own is given what is retained anew.
    second = listen(source(broker, client_id="another"))
    second.until(known=1)
    assert query(gauge, "SELECT value FROM gis.observations ORDER BY 1") == [4.9, 5.05]


def test_a_poison_message_is_in_quarantine_and_acknowledged(
    broker: Broker, gauge: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = source(broker, max_payload_kib=1)
    listening = listen(settings)
    listening()
    broker.publish(
        (LEVEL, "five"), (LEVEL, b"\xff\x00"), (LEVEL, "NaN"), (LEVEL, "true"), (LEVEL, "[" * 900),
        (LEVEL, "x" * 2000), (LEVEL, json.dumps([7, {"value": 1}])), (LEVEL, '{"a": ' * 300),
        ("hue/HD/level", reading(1)), (LEVEL, reading(5.05)), ("hue/KL/snow", reading(1)),
    )  # fmt: skip
    listening.until(accepted=1, quarantined=11)
    reasons = query(gauge, "SELECT reason FROM gis.quarantine ORDER BY id")
    assert len(reasons) == 11
    for part in (
        "neither JSON nor a number", "nor a list of them, nor a number", "larger than 1 KiB", "not an object",
        "observed_at is missing", "no station 'HD' is known", "observed_property 'snow' is not one of",
    ):  # fmt: skip
        assert any(part in reason for reason in reasons), part
    listening.stop()
    again = listen(settings)
    assert again() == (0, 0, 0)
    with psycopg.connect(gauge) as connection:
        connection.execute(GAUGE.replace("'KL'", "'HD'"))
    monkeypatch.setenv("HUEGIS_COLLECT__MQTT", f"[{settings.model_dump_json()}]")
    get_settings.cache_clear()
    assert replay(get_settings(), "stations") == ReplayReport(1, 10)
    broker.publish(("hue/HD/level", reading(1)))
    again.until(known=1)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_comes_while_nobody_collects_is_kept_and_a_broker_may_start_anew(
    broker: Broker, gauge: str, listen: Any, protocol: str
) -> None:
    settings = source(broker, protocol=protocol)
    listening = listen(settings)
    listening()
    listening.stop()
    broker.publish(*[(LEVEL, reading(1 + minute / 100, minute)) for minute in range(50)])
    broker.stop()
    broker.start()
    again = listen(settings)
    again.until(accepted=50)
    broker.stop()
    assert again() == (0, 0, 0)
    assert "the broker" in again.complaints[-1]
    (failures,) = query(gauge, "SELECT failures_in_a_row FROM gis.collect_status")
    assert failures >= 1
    broker.start()
    broker.publish((LEVEL, reading(2, 55)))
    again.until(accepted=1)
    assert query(gauge, "SELECT rows_in, failures_in_a_row FROM gis.collect_status") == [(51, 0)]
    assert query(gauge, "SELECT count(*) FROM gis.load_journal") == [0]


def test_a_batch_that_the_database_loses_is_taken_again(
    broker: Broker, gauge: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = listen(source(broker))
    listening()
    broker.publish((LEVEL, reading(1)), (LEVEL, reading(2, 1)))

    def broken(*_: Any, **__: Any) -> None:
        with psycopg.connect(gauge, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid IS NOT NULL "
                "AND datname = current_database()"
            )

    with monkeypatch.context() as patch:
        patch.setattr("layers.collect.run.refresh_statistics", broken)
        assert listening() == (0, 0, 0)
    assert "database" in listening.complaints[0]
    assert query(gauge, "SELECT count(*) FROM gis.observations") == [0]
    # The very same connection to the broker brings them once more, though it sent them but once.
    listening.until(accepted=2)


def test_a_message_that_the_database_refuses_does_not_hold_up_the_others(
    broker: Broker, gauge: str, listen: Any
) -> None:
    with psycopg.connect(gauge) as connection:
        connection.execute("ALTER TABLE gis.observations ADD CONSTRAINT low CHECK (value < 50)")
    listening = listen(source(broker))
    listening()
    broker.publish(*[(LEVEL, reading(value, number)) for number, value in enumerate((1, 51, 2))])
    listening.until(accepted=2, quarantined=1)
    (reason,) = query(gauge, "SELECT reason FROM gis.quarantine")
    assert "the database refused it" in reason


def test_one_collector_alone_listens_and_another_takes_over(broker: Broker, gauge: str, listen: Any) -> None:
    settings = source(broker)
    first, second = listen(settings), listen(settings)
    first()
    assert second() == (0, 0, 0)
    assert second.complaints == []
    broker.publish((LEVEL, reading(1)))
    first.until(accepted=1)
    first.stop()
    broker.publish((LEVEL, reading(2, 1)))
    second.until(accepted=1)


def test_the_settings_are_checked_and_so_is_the_broker_without_touching_the_session(
    broker: Broker, gauge: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for changes, said in (
        ({"topic": "hue/{nowhere}"}, "no column 'nowhere'"),
        ({"layer": "cameras", "topic": "a/{name}", "measures": {}}, "not of events"),
    ):
        with pytest.raises(ConfigError, match=said):
            MqttConnector(source(broker, **changes), Claims())
    for topic in ("hue/#/x", "hue/a+", "hue/{a", ""):
        with pytest.raises(ValueError, match="topic"):
            source(broker, topic=topic)
    twice = [source(broker).model_dump(mode="json"), source(broker, name="b").model_dump(mode="json")]
    monkeypatch.setenv("HUEGIS_COLLECT__MQTT", json.dumps(twice))
    get_settings.cache_clear()
    with pytest.raises(ConfigError, match="same client_id"):
        connectors(get_settings(), Claims())

    def checked(**changes: Any) -> str:
        monkeypatch.setenv("HUEGIS_COLLECT__MQTT", f"[{source(broker, **changes).model_dump_json()}]")
        get_settings.cache_clear()
        return CliRunner().invoke(collect, ["check"]).output

    listening = listen(source(broker))
    listening()
    assert "lets 'hue/+/+' be subscribed to" in checked()
    # A broker hides what a user may not read by sending nothing, but says so of shared rights.
    monkeypatch.setenv("HUE_MQTT_PASSWORD", "wrong")
    assert "refuses the connection" in checked()
    monkeypatch.delenv("HUE_MQTT_PASSWORD")
    assert "has no HUE_MQTT_PASSWORD" in checked()
    broker.publish((LEVEL, reading(1)))
    listening.until(accepted=1)


def environment_of(place: Place, settings: MqttSource) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    return inherited | place.env | {
        "HUEGIS_COLLECT__MQTT": f"[{settings.model_dump_json()}]",
        "HUE_MQTT_PASSWORD": PASSWORD,
    }  # fmt: skip


def collector(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gis_core", "collect", "run", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


DYING = """
import os, signal, sys
from gis_core.cli import main
from layers.collect.broker import Line
Line.acknowledge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["huegis", "collect", "run"]
main()
"""
"""A collector that is killed at the moment when it would acknowledge."""


def test_kill_9_before_the_commit_and_between_commit_and_acknowledgement_counts_every_reading_once(
    broker: Broker, gauge: str, place: Place, listen: Any
) -> None:
    settings = source(broker, max_batch=2000, batch_s=5)
    first = listen(settings)
    first()
    first.stop()
    start = datetime(2025, 10, 1, tzinfo=UTC)
    many = [
        {"value": number % 7, "observed_at": (start + timedelta(minutes=number)).isoformat()}
        for number in range(20_000)
    ]
    parts = [(LEVEL, json.dumps(many[begin : begin + 1000])) for begin in range(0, len(many), 1000)]
    broker.publish(*parts)

    # Before the commit.
    interrupted = collector(environment_of(place, settings))
    wait_for_rows_in_flight(gauge, at_work(interrupted))
    kill_9(interrupted.pid)
    interrupted.communicate()
    before = query(gauge, "SELECT count(*) FROM gis.observations")[0]
    assert before < len(many)

    # After the commit, and before the broker hears of it.
    dying = subprocess.Popen([sys.executable, "-c", DYING], env=environment_of(place, settings))
    assert dying.wait(120) == -signal.SIGKILL
    committed = query(gauge, "SELECT count(*) FROM gis.observations")[0]
    assert before < committed

    ended = collector(environment_of(place, settings), "--once")
    said, complaints = ended.communicate(timeout=120)
    assert (ended.returncode, complaints) == (0, "")
    assert "known already" in said
    assert query(gauge, "SELECT count(*), count(DISTINCT observed_at) FROM gis.observations") == [
        (20_000, 20_000)
    ]
    assert query(gauge, "SELECT count(*) FROM gis.quarantine") == [0]
    last = collector(environment_of(place, settings), "--once")
    said, complaints = last.communicate(timeout=120)
    assert (said.splitlines()[1:], complaints) == ([], "")
