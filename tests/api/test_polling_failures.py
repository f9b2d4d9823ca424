"""Polling a server that is down, slow, broken or hostile: a failure, and nothing is written."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from threading import Event, Timer
from typing import Any

import psycopg
import pytest

from gis_core.errors import SourceUnavailableError
from layers.collect.claims import Claims
from layers.collect.http import HttpConnector
from layers.collect.run import Fared, attempt
from tests.answering import Server, answering, body, empty
from tests.polling import FIRMS, GAUGE, STATION, Polled, fires, let_be_tried, query, source, status, telemetry


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


@pytest.fixture
def claims(database: str) -> Iterator[Claims]:
    """Those of one process."""
    own = Claims()
    yield own
    own.close()


def test_304_without_a_condition_is_no_answer(server: Server, database: str) -> None:
    poll = Polled(source(server))
    server.say = empty(304)
    poll()
    assert "304 Not Modified" in poll.complaints[0]


def test_failures_in_a_row_wait_longer_and_longer_up_to_a_cap(server: Server, gauge: str) -> None:
    poll = Polled(source(server, retry_first_s=100, retry_most_s=300))
    waited = []
    for failures in range(1, 5):
        server.say = body("{}", status=500)
        let_be_tried(gauge)
        began = datetime.now(UTC)
        assert poll() == []
        assert "500 Internal Server Error" in poll.complaints[-1]
        *_, count, error, _, due_at = status(gauge)
        assert count == failures
        assert error == poll.complaints[-1]
        waited.append((due_at - began).total_seconds())
        # Not even by hand is a source asked that is being let alone.
        asked = len(server.asked)
        assert poll() == []
        assert len(server.asked) == asked
        assert poll.connector.next_at() == due_at
    most = [100, 200, 300, 300]
    assert all(pause / 2 <= seconds <= pause + 30 for seconds, pause in zip(waited, most, strict=True)), (
        waited
    )
    let_be_tried(gauge)
    server.say = body(telemetry(STATION))
    assert poll() == [(1, 0, 0)]
    assert status(gauge)[2:4] == (0, None)


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured_in_both_its_forms(server: Server, database: str, code: int) -> None:
    poll = Polled(source(server))
    in_two_hours = datetime.now(UTC) + timedelta(hours=2)
    for said in ("7200", in_two_hours.strftime("%a, %d %b %Y %H:%M:%S GMT")):
        let_be_tried(database)
        server.say = empty(code, Retry_After=said)
        poll()
        wait = status(database)[5] - datetime.now(UTC)
        assert timedelta(minutes=119) < wait <= timedelta(minutes=121)


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(telemetry(STATION).encode())


def cut_off_without_a_length(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/csv")
    handler.end_headers()
    handler.wfile.write(FIRMS.removesuffix("2.0NRT\n").encode())


def cut_off_when_packed(handler: BaseHTTPRequestHandler) -> None:
    body(gzip.compress(FIRMS.encode())[:-12], "text/csv", Content_Encoding="gzip")(handler)


def dripping(server: Server) -> Any:
    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        while not server.closing.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return say


def never_ending_headers(server: Server) -> Any:
    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not server.closing.wait(0.05):
            handler.wfile.write(b"X: y\r\n")
            handler.wfile.flush()

    return say


BOMB = gzip.compress(b" " * (8 << 20))


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (cut_off, "broke off in the middle"),
        (cut_off_without_a_length, "its answer is cut off"),
        (cut_off_when_packed, "is said to be gzip and is not, or is cut off"),
        (body("<html>", "text/html; charset=utf-8"), "answers with 'text/html'"),
        (body(b" " * (2 << 20), "text/csv"), "larger than max_body_mib, 1 MiB"),
        (body(BOMB, "text/csv", Content_Encoding="gzip"), "larger than max_body_mib, 1 MiB"),
        (body(FIRMS, "text/csv", Content_Encoding="br"), "packed by 'br'"),
        (body(FIRMS, "text/csv", Content_Encoding="gzip"), "is said to be gzip and is not"),
        (empty(403), "403 Forbidden"),
        (empty(404), "404 Not Found"),
        (empty(299), "answers 299"),
        (empty(302, Location="file:///etc/passwd"), "redirects from http to something that is not HTTP"),
        (empty(302, Location="https://127.0.0.1/"), "redirects from http to https"),
        (empty(302), "redirects to nowhere"),
        (empty(302, Location="http://127.0.0.1:99999/"), "redirects to nowhere"),
        (empty(302, Location="http://[/"), "cannot be reached"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_failure_and_nothing_is_written(
    server: Server, database: str, say: Any, sentence: str
) -> None:
    is_json = say is cut_off
    poll = Polled(source(server) if is_json else fires(server, max_body_mib=1))
    server.say = say
    assert poll() == []
    assert sentence in poll.complaints[0]
    assert poll.fared is Fared.FAILED
    assert status(database)[:3] == (0, 0, 1)
    assert query(database, "SELECT count(*) FROM gis.collect_checkpoints") == [0]


@pytest.mark.parametrize("slow", [dripping, never_ending_headers])
def test_an_answer_that_drips_is_cut_off_at_the_deadline(server: Server, database: str, slow: Any) -> None:
    poll = Polled(source(server, timeout_s=0.5))
    server.say = slow(server)
    poll()
    assert "did not answer to the end within 0.5 s" in poll.complaints[0]


def test_a_poll_that_waits_breaks_off_when_it_is_told_to_stop(
    server: Server, database: str, claims: Claims
) -> None:
    server.say = dripping(server)
    stop = Event()
    Timer(0.3, stop.set).start()
    complaints: list[Any] = []
    connector = HttpConnector(source(server, timeout_s=600), claims)
    attempt(connector, complaints.append, lambda *said: complaints.append(said), stop)
    assert complaints == []
    assert query(database, "SELECT count(*) FROM gis.collect_status") == [0]


def test_a_server_that_is_not_there_is_a_failure(database: str) -> None:
    with answering() as gone:
        settings = source(gone)
    poll = Polled(settings)
    poll()
    assert "cannot be reached" in poll.complaints[0]


def test_the_library_is_not_what_speaks(server: Server, claims: Claims) -> None:
    """The words of errors are ours, wherever they come from."""
    connector = HttpConnector(source(server), claims)
    server.say = cut_off
    with pytest.raises(SourceUnavailableError, match=r"/latest: it broke off"):
        list(connector.poll(Event()))
