"""``/styles`` and ``/legend``: how each layer and surface is drawn, in the formats of other clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.errors import quoted
from layers.styles.catalogue import STYLES, BandStyle, LayerStyle, Say, styles_of
from layers.styles.legend import legend_png
from layers.styles.maplibre import maplibre
from layers.styles.qml import qml
from layers.styles.sld import sld
from layers.tiles.matrix_sets import WEB_MERCATOR_QUAD
from ogc_api.asking import Language, base_url, language, parameters, prefers_html, said
from ogc_api.described import described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.named import collection_of
from ogc_api.pages import page
from ogc_api.styles import documents

PNG_TYPE = "image/png"
_FILE_ENDINGS = {"qml": "qml", "sld11": "sld", "mbs": "json"}
_WRITERS: Mapping[str, Callable[[LayerStyle | BandStyle, Say], bytes]] = {"qml": qml, "sld11": sld}


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of styles and legends, below ``/ogc``."""
    answers = _Styles(settings)
    paths: dict[str, Callable[[Request], Response]] = {
        "/ogc/styles": answers.every,
        "/ogc/styles/{style}": answers.one,
        "/ogc/styles/{style}/metadata": answers.metadata,
        "/ogc/styles/{style}/legend": answers.legend,
        "/ogc/collections/{name}/styles": answers.of_collection,
        "/ogc/collections/{name}/legend": answers.collection_legend,
    }
    return [Route(path, Endpoint(answer)) for path, answer in paths.items()]


class _Styles:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def every(self, request: Request) -> Response:
        return described(request, self._settings, "styles.html", documents.styles)

    def of_collection(self, request: Request) -> Response:
        name = collection_of(request).name
        return described(
            request,
            self._settings,
            "styles.html",
            lambda base, spoken: documents.styles(base, spoken, name),
        )

    def metadata(self, request: Request) -> Response:
        style = _style(request)
        return described(
            request,
            self._settings,
            "style.html",
            lambda base, spoken: documents.metadata(base, spoken, style),
        )

    def one(self, request: Request) -> Response:
        style = _style(request)
        parameters(request, (), (*documents.FORMATS, "html"))
        spoken, base = language(request), base_url(request, self._settings)
        if prefers_html(request):
            return page(request, "style.html", document=documents.metadata(base, spoken, style))
        form = request.query_params.get("f") or _accepted(request)
        headers = {
            "Content-Language": spoken,
            "Content-Disposition": f'inline; filename="{style.name}.{_FILE_ENDINGS[form]}"',
        }
        kind = documents.FORMATS[form]
        if form in _WRITERS:
            return Response(_WRITERS[form](style, _say(spoken)), media_type=kind, headers=headers)
        area = self._settings.province.bounds
        content = maplibre(style, _say(spoken), tiles_address(base, style), area)
        return JSONResponse(content, media_type=kind, headers=headers)

    def legend(self, request: Request) -> Response:
        return self._legend(request, _style(request))

    def collection_legend(self, request: Request) -> Response:
        return self._legend(request, styles_of(collection_of(request).name)[0])

    def _legend(self, request: Request, style: LayerStyle | BandStyle) -> Response:
        parameters(request, (), ("png",))
        spoken = language(request)
        picture = legend_png(style, _say(spoken), self._settings.static_dir)
        return Response(picture, media_type=PNG_TYPE, headers={"Content-Language": spoken})


def tiles_address(base: str, style: LayerStyle | BandStyle) -> str:
    """The template of the tiles that a style draws, as map libraries write it."""
    place = f"{WEB_MERCATOR_QUAD.name}/{{z}}/{{y}}/{{x}}"
    if isinstance(style, LayerStyle):
        return f"{base}/collections/{style.collection}/tiles/{place}?f=mvt"
    return f"{base}/collections/{style.collection}/styles/{style.name}/map/tiles/{place}"


def _style(request: Request) -> LayerStyle | BandStyle:
    name: str = request.path_params["style"]
    if name not in STYLES:
        raise not_found(f"There is no style {quoted(name)}; /ogc/styles lists them.")
    return STYLES[name]


def _accepted(request: Request) -> str:
    """The format that the Accept header names first among ours, else the default one."""
    accepted = request.headers.get("accept", "")
    places = {name: accepted.find(kind.partition(";")[0]) for name, kind in documents.FORMATS.items()}
    named = {name: place for name, place in places.items() if place >= 0}
    return min(named, key=named.__getitem__, default=next(iter(documents.FORMATS)))


def _say(spoken: Language) -> Say:
    return lambda text: said(text, spoken)
