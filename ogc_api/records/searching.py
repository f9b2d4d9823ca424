"""Which records a request asks for, and which those are (OGC 20-004r1, core query parameters)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gis_core.config import Settings
from gis_core.crs import CRS84_URI, parse_crs
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds
from layers.query import Interval
from ogc_api.facts import Facts
from ogc_api.features.query import parse_bbox, parse_interval, parse_limit
from ogc_api.records.entries import KINDS, Entry, entries, folded

PARAMETERS = ("q", "bbox", "datetime", "type", "ids", "externalIds", "limit", "offset")
DEFAULT_LIMIT = 20
MOST_RECORDS = 1_000
"""On a page; whoever asks for more gets so many."""
MOST_OFFSET = 1_000_000
MOST_TERMS = 50
MOST_LETTERS = 200
"""In one search term."""


class Wanted(NamedTuple):
    """What a request asks for; of what is None nothing is asked."""

    terms: tuple[str, ...] | None = None
    """Folded; one of them is enough, and the words of one must stand beside each other."""
    bounds: Bounds | None = None
    interval: Interval | None = None
    kinds: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    external_ids: tuple[str, ...] | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0


class Page(NamedTuple):
    """One page of what was found, and how many there are in all."""

    found: list[Entry]
    matched: int
    wanted: Wanted

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins, None on the last."""
        after = self.wanted.offset + len(self.found)
        return after if self.found and after < self.matched else None

    @property
    def previous_offset(self) -> int | None:
        """Where the page before begins, None on the first."""
        return max(0, self.wanted.offset - self.wanted.limit) if self.wanted.offset else None


def read_wanted(given: Mapping[str, str]) -> Wanted:
    """What the parameters ask for; one without a value is passed over, as the standard has it.

    Raises:
        InvalidParameterError: a value is not of its parameter's type.
    """
    asked = {name: given[name] for name in PARAMETERS if given.get(name, "").strip()}
    kinds = _names(asked, "type")
    unknown = [kind for kind in kinds or () if kind not in KINDS]
    if unknown:
        raise InvalidParameterError("type", f"{quoted(unknown[0])} is not one of: {', '.join(KINDS)}.")
    return Wanted(
        terms=_terms(asked["q"]) if "q" in asked else None,
        bounds=_bounds(asked["bbox"]) if "bbox" in asked else None,
        interval=parse_interval(asked["datetime"]) if "datetime" in asked else None,
        kinds=kinds,
        ids=_names(asked, "ids"),
        external_ids=_names(asked, "externalIds"),
        limit=parse_limit(asked["limit"], MOST_RECORDS) if "limit" in asked else DEFAULT_LIMIT,
        offset=_offset(asked["offset"]) if "offset" in asked else 0,
    )


def find(wanted: Wanted, settings: Settings, facts_of: Callable[[str], Facts]) -> Page:
    """The entries that are wanted: those with a term in the title first, else in the declared order."""
    matching = [entry for entry in entries() if _is_wanted(entry, wanted, settings, facts_of)]
    if wanted.terms is not None:
        terms = wanted.terms
        matching.sort(key=lambda entry: not entry.has(terms, in_title=True))
    page = matching[wanted.offset : wanted.offset + wanted.limit]
    return Page(page, len(matching), wanted)


def entry_of(record_id: str) -> Entry | None:
    """The entry of an identifier, None where there is none."""
    return next((entry for entry in entries() if entry.id == record_id), None)


def facts_about(entry: Entry, facts_of: Callable[[str], Facts]) -> Facts:
    """What is known of the data of an entry; of a process, nothing."""
    return Facts() if entry.collection is None else facts_of(entry.collection)


def _is_wanted(entry: Entry, wanted: Wanted, settings: Settings, facts_of: Callable[[str], Facts]) -> bool:
    return (
        (wanted.kinds is None or entry.kind in wanted.kinds)
        and (wanted.ids is None or entry.id in wanted.ids)
        and (wanted.external_ids is None or _is_known_as(entry, wanted.external_ids))
        and (wanted.terms is None or entry.has(wanted.terms))
        and (wanted.bounds is None or _meet(settings.province.bounds, wanted.bounds))
        and (wanted.interval is None or _overlap(facts_about(entry, facts_of), wanted.interval))
    )


def _is_known_as(entry: Entry, names: tuple[str, ...]) -> bool:
    return any(name in (value, f"{scheme}:{value}") for scheme, value in entry.external_ids for name in names)


def _meet(one: Bounds, other: Bounds) -> bool:
    if one.south > other.north or one.north < other.south:
        return False
    if other.west <= other.east:
        return one.west <= other.east and one.east >= other.west
    # It crosses the antimeridian.
    return one.east >= other.west or one.west <= other.east


def _overlap(facts: Facts, interval: Interval) -> bool:
    """Whether a resource's time meets an interval; what has no time is always there."""
    if facts.first is None or facts.last is None:
        return True
    begins_before = interval.end is None or facts.first < interval.end
    if interval.end is not None and interval.end_included:
        begins_before = facts.first <= interval.end
    return begins_before and (interval.start is None or facts.last >= interval.start)


def _terms(text: str) -> tuple[str, ...]:
    terms = tuple(term for term in map(folded, text.split(",")) if term)
    if len(terms) > MOST_TERMS or any(len(term) > MOST_LETTERS for term in terms):
        raise InvalidParameterError(
            "q", f"at most {MOST_TERMS} terms of at most {MOST_LETTERS} letters can be looked for."
        )
    return terms


def _names(asked: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    return tuple(part.strip() for part in asked[name].split(",")) if name in asked else None


def _bounds(text: str) -> Bounds:
    bounds = parse_bbox(text, parse_crs(CRS84_URI))
    if bounds.south > bounds.north:
        raise InvalidParameterError("bbox", "its south lies north of its north.")
    return bounds


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= MOST_OFFSET):
        raise InvalidParameterError("offset", f"{quoted(text)} is not a whole number up to {MOST_OFFSET}.")
    return int(text)
