"""Slow, greedy and broken clients: each is held to bounds, and a polite one is answered meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest

from gis_core.cluster import Cluster
from layers.added.keeping import FileOfRows, Wanted, add_layer
from layers.ingest.report import Rejections
from tests.conftest import Place, RunningService, at, serving

CONNECTIONS, AT_A_TIME, IN_LINE, UNSENT_MIB = 40, 3, 20, 16
LIMITS = {
    "HUEGIS_LIMITS__CONNECTIONS": str(CONNECTIONS),
    "HUEGIS_LIMITS__REQUESTS_PER_CLIENT": str(AT_A_TIME),
    "HUEGIS_LIMITS__WAITING_PER_CLIENT": str(IN_LINE),
    "HUEGIS_LIMITS__HEAD_TIMEOUT_S": "3",
    "HUEGIS_LIMITS__BODY_TIMEOUT_S": "3",
    "HUEGIS_LIMITS__SEND_STALL_S": "3",
    "HUEGIS_LIMITS__UNSENT_MIB": str(UNSENT_MIB),
    "HUEGIS_DATABASE__STATEMENT_TIMEOUT_S": "60",
    "HUEGIS_DATABASE__POOL_SIZE": "5",
}
BIG_ROWS, ROW_CHARS = 10_000, 800
PATIENCE_S = 60
"""Generous: what is tested is that an answer comes, not how fast."""


@pytest.fixture(scope="module")
def attacked(cluster: Cluster, migrated_template: str, scratch: Path) -> Iterator[RunningService]:
    """A service with tight limits and one large layer."""
    name = "test_attacked"
    place = Place(cluster.create_database(name, migrated_template), scratch / name)
    place.var_dir.mkdir()
    file = place.var_dir / "big.csv"
    with file.open("w", encoding="utf-8") as rows:
        rows.write("note,lon,lat\n")
        for row in range(BIG_ROWS):
            rows.write(
                f"{row} {'đê ' * (ROW_CHARS // 3)},{107.1 + row % 100 / 100},{16.1 + row // 100 / 200}\n"
            )
    with at(place):
        add_layer("big", Wanted(), FileOfRows(file), Rejections())
    with serving(place, **LIMITS) as running:
        yield running
    cluster.drop_database(name)


@contextmanager
def connected(service: RunningService, source: str = "127.0.0.1") -> Iterator[socket.socket]:
    address = httpx.URL(service.base_url)
    with socket.create_connection((address.host, address.port), PATIENCE_S, (source, 0)) as made:
        yield made


def polite(service: RunningService, path: str = "/ogc/collections/wards/items") -> httpx.Response:
    """A client of another address, which asks for one thing and waits for it."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), timeout=PATIENCE_S) as client:
        return client.get(f"{service.base_url}{path}")


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has ended it; what it said before is passed over."""
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def resident_mib(service: RunningService) -> float:
    for line in Path(f"/proc/{service.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the service has no memory of its own")


def open_connections(service: RunningService) -> int:
    """Sockets of the service, its listener and those to its database included."""
    return sum(
        1
        for file in Path(f"/proc/{service.pid}/fd").iterdir()
        if file.is_symlink() and str(file.readlink()).startswith("socket:")
    )


@contextmanager
def locked(service: RunningService, table: str) -> Iterator[Callable[[], int]]:
    """No query of the table gets on; gives how many of them wait."""
    with psycopg.connect(service.place.url) as holder:
        holder.execute(f"LOCK TABLE gis.{table} IN ACCESS EXCLUSIVE MODE")

        def waiting() -> int:
            with psycopg.connect(service.place.url, autocommit=True) as looking:
                row = looking.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'huegis' "
                    "AND wait_event_type = 'Lock' AND datname = current_database()"
                ).fetchone()
            assert row is not None
            return int(row[0])

        yield waiting


def test_a_hundred_connections_opened_and_left(attacked: RunningService) -> None:
    with ExitStack() as stack:
        left = [stack.enter_context(connected(attacked)) for _ in range(100)]
        assert polite(attacked).status_code == 200
        assert open_connections(attacked) < CONNECTIONS + 20
        until(lambda: sum(not is_closed(one) for one in left) <= CONNECTIONS, "they stayed")
        until(lambda: all(map(is_closed, left)), "some were waited for without end")
    assert polite(attacked).status_code == 200


def test_heads_that_come_by_the_byte_are_not_waited_for(attacked: RunningService) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(attacked)) for _ in range(20)]
        deadline = time.monotonic() + PATIENCE_S
        letters = iter("GET /ogc HTTP/1.1\r\nX-Slow: " + "a" * 10_000)
        while not all(map(is_closed, slow)):
            assert time.monotonic() < deadline, "a client may send its head for ever"
            letter = next(letters).encode()
            for one in slow:
                with suppress(OSError):
                    one.send(letter)
            assert polite(attacked, "/ogc/conformance").status_code == 200


def test_a_body_that_never_comes_is_not_waited_for(attacked: RunningService) -> None:
    with connected(attacked) as one:
        one.sendall(b"POST /collect/detections HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[")
        until(lambda: is_closed(one), "a body was waited for without end")


def test_a_head_without_end_is_refused(attacked: RunningService) -> None:
    with connected(attacked) as one:
        one.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        with pytest.raises(ConnectionError):
            one.sendall(b"a" * (64 << 20))
    assert polite(attacked, "/ogc/conformance").status_code == 200


def test_answers_that_nobody_takes_do_not_pile_up(attacked: RunningService) -> None:
    whole = httpx.get(f"{attacked.base_url}/ogc/collections/big/items?limit=10000", timeout=PATIENCE_S)
    assert whole.status_code == 200, whole.text
    size = len(whole.content)
    assert size > 5 << 20
    before = resident_mib(attacked)
    most = before
    with ExitStack() as stack:
        greedy = [stack.enter_context(connected(attacked)) for _ in range(30)]
        for one in greedy:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            one.sendall(b"GET /ogc/collections/big/items?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(20):
            assert polite(attacked).status_code == 200
            most = max(most, resident_mib(attacked))
        until(lambda: open_connections(attacked) < 20, "answers were kept for clients that do not read")
    # The answers in the making (a few copies of each), and those that wait to be taken.
    allowed = UNSENT_MIB + 6 * (AT_A_TIME + 1) * size / (1 << 20)
    assert most - before < allowed < 30 * size / (1 << 20) * 2


def filtered(service: RunningService, text: str) -> tuple[int, bytes]:
    """Status and body of a filter of any length, which most clients would not even send."""
    address = httpx.URL(service.base_url)
    connection = HTTPConnection(address.host, address.port or 80, timeout=PATIENCE_S)
    try:
        connection.request("GET", f"/ogc/collections/big/items?limit=1&filter={quote(text)}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        # The refusal was sent before the request was through, and got lost with the connection.
        return 431, b""
    finally:
        connection.close()


@pytest.mark.parametrize(
    "text",
    [
        "NOT " * 2_000 + "note = 'a'",
        "NOT (" * 5_000 + "note = 'a'" + ")" * 5_000,
        " AND ".join(["note = 'a'"] * 10_000),
        "note LIKE '" + "%a" * 15_000 + "'",
        "note = '" + "a" * 1_000_000 + "'",
    ],
    ids=["deep", "parentheses", "many", "wildcards", "huge"],
)
def test_filters_beyond_all_measure_are_refused_with_a_sentence(attacked: RunningService, text: str) -> None:
    status, body = filtered(attacked, text)
    # An address of more than 64 KiB is none to the server's reader of HTTP.
    assert status == 431 or (status == 400 and (b"Parameter 'filter'" in body or b"Invalid HTTP" in body))


@pytest.mark.parametrize(
    "text", ["note LIKE '" + "%_a" * 99 + "'", "ACCENTI(CASEI(note)) LIKE '" + "%de" * 98 + "%x'"]
)
def test_patterns_with_many_wildcards_end(attacked: RunningService, text: str) -> None:
    assert filtered(attacked, text)[0] in (200, 503)


def ring(vertices: int) -> str:
    places = [f"{107 + at / vertices} {16 + (at % 2) / 100}" for at in range(vertices)]
    return f"POLYGON(({','.join([*places, '107 15', places[0]])}))"


@pytest.mark.parametrize(("vertices", "statuses"), [(1_500, {200, 400}), (50_000, {400, 431})])
def test_polygons_of_thousands_of_vertices(
    attacked: RunningService, vertices: int, statuses: set[int]
) -> None:
    assert filtered(attacked, f"S_INTERSECTS(geometry,{ring(vertices)})")[0] in statuses
    assert polite(attacked, "/ogc/conformance").status_code == 200


def test_one_clients_heavy_queries_leave_room_for_others(attacked: RunningService) -> None:
    statuses: list[int] = []

    def heavy() -> None:
        answer = httpx.get(f"{attacked.base_url}/ogc/collections/cameras/items", timeout=PATIENCE_S)
        statuses.append(answer.status_code)

    greedy = [threading.Thread(target=heavy) for _ in range(AT_A_TIME + IN_LINE + 10)]
    with locked(attacked, "cameras") as waiting:
        for one in greedy:
            one.start()
        until(lambda: waiting() == AT_A_TIME and len(statuses) == 10, "the line was not held")
        assert statuses == [503] * 10
        assert polite(attacked).status_code == 200
        assert waiting() == AT_A_TIME
    for one in greedy:
        one.join(PATIENCE_S)
    assert sorted(statuses) == [200] * (AT_A_TIME + IN_LINE) + [503] * 10


@pytest.mark.parametrize(
    "path", ["/ogc/collections/cameras/items", "/ogc/collections/cameras/tiles/WebMercatorQuad/8/116/204"]
)
def test_a_query_ends_with_the_client_that_asked_for_it(attacked: RunningService, path: str) -> None:
    with locked(attacked, "cameras") as waiting:
        with connected(attacked) as one:
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until(lambda: waiting() == 1, "it never asked")
        until(lambda: waiting() == 0, "the query went on for nobody")


def test_a_busy_database_is_said_so_and_when_to_come_back(attacked: RunningService) -> None:
    """Every connection is taken: whoever comes then is told within the wait for one."""
    with locked(attacked, "cameras") as waiting, ExitStack() as stack:
        for last in (3, 4):
            for _ in range(AT_A_TIME):
                one = stack.enter_context(connected(attacked, f"127.0.0.{last}"))
                one.sendall(b"GET /ogc/collections/cameras/items HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: waiting() == 5, "the pool was not used up")
        answer = polite(attacked)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
    until(lambda: polite(attacked).status_code == 200, "it did not recover")
