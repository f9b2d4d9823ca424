"""Which kept surfaces a search of the STAC API asks for, and which those are."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from shapely.geometry.base import BaseGeometry

from gis_core.config import Settings
from gis_core.errors import InvalidParameterError, SurfaceNotBuiltError, quoted
from gis_core.types import Bounds
from layers.query import Interval
from layers.raster import RasterLayer
from layers.registry import SURFACES
from layers.surfaces.series import Kept, series
from layers.surfaces.stac import footprint
from ogc_api.features.query import parse_interval

PARAMETERS = ("bbox", "intersects", "datetime", "ids", "collections", "limit", "token")
ITEMS_PARAMETERS = ("bbox", "datetime", "limit", "token", "collections")
"""Of the items of one collection; pystac-client names that collection there once more."""

DEFAULT_LIMIT = 20
MOST_ITEMS = 1_000
"""On a page; whoever asks for more gets so many (STAC API 1.0.0, item search)."""
MOST_NAMES = 1_000
MOST_VERTICES = 10_000

_TOKEN = re.compile(r"(\d{8}T\d{6}Z)\.([\w-]{1,100})", re.ASCII)
_SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_Names = Annotated[list[str], Field(max_length=MOST_NAMES)]


class Search(BaseModel):
    """What a search asks for, as the body of a POST has it; of what is None nothing is asked.

    ``bbox`` has four numbers, or six of which the heights are passed over, in degrees.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    bbox: Annotated[list[float], Field(min_length=4, max_length=6)] | None = None
    intersects: dict[str, Any] | None = None
    datetime: str | None = None
    ids: _Names | None = None
    collections: _Names | None = None
    limit: Annotated[int, Field(ge=1)] = DEFAULT_LIMIT
    token: str | None = None


class Found(NamedTuple):
    """A kept surface, and what it is one of."""

    surface: RasterLayer
    kept: Kept

    @property
    def id(self) -> str:
        """The identifier of its item."""
        return f"{self.surface.name}-{self.kept.path.stem}"

    @property
    def token(self) -> str:
        """Where the page after this one begins."""
        return f"{self.kept.path.stem}.{self.surface.name}"


class Page(NamedTuple):
    """One page of what was found, how many there are in all, and the token of the next, if there is one."""

    found: list[Found]
    matched: int
    next_token: str | None


def read_search(given: Mapping[str, Any]) -> Search:
    """A search from the body of a POST, or from the parameters of a GET made alike.

    Raises:
        InvalidParameterError: a member is unknown, or not of its type.
    """
    try:
        return Search.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "body"
        raise InvalidParameterError(name, f"{first['msg']}.") from error


def from_query(given: Mapping[str, str]) -> Search:
    """A search from the parameters of a query, whose lists have commas and whose geometry is text."""
    read: dict[str, Any] = {name: given[name] for name in ("datetime", "token") if name in given}
    read |= {name: given[name].split(",") for name in ("ids", "collections") if name in given}
    if "bbox" in given:
        read["bbox"] = [_number(part) for part in given["bbox"].split(",")]
    if "limit" in given:
        text = given["limit"]
        if not (text.isascii() and text.isdigit()):
            raise InvalidParameterError("limit", f"{quoted(text)} is not a whole number of at least 1.")
        read["limit"] = int(text[:20])
    if "intersects" in given:
        read["intersects"] = parse_json(given["intersects"], "intersects")
    return read_search(read)


