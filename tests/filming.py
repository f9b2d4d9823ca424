"""Small videos and pictures, and servers on the loopback that stream them as cameras do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np

WIDTH_PX, HEIGHT_PX, RATE = 160, 96, 10
GREYS = 28
_TS_PACKET = 188
# Without any, a frame would be a handful of bytes, as none of a camera is.
_GRAIN = np.random.default_rng(3).normal(0, 6, (HEIGHT_PX, WIDTH_PX, 1)).repeat(3, axis=2)


def number_of(image: np.ndarray) -> int:
    """Which frame of ``film`` this is, by its grey, up to a multiple of ``GREYS``."""
    return round((float(image.mean()) - 16) / 8)


def film(path: Path, frames: int = 20, *, codec: str = "libx264", **metadata: str) -> Path:
    """A video of grey frames, each a little brighter, with a key frame every second."""
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream(codec, rate=RATE, options={"g": str(RATE), "bf": "0"})
        stream.width, stream.height = WIDTH_PX, HEIGHT_PX
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(frames):
            image = (_GRAIN + 16 + 8 * (number % GREYS)).clip(0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@contextmanager
def http_server(path: Path, content_type: str) -> Iterator[tuple[str, list[str]]]:
    """The file at an address of the loopback, without its length, as live streams are; and who asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/live", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def multipart(path: Path, pictures: list[bytes]) -> Path:
    """MJPEG as cameras send it over HTTP: JPEG pictures, each a part of one answer."""
    parts = [
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(one), one)
        for one in pictures
    ]
    path.write_bytes(b"".join(parts) + b"--frame--\r\n")
    return path


@contextmanager
def rtsp_server(transport_stream: Path) -> Iterator[str]:
    """An MPEG transport stream over RTSP (RFC 2326), interleaved in its TCP connection (RFC 2250)."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_rtsp, args=(listener, transport_stream.read_bytes()), daemon=True)
    thread.start()
    try:
        yield f"rtsp://viewer:s3cret@127.0.0.1:{listener.getsockname()[1]}/camera"
    finally:
        # Closing alone does not wake a thread that waits to accept.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _serve_rtsp(listener: socket.socket, content: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                _talk_rtsp(connection, content)
            except OSError:
                continue


def _talk_rtsp(connection: socket.socket, content: bytes) -> None:
    requests = connection.makefile("rb")
    while True:
        lines = []
        while (line := requests.readline()) not in (b"\r\n", b""):
            lines.append(line.decode().strip())
        if not lines:
            return
        method, url = lines[0].split()[:2]
        head = ["RTSP/1.0 200 OK", *(line for line in lines if line.lower().startswith("cseq"))]
        body = ""
        if method == "OPTIONS":
            head.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            lines = ("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0")
            body = "\r\n".join([*lines, "m=video 0 RTP/AVP 33", "a=control:track", ""])
            head += [f"Content-Base: {url}/", "Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            head += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1"]
        elif method == "PLAY":
            head.append("Session: 1")
        connection.sendall("\r\n".join([*head, "", body]).encode())
        if method == "PLAY":
            for number, start in enumerate(range(0, len(content), 7 * _TS_PACKET)):
                payload = content[start : start + 7 * _TS_PACKET]
                packet = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, number * 9000, 1) + payload
                connection.sendall(b"$\x00" + struct.pack(">H", len(packet)) + packet)
        elif method == "TEARDOWN":
            return
