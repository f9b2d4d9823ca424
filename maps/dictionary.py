"""The data dictionary as a page, and as CSV and JSON for programs."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gis_core.errors import InvalidParameterError
from gis_core.types import Text
from layers.base import Layer
from layers.dictionary import Term, terms, to_csv, to_json
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from maps.page import render
from maps.request import parse_ask
from maps.words import Language, same

_TYPES = {
    "text": Text("văn bản", "text"),
    "list of texts": Text("danh sách văn bản", "list of texts"),
    "number": Text("số", "number"),
    "whole number": Text("số nguyên", "whole number"),
    "true/false": Text("đúng/sai", "true/false"),
    "time": Text("thời điểm", "time"),
    "uuid": same("UUID"),
    "observed property": Text("đại lượng quan trắc", "observed property"),
    "raster band": Text("kênh ảnh", "raster band"),
    "point": Text("điểm", "point"),
    "linestring": Text("đường", "line"),
    "multilinestring": Text("nhiều đường", "lines"),
    "polygon": Text("vùng", "area"),
    "multipolygon": Text("nhiều vùng", "areas"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One column as the page shows it."""

    name: str
    meaning: Text
    type: Text
    unit: str
    limits: str
    values: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One layer or surface with its columns."""

    of: Layer | RasterLayer
    lines: tuple[Line, ...]


def dictionary(request: Request) -> Response:
    """The dictionary in the form that ``f`` names: html, json or csv.

    Raises:
        InvalidParameterError: another form or language was asked for.
    """
    form = request.query_params.get("f") or "html"
    if form == "html":
        language = parse_ask(request.query_params).language
        return HTMLResponse(render_dictionary(language), headers={"Cache-Control": "no-cache"})
    if form == "json":
        return Response(to_json(), media_type="application/json")
    if form == "csv":
        return Response(
            to_csv(),
            media_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="huegis-dictionary.csv"'},
        )
    raise InvalidParameterError("f", f"'{form[:20]}' is not offered; choose html, json or csv.")


def render_dictionary(language: Language) -> str:
    """The page in a language."""
    lines: dict[str, list[Line]] = {}
    for term in terms():
        lines.setdefault(term.layer, []).append(_line(term))
    declared: list[Layer | RasterLayer] = [*LAYERS.values(), *SURFACES.values()]
    chapters = [Chapter(entry, tuple(lines[entry.name])) for entry in declared]
    return render("dictionary.html", language, root="", standalone=False, chapters=chapters)


def _line(term: Term) -> Line:
    return Line(
        term.column,
        Text(term.meaning_vi, term.meaning_en),
        _TYPES.get(term.type, same(term.type)),
        term.unit,
        _limits(term.minimum, term.maximum),
        term.values,
    )


def _limits(minimum: str, maximum: str) -> str:
    if minimum and maximum:
        return f"{minimum} … {maximum}"
    if minimum:
        return f"≥ {minimum}"
    return f"≤ {maximum}" if maximum else ""
