"""The query parameters of ``/items``, read into a ``FeatureQuery``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from gis_core.crs import CRS84_URI, OutputCRS, parse_crs
from gis_core.errors import InvalidParameterError, quoted
from gis_core.serving_settings import OgcApi
from gis_core.time import parse_instant
from gis_core.types import Bounds
from layers.base import Layer
from layers.cql2.compiler import Condition, compile_filter
from layers.cql2.parse import ENCODINGS, parse
from layers.filters import parse_value
from layers.order import parse_order
from layers.query import FeatureQuery, Interval

RESERVED = (
    "bbox", "bbox-crs", "datetime", "limit", "cursor", "crs", "properties",
    "filter", "filter-lang", "filter-crs", "sortby", "profile",
)  # fmt: skip
"""Parameters of ``/items`` that are no column."""

_DATE = re.compile(r"^\d{4}-?\d{2}-?\d{2}$")
_LOST_PLUS = re.compile(r"(T[\d:.]+) (\d{2}:?\d{2})$")
_OPEN = ("", "..")


@lru_cache(maxsize=256)
def known_parameters(layer: Layer) -> tuple[str, ...]:
    """Every parameter that ``/items`` of this layer understands: its own, and one for each column."""
    return (*RESERVED, layer.id_column.name, *(column.name for column in layer.properties))


def page_limits(layer: Layer, limits: OgcApi) -> tuple[int, int]:
    """Features on a page of this layer when the client does not say, and the most it may ask for."""
    most = min(limits.max_limit, layer.max_limit or limits.max_limit)
    return min(limits.default_limit, most), most


def read_query(layer: Layer, given: Mapping[str, str], limits: OgcApi, *, default_limit: int) -> FeatureQuery:
    """What a request wants of a layer.

    Raises:
        InvalidParameterError: a value is not of its parameter's type; says what is expected.
    """
    _, most = page_limits(layer, limits)
    bbox_crs = parse_crs(given.get("bbox-crs", CRS84_URI), "bbox-crs")
    columns = {column.name: column for column in (layer.id_column, *layer.properties)}
    return FeatureQuery(
        layer=layer,
        limit=parse_limit(given["limit"], most) if "limit" in given else default_limit,
        bbox=parse_bbox(given["bbox"], bbox_crs) if "bbox" in given else None,
        bbox_srid=bbox_crs.srid,
        interval=parse_interval(given["datetime"]) if "datetime" in given else None,
        equals={name: parse_value(columns[name], given[name]) for name in columns if name in given},
        filter=_filter(layer, given),
        order=parse_order(layer, given["sortby"]) if "sortby" in given else (),
        cursor=given.get("cursor"),
        crs=parse_crs(given.get("crs", CRS84_URI)),
        properties=_selection(layer, given["properties"]) if "properties" in given else None,
    )


def _filter(layer: Layer, given: Mapping[str, str]) -> Condition | None:
    crs = parse_crs(given.get("filter-crs", CRS84_URI), "filter-crs")
    encoding = given.get("filter-lang", ENCODINGS[0])
    if encoding not in ENCODINGS:
        raise InvalidParameterError(
            "filter-lang", f"{quoted(encoding)} is not one of: {', '.join(ENCODINGS)}."
        )
    return compile_filter(layer, parse(given["filter"], encoding), crs) if "filter" in given else None


def parse_limit(text: str, maximum: int) -> int:
    """A page's size: at least 1, and ``maximum`` where more is asked (OGC 17-069r4, 7.15.2)."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) == 0:
        raise InvalidParameterError("limit", f"{quoted(text)} is not a whole number of at least 1.")
    return min(int(text[:20]), maximum)


def parse_bbox(text: str, crs: OutputCRS) -> Bounds:
    """Four numbers, or six of which the heights are passed over, as x-first bounds.

    They are given in the axis order of ``crs``: latitude first in EPSG:4326.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidParameterError(
            "bbox", f"{quoted(text)} is not four numbers with commas between."
        ) from error
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise InvalidParameterError(
            "bbox", "four finite numbers are needed: the lower corner, then the upper one."
        )
    half = len(numbers) // 2
    (first, second), (third, fourth) = numbers[:2], numbers[half : half + 2]
    return Bounds(second, first, fourth, third) if crs.y_first else Bounds(first, second, third, fourth)


def parse_interval(text: str) -> Interval:
    """An instant, or two with a slash between, of which ``..`` or nothing leaves one end open.

    A date alone means that whole day, and like a time without a zone it is Huế's.

    Raises:
        InvalidParameterError: the text is not of that form, or it ends before it begins.
    """
    parts = text.split("/")
    if len(parts) > 2 or (len(parts) == 1 and text in _OPEN):
        raise InvalidParameterError(
            "datetime", f"{quoted(text)} is neither an instant nor an interval such as 2025-10-26/2025-10-28."
        )
    start = None if parts[0] in _OPEN else _moment(parts[0])[0]
    end, end_included = (None, True) if parts[-1] in _OPEN else _moment(parts[-1])[1:]
    if start is not None and end is not None and (start > end or (start == end and not end_included)):
        raise InvalidParameterError("datetime", "the interval ends before it begins.")
    return Interval(start, end, end_included)


def _moment(text: str) -> tuple[datetime, datetime, bool]:
    """When the moment begins, when it ends, and whether that end belongs to it."""
    # An unescaped plus sign of a query string arrives as a space.
    mended = _LOST_PLUS.sub(r"\1+\2", text.upper() if text[:1].isdigit() else text)
    begin = parse_instant(mended, "datetime")
    if not _DATE.match(mended):
        return begin, begin, True
    try:
        return begin, begin + timedelta(days=1), False
    except OverflowError as error:
        raise InvalidParameterError("datetime", f"{quoted(text)} is beyond the calendar.") from error


def _selection(layer: Layer, text: str) -> tuple[str, ...]:
    """The named properties; the order in the answer is that of the declaration."""
    names = tuple(name.strip() for name in text.split(","))
    known = [column.name for column in layer.properties]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidParameterError(
            "properties", f"{quoted(unknown[0])} is none of this layer's; there are: {', '.join(known)}."
        )
    return names
