"""Frames of a video file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import av.error

from detectors.base import Frame
from detectors.sources.base import Asked, Sampler, SourceError, check_size, frame_of
from detectors.sources.timestamps import time_in_name

SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".mpeg", ".flv", ".wmv"}
    | {".3gp", ".h264", ".264", ".hevc", ".265", ".mjpeg", ".mjpg"}
)
_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,h264,hevc,mjpeg,m4v,ogg"
"""No playlists: those would make a file name others that are then opened."""
_USUAL_RATE = 25.0
_CUT_SHORT_S = 1.0


def read_video(file: Path, asked: Asked) -> Iterator[Frame]:
    """The frames of a video file at the rate that is asked for.

    The first frame's time is that of the file's name, else the container's ``creation_time``,
    else the one given; the others follow by the video's own clock. What cannot be decoded is
    left out, and said at the end.

    Raises:
        SourceError: it is no video, or nothing tells when it was taken.
    """
    try:
        container = av.open(
            str(file.absolute()),
            options={"protocol_whitelist": "file", "format_whitelist": _FORMATS},
            metadata_errors="ignore",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(
            file.name, "it is no video that can be read, or its beginning or end is missing."
        ) from error
    with container:
        if not container.streams.video:
            raise SourceError(file.name, "it holds no video.")
        first_at = time_in_name(file.name) or _created_at(container) or asked.first_at
        if first_at is None:
            raise SourceError(
                file.name,
                "neither its name nor the container tells when it was taken; give the time with --at.",
            )
        yield from _frames(container, file.name, first_at, asked)


def _frames(container: Any, name: str, first_at: datetime, asked: Asked) -> Iterator[Frame]:
    stream = container.streams.video[0]
    step_s = 1 / float(stream.average_rate or _USUAL_RATE)
    sampler = Sampler(asked.interval_s)
    begin_s: float | None = None
    last_s, broken = 0.0, 0
    for picture in _decoded(container, stream):
        if asked.stop.is_set():
            return
        if picture is None or picture.is_corrupt:
            broken += 1
            continue
        # Raw streams carry no times; their frames follow each other at the usual pace.
        now_s = picture.time if picture.time is not None else last_s + step_s
        begin_s = now_s if begin_s is None else begin_s
        last_s = now_s
        if sampler.takes(now_s - begin_s):
            check_size(name, picture.width, picture.height)
            moment = first_at + timedelta(seconds=now_s - begin_s)
            yield frame_of(name, asked.camera_code, moment, picture.to_ndarray(format="rgb24"))
    if broken:
        asked.complain(f"{name}: {broken} frames are damaged and were left out.")
    if begin_s is None:
        raise SourceError(name, "not one frame of it can be decoded.")
    length_s = container.duration / av.time_base if container.duration else 0.0
    if length_s - (last_s - begin_s) > max(_CUT_SHORT_S, 2 * step_s):
        asked.complain(f"{name}: it is cut short: {last_s - begin_s:.0f} of {length_s:.0f} s could be read.")


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded pictures, and None for each packet that cannot be decoded."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except av.error.InvalidDataError:
            yield None
        except av.error.FFmpegError:
            # The container itself is damaged from here on.
            yield None
            return


def _created_at(container: Any) -> datetime | None:
    text = container.metadata.get("creation_time")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Containers state UTC; an unset clock is written as the year of the format's epoch.
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return moment if moment.year > 1970 else None
