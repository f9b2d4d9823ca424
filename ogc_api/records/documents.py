"""What the catalogue says of itself, and each record (OGC 20-004r1, clauses 7 and 8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from gis_core.config import Settings
from gis_core.crs import CRS84_URI
from gis_core.types import Text
from layers.base import Layer
from layers.processes.base import Process
from ogc_api.asking import Language, said
from ogc_api.config import TITLE as SERVICE
from ogc_api.coverages.encodings import COVERAGE_JSON_TYPE, GEOTIFF_TYPE
from ogc_api.described import JSON_TYPE, Document, Link, both_forms, link
from ogc_api.facts import Facts
from ogc_api.maps import documents as maps
from ogc_api.records.entries import Entry
from ogc_api.records.searching import Page
from ogc_api.schema import SCHEMA_TYPE
from ogc_api.stac import documents as stac
from ogc_api.styles import documents as styles
from ogc_api.tiles import documents as tiles

NAME = "catalogue"
GEOJSON_TYPE = "application/geo+json"
PROFILE = "http://www.opengis.net/def/profile/OGC/0/ogc-record"
_RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"
CONFORMANCE = tuple(
    f"{_RECORDS}/{name}"
    for name in (
        "record-core", "record-collection", "record-core-query-parameters", "record-api",
        "json", "html", "oas30",
    )
)  # fmt: skip
"""The conformance classes that the catalogue adds."""

TITLE = Text("Danh mục dữ liệu", "Data catalogue")
_DESCRIPTION = Text(
    "Mọi lớp dữ liệu, bề mặt tính toán và kiểu hiển thị; tìm được bằng tiếng Việt có dấu hay không dấu.",
    "Every layer, computed surface and style; Vietnamese can be searched with and without accents.",
)
_RECORD_LIST = Text("Các bản ghi", "The records")
_RECORD = Text("Bản ghi", "The record")
_ITEMS = Text("Đối tượng dạng GeoJSON", "The features as GeoJSON")
_COVERAGE = Text("Dữ liệu lưới dạng GeoTIFF", "The cells as GeoTIFF")
_PROJECT = Text("Dự án QGIS với mọi lớp dữ liệu", "QGIS project with every layer")
_SERVICE_PAGE = Text("Trang của bộ dữ liệu", "Page of the collection")
_SCHEMA = Text("Lược đồ", "Schema")
_NEXT = Text("Trang sau", "Next page")
_PREVIOUS = Text("Trang trước", "Previous page")
_LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
_OGC_SCHEMA = "http://www.opengis.net/def/rel/ogc/1.0/schema"
_OGC_CATALOGUE = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog"
_MVT_TYPE = "application/vnd.mapbox-vector-tile"
_FORMATS_OF_LAYER = (("GeoJSON", GEOJSON_TYPE), ("Mapbox Vector Tiles", _MVT_TYPE), ("HTML", "text/html"))
_FORMATS_OF_SURFACE = (
    ("Cloud-Optimized GeoTIFF", GEOTIFF_TYPE), ("CoverageJSON", COVERAGE_JSON_TYPE), ("PNG", "image/png"),
)  # fmt: skip


def landing_links(base: str, spoken: Language) -> list[Link]:
    """What the landing page says of the catalogue."""
    return [link(_OGC_CATALOGUE, GEOJSON_TYPE, said(TITLE, spoken), items_address(base))]


def collection(base: str, spoken: Language, settings: Settings) -> Document:
    """The catalogue as a collection whose items are records."""
    return {
        "id": NAME,
        "type": "Collection",
        "itemType": "record",
        "title": said(TITLE, spoken),
        "description": said(_DESCRIPTION, spoken),
        "keywords": [said(TITLE, spoken), "metadata", "siêu dữ liệu"],
        "attribution": said(SERVICE, spoken),
        "extent": {"spatial": {"bbox": [list(settings.province.bounds)], "crs": CRS84_URI}},
        "crs": [CRS84_URI],
        "conformsTo": [f"{_RECORDS}/record-collection"],
        "links": [
            *both_forms(_address(base), spoken),
            link("items", GEOJSON_TYPE, said(_RECORD_LIST, spoken), f"{items_address(base)}?f=json"),
            link("items", "text/html", said(_RECORD_LIST, spoken), f"{items_address(base)}?f=html"),
            link(_OGC_SCHEMA, SCHEMA_TYPE, said(_SCHEMA, spoken), f"{_address(base)}/schema?f=json"),
            link(_OGC_SCHEMA, "text/html", said(_SCHEMA, spoken), f"{_address(base)}/schema?f=html"),
            link("profile", "text/html", "OGC Record", PROFILE),
        ],
    }


def records(
    base: str,
    spoken: Language,
    page: Page,
    asked: dict[str, str],
    *,
    facts: dict[str, Facts],
    settings: Settings,
) -> Document:
    """A page of records; ``facts`` are those of the entries on it, ``asked`` led to it."""
    here = items_address(base)
    links = [
        link("self", GEOJSON_TYPE, said(_RECORD_LIST, spoken), _with(here, asked, f="json")),
        link("alternate", "text/html", said(_RECORD_LIST, spoken), _with(here, asked, f="html")),
        link("collection", JSON_TYPE, said(TITLE, spoken), _address(base)),
        link("profile", "text/html", "OGC Record", PROFILE),
    ]
    for rel, title, offset in (
        ("next", _NEXT, page.next_offset),
        ("prev", _PREVIOUS, page.previous_offset),
    ):
        if offset is not None:
            beside = _with(here, asked, f="json", offset=str(offset))
            links.append(link(rel, GEOJSON_TYPE, said(title, spoken), beside))
    return {
        "type": "FeatureCollection",
        "timeStamp": _iso(datetime.now(UTC)),
        "numberMatched": page.matched,
        "numberReturned": len(page.found),
        "features": [record(base, spoken, entry, facts[entry.id], settings) for entry in page.found],
        "links": links,
    }


def record(base: str, spoken: Language, entry: Entry, facts: Facts, settings: Settings) -> Document:
    """One record: what the resource is, who keeps it, where and when it is, and every way to it."""
    declared, theme = entry.declared, entry.theme
    here = f"{items_address(base)}/{quote(entry.id, safe='')}"
    described = [said(declared.description, spoken), *(said(remark, spoken) for remark in facts.remarks)]
    west, south, east, north = settings.province.bounds
    properties: dict[str, Any] = {
        "type": entry.kind,
        "title": said(entry.title, spoken),
        "description": " ".join(described),
        "keywords": list(declared.keywords),
        "language": _language(spoken),
        "languages": [_language(code) for code in _LANGUAGES],
        "themes": [{"concepts": [{"id": theme.en, "title": said(theme, spoken)}], "scheme": _address(base)}],
        "formats": [{"name": name, "mediaType": kind} for name, kind in _formats(entry)],
        "contacts": [{"organization": said(entry.steward, spoken), "roles": ["custodian"]}],
    }
    if entry.external_ids:
        properties["externalIds"] = [
            {"scheme": scheme, "value": value} for scheme, value in entry.external_ids
        ]
    return {
        "id": entry.id,
        "type": "Feature",
        "conformsTo": [f"{_RECORDS}/record-core"],
        "time": _time(facts),
        "geometry": {
            "type": "Polygon",
            # From the south-west, for clients that take the first and the third corner for the box.
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "properties": properties,
        "links": [
            link("self", GEOJSON_TYPE, said(_RECORD, spoken), f"{here}?f=json"),
            link("alternate", "text/html", said(_RECORD, spoken), f"{here}?f=html"),
            link("collection", JSON_TYPE, said(TITLE, spoken), _address(base)),
            link("profile", "text/html", "OGC Record", PROFILE),
            *_ways_to(base, spoken, entry),
        ],
    }


def items_address(base: str) -> str:
    """Where the records are."""
    return f"{_address(base)}/items"


def _ways_to(base: str, spoken: Language, entry: Entry) -> list[Link]:
    if isinstance(entry.declared, Process):
        return _ways_to_process(base, spoken, entry.declared)
    name = entry.declared.name
    collection_page = f"{base}/collections/{quote(name, safe='')}"
    if entry.style is not None:
        sheets = styles.metadata(base, spoken, entry.style)
        return [
            *(sheet["link"] for sheet in sheets["stylesheets"]),
            *(one for one in sheets["links"] if one["rel"] not in ("self", "alternate")),
        ]
    data = (
        link("items", GEOJSON_TYPE, said(_ITEMS, spoken), f"{collection_page}/items?f=json")
        if isinstance(entry.declared, Layer)
        else link("enclosure", GEOTIFF_TYPE, said(_COVERAGE, spoken), f"{collection_page}/coverage?f=GTiff")
    )
    project = f"{base.removesuffix('/ogc')}/qgis/hue.qgs"
    return [
        link("describes", JSON_TYPE, said(entry.title, spoken), f"{collection_page}?f=json"),
        link("about", "text/html", said(_SERVICE_PAGE, spoken), f"{collection_page}?f=html"),
        data,
        *tiles.collection_links(base, spoken, name),
        *maps.collection_links(base, spoken, name),
        *stac.collection_links(base, spoken, name),
        *styles.collection_links(base, spoken, name),
        link("related", "application/x-qgis-project", said(_PROJECT, spoken), project),
    ]


def _ways_to_process(base: str, spoken: Language, process: Process) -> list[Link]:
    here, title = f"{base}/processes/{quote(process.id, safe='')}", said(process.title, spoken)
    return [
        link("describes", JSON_TYPE, title, f"{here}?f=json"),
        link("about", "text/html", title, f"{here}?f=html"),
    ]


def _formats(entry: Entry) -> tuple[tuple[str, str], ...]:
    if entry.style is not None:
        return tuple(styles.FORMATS.items())
    if isinstance(entry.declared, Process):
        return tuple((name, one.media_type) for name, one in entry.declared.outputs.items())
    return _FORMATS_OF_LAYER if isinstance(entry.declared, Layer) else _FORMATS_OF_SURFACE


def _time(facts: Facts) -> Document | None:
    if facts.first is None or facts.last is None:
        return None
    return {"interval": [_iso(facts.first), _iso(facts.last)]}


def _language(code: str) -> Document:
    return {"code": code, "name": _LANGUAGES[code]}


def _address(base: str) -> str:
    return f"{base}/collections/{NAME}"


def _with(here: str, asked: dict[str, str], **changed: str) -> str:
    return f"{here}?{urlencode(asked | changed)}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
