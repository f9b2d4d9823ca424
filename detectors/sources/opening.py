"""The source that a text names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from detectors.sources.base import Asked, FrameSource, SourceError
from detectors.sources.files import Files
from detectors.sources.streams import SCHEMES, Stream, shown
from gis_core.detector_settings import Detect


def is_stream(text: str) -> bool:
    """Whether a text is the address of a stream."""
    return "://" in text


def open_source(text: str, asked: Asked, detect: Detect) -> FrameSource:
    """A stream by its address, or a file or a folder by its path.

    Raises:
        SourceError: there is no such file, or the address is of a kind that is not known.
    """
    if is_stream(text):
        return open_stream(text, asked, detect)
    path = Path(text)
    if not path.exists():
        raise SourceError(text, "there is no such file or folder.")
    return Files(path, asked)


def open_stream(url: str, asked: Asked, detect: Detect) -> Stream:
    """A stream by its address.

    Raises:
        SourceError: it is of a kind that is not known.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme.lower() in SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise SourceError(_harmless(url), f"streams begin with {', '.join(sorted(SCHEMES))}:// and a host.")
    return Stream(url, asked, timeout_s=detect.timeout_s, longest_pause_s=detect.longest_pause_s)


def _harmless(url: str) -> str:
    """As much of a wrong address as can be told without a password in it."""
    try:
        return shown(url)
    except ValueError:
        return url.partition("://")[0]
