"""Addresses with a day, an instant and secrets in them.

A secret stands in the settings by the name of an environment variable. It is put into the
address and the headers of a question and nowhere else: messages, the journal and the database
know the address with the secret's name in braces, and what comes back is scrubbed of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from string import Formatter
from typing import NamedTuple
from urllib.parse import quote

from gis_core.collect_settings import TIMES, HttpSource
from gis_core.errors import ConfigError
from gis_core.time import LOCAL_ZONE

_SHORTEST_SECRET = 8
"""Characters; what is shorter could not be scrubbed without harm to what it is part of by chance."""

_MOST_DAYS = 31
"""Days that one poll asks for; those after them wait for the next."""

_SAFE_IN_URL = "-._~:"


def secret_of(source: str, variable: str, shortest: int = 1) -> str:
    """A secret from the environment, of so many characters at least.

    Raises:
        ConfigError: it is not there, or too short to be one.
    """
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError(f"Source {source}: the environment has no {variable}; set it to the secret.")
    if len(value) < shortest or not (value.isascii() and value.isprintable()):
        raise ConfigError(f"Source {source}: {variable} is no secret of {shortest} or more ASCII characters.")
    return value


class Address(NamedTuple):
    """One address to ask: ``shown`` is for people; ``until`` is what it covers to, if it is of a past day."""

    url: str
    shown: str
    until: datetime | None


class Template:
    """The address and the headers of a source.

    Raises:
        ConfigError: a secret is missing.
    """

    def __init__(self, source: HttpSource) -> None:
        self._secrets = {
            name: secret_of(source.name, variable, _SHORTEST_SECRET)
            for name, variable in source.secrets.items()
        }
        self._url = source.url
        self.headers = {
            name: _fill(value, lambda key, form: self._secrets[key]) for name, value in source.headers.items()
        }
        named = {name for _, name, _, _ in Formatter().parse(source.url)}
        self._zone = LOCAL_ZONE if "date" in named else UTC
        self._by_day = not named.isdisjoint(("date", "utc_date"))

    def addresses(self, since: datetime, now: datetime) -> Iterator[Address]:
        """What to ask for all that has happened since an instant: one address, or one for each day."""
        if not self._by_day:
            yield self._address(since, now.date(), None)
            return
        day, today = since.astimezone(self._zone).date(), now.astimezone(self._zone).date()
        for later in range(min((today - day).days + 1, _MOST_DAYS)):
            asked = day + timedelta(days=later)
            ends = datetime.combine(asked + timedelta(days=1), time(), self._zone).astimezone(UTC)
            yield self._address(since, asked, ends if asked < today else None)

    def scrub(self, content: bytes) -> bytes:
        """What came back, without any secret that it echoes."""
        for name, secret in self._secrets.items():
            for form in {secret, quote(secret, safe="")}:
                content = content.replace(form.encode(), b"{" + name.encode() + b"}")
        return content

    def scrub_text(self, text: str) -> str:
        """A message without any secret that it echoes."""
        return self.scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def _address(self, since: datetime, day: date, until: datetime | None) -> Address:
        times: Mapping[str, date] = {"date": day, "utc_date": day, "since": since.astimezone(UTC)}

        def shown(name: str, form: str) -> str:
            return _formatted(times[name], form) if name in TIMES else f"{{{name}}}"

        def real(name: str, form: str) -> str:
            value = _formatted(times[name], form) if name in TIMES else self._secrets[name]
            return quote(value, safe=_SAFE_IN_URL if name in TIMES else "")

        return Address(_fill(self._url, real), _fill(self._url, shown), until)


def _fill(template: str, value: Callable[[str, str], str]) -> str:
    """The template with each ``{name:form}`` replaced."""
    return "".join(
        text + ("" if name is None else value(name, form or ""))
        for text, name, form, _ in Formatter().parse(template)
    )


def _formatted(moment: date, form: str) -> str:
    if form:
        return moment.strftime(form)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, datetime) else moment.isoformat()
