"""The API's pages for people: our own templates, nothing from another host."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gis_core.time import local_text
from ogc_api.asking import language


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("ogc_api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "segment": lambda text: quote(str(text), safe=""),
        "local_time": _local_time,
        "beside": _without_host,
        "crs_name": _crs_name,
        "readable": _readable,
    }
    return environment


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **content: Any,
) -> HTMLResponse:
    """A page in the language of the request.

    Templates know ``t(vietnamese, english)``, ``at(path, **parameters)`` for addresses below
    ``/ogc`` that keep a chosen language, ``root`` for what lies beside it, and ``lang``.
    """
    spoken = language(request)
    root = request.scope.get("root_path", "").rstrip("/")
    chosen = {"lang": spoken} if "lang" in request.query_params else {}

    def at(path: str = "", **parameters: str) -> str:
        query = urlencode({**chosen, **parameters})
        return f"{root}/ogc{path}" + (f"?{query}" if query else "")

    def in_other_language() -> str:
        other = "vi" if spoken == "en" else "en"
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
        return f"{request.url.path}?{urlencode([*kept, ('lang', other)])}"

    body = (
        _templates()
        .get_template(template)
        .render(
            **content,
            status=status,
            t=lambda vi, en: en if spoken == "en" else vi,
            at=at,
            root=root,
            lang=spoken,
            other_language=in_other_language(),
        )
    )
    return HTMLResponse(body, status, {**(headers or {}), "Content-Language": spoken})


def _without_host(address: str) -> str:
    """An address of this service as the browser may ask for it, by whatever name it came here."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _crs_name(uri: str) -> str:
    """``EPSG:9214`` or ``CRS84`` for an OGC URI."""
    return uri.rsplit("/", 1)[-1] if "CRS84" in uri else f"EPSG:{uri.rsplit('/', 1)[-1]}"


def _readable(value: Any, spoken: str) -> str:
    """A property's value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        words = ("yes", "no") if spoken == "en" else ("có", "không")
        return words[0] if value else words[1]
    if isinstance(value, float):
        text = f"{value:.4f}".rstrip("0").rstrip(".")
        return text if spoken == "en" else text.replace(".", ",")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _local_time(text: str) -> str:
    """An ISO instant as people of the province write it; anything else as it is."""
    try:
        return local_text(datetime.fromisoformat(text))
    except ValueError:
        return text
