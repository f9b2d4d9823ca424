"""What OGC API - Styles (draft, OGC 20-009) says of the styles: their list, and each one's metadata."""

from __future__ import annotations

from gis_core.types import Text
from layers.styles.catalogue import STYLES, BandStyle, LayerStyle, styles_of
from ogc_api.asking import Language, said
from ogc_api.described import Document, Link, both_forms, link

QML_TYPE = "application/vnd.qgis.qml"
SLD_TYPE = "application/vnd.ogc.sld+xml;version=1.1"
MAPLIBRE_TYPE = "application/vnd.mapbox.style+json"
FORMATS = {"mbs": MAPLIBRE_TYPE, "sld11": SLD_TYPE, "qml": QML_TYPE}
"""Media types of a style by the value of ``f``; the first is given to who asks for none."""

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/{name}"
    for name in ("core", "html", "mapbox-style", "sld-11")
)
"""The conformance classes that styles add."""

_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
_TITLE = Text("Kiểu hiển thị", "Styles")
_LEGEND = Text("Chú giải", "Legend")
_METADATA = Text("Mô tả kiểu hiển thị", "About the style")
_PROJECT = Text("Dự án QGIS với mọi lớp dữ liệu", "QGIS project with every layer")
_CONNECTIONS = Text("Kết nối cho bảng Trình duyệt của QGIS", "Connections for QGIS's Browser panel")
_FORMAT_TITLES = {"mbs": "MapLibre / Mapbox", "sld11": "SLD 1.1", "qml": "QGIS QML"}


def landing_links(base: str, spoken: Language) -> list[Link]:
    """What the landing page says of styles and of QGIS."""
    root = base.removesuffix("/ogc")
    return [
        link(f"{_OGC}/styles", "application/json", said(_TITLE, spoken), f"{base}/styles"),
        link("related", "application/x-qgis-project", said(_PROJECT, spoken), f"{root}/qgis/hue.qgs"),
        link("related", "application/xml", said(_CONNECTIONS, spoken), f"{root}/qgis/connections.xml"),
    ]


def collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    """What a collection says of its styles and its legend."""
    address = f"{base}/collections/{name}"
    return [
        link(f"{_OGC}/styles", "application/json", said(_TITLE, spoken), f"{address}/styles"),
        link(f"{_OGC}/legend", "image/png", said(_LEGEND, spoken), f"{address}/legend"),
    ]


def styles(base: str, spoken: Language, collection: str | None = None) -> Document:
    """The list of all styles, or of those of one collection with its default."""
    chosen = list(STYLES.values()) if collection is None else styles_of(collection)
    address = f"{base}/styles" if collection is None else f"{base}/collections/{collection}/styles"
    document: Document = {
        "title": said(_TITLE, spoken),
        "styles": [_entry(base, spoken, style) for style in chosen],
        "links": both_forms(address, spoken),
    }
    return document if collection is None else document | {"default": chosen[0].name}


def metadata(base: str, spoken: Language, style: LayerStyle | BandStyle) -> Document:
    """One style: what it draws, in which formats it can be had, and its legend in words."""
    declared = style.layer if isinstance(style, LayerStyle) else style.surface
    address = f"{base}/styles/{style.name}"
    return {
        "id": style.name,
        "title": said(style.title, spoken),
        "description": said(declared.description, spoken),
        "keywords": list(declared.keywords),
        "pointOfContact": said(declared.steward, spoken),
        "scope": "style",
        "stylesheets": [
            {
                "title": _FORMAT_TITLES[name],
                "native": name == "qml",
                "link": link("stylesheet", kind, _FORMAT_TITLES[name], f"{address}?f={name}"),
            }
            for name, kind in FORMATS.items()
        ],
        "layers": [{"id": style.collection, "type": _kind(style)}],
        "legend": [{"color": color, "label": said(label, spoken)} for color, label in style.legend()],
        "links": [
            *both_forms(f"{address}/metadata", spoken),
            link(f"{_OGC}/legend", "image/png", said(_LEGEND, spoken), f"{address}/legend"),
            link(
                f"{_OGC}/geodata",
                "application/json",
                said(declared.title, spoken),
                f"{base}/collections/{style.collection}",
            ),
        ],
    }


def _entry(base: str, spoken: Language, style: LayerStyle | BandStyle) -> Document:
    address = f"{base}/styles/{style.name}"
    return {
        "id": style.name,
        "title": said(style.title, spoken),
        "links": [
            *(
                link("stylesheet", kind, _FORMAT_TITLES[name], f"{address}?f={name}")
                for name, kind in FORMATS.items()
            ),
            link("describedby", "application/json", said(_METADATA, spoken), f"{address}/metadata"),
            link(f"{_OGC}/legend", "image/png", said(_LEGEND, spoken), f"{address}/legend"),
        ],
    }


def _kind(style: LayerStyle | BandStyle) -> str:
    if not isinstance(style, LayerStyle):
        return "raster"
    kind = style.layer.geometry_type
    return "point" if kind == "POINT" else "line" if kind.endswith("LINESTRING") else "polygon"
