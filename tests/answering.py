"""A small HTTP server of the tests: says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

Say = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Asked:
    """One question that came."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Server:
    """Where it answers, what it says next, and what it was asked. ``closing`` ends what drips."""

    url: str
    say: Say = field(default=lambda handler: handler.send_error(500))
    asked: list[Asked] = field(default_factory=list)
    closing: Event = field(default_factory=Event)


def body(content: str | bytes, kind: str = "application/json", status: int = 200, **headers: str) -> Say:
    """An answer that is whole; underscores in the names of headers stand for hyphens."""
    data = content.encode() if isinstance(content, str) else content

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return say


def empty(status: int, **headers: str) -> Say:
    """A status, and nothing more."""

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return say


@contextmanager
def answering() -> Iterator[Server]:
    """A server on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = self.rfile.read(int(headers.get("content-length", "0")))
            server.asked.append(Asked(self.path, headers, sent))
            self.close_connection = True
            # Whoever asked may have gone away.
            with suppress(ConnectionError):
                server.say(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}")
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http.shutdown()
        thread.join()
        http.server_close()
