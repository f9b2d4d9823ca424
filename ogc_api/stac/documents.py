"""The documents of the STAC API: its landing page, collections and items (STAC 1.1, STAC API 1.0.0)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from gis_core.config import Settings
from gis_core.types import Text
from layers.raster import RasterLayer
from layers.registry import SURFACES
from layers.styles.catalogue import styles_of
from layers.surfaces.series import series
from layers.surfaces.stac import ASSET, footprint, read_item
from ogc_api.asking import Language, said
from ogc_api.described import Document, Link, link
from ogc_api.stac.searching import Found, Page

STAC_VERSION = "1.1.0"
GEOJSON_TYPE = "application/geo+json"
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
_JSON_TYPE = "application/json"
_OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"

_STAC_API = "https://api.stacspec.org/v1.0.0"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CONFORMANCE = (
    *(f"{_STAC_API}/{name}" for name in ("core", "collections", "ogcapi-features", "item-search")),
    *(f"{_FEATURES}/{name}" for name in ("core", "geojson", "html", "oas30")),
)
"""The conformance classes of the STAC API, which has a landing page of its own."""

TITLE = Text("Chuỗi bề mặt theo thời gian (STAC)", "Surfaces through time (STAC)")
_DESCRIPTION = Text(
    "Mỗi bề mặt đã tính và còn được lưu, với thời điểm, dữ liệu đầu vào, phương pháp và tệp GeoTIFF (COG).",
    "Every computed surface that is kept, with its instant, inputs, method and file (a COG).",
)
_SERVICE_DESC = Text("Định nghĩa OpenAPI", "OpenAPI definition")
_SERVICE_DOC = Text("Tài liệu API", "Documentation of the API")
_CONFORMS = Text("Các lớp tuân thủ", "Conformance classes")
_COLLECTIONS = Text("Các bề mặt", "The surfaces")
_SEARCH = Text("Tìm trong chuỗi", "Search")
_ITEMS = Text("Các bản đã lưu", "The kept ones")
_PAGE = Text("Trang này", "This page")
_NEXT = Text("Trang sau", "Next page")
_COVERAGE = Text("Dữ liệu lưới (OGC API)", "The coverage (OGC API)")
_COG = Text("Dữ liệu lưới dạng COG", "The surface as a COG")
_PICTURE = Text("Bản đồ thu nhỏ", "Thumbnail map")
_LEGEND = Text("Chú giải", "Legend")
_THUMBNAIL_PX = 512


def address(base: str) -> str:
    """Where the STAC API is."""
    return f"{base}/stac"


def landing_links(base: str, spoken: Language) -> list[Link]:
    """What the landing page of the whole API says of this one."""
    return [link("related", _JSON_TYPE, said(TITLE, spoken), address(base))]


def collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    """What a surface says of its series; layers have none."""
    if name not in SURFACES:
        return []
    return [link("related", _JSON_TYPE, said(TITLE, spoken), _collection_address(base, name))]


def catalogue(base: str, spoken: Language) -> Document:
    """The landing page: a STAC catalogue with the addresses of the API."""
    here = address(base)
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": "huegis",
        "title": said(TITLE, spoken),
        "description": said(_DESCRIPTION, spoken),
        "conformsTo": list(CONFORMANCE),
        "links": [
            link("self", _JSON_TYPE, said(TITLE, spoken), here),
            link("root", _JSON_TYPE, said(TITLE, spoken), here),
            link("service-desc", _OPENAPI_TYPE, said(_SERVICE_DESC, spoken), f"{base}/openapi"),
            link("service-doc", "text/html", said(_SERVICE_DOC, spoken), f"{base}/openapi?f=html"),
            link("conformance", _JSON_TYPE, said(_CONFORMS, spoken), f"{here}/conformance"),
            link("data", _JSON_TYPE, said(_COLLECTIONS, spoken), f"{here}/collections"),
            link("search", GEOJSON_TYPE, said(_SEARCH, spoken), f"{here}/search") | {"method": "GET"},
            link("search", GEOJSON_TYPE, said(_SEARCH, spoken), f"{here}/search") | {"method": "POST"},
            *(
                link("child", _JSON_TYPE, said(surface.title, spoken), _collection_address(base, name))
                for name, surface in SURFACES.items()
            ),
        ],
    }


def collections(base: str, spoken: Language, settings: Settings) -> Document:
    """Every surface as a STAC collection."""
    here = address(base)
    return {
        "collections": [collection(base, spoken, one, settings) for one in SURFACES.values()],
        "links": [
            link("self", _JSON_TYPE, said(_COLLECTIONS, spoken), f"{here}/collections"),
            link("root", _JSON_TYPE, said(TITLE, spoken), here),
        ],
    }


def collection(base: str, spoken: Language, surface: RasterLayer, settings: Settings) -> Document:
    """One surface as a STAC collection; its extent is that of what is kept of it."""
    here, kept = _collection_address(base, surface.name), series(surface, settings)
    area = footprint(kept[-1].path) if kept else settings.province.bounds
    steward = said(surface.steward, spoken)
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": surface.name,
        "title": said(surface.title, spoken),
        "description": said(surface.description, spoken),
        "keywords": list(surface.keywords),
        "license": "other",
        "providers": [
            {
                "name": steward,
                "roles": ["producer", "licensor"],
                "description": said(surface.method, spoken),
            },
            {"name": "Huế GIS", "roles": ["processor", "host"], "url": base},
        ],
        "extent": {
            "spatial": {"bbox": [list(area)]},
            "temporal": {"interval": [[_iso(kept[0].at), _iso(kept[-1].at)] if kept else [None, None]]},
        },
        "item_assets": {
            ASSET: {
                "type": COG_TYPE,
                "roles": ["data"],
                "bands": [
                    {"name": band.name, "description": said(band.title, spoken), "unit": band.unit}
                    for band in surface.bands
                ],
            }
        },
        "assets": {"legend": _legend(base, spoken, surface)},
        "links": [
            link("self", _JSON_TYPE, said(surface.title, spoken), here),
            link("root", _JSON_TYPE, said(TITLE, spoken), address(base)),
            link("parent", _JSON_TYPE, said(TITLE, spoken), address(base)),
            link("items", GEOJSON_TYPE, said(_ITEMS, spoken), f"{here}/items"),
            link("related", _JSON_TYPE, said(_COVERAGE, spoken), f"{base}/collections/{surface.name}"),
        ],
    }


def item(base: str, spoken: Language, found: Found) -> Document:
    """The item of a kept surface, with addresses that whoever reads it can open.

    Raises:
        SurfaceNotBuiltError: it was just forgotten.
    """
    name = found.surface.name
    above, here = _collection_address(base, name), _item_address(base, found)
    document = read_item(found.kept.path)
    shown = urlencode({"datetime": _iso(found.kept.at), "width": _THUMBNAIL_PX})
    document["assets"][ASSET] |= {"href": cog_address(base, found), "title": said(_COG, spoken)}
    document["assets"] |= {
        "thumbnail": {
            "href": f"{base}/collections/{name}/map?{shown}",
            "type": "image/png",
            "title": said(_PICTURE, spoken),
            "roles": ["thumbnail"],
        },
        "legend": _legend(base, spoken, found.surface),
    }
    return document | {
        "stac_version": STAC_VERSION,
        "collection": name,
        "links": [
            link("self", GEOJSON_TYPE, found.id, here),
            link("root", _JSON_TYPE, said(TITLE, spoken), address(base)),
            link("parent", _JSON_TYPE, said(found.surface.title, spoken), above),
            link("collection", _JSON_TYPE, said(found.surface.title, spoken), above),
        ],
    }


def items(
    base: str, spoken: Language, page: Page, here: str, asked: dict[str, Any], *, posted: bool = False
) -> Document:
    """A page of items; ``asked`` are the parameters that led to it, ``here`` is what they were put to."""
    root = link("root", _JSON_TYPE, said(TITLE, spoken), address(base))
    links = [_page_link("self", said(_PAGE, spoken), here, asked, posted=posted), root]
    if page.next_token is not None:
        after = asked | {"token": page.next_token}
        links.append(_page_link("next", said(_NEXT, spoken), here, after, posted=posted))
    return {
        "type": "FeatureCollection",
        "timeStamp": _iso(datetime.now(UTC)),
        "numberMatched": page.matched,
        "numberReturned": len(page.found),
        "features": [item(base, spoken, found) for found in page.found],
        "links": links,
    }


def cog_address(base: str, found: Found) -> str:
    """Where the file of a kept surface is."""
    return f"{_item_address(base, found)}/{ASSET}.tif"


def items_address(base: str, name: str) -> str:
    """Where the items of a surface are."""
    return f"{_collection_address(base, name)}/items"


def _page_link(rel: str, title: str, here: str, asked: dict[str, Any], *, posted: bool) -> Link:
    if posted:
        return link(rel, GEOJSON_TYPE, title, here) | {"method": "POST", "body": asked}
    query = f"?{urlencode(asked)}" if asked else ""
    return link(rel, GEOJSON_TYPE, title, f"{here}{query}") | {"method": "GET"}


def _legend(base: str, spoken: Language, surface: RasterLayer) -> Document:
    return {
        "href": f"{base}/styles/{quote(styles_of(surface.name)[0].name, safe='')}/legend",
        "type": "image/png",
        "title": said(_LEGEND, spoken),
        "roles": ["legend"],
    }


def _collection_address(base: str, name: str) -> str:
    return f"{address(base)}/collections/{quote(name, safe='')}"


def _item_address(base: str, found: Found) -> str:
    return f"{items_address(base, found.surface.name)}/{quote(found.id, safe='')}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
