"""What a request asks for beside its resource: language, format, and parameters that exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from starlette.requests import Request

from gis_core.config import Settings
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Text

Language = Literal["vi", "en"]

COMMON = ("f", "lang")
"""Parameters that every resource understands."""

_HTML = "text/html"
_DATA = ("application/json", "application/geo+json", "*/*")


def base_url(request: Request, settings: Settings) -> str:
    """Where the API's landing page is, as this client reaches it; no slash at the end."""
    if settings.public_url is not None:
        return f"{settings.base_url}/ogc"
    return f"{str(request.base_url).rstrip('/')}/ogc"


def language(request: Request) -> Language:
    """``lang``, else the first language of the browser that we have, else Vietnamese."""
    asked = request.query_params.get("lang", "")
    for tag in (asked, *by_preference(request.headers.get("accept-language", ""))):
        if tag.lower().startswith("en"):
            return "en"
        if tag.lower().startswith("vi"):
            return "vi"
    return "vi"


def said(text: Text, spoken: Language) -> str:
    """A text in one of the two languages."""
    return text.en if spoken == "en" else text.vi


def prefers_html(request: Request) -> bool:
    """Whether to answer with a page: ``f`` decides, else what the client likes better."""
    asked = request.query_params.get("f")
    if asked is not None:
        return asked == "html"
    for kind in by_preference(request.headers.get("accept", "")):
        if kind == _HTML:
            return True
        if kind in _DATA:
            return False
    return False


def parameters(request: Request, known: Collection[str], formats: Collection[str]) -> Mapping[str, str]:
    """The query's parameters, each given once, none of them unknown.

    Raises:
        InvalidParameterError: one is unknown or given twice, or ``f`` or ``lang`` has no such value.
    """
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known and name not in COMMON:
            raise InvalidParameterError(
                name, f"does not exist here; there are: {', '.join((*known, *COMMON))}."
            )
        if name in given:
            raise InvalidParameterError(name, "is given more than once.")
        given[name] = value
    if "f" in given and given["f"] not in formats:
        raise InvalidParameterError("f", f"{quoted(given['f'])} is not one of: {', '.join(formats)}.")
    if given.get("lang", "vi") not in ("vi", "en"):
        raise InvalidParameterError("lang", f"{quoted(given['lang'])} is not one of: vi, en.")
    return given


def by_preference(header: str) -> list[str]:
    """The names in an Accept header, the most wanted first (RFC 9110, section 12.4.2)."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, *attributes = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for attribute in attributes:
            if attribute.startswith("q="):
                try:
                    weight = float(attribute[2:])
                except ValueError:
                    weight = 0.0
        if name and weight > 0:
            weighted.append((weight, name))
    return [name for _, name in sorted(weighted, key=lambda pair: -pair[0])]
