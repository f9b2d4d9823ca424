"""The settings of collecting: who may push, which folders are watched, what is polled and subscribed to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gis_core.errors import InvalidParameterError
from gis_core.section import Section, SourceName
from gis_core.time import parse_duration

Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""

TIMES = ("date", "utc_date", "since")
"""What a URL may name beside its secrets: Huế's day, the day in UTC, the instant to ask from."""

_WEEKDAY_NUMBER = re.compile(r"\d")


class WatchedFolder(Section):
    """A folder that agencies put files into."""

    name: SourceName
    path: Path
    layer: str
    keep_good: bool = True
    crs: str | None = None
    table: str | None = None
    columns: dict[str, str] = Field(default={})


class RowSource(Section):
    """What is said of rows that come from elsewhere, whatever way they come."""

    name: SourceName
    layer: str
    columns: dict[str, str] = Field(default={})
    measures: dict[str, str] = Field(default={})
    constants: dict[str, str | float | bool] = Field(default={})
    key: tuple[str, ...] = ()
    times: Literal["local", "utc", "epoch_s", "epoch_ms"] = "local"


class HttpSource(RowSource):
    """A URL that is asked again and again."""

    url: str
    format: Literal["json", "ndjson", "geojson", "csv"]
    records: str = ""
    crs: str | None = None
    keep_good: bool = True
    secrets: dict[Variable, Variable] = Field(default={})
    headers: dict[str, str] = Field(default={})
    every: str | None = None
    cron: str | None = None
    jitter_s: float = Field(default=5.0, ge=0, le=3600)
    backfill: str = "1d"
    overlap: str = "1h"
    timeout_s: float = Field(default=60.0, gt=0, le=3600)
    max_body_mib: float = Field(default=64.0, gt=0, le=4096)
    max_redirects: int = Field(default=5, ge=0, le=20)
    retry_first_s: float = Field(default=30.0, gt=0)
    retry_most_s: float = Field(default=3600.0, gt=0)
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the url must begin with http:// or https:// and a host")
        if parts.port == 0:
            raise ValueError("the port of the url must be 1 to 65535")
        if "@" in parts.netloc:
            raise ValueError("the url holds a user or a password; name secrets under 'secrets' instead")
        if _placeholders([parts.netloc]):
            raise ValueError("the host of the url must stand as it is, without braces")
        named = _placeholders([self.url])
        _check_known(named, {*TIMES, *self.secrets})
        if {"date", "utc_date"} <= named:
            raise ValueError("the url names the day of Huế and that of UTC; one of them must do")
        _check_known(_placeholders(self.headers.values()), set(self.secrets))
        if (self.every is None) == (self.cron is None):
            raise ValueError("give either 'every', such as 10min, or 'cron', such as '5 * * * *'")
        if self.cron is not None and _WEEKDAY_NUMBER.search(self.cron.split()[-1]):
            raise ValueError("name the weekday of 'cron' by its letters, such as mon or sun")
        _check_lengths(self.every, self.backfill, self.overlap)
        return self


class MqttSource(RowSource):
    """A topic of a broker that is subscribed to."""

    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    topic: str
    client_id: str = Field(min_length=1, max_length=200)
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password: Variable | None = None
    tls: bool = False
    ca_file: Path | None = None
    keepalive_s: int = Field(default=60, ge=5, le=3600)
    session: str = "7d"
    max_batch: int = Field(default=500, ge=1, le=10_000)
    batch_s: float = Field(default=1.0, gt=0, le=60)
    quiet_s: float = Field(default=0.1, gt=0, le=10)
    max_payload_kib: float = Field(default=256.0, gt=0, le=65_536)
    retry_most_s: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if "#" in self.topic.split("/")[:-1] or not self.topic:
            raise ValueError("a topic may hold '#' as its last level only")
        for level in self.topic.split("/"):
            whole = level in ("+", "#") or re.fullmatch(r"\{[a-z][a-z0-9_]*\}", level)
            if not whole and re.search(r"[+#{}]", level):
                raise ValueError(f"level '{level}' of the topic must be a text, a name in braces, + or #")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        _check_lengths(self.session)
        return self


class Collect(Section):
    """How other people's rows come in."""

    open: bool = False
    tokens: dict[SourceName, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(default={})
    max_body_mib: float = Field(default=16.0, gt=0, le=1024)
    max_rows: int = Field(default=50_000, ge=1, le=50_000)
    with_service: bool = True
    interval_s: float = Field(default=5.0, gt=0)
    folders: tuple[WatchedFolder, ...] = ()
    http: tuple[HttpSource, ...] = ()
    mqtt: tuple[MqttSource, ...] = ()

    @property
    def sources(self) -> tuple[WatchedFolder | HttpSource | MqttSource, ...]:
        """Everything that 'huegis collect run' collects from."""
        return (*self.folders, *self.http, *self.mqtt)


def _placeholders(texts: Iterable[str]) -> set[str]:
    """The names that stand in braces."""
    parts = [part for text in texts for part in Formatter().parse(text) if part[1] is not None]
    if any("{" in (form or "") for _, _, form, _ in parts):
        raise ValueError("braces stand within braces")
    return {name for _, name, _, _ in parts if name is not None}


def _check_known(named: set[str], known: set[str]) -> None:
    unknown = sorted(named - known)
    if unknown:
        raise ValueError(f"'{{{unknown[0]}}}' is neither a time nor named under 'secrets'")


def _check_lengths(*lengths: str | None) -> None:
    try:
        for length in lengths:
            if length is not None:
                parse_duration(length)
    except InvalidParameterError as error:
        raise ValueError(str(error)) from error
