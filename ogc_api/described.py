"""A document as JSON, or as the page that shows it to people."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gis_core.config import Settings
from gis_core.types import Text
from ogc_api.asking import Language, base_url, language, parameters, prefers_html, said
from ogc_api.pages import page

Document = dict[str, Any]
Link = dict[str, Any]

JSON_TYPE = "application/json"
_AS_JSON = Text("Tài liệu này dạng JSON", "This document as JSON")
_AS_HTML = Text("Tài liệu này dạng HTML", "This document as HTML")


def described(
    request: Request,
    settings: Settings,
    template: str,
    make: Callable[[str, Language], Document],
    *,
    media_type: str = JSON_TYPE,
    known: Collection[str] = (),
    **content: Any,
) -> Response:
    """What ``make`` gives for an address and a language, by the template where a page is wanted.

    ``known`` are the parameters that there are beside those of every document.

    Raises:
        InvalidParameterError: a parameter is unknown.
    """
    parameters(request, known, ("json", "html"))
    spoken = language(request)
    document = make(base_url(request, settings), spoken)
    if prefers_html(request):
        return page(request, template, document=document, **content)
    return JSONResponse(document, headers={"Content-Language": spoken}, media_type=media_type)


def link(rel: str, kind: str, title: str, href: str) -> Link:
    """A link of a document."""
    return {"rel": rel, "type": kind, "title": title, "href": href}


def both_forms(address: str, spoken: Language) -> list[Link]:
    """The links of a document to itself, as JSON and as a page."""
    return [
        link("self", JSON_TYPE, said(_AS_JSON, spoken), f"{address}?f=json"),
        link("alternate", "text/html", said(_AS_HTML, spoken), f"{address}?f=html"),
    ]
