"""Collecting without a source: schedules, addresses, the shape of records, and what a topic says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.collect_settings import HttpSource, MqttSource
from gis_core.errors import IngestError
from gis_core.time import LOCAL_ZONE
from layers.collect.answer import is_cut_off
from layers.collect.body import read_body
from layers.collect.fetch import Answer
from layers.collect.messages import Message, Topic, rows_of
from layers.collect.rows import Rules, rows_source
from layers.collect.schedule import Schedule, back_off_s
from layers.collect.shape import shaped
from layers.collect.template import Template
from layers.ingest.source import Request
from layers.registry import LAYERS

NOW = datetime(2025, 10, 27, 17, 30, tzinfo=UTC)
"""Half past midnight of the next day in Huế."""

NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)


def source(**changes: Any) -> HttpSource:
    usual = {"name": "a", "url": "http://x/y", "layer": "observations", "format": "json", "every": "1h"}
    return HttpSource.model_validate(usual | changes)


@given(st.integers(1, 5000), st.floats(0.01, 1e4), st.floats(0.01, 1e6))
def test_pauses_grow_and_stay_below_their_cap(failures: int, first_s: float, most_s: float) -> None:
    pause_s = back_off_s(failures, first_s, most_s)
    assert pause_s <= most_s
    assert pause_s >= min(most_s, first_s * 2.0 ** min(failures - 1, 30)) / 2


def test_a_source_is_due_after_its_interval_or_as_a_crontab_says_in_local_time() -> None:
    every = Schedule("a", every="10m", cron=None, jitter_s=0)
    assert every.next_at(NOW) == NOW + timedelta(minutes=10)
    daily = Schedule("a", every=None, cron="30 2 * * mon-sun", jitter_s=0)
    assert daily.next_at(NOW) == datetime(2025, 10, 28, 2, 30, tzinfo=LOCAL_ZONE)
    # The very instant that it names is past.
    assert daily.next_at(datetime(2025, 10, 27, 19, 30, tzinfo=UTC)).day == 28
    later = [Schedule("a", every="1h", cron=None, jitter_s=60).next_at(NOW) - NOW for _ in range(50)]
    assert min(later) >= timedelta(hours=1)
    assert max(later) <= timedelta(hours=1, minutes=1)
    assert len(set(later)) > 1


def test_an_address_names_days_and_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    since = NOW - timedelta(hours=25)
    local = list(Template(source(url="http://x/{date}?since={since:%H%M}")).addresses(since, NOW))
    assert [address.url for address in local] == [
        "http://x/2025-10-26?since=1630", "http://x/2025-10-27?since=1630", "http://x/2025-10-28?since=1630",
    ]  # fmt: skip
    midnight = datetime(2025, 10, 27, tzinfo=LOCAL_ZONE)
    assert [address.until for address in local] == [midnight, midnight + timedelta(days=1), None]
    utc = list(Template(source(url="http://x/{utc_date:%Y%m%d}")).addresses(since, NOW))
    assert [address.url[-2:] for address in utc] == ["26", "27"]
    (instant,) = Template(source(url="http://x/?from={since}")).addresses(since, NOW)
    assert instant.url == "http://x/?from=2025-10-26T16:30:00Z"
    long_ago = list(Template(source(url="http://x/{date}")).addresses(NOW - timedelta(days=400), NOW))
    assert len(long_ago) == 31
    assert all(address.until for address in long_ago)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=40))
def test_a_secret_is_whole_in_the_address_and_scrubbed_from_what_comes_back(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET", secret)
        template = Template(
            source(url="http://x/{key}/y", secrets={"key": "A_SECRET"}, headers={"X": "k {key}"})
        )
    (address,) = template.addresses(NOW, NOW)
    assert unquote(address.url) == f"http://x/{secret}/y"
    assert address.shown == "http://x/{key}/y"
    assert template.headers == {"X": f"k {secret}"}
    assert template.scrub_text(f"a {secret} b") == "a {key} b"
    assert template.scrub_text(address.url) == address.shown


@given(st.dictionaries(NAMES, st.integers() | st.dictionaries(NAMES, st.integers(), min_size=1), min_size=1))
def test_nested_records_lose_nothing(record: dict[str, Any]) -> None:
    (row,) = shaped([record], source())
    for name, value in record.items():
        if isinstance(value, dict):
            assert {f"{name}.{inner}": found for inner, found in value.items()}.items() <= row.items()
        else:
            assert row[name] == value


def test_a_record_of_several_values_is_a_row_for_each() -> None:
    settings = source(measures={"r.rain": "rain_1h_mm", "level": "stage_m"}, constants={"simulated": True})
    record = {"station": "KL", "r": {"rain": 2, "code": 5}, "level": None}
    assert shaped([record, "x", {"station": "HD"}], settings) == [
        {"station": "KL", "r.code": 5, "simulated": True, "observed_property": "rain_1h_mm", "value": 2},
        "x",
        {"station": "HD", "simulated": True},
    ]
    point = {"type": "Feature", "geometry": None, "properties": None}
    assert shaped([point], settings) == [point | {"properties": {"simulated": True}}]


def test_records_stand_at_a_path() -> None:
    content = json.dumps({"data": {"rows": [1, 2], "one": {"a": 1}, "text": "x"}}).encode()
    assert read_body(content, lines=False, records="data.rows").rows == [1, 2]
    assert read_body(content, lines=False, records="data.one").rows == [{"a": 1}]
    assert len(read_body(content, lines=False, records=".").rows) == 1
    for path, said in (
        ("data.nothing", "nothing at"),
        ("data.text", "neither a list"),
        ("data.text.x", "nothing"),
    ):
        with pytest.raises(IngestError, match=said):
            read_body(content, lines=False, records=path)


@pytest.mark.parametrize(
    ("times", "given_as"),
    [
        ("utc", "2025-10-27 17:30"), ("utc", "2025-10-28T00:30:00+07:00"), ("epoch_s", NOW.timestamp()),
        ("epoch_ms", str(int(NOW.timestamp() * 1000))), ("local", "2025-10-28T00:30"),
    ],
)  # fmt: skip
def test_the_same_instant_is_the_same_event_however_it_is_written(times: Any, given_as: Any) -> None:
    row = {"station_code": "KL", "observed_property": "stage_m", "value": 1, "observed_at": given_as}
    rules = Rules(key=("station_code", "observed_at"), times=times)
    rows = rows_source("a", [row], Request(LAYERS["observations"]), lambda *_: {}, rules=rules)
    (batch,) = rows.batches
    assert batch.columns["origin_key"][0] == "KL/2025-10-27T17:30:00+00:00"


@pytest.mark.parametrize("value", [True, "noon", None, [1], 1e300, "1e400"])
def test_what_is_no_time_is_left_to_be_refused(value: Any) -> None:
    rows = [{"observed_at": value}]
    rules = Rules(key=("observed_at",), times="epoch_s")
    (batch,) = rows_source("a", rows, Request(LAYERS["observations"]), lambda *_: {}, rules=rules).batches
    assert batch.columns["observed_at"][0] == value


@pytest.mark.parametrize(
    ("content", "format_", "ends_itself", "cut"),
    [
        (b"a,b\n1,2\n", "csv", False, False),
        (b"a,b\n1,2", "csv", False, True),
        (b"a,b\n1,2", "csv", True, False),
        (b"{}", "ndjson", False, True),
        (b"{}", "json", False, False),
    ],
)
def test_a_table_whose_last_line_has_no_end_may_be_cut_off(
    content: bytes, format_: str, ends_itself: bool, cut: bool
) -> None:
    assert is_cut_off(Answer(content, None, None, ends_itself), format_) is cut


def subscription(**changes: Any) -> MqttSource:
    usual = {
        "name": "a", "layer": "observations", "host": "x", "client_id": "a",
        "topic": "hue/{station_code}/{observed_property}", "measures": {"rain": "rain_1h_mm"},
    }  # fmt: skip
    return MqttSource.model_validate(usual | changes)


@pytest.mark.parametrize(
    ("template", "subscribed", "topic", "said"),
    [
        ("hue/{a}/{b}", "hue/+/+", "hue/KL/rain", {"a": "KL", "b": "rain"}),
        ("hue/{a}/{b}", "hue/+/+", "hue/KL", None),
        ("hue/{a}/{b}", "hue/+/+", "huế/KL/rain", None),
        ("hue/+/{b}", "hue/+/+", "hue/x/rain", {"b": "rain"}),
        ("hue/{a}/#", "hue/+/#", "hue/KL/x/y", {"a": "KL"}),
        ("hue/{a}/#", "hue/+/#", "hue/KL", {"a": "KL"}),
        ("#", "#", "whatever", {}),
    ],
)
def test_a_topic_says_what_its_names_stand_for(
    template: str, subscribed: str, topic: str, said: dict[str, str] | None
) -> None:
    assert Topic(template).subscription == subscribed
    assert Topic(template).values(topic) == said


@given(st.binary(max_size=200), st.text(max_size=20), st.booleans(), st.booleans())
def test_no_message_is_too_strange(payload: bytes, level: str, again: bool, retained: bool) -> None:
    settings = subscription()
    message = Message(f"hue/KL/{level}", payload, NOW, again, retained)
    rows = rows_of(message, Topic(settings.topic), settings, LAYERS["observations"])
    assert rows.fault is None or len(rows.rows) == 1
    json.dumps(rows.rows)


def test_a_number_alone_is_a_value_at_its_arrival_if_it_comes_for_the_first_time() -> None:
    settings = subscription()

    def read(payload: bytes, **more: bool) -> Any:
        message = Message("hue/KL/rain", payload, NOW.replace(microsecond=5), **more)
        return rows_of(message, Topic(settings.topic), settings, LAYERS["observations"])

    row = {"station_code": "KL", "observed_property": "rain_1h_mm", "value": 2.5}
    assert read(b"2.5").rows == [row | {"observed_at": NOW.isoformat()}]
    assert read(b"2.5", retained=True).rows == []
    assert "its time is not known" in read(b"2.5", again=True).fault
    # What has a time of its own may come as often as it likes; the topic says whose it is.
    dated = json.dumps({"value": 1, "observed_at": "2025-10-27", "station_code": "HD"}).encode()
    assert read(dated, again=True).rows == [row | {"value": 1, "observed_at": "2025-10-27"}]
