"""The paths of EDR in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.edr.base import QueryType, Source
from layers.edr.sources import source_of
from layers.raster import RasterLayer
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.edr.coverage_json import COVERAGE_JSON_TYPE
from ogc_api.edr.documents import FORMATS, title_of
from ogc_api.edr.question import KINDS, METRES, MOST_M, OWN, Z_PATTERN
from ogc_api.edr.rows import GEOJSON_TYPE
from ogc_api.openapi_blocks import documented, errors, form, get, in_path, query, shared

_HELP = {
    "within": Text("Bán kính.", "The radius."),
    "corridor-width": Text("Bề rộng toàn hành lang.", "The width of the whole corridor."),
    "corridor-height": Text(
        "Được chấp nhận nhưng không có tác dụng: số liệu ở đây không có chiều cao.",
        "Accepted, and of no effect: the data have no vertical extent.",
    ),
    "within-units": Text("Đơn vị của within.", "The unit of within."),
    "width-units": Text("Đơn vị của corridor-width.", "The unit of corridor-width."),
    "height-units": Text("Đơn vị của corridor-height.", "The unit of corridor-height."),
}
_REQUIRED = ("coords", "bbox", "within", "within-units", "corridor-width", "width-units")
_COORDS = Text(
    "WKT theo hệ tọa độ của crs: {kinds}. Đường có thể mang thời điểm (M), tính bằng giây từ 1970.",
    "WKT in the CRS of crs: {kinds}. Lines may carry instants (M), in seconds since 1970.",
)
_Z = Text(
    "Chiều cao; số liệu ở đây không có chiều cao nên tham số này không có tác dụng.",
    "Heights; the data have none, so that it has no effect.",
)


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """The queries, locations and dated runs of one collection."""
    source = source_of(declared.name)
    if source is None:
        return {}
    path, tag = f"/collections/{declared.name}", declared.name
    paths: Document = {}
    run = in_path("instanceId", {"type": "string"}, Text("Lần tính.", "The dated run."), spoken)
    for one in source.queries:
        name, title = f"{one.title()}{operation}", said(title_of(one), spoken)
        asked = _parameters(spoken, source, one)
        paths[f"{path}/{one}"] = get(f"get{name}", title, tag, asked, _data(spoken))
        if source.runs is not None:
            at = f"{path}/instances/{{instanceId}}/{one}"
            paths[at] = get(f"getInstance{name}", title, tag, [run, *asked], _data(spoken))
    if source.runs is not None:
        title = said(title_of("instances"), spoken)
        several, single = f"{path}/instances", f"{path}/instances/{{instanceId}}"
        answers = documented("400", "404")
        paths[several] = get(f"getInstances{operation}", title, tag, shared("f", "lang"), answers)
        paths[single] = get(f"getInstance{operation}", title, tag, [run, *shared("f", "lang")], answers)
    if source.locations is not None:
        paths |= _locations(spoken, source, path, tag, operation)
    return paths


def responses(spoken: Language) -> Document:
    """The answers to which the paths refer."""
    anything: Document = {"schema": {"type": "object"}}
    text: Document = {"schema": {"type": "string"}}
    content = {COVERAGE_JSON_TYPE: anything, GEOJSON_TYPE: anything, "text/csv": text, "text/html": text}
    return {
        "EnvironmentalData": {
            "description": said(
                Text("Số liệu theo thời gian và không gian.", "Data by time and place."), spoken
            ),
            "headers": {"Content-Crs": {"schema": {"type": "string"}}},
            "content": content,
        },
        "Locations": {
            "description": said(Text("Các địa điểm.", "The locations."), spoken),
            "content": {GEOJSON_TYPE: anything, "text/html": text},
        },
    }


def _locations(spoken: Language, source: Source, path: str, tag: str, operation: str) -> Document:
    title = said(title_of("locations"), spoken)
    place = in_path("locationId", {"type": "string"}, Text("Mã địa điểm.", "The location."), spoken)
    every = {"200": {"$ref": "#/components/responses/Locations"}, **errors("400", "404", "503")}
    listing = [*shared("bbox", "crs", "f", "lang")]
    return {
        f"{path}/locations": get(f"getLocations{operation}", title, tag, listing, every),
        f"{path}/locations/{{locationId}}": get(
            f"getLocation{operation}", title, tag, [place, *_common(spoken, source)], _data(spoken)
        ),
    }


def _data(spoken: Language) -> Document:
    return {"200": {"$ref": "#/components/responses/EnvironmentalData"}, **errors("400", "404", "503")}


def _parameters(spoken: Language, source: Source, one: QueryType) -> list[Document]:
    asked = [_own(spoken, one, name) for name in OWN[one]]
    return [*asked, *_common(spoken, source)]


def _own(spoken: Language, one: QueryType, name: str) -> Document:
    if name == "bbox":
        return {
            **query(
                "bbox",
                {
                    "type": "array",
                    "items": {"type": "number"},
                    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
                },
                said(Text("Khung, theo hệ tọa độ của crs.", "The box, in the CRS of crs."), spoken),
            ),
            "style": "form",
            "explode": False,
            "required": True,
        }
    if name == "coords":
        kinds = ", ".join(KINDS[one])
        letters = "(ZM|Z|M)?" if one in ("trajectory", "corridor") else "(Z)?"
        schema: Document = {"type": "string", "pattern": rf"^\s*({'|'.join(KINDS[one])})\s*{letters}\s*\("}
        made = query("coords", schema, said(_COORDS, spoken).format(kinds=kinds))
        return made | {"example": _EXAMPLES[one], "required": True}
    if name.endswith("-units"):
        schema = {"type": "string", "enum": list(METRES)}
    else:
        schema = {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": MOST_M}
    made = query(name, schema, said(_HELP[name], spoken))
    return made | {"required": name in _REQUIRED}


_EXAMPLES = {
    "position": "POINT(107.58 16.46)",
    "radius": "POINT(107.58 16.46)",
    "area": "POLYGON((107.5 16.4,107.6 16.4,107.6 16.5,107.5 16.5,107.5 16.4))",
    "trajectory": "LINESTRING(107.55 16.45,107.62 16.48)",
    "corridor": "LINESTRING(107.55 16.45,107.62 16.48)",
}


def _common(spoken: Language, source: Source) -> list[Document]:
    names = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(source.parameters)}}
    wanted = said(Text("Các đại lượng cần lấy.", "The parameters wanted."), spoken)
    return [
        query("parameter-name", names, wanted) | {"style": "form", "explode": False},
        query("z", {"type": "string", "pattern": Z_PATTERN}, said(_Z, spoken)),
        *shared("datetime", "crs"),
        form(*FORMATS, "json", "html", default="CoverageJSON"),
        *shared("lang"),
    ]