def parse_json(text: str | bytes, parameter: str) -> Any:
    """A JSON text.

    Raises:
        InvalidParameterError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidParameterError(parameter, "is no JSON that can be read.") from error


def find(search: Search, settings: Settings) -> Page:
    """The kept surfaces that a search asks for: the newest first, those of one instant by name.

    Raises:
        InvalidParameterError: the place, the time or the token cannot be.
    """
    area = _area(search)
    interval = None if search.datetime is None else parse_interval(search.datetime)
    after = None if search.token is None else _place_of(search.token)
    matching = sorted(_matching(search, area, interval, settings), key=_order)
    rest = matching if after is None else [found for found in matching if _order(found) > after]
    limit = min(search.limit, MOST_ITEMS)
    page = rest[:limit]
    return Page(page, len(matching), page[-1].token if len(rest) > limit else None)


def found_of(surface: RasterLayer, item_id: str, settings: Settings) -> Found | None:
    """The kept surface of an identifier, None where none is kept."""
    every = (Found(surface, kept) for kept in series(surface, settings))
    return next((found for found in every if found.id == item_id), None)


def _matching(
    search: Search, area: BaseGeometry | None, interval: Interval | None, settings: Settings
) -> Iterator[Found]:
    ids = None if search.ids is None else set(search.ids)
    met: dict[Bounds, bool] = {}
    for surface in SURFACES.values():
        if search.collections is not None and surface.name not in search.collections:
            continue
        for kept in series(surface, settings):
            found = Found(surface, kept)
            if (ids is None or found.id in ids) and _is_within(kept.at, interval) and _meets(kept, area, met):
                yield found


def _meets(kept: Kept, area: BaseGeometry | None, met: dict[Bounds, bool]) -> bool:
    """Whether a kept surface meets an area; most have one extent, which is compared once."""
    if area is None:
        return True
    try:
        bounds = footprint(kept.path)
    except SurfaceNotBuiltError:
        # It was forgotten since the series was listed.
        return False
    if bounds not in met:
        met[bounds] = bool(area.intersects(shapely.box(*bounds)))
    return met[bounds]


def _is_within(at: datetime, interval: Interval | None) -> bool:
    if interval is None:
        return True
    if interval.start is not None and at < interval.start:
        return False
    return interval.end is None or at < interval.end or (interval.end_included and at == interval.end)


def _order(found: Found) -> tuple[float, str]:
    return -found.kept.at.timestamp(), found.surface.name


def _place_of(token: str) -> tuple[float, str]:
    match = _TOKEN.fullmatch(token)
    try:
        if match is not None:
            return -datetime.strptime(f"{match[1]}+0000", "%Y%m%dT%H%M%SZ%z").timestamp(), match[2]
    except ValueError:
        match = None
    raise InvalidParameterError("token", "is none of ours; take it from the link 'next' of a page.")


def _area(search: Search) -> BaseGeometry | None:
    if search.bbox is not None and search.intersects is not None:
        raise InvalidParameterError("bbox", "give either bbox or intersects, not both.")
    if search.bbox is not None:
        return _box(search.bbox)
    return None if search.intersects is None else _shape(search.intersects)


def _box(numbers: list[float]) -> BaseGeometry:
    """A box in degrees; a west beyond the east crosses the antimeridian (RFC 7946, section 5.2)."""
    if len(numbers) == 5 or not all(map(math.isfinite, numbers)):
        raise InvalidParameterError("bbox", "has four finite numbers, or six with heights.")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if south > north:
        raise InvalidParameterError("bbox", "its south lies north of its north.")
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))


def _shape(document: dict[str, Any]) -> BaseGeometry:
    if document.get("type") not in _SHAPES:
        raise InvalidParameterError("intersects", f"its type is not one of: {', '.join(_SHAPES)}.")
    try:
        shape = shapely.from_geojson(json.dumps(document))
    except (shapely.GEOSException, ValueError, RecursionError) as error:
        raise InvalidParameterError("intersects", "is no geometry of GeoJSON.") from error
    if shapely.get_num_coordinates(shape) > MOST_VERTICES:
        raise InvalidParameterError("intersects", f"has more than {MOST_VERTICES:,} vertices.")
    if shape.is_empty or not shape.is_valid:
        raise InvalidParameterError("intersects", f"is not valid: {shapely.is_valid_reason(shape)}.")
    return shape


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidParameterError("bbox", f"{quoted(text)} is not a number.") from error
