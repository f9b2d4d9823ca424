"""The links of features: to themselves in every format, and to the next page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from gis_core.types import Text
from layers.base import Layer
from ogc_api.asking import Language, said
from ogc_api.described import Link, link
from ogc_api.features.formats.base import Format
from ogc_api.features.formats.listed import FORMATS

_SELF = Text("Tài liệu này", "This document")
_NEXT = Text("Trang sau", "Next page")
_ALTERNATE = Text("Tài liệu này dạng", "This document as")


def feature_links(
    collection: str, path: str, given: Mapping[str, str], wanted: Format, *, layer: Layer, spoken: Language
) -> list[Link]:
    """What stands in every answer: itself, its other formats, and the collection; JSON first."""
    address = f"{collection}{path}"
    # A profile and a format belong to this answer alone.
    kept = urlencode({name: value for name, value in given.items() if name not in ("f", "profile")})
    others = f"{address}?{kept}&f=" if kept else f"{address}?f="
    alternate = said(_ALTERNATE, spoken)
    return [
        link("self", wanted.media_type, said(_SELF, spoken), with_query(address, given)),
        *(
            link("alternate", other.media_type, f"{alternate} {said(other.title, spoken)}", others + name)
            for name, other in FORMATS.items()
            if other is not wanted
        ),
        link("collection", "application/json", said(layer.title, spoken), collection),
    ]


def next_link(
    collection: str, given: Mapping[str, str], cursor: str, wanted: Format, spoken: Language
) -> Link:
    """The page after this one."""
    address = with_query(f"{collection}/items", {**given, "cursor": cursor})
    return link("next", wanted.media_type, said(_NEXT, spoken), address)


def link_header(links: Iterable[Link]) -> str:
    """The links as a header (RFC 8288), for formats that have no place for them; titles are left out."""
    return ", ".join(f'<{entry["href"]}>; rel="{entry["rel"]}"; type="{entry["type"]}"' for entry in links)


def with_query(address: str, query: Mapping[str, str]) -> str:
    """An address with its parameters, if it has any."""
    return f"{address}?{urlencode(query)}" if query else address
