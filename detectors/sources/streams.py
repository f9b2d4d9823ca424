"""Frames of a camera's stream over RTSP or HTTP (MJPEG, HLS, MPEG-TS, MP4, or single pictures)."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import av
import av.error

from detectors.base import Frame
from detectors.sources.base import Asked, Newest, Sampler, SourceError, check_size, frame_of

SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_OPTIONS = {
    "rtsp": {
        "rtsp_transport": "tcp",
        "protocol_whitelist": "rtsp,rtsps,rtp,srtp,tcp,udp,tls,crypto",
    },
    # A playlist from outside must not name files of this machine.
    "http": {"protocol_whitelist": "http,https,tcp,tls,crypto,data,httpproxy", "seekable": "0"},
}
_MILLISECOND = timedelta(milliseconds=1)
_FIRST_PAUSE_S = 1.0
_KEY_FRAMES_FROM_S = 2.0
"""At this interval and beyond, decoding key frames alone gives frames enough."""


class Stream:
    """Reads a stream in a thread of its own, keeps the newest frame, and connects again when it breaks.

    A frame's time is the wall clock at its arrival: the delay of the network is in it.

    Args:
        url: of the stream; it may hold a password, which no sentence repeats.
        asked: what is wanted.
        timeout_s: a stream that is silent for so long is given up and connected again.
        longest_pause_s: between two attempts; the first pause is one second, and each doubles.
        arrived: is set whenever a frame comes.
    """

    def __init__(
        self,
        url: str,
        asked: Asked,
        *,
        timeout_s: float,
        longest_pause_s: float,
        arrived: Event | None = None,
    ) -> None:
        self._url = url
        self._asked = asked
        self._timeout_s = timeout_s
        self._longest_pause_s = longest_pause_s
        self._name = shown(url)
        self.newest = Newest(arrived)
        self.is_connected = False
        # Whether the address gives one picture at a time, which is asked for again and again.
        self._is_snapshot = False
        self._last = datetime.fromtimestamp(0, UTC)
        self._thread = Thread(target=self._read, name=f"stream {asked.camera_code}", daemon=True)

    @property
    def dropped(self) -> int:
        """Frames that newer ones replaced before anybody took them."""
        return self.newest.dropped

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def join(self) -> None:
        """Wait until reading has ended after ``stop``, at most as long as a silent stream may last."""
        self._thread.join(self._timeout_s + 1)

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time, until ``stop``."""
        self.start()
        while not self._asked.stop.is_set() and not self.newest.is_over:
            frame = self.newest.take(0.2)
            if frame is not None:
                yield frame

    def _read(self) -> None:
        stop, pause_s = self._asked.stop, _FIRST_PAUSE_S
        while not stop.is_set():
            came = False
            try:
                for frame in self._connection():
                    came = True
                    self.newest.put(frame)
                reason = "the stream has ended"
            except SourceError as error:
                reason = str(error).removeprefix(f"{self._name}: ").rstrip(".")
            except (av.error.FFmpegError, OSError, ValueError) as error:
                reason = self._reason(error)
            self.is_connected = False
            if stop.is_set():
                break
            if came:
                pause_s = _FIRST_PAUSE_S
            if came and self._is_snapshot:
                stop.wait(self._asked.interval_s or _FIRST_PAUSE_S)
                continue
            self._asked.complain(f"{self._name}: {reason}; connecting again in {pause_s:.0f} s.")
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, self._longest_pause_s)
        self.newest.close()

    def _connection(self) -> Iterator[Frame]:
        """Frames of one connection, until it ends or breaks."""
        kind = urlsplit(self._url).scheme.lower().removesuffix("s")
        with av.open(
            self._url,
            options=_OPTIONS[kind],
            timeout=(self._timeout_s, self._timeout_s),
            metadata_errors="ignore",
        ) as container:
            if not container.streams.video:
                raise SourceError(self._name, "it carries no video")
            self.is_connected = True
            self._is_snapshot = container.format.name.endswith("_pipe")
            sampler = Sampler(self._asked.interval_s)
            for picture in _pictures(container, self._asked):
                if sampler.takes(time.monotonic()):
                    check_size(self._name, picture.width, picture.height)
                    image = picture.to_ndarray(format="rgb24")
                    yield frame_of(self._name, self._asked.camera_code, self._now(), image)

    def _now(self) -> datetime:
        """The present, and never the same twice: frames are known by their times."""
        self._last = max(datetime.now(UTC), self._last + _MILLISECOND)
        return self._last

    def _reason(self, error: Exception) -> str:
        if getattr(error, "errno", None) == errno.EIO:
            # So FFmpeg calls the end of an answer whose length was not told.
            return "the stream has ended"
        if isinstance(error, av.error.ExitError):
            return f"it is silent for {self._timeout_s:.0f} s"
        # The error's own text names the address with its password.
        told = getattr(error, "strerror", None)
        return f"it cannot be read ({told})" if told else "it cannot be read"


def shown(url: str) -> str:
    """An address without user, password and query, as sentences name it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _pictures(container: Any, asked: Asked) -> Iterator[Any]:
    """Decoded pictures; key frames alone where they come often enough for the interval."""
    stream = container.streams.video[0]
    decoder = stream.codec_context
    interval_s = asked.interval_s or 0.0
    keys_only = interval_s >= _KEY_FRAMES_FROM_S
    last_s = time.monotonic()
    for packet in container.demux(stream):
        if asked.stop.is_set():
            return
        if keys_only and not packet.is_keyframe:
            # A camera that hardly ever sends key frames must be decoded in full.
            keys_only = time.monotonic() - last_s < 3 * interval_s
            continue
        try:
            pictures = packet.decode()
            if keys_only and packet.size:
                # Decoders hold pictures back until the next packet; that one is not coming.
                pictures += decoder.decode(None)
                decoder.flush_buffers()
        except av.error.InvalidDataError:
            # Packets are lost on the way; the next key frame mends it.
            continue
        for picture in pictures:
            if not picture.is_corrupt:
                last_s = time.monotonic()
                yield picture
