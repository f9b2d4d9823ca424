"""The API's documents: pygeoapi's, with what we do not serve taken out and what we know put in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gis_core.crs import crs_uri, served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.registry import LAYERS, SURFACES
from ogc_api.asking import Language, said
from ogc_api.editing.documents import mark_schema
from ogc_api.facts import FactFinder, Facts
from ogc_api.features import filtering
from ogc_api.host import Document, Host
from ogc_api.parts import PARTS
from ogc_api.schema import Fields, geometry_format, layer_schema, surface_schema

_COMMON = "http://www.opengis.net/spec/ogcapi-common"
_CONFORMANCE = (
    *(f"{_COMMON}-1/1.0/conf/{name}" for name in ("core", "landing-page", "json", "html", "oas30")),
    f"{_COMMON}-2/1.0/conf/collections",
)

_NOT_SERVED = (
    "/processes", "/jobs", "/TileMatrixSets", "f=jsonld", "/coverage?f=json", "/coverage?f=html",
)  # fmt: skip
"""Parts of pygeoapi's links that lead nowhere here, or that a part says itself; a whole surface as JSON is
more than is given at once, and no page."""
_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"

_LINK_TITLES = {
    "This document as JSON": "Tài liệu này dạng JSON",
    "This document as HTML": "Tài liệu này dạng HTML",
    "The OpenAPI definition as JSON": "Định nghĩa OpenAPI dạng JSON",
    "The OpenAPI definition as HTML": "Định nghĩa OpenAPI dạng HTML",
    "Conformance": "Các lớp tuân thủ",
    "Collections": "Danh sách bộ dữ liệu",
    "The landing page of this server as JSON": "Trang chủ API dạng JSON",
    "The landing page of this server as HTML": "Trang chủ API dạng HTML",
    "Schema of collection in JSON": "Lược đồ dạng JSON",
    "Schema of collection in HTML": "Lược đồ dạng HTML",
    "Queryables for this collection as JSON": "Các thuộc tính lọc được, dạng JSON",
    "Queryables for this collection as HTML": "Các thuộc tính lọc được, dạng HTML",
    "Items as GeoJSON": "Đối tượng dạng GeoJSON",
    "Items as HTML": "Đối tượng dạng HTML",
    "Coverage data as GTiff": "Dữ liệu lưới dạng GeoTIFF",
}


class Documents:
    """Every document of the API, for one address and one language at a time."""

    def __init__(self, host: Host, facts: FactFinder) -> None:
        self._host = host
        self._facts = facts

    def landing(self, base: str, spoken: Language) -> Document:
        """The landing page: where everything is."""
        document = self._host.landing(base, spoken)
        document["links"] = _links(document["links"], spoken)
        document["links"] += [link for part in PARTS for link in part.landing_links(base, spoken)]
        for link in document["links"]:
            if link["rel"] == "about":
                link["href"] = base.removesuffix("/ogc") + "/"
        return document

    def conformance(self) -> Document:
        """The conformance classes that are true of this service; the tests hold it to them."""
        return {"conformsTo": [*_CONFORMANCE, *(name for part in PARTS for name in part.conformance())]}

    def collections(self, base: str, spoken: Language) -> Document:
        """Every layer and every surface, whatever state its data are in."""
        document = self._host.collections(base, spoken)
        document["links"] = _links(document["links"], spoken)
        document["collections"] = [self._mended(base, entry, spoken) for entry in document["collections"]]
        document["collections"] += [entry for part in PARTS for entry in part.collections(base, spoken)]
        return document

    def collection(self, base: str, spoken: Language, name: str) -> Document:
        """One layer or surface, which must exist."""
        entries = self._host.collections(base, spoken)["collections"]
        return self._mended(base, next(entry for entry in entries if entry["id"] == name), spoken)

    def schema(self, base: str, spoken: Language, name: str) -> Document:
        """The schema of a layer's features or a surface's bands."""
        document = self._host.schema(base, spoken, name)
        if name in SURFACES:
            _describe(document, surface_schema(SURFACES[name], spoken))
            for place, entry in enumerate(document["properties"].values(), 1):
                entry["x-ogc-propertySeq"] = place
        else:
            _describe(document, layer_schema(LAYERS[name], spoken))
            document["properties"]["geometry"]["format"] = geometry_format(LAYERS[name])
            mark_schema(document, LAYERS[name])
        return document

    def queryables(self, base: str, spoken: Language, name: str) -> Document:
        """What a layer can be filtered by."""
        document = self._host.queryables(base, spoken, name)
        _describe(document, layer_schema(LAYERS[name], spoken))
        document["properties"]["geometry"]["format"] = geometry_format(LAYERS[name])
        document["$id"] = f"{base}/collections/{name}/queryables"
        document["additionalProperties"] = False
        return document

    def sortables(self, base: str, spoken: Language, name: str) -> Document:
        """What a layer's features can be sorted by."""
        return filtering.sortables_schema(base, spoken, LAYERS[name])

    def functions(self, spoken: Language) -> Document:
        """The functions that filters may call."""
        return filtering.functions_document(spoken)

    def _mended(self, base: str, entry: Document, spoken: Language) -> Document:
        name = entry["id"]
        facts = self._facts.of(name)
        declared: Any = LAYERS[name] if name in LAYERS else SURFACES[name]
        entry["links"] = _links(entry["links"], spoken)
        if name in SURFACES:
            # pygeoapi's later line says that coverages have queryables too.
            entry["links"] = [link for link in entry["links"] if not link["rel"].endswith("/queryables")]
        entry["links"] += [link for part in PARTS for link in part.collection_links(base, spoken, name)]
        if isinstance(declared, Layer):
            entry["defaultSortOrder"] = filtering.default_order(declared)
        entry["attribution"] = said(declared.steward, spoken)
        sentences = [entry["description"], *(said(remark, spoken) for remark in facts.remarks)]
        entry["description"] = " ".join(sentences)
        if facts.simulated:
            entry["keywords"] = [*entry["keywords"], said(Text("mô phỏng", "simulated"), spoken)]
        if name in SURFACES or (isinstance(declared, Layer) and declared.time_column is not None):
            entry["extent"]["temporal"] = {"interval": [[_iso(facts.first), _iso(facts.last)]]}
        entry["extent"]["spatial"].pop("grid", None)
        if facts.grid is not None:
            _describe_grid(entry, facts)
        for part in PARTS:
            entry = part.describe(entry, base, spoken)
        return entry


def _describe(document: Document, fields: Fields) -> None:
    """Give each property its own words and limits; pygeoapi's roles stay."""
    document["$schema"] = _JSON_SCHEMA
    for name, field in fields.items():
        roles = {key: value for key, value in document["properties"][name].items() if key == "x-ogc-role"}
        document["properties"][name] = field | roles


def _describe_grid(entry: Document, facts: Facts) -> None:
    grid = facts.grid
    if grid is not None:
        entry["storageCrs"] = crs_uri(grid.srid)
        entry["crs"] = served_crs_uris()
        entry["extent"]["spatial"]["grid"] = [
            {"cellsCount": grid.columns, "resolution": grid.cell_x},
            {"cellsCount": grid.rows, "resolution": grid.cell_y},
        ]


def _links(links: list[dict[str, str]], spoken: Language) -> list[dict[str, str]]:
    """The links that lead somewhere, with titles in the language asked for."""
    return [
        link | {"title": said(Text(_LINK_TITLES.get(link["title"], link["title"]), link["title"]), spoken)}
        for link in links
        if not any(part in link["href"] for part in _NOT_SERVED)
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
