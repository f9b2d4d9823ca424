"""One question over HTTP to a server that may be slow, broken or hostile.

The whole exchange has one deadline, so that an answer that drips is cut off like one that never
begins. The body is limited as it arrives and again as it is unpacked. A redirect stays with its
scheme and gets no header of the settings at another host. No message names an address: it may
hold a secret.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import httpx

from gis_core import __version__
from gis_core.errors import ConfigError, IngestError, SourceUnavailableError
from layers.collect.body import unpack

_MIB = 1 << 20
_LOOK_S = 0.1
"""How soon a stop is noticed."""

_MOST_RETRY_AFTER_S = 86_400.0
_LAST_PORT = 65_535
_REDIRECTS = (301, 302, 303, 307, 308)

Result = TypeVar("Result")


class StoppedError(Exception):
    """The collector is being stopped; nothing is wrong with the source."""


class NotThereError(SourceUnavailableError):
    """Nothing is at the address that was asked."""


@dataclass(frozen=True)
class Question:
    """What to ask.

    ``types`` are the media types that will do, the first of them the usual one; ``etag`` and
    ``last_modified`` are those of the answer that is known already.
    """

    url: str
    headers: Mapping[str, str]
    types: tuple[str, ...]
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Limits:
    """How much is taken from a server: seconds for all, MiB packed and unpacked, redirects."""

    timeout_s: float
    max_body_mib: float
    max_redirects: int
    ca_file: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. ``ends_itself`` says that a body cut off would have been noticed."""

    content: bytes
    etag: str | None
    last_modified: str | None
    ends_itself: bool


def fetch(question: Question, limits: Limits, stop: Event) -> Answer | None:
    """Ask, and give the answer, or None where nothing is new.

    Raises:
        SourceUnavailableError: the server is out of reach, or its answer is no good.
        ConfigError: the file of certificates is no good.
        StoppedError: ``stop`` was set meanwhile.
    """
    # These log addresses, which may hold a secret.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return asyncio.run(_within(limits.timeout_s, stop, _ask(question, limits)))


async def _within(timeout_s: float, stop: Event, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``, which is cancelled at the deadline and when ``stop`` is set."""
    task = asyncio.ensure_future(work)
    clock = asyncio.get_running_loop()
    deadline = clock.time() + timeout_s
    while not task.done():
        if stop.is_set() or clock.time() >= deadline:
            task.cancel()
            await asyncio.wait({task})
            break
        await asyncio.wait({task}, timeout=min(_LOOK_S, deadline - clock.time()))
    if not task.cancelled():
        return task.result()
    if stop.is_set():
        raise StoppedError
    raise SourceUnavailableError(f"it did not answer to the end within {timeout_s:g} s.")


async def _ask(question: Question, limits: Limits) -> Answer | None:
    # The deadline is for all together; those of the library are for each part alone.
    async with httpx.AsyncClient(verify=_certificates(limits.ca_file), timeout=None) as client:  # noqa: S113
        url, headers = httpx.URL(question.url), _headers(question)
        for _ in range(limits.max_redirects + 1):
            try:
                async with client.stream("GET", url, headers=headers) as response:
                    if response.status_code not in _REDIRECTS:
                        return await _read(response, question, int(limits.max_body_mib * _MIB))
                    target = _target(url, response)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceUnavailableError(_sentence(error)) from error
            if _origin(target) != _origin(url):
                headers = {name: value for name, value in headers.items() if name not in question.headers}
            url = target
    raise SourceUnavailableError(f"it redirects more than {limits.max_redirects} times.")


def _headers(question: Question) -> dict[str, str]:
    conditions = {"If-None-Match": question.etag, "If-Modified-Since": question.last_modified}
    return {
        "User-Agent": f"huegis/{__version__}",
        "Accept": ", ".join((*question.types, "*/*;q=0.1")),
        "Accept-Encoding": "gzip",
        **{name: value for name, value in conditions.items() if value is not None},
        **question.headers,
    }


def _certificates(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"{ca_file} is no file of certificates: {error.strerror}.") from error


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _target(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    target = url.join(response.headers.get("location", ""))
    if target.scheme != url.scheme:
        other = target.scheme if target.scheme in ("http", "https") else "something that is not HTTP"
        raise SourceUnavailableError(f"it redirects from {url.scheme} to {other}, which is not followed.")
    if not target.host or target == url or (target.port or 0) > _LAST_PORT:
        raise SourceUnavailableError("it redirects to nowhere.")
    return target


async def _read(response: httpx.Response, question: Question, limit: int) -> Answer | None:
    status, headers = response.status_code, response.headers
    if status == HTTPStatus.NO_CONTENT:
        return None
    if status == HTTPStatus.NOT_MODIFIED and (question.etag or question.last_modified):
        return None
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise NotThereError(f"it answers {_named(status)}.")
    if status != HTTPStatus.OK:
        raise SourceUnavailableError(f"it answers {_named(status)}.", _retry_after_s(headers))
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in question.types:
        raise SourceUnavailableError(f"it answers with {kind[:60]!r}, and not with {question.types[0]}.")
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > limit:
            raise _too_large(limit)
    return Answer(
        _unpacked(bytes(content), headers.get("content-encoding", "identity").lower(), limit),
        headers.get("etag"),
        headers.get("last-modified"),
        "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower(),
    )


def _unpacked(content: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("identity", ""):
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise SourceUnavailableError(f"it answers packed by {encoding[:20]!r}, which was not asked for.")
    try:
        plain = unpack(content, limit)
    except IngestError as error:
        raise SourceUnavailableError(error.reason) from error
    if plain is None:
        raise _too_large(limit)
    return plain


def _too_large(limit: int) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"its answer is larger than max_body_mib, {limit / _MIB:g} MiB, packed or unpacked."
    )


def _named(status: int) -> str:
    # The server's own words are not shown: nobody knows what they hold.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """The pause that a server asks for, in seconds or as a date (RFC 9110, 10.2.3)."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal() and len(said) < 20:
        return min(float(said), _MOST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _MOST_RETRY_AFTER_S)


def _sentence(error: Exception) -> str:
    """What went wrong between here and there, without the library's own words: they may name the address."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "its certificate is not trusted; give 'ca_file' where it is the agency's own."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "it speaks no TLS that is understood here."
    if isinstance(error, httpx.ConnectError):
        said = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "")
        return f"it cannot be reached{f' ({said})' if said else ''}."
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return "it broke off in the middle of its answer, or does not speak HTTP."
    return "it cannot be asked at this address."


def _causes(error: BaseException | None) -> Any:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
