"""What EDR says of collections, their instances and their locations."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from urllib.parse import quote

import shapely

from gis_core.config import get_settings
from gis_core.crs import CRS84_URI, served_crs_uris
from gis_core.db import reading
from gis_core.errors import GisError
from gis_core.types import Bounds, Text
from layers.edr.base import Ends, Location, Parameter, Run, Source
from layers.edr.sources import source_of
from ogc_api.asking import Language, said
from ogc_api.described import JSON_TYPE, Document, Link, both_forms, link
from ogc_api.edr.coverage_json import COVERAGE_JSON_TYPE, UCUM
from ogc_api.edr.moments import iso
from ogc_api.edr.question import METRES
from ogc_api.edr.rows import CSV_TYPE, GEOJSON_TYPE

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/{name}"
    for name in (
        "core", "collections", "queries", "json", "geojson", "edr-geojson", "covjson", "html", "oas30",
    )
)  # fmt: skip
FORMATS = {"CoverageJSON": COVERAGE_JSON_TYPE, "GeoJSON": GEOJSON_TYPE, "CSV": CSV_TYPE}
"""The formats of data, by the names that ``f`` gives them; ``json`` and ``html`` are known besides."""

_TRS = 'TIMECRS["DateTime",TDATUM["Gregorian Calendar"],CS[TemporalDateTime,1],AXIS["Time (T)",future]]'
_REMEMBERED_S = 30.0
_TITLES = {
    "position": Text("Số liệu tại một vị trí", "Data at a position"),
    "radius": Text("Số liệu trong một vòng tròn", "Data within a radius"),
    "area": Text("Số liệu trong một vùng", "Data within an area"),
    "cube": Text("Số liệu trong một khung", "Data within a box"),
    "trajectory": Text("Số liệu dọc một đường đi", "Data along a trajectory"),
    "corridor": Text("Số liệu dọc một hành lang", "Data along a corridor"),
    "locations": Text("Các địa điểm có số liệu", "Locations with data"),
    "items": Text("Đối tượng của bộ dữ liệu", "Features of the collection"),
    "instances": Text("Các lần tính", "Dated runs"),
}
_LISTED = {"items": GEOJSON_TYPE, "locations": GEOJSON_TYPE, "instances": JSON_TYPE}
"""The types of what is a list of things and no data."""
_seen: dict[tuple[object, ...], tuple[float, Ends]] = {}
"""Until when to believe it, by collection and database."""


def title_of(query: str) -> Text:
    """What a query gives, for people."""
    return _TITLES[query]


def queries_of(source: Source) -> tuple[str, ...]:
    """All that can be asked of a source, lists of things included."""
    return (*source.queries, *(("items",) if source.items else ()), *_lists(source))


def describe(entry: Document, base: str, spoken: Language) -> Document:
    """A collection's entry with the queries that can be asked of it, its parameters and its times."""
    source = source_of(entry["id"])
    if source is None:
        return entry
    address = f"{base}/collections/{quote(source.collection)}"
    crs = [*entry.get("crs", []), *served_crs_uris()]
    described = {
        **entry,
        "crs": list(dict.fromkeys(crs)),
        "data_queries": _data_queries(source, address, spoken),
        "parameter_names": parameter_names(source, spoken),
        "output_formats": list(FORMATS),
        "distanceunits": list(METRES),
    }
    described["extent"] = {**entry["extent"], "temporal": _temporal(entry, _ends(source))}
    return described


def collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    """Links to what is listed: locations and runs."""
    source = source_of(name)
    lists = () if source is None else _lists(source)
    return [
        link(
            # Not 'data': GDAL would take what stands there for the list of all collections.
            "related",
            _LISTED[one],
            said(_TITLES[one], spoken),
            f"{base}/collections/{quote(name)}/{one}?f=json",
        )
        for one in lists
    ]


def parameter_names(source: Source, spoken: Language) -> Document:
    """The parameters of a source in one language."""
    return {one.name: _parameter(one, spoken) for one in source.parameters.values()}


def locations(base: str, spoken: Language, source: Source, found: Sequence[Location]) -> Document:
    """The locations of a source as EDR GeoJSON."""
    address = f"{base}/collections/{quote(source.collection)}/locations"
    ends, own_links = _ends(source), both_forms(address, spoken)
    return {
        "type": "FeatureCollection",
        "parameters": parameter_names(source, spoken),
        "numberReturned": len(found),
        "links": [own | {"type": GEOJSON_TYPE} if own["rel"] == "self" else own for own in own_links],
        "features": [
            {
                "type": "Feature",
                "id": one.id,
                "geometry": json.loads(shapely.to_geojson(one.shape)),
                "properties": {
                    "label": one.label,
                    "name": one.label,
                    "datetime": None if ends is None else "/".join(map(iso, ends)),
                    "parameter-name": list(source.parameters),
                    "edrqueryendpoint": f"{address}/{quote(one.id, safe='')}",
                },
            }
            for one in found
        ],
    }


