"""``/map``: a surface as a styled picture, whole, in part, or in tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.crs import OutputCRS
from gis_core.errors import quoted
from layers.registry import SURFACES
from layers.styles.catalogue import BandStyle, styles_of
from layers.styles.painting import paint
from layers.tiles.matrix_sets import TILE_PX
from ogc_api.asking import parameters
from ogc_api.coverages.cells import built, whole_place
from ogc_api.coverages.headers import place_headers
from ogc_api.coverages.query import parse_cut
from ogc_api.described import described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.maps import background, documents, frame
from ogc_api.maps.background import grounds
from ogc_api.maps.documents import PNG_TYPE
from ogc_api.maps.frame import Frame, frame_of
from ogc_api.named import collection_of
from ogc_api.tiles.places import matrix_set_of, place_of

PARAMETERS = (
    "bbox", "bbox-crs", "subset", "subset-crs", "datetime", *frame.PARAMETERS, *background.PARAMETERS,
)  # fmt: skip


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
        file = built(style.surface, cut.until)
        shown = frame_of(given, cut, whole_place(file.path))
        headers = place_headers(shown.area, shown.crs, file.at)
        return _painted(request, style, file.path, shown, given, headers=headers)

    def tile(self, request: Request) -> Response:
        style, of = _band_style(request), matrix_set_of(request)
        given = parameters(request, ("datetime", *background.PARAMETERS), ("png",))
        level, row, col = place_of(request, of)
        file = built(style.surface, parse_cut(given).until)
        crs = OutputCRS(of.crs_uri, of.srid, y_first=False)
        shown = Frame(of.tile_bounds(level, row, col), crs, TILE_PX, TILE_PX)
        return _painted(request, style, file.path, shown, given, headers={})

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
    request: Request,
    style: BandStyle,
    path: Path,
    shown: Frame,
    given: Mapping[str, str],
    *,
    headers: Mapping[str, str],
) -> Response:
    state, (beneath, void) = path.stat(), grounds(given)
    drawn = (
        path.name, state.st_mtime_ns, state.st_size, style,
        *shown.area, shown.crs.srid, shown.width_px, shown.height_px, beneath, void,
    )  # fmt: skip
    tag = f'W/"{blake2b(repr(drawn).encode(), digest_size=12).hexdigest()}"'
    kept = {**headers, "ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    size_px = (shown.width_px, shown.height_px)
    picture = paint(path, style, shown.area, shown.crs.srid, size_px, background=beneath, void=void)
    return Response(picture, media_type=PNG_TYPE, headers=kept)


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
