"""How a check is said: what it reads, and a pure function from that to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

import shapely
from sqlalchemy import Connection

from gis_core.quality_settings import Quality
from gis_core.types import Bounds, Text

Severity = Literal["error", "warning"]
Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at, and by which rules.

    ``layers`` are the names of the layers asked for. ``now`` is an aware UTC instant: what
    happened after it cannot have happened. ``window`` is how far back events are looked at.
    """

    layers: frozenset[str]
    bounds: Bounds
    now: datetime
    window: timedelta
    rules: Quality


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one feature.

    ``point`` is where to look, EPSG:4326, None where the feature has no position.
    ``simulated`` is that of the feature.
    """

    layer: str
    feature_id: str
    sentence: Text
    point: shapely.Point | None
    simulated: bool


@dataclass(frozen=True)
class Check(Generic[Data]):
    """One thing that may be wrong.

    ``layers`` names the layers that it can find fault with; None means all that hold rows of
    their own. Checks that name the same ``read`` share what it read.
    """

    name: str
    severity: Severity
    layers: frozenset[str] | None
    read: Callable[[Connection, Scope], Data]
    find: Callable[[Data, Scope], Iterable[Finding]]


def said(vi: str, en: str, **values: Any) -> Text:
    """A sentence in both languages; numbers with a fraction are written as each of them does."""
    return Text(
        vi.format(**{name: _vietnamese(value) for name, value in values.items()}),
        en.format(**{name: _english(value) for name, value in values.items()}),
    )


def _english(value: Any) -> str:
    if isinstance(value, Text):
        return value.en
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _vietnamese(value: Any) -> str:
    if isinstance(value, Text):
        return value.vi
    written = _english(value)
    return written.translate(_SWAPPED) if isinstance(value, float) else written


_SWAPPED = str.maketrans(",.", ".,")