def instances(
    base: str, spoken: Language, source: Source, runs: Sequence[Run], *, title: Text, area: Bounds
) -> Document:
    """The dated runs of a source, the newest first; ``area`` is that of the data, EPSG:4326."""
    address = f"{base}/collections/{quote(source.collection)}/instances"
    listed = [instance(base, spoken, source, run, title=title, area=area) for run in reversed(runs)]
    return {"links": both_forms(address, spoken), "instances": listed}


def instance(base: str, spoken: Language, source: Source, run: Run, *, title: Text, area: Bounds) -> Document:
    """One dated run, described as its collection is."""
    address = f"{base}/collections/{quote(source.collection)}/instances/{run.id}"
    at = iso(run.at)
    return {
        "id": run.id,
        "title": f"{said(title, spoken)} – {at}",
        "links": both_forms(address, spoken),
        "extent": {
            "spatial": {"bbox": [list(area)], "crs": CRS84_URI},
            "temporal": {"interval": [[at, at]], "values": [at], "trs": _TRS},
        },
        "data_queries": {
            query: _query(f"{address}/{query}", query, source, spoken) for query in source.queries
        },
        "crs": served_crs_uris(),
        "output_formats": list(FORMATS),
        "parameter_names": parameter_names(source, spoken),
    }


def _ends(source: Source) -> Ends:
    """The first and the last instant, remembered for half a minute; None where they cannot be read."""
    settings = get_settings()
    key = (source.collection, settings.database_url, settings.var_dir)
    known = _seen.get(key)
    if known is not None and time.monotonic() < known[0]:
        return known[1]
    try:
        with reading() as connection:
            ends = source.ends(connection)
    except GisError:
        return None  # the collection's own description says what is wrong
    _seen[key] = (time.monotonic() + _REMEMBERED_S, ends)
    return ends


def _temporal(entry: Document, ends: Ends) -> Document:
    """From the first to the last instant of which the collection holds anything; open where it is empty."""
    if ends is None:
        return {"interval": [[None, None]], "trs": _TRS, **entry["extent"].get("temporal", {})}
    first, last = (iso(one) for one in ends)
    known = entry["extent"].get("temporal", {}).get("interval", [[None, None]])[0]
    interval = [min(filter(None, (first, known[0]))), max(filter(None, (last, known[1])))]
    return {"interval": [interval], "values": [f"{first}/{last}"], "trs": _TRS}


def _lists(source: Source) -> tuple[str, ...]:
    return (*(("locations",) if source.locations else ()), *(("instances",) if source.runs else ()))


def _data_queries(source: Source, address: str, spoken: Language) -> Document:
    return {name: _query(f"{address}/{name}", name, source, spoken) for name in queries_of(source)}


def _query(href: str, query: str, source: Source, spoken: Language) -> Document:
    formats = list(FORMATS) if query not in ("items", "locations", "instances") else ["GeoJSON"]
    variables: Document = {
        "title": said(_TITLES[query], spoken),
        "description": said(source.notes, spoken),
        "query_type": query,
        "output_formats": ["JSON"] if query == "instances" else formats,
        "default_output_format": "JSON" if query == "instances" else formats[0],
    }
    if query == "radius":
        variables["within_units"] = list(METRES)
    if query == "corridor":
        variables |= {"width_units": list(METRES), "height_units": list(METRES)}
    if query == "cube":
        variables["height_units"] = list(METRES)
    media_type = _LISTED.get(query, COVERAGE_JSON_TYPE)
    return {"link": {**link("data", media_type, said(_TITLES[query], spoken), href), "variables": variables}}


def _parameter(parameter: Parameter, spoken: Language) -> Document:
    title = said(parameter.title, spoken)
    observed: Document = {"id": parameter.definition, "label": title}
    described: Document = {
        "type": "Parameter",
        "id": parameter.name,
        "label": title,
        "description": title,
        "data-type": "integer" if parameter.categories else "float",
        "observedProperty": observed,
    }
    if parameter.categories:
        observed["categories"] = [
            {"id": f"{parameter.definition}:{one.name}", "label": said(one.title, spoken)}
            for one in parameter.categories
        ]
        return described
    symbol = {"value": parameter.code, "type": UCUM}
    return {**described, "unit": {"label": parameter.unit, "symbol": symbol}}
