"""``/map``: a surface as a styled picture, whole, in part, or in tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import rasterio
from anyio import CapacityLimiter
from pyproj.exceptions import ProjError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.crs import OutputCRS, crs_uri, parse_crs, transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds
from layers.registry import SURFACES
from layers.styles.catalogue import BandStyle, styles_of
from layers.styles.painting import paint
from layers.tiles.matrix_sets import TILE_PX
from ogc_api.asking import parameters
from ogc_api.coverages.provider import built_path
from ogc_api.coverages.query import parse_cut
from ogc_api.described import described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.maps import documents
from ogc_api.maps.documents import PNG_TYPE
from ogc_api.named import collection_of
from ogc_api.tiles.places import matrix_set_of, place_of

PARAMETERS = ("bbox", "bbox-crs", "subset", "subset-crs", "datetime", "crs", "width", "height")
MOST_PX = 4_096
"""The longest side of a picture."""
_MOST_CELLS = 8_000_000
"""Of a picture: what one answer may hold in memory, some hundred megabytes while it is drawn."""
LONGER_SIDE_PX = 1_024
"""Of a picture whose size is not asked for."""


class _Frame(NamedTuple):
    """Where a picture lies, and its size in pixels."""

    area: Bounds
    crs: OutputCRS
    width_px: int
    height_px: int


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of maps and map tiles, below ``/ogc``: in the default style, or in a named one."""
    maps = _Maps(settings)
    limiter = CapacityLimiter(settings.ogc_api.tiles.at_a_time)
    found: list[BaseRoute] = []
    for place in ("/ogc/collections/{name}", "/ogc/collections/{name}/styles/{style}"):
        answers: dict[str, Callable[[Request], Response]] = {
            f"{place}/map": maps.picture,
            f"{place}/map/tiles": maps.tilesets,
            f"{place}/map/tiles/{{matrix_set}}": maps.tileset,
            f"{place}/map/tiles/{{matrix_set}}/{{level}}/{{row}}/{{col}}": maps.tile,
        }
        found += [Route(path, Endpoint(answer, limiter)) for path, answer in answers.items()]
    return found


class _Maps:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def picture(self, request: Request) -> Response:
        style = _band_style(request)
        given = parameters(request, PARAMETERS, ("png",))
        cut = parse_cut(given)
        path = built_path(style.surface, cut.until)
        frame = _frame(given, cut.bounds, cut.srid, path)
        headers = {
            "Content-Crs": f"<{frame.crs.uri}>",
            "Content-Bbox": ",".join(f"{limit:.10g}" for limit in _ordered(frame.area, frame.crs)),
        }
        return _painted(request, style, path, frame, headers)

    def tile(self, request: Request) -> Response:
        style, of = _band_style(request), matrix_set_of(request)
        given = parameters(request, ("datetime",), ("png",))
        level, row, col = place_of(request, of)
        path = built_path(style.surface, parse_cut(given).until)
        crs = OutputCRS(of.crs_uri, of.srid, y_first=False)
        frame = _Frame(of.tile_bounds(level, row, col), crs, TILE_PX, TILE_PX)
        return _painted(request, style, path, frame, {})

    def tilesets(self, request: Request) -> Response:
        style = _band_style(request)
        return described(
            request,
            self._settings,
            "map_tilesets.html",
            lambda base, spoken: documents.tilesets(base, spoken, style),
            style=style,
        )

    def tileset(self, request: Request) -> Response:
        style, of = _band_style(request), matrix_set_of(request)
        area = self._settings.province.bounds
        return described(
            request,
            self._settings,
            "map_tileset.html",
            lambda base, spoken: documents.tileset(base, spoken, style, of, area),
            style=style,
        )


def _painted(
    request: Request, style: BandStyle, path: Path, frame: _Frame, headers: Mapping[str, str]
) -> Response:
    state = path.stat()
    drawn = (path.name, state.st_mtime_ns, state.st_size, style, *frame.area, frame.crs.srid, *frame[2:])
    tag = f'W/"{blake2b(repr(drawn).encode(), digest_size=12).hexdigest()}"'
    kept = {**headers, "ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    picture = paint(path, style, frame.area, frame.crs.srid, (frame.width_px, frame.height_px))
    return Response(picture, media_type=PNG_TYPE, headers=kept)


def _frame(given: Mapping[str, str], bounds: Bounds | None, srid: int, path: Path) -> _Frame:
    with rasterio.open(path) as source:
        native, whole = source.crs.to_epsg(), Bounds(*source.bounds)
    crs = parse_crs(given.get("crs", crs_uri(native)))
    area = _moved(whole, native, crs.srid) if bounds is None else _moved(bounds, srid, crs.srid)
    return _Frame(area, crs, *_size_px(given, area))


def _moved(area: Bounds, source: int, target: int) -> Bounds:
    if source == target:
        moved = area
    else:
        try:
            moved = Bounds(*transformer(source, target).transform_bounds(*area, errcheck=True))
        except ProjError as error:
            raise InvalidParameterError("bbox", f"reaches beyond where EPSG:{target} is defined.") from error
    if not (moved.west < moved.east and moved.south < moved.north):
        raise InvalidParameterError("bbox", "must have a width and a height.")
    return moved


def _size_px(given: Mapping[str, str], area: Bounds) -> tuple[int, int]:
    """Width and height; what is not given follows from the shape of the area."""
    shape = (area.east - area.west) / (area.north - area.south)
    width, height = (_pixels(given, name) for name in ("width", "height"))
    if width is None and height is None:
        width = LONGER_SIDE_PX if shape >= 1 else round(LONGER_SIDE_PX * shape)
    if width is None:
        width = round((height or 1) * shape)
    if height is None:
        height = round(width / shape)
    width, height = (min(max(side, 1), MOST_PX) for side in (width, height))
    if width * height > _MOST_CELLS:
        raise InvalidParameterError(
            "width", f"{width} × {height} is more than {_MOST_CELLS:,} pixels; ask for a smaller picture."
        )
    return width, height


def _pixels(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PX)) and 1 <= int(text) <= MOST_PX
    ):
        raise InvalidParameterError(name, f"{quoted(text)} is not a whole number from 1 to {MOST_PX}.")
    return int(text)


def _ordered(area: Bounds, crs: OutputCRS) -> tuple[float, ...]:
    west, south, east, north = area
    return (south, west, north, east) if crs.y_first else (west, south, east, north)


def _band_style(request: Request) -> BandStyle:
    name = collection_of(request).name
    if name not in SURFACES:
        raise not_found(
            f"Layer '{name}' has no picture; its style is at /ogc/styles/{name}, its tiles at "
            f"/ogc/collections/{name}/tiles."
        )
    styles = {style.name: style for style in styles_of(name) if isinstance(style, BandStyle)}
    wanted: str = request.path_params.get("style", name)
    if wanted not in styles:
        raise not_found(f"Surface '{name}' has no style {quoted(wanted)}; there are: {', '.join(styles)}.")
    return styles[wanted]
