"""Errors of the OGC API: one sentence with its code, as JSON or as a page."""

from __future__ import annotations

from math import ceil
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gis_core.errors import GisError, InvalidFeatureError, NotAuthenticatedError, TooManyFailuresError
from gis_core.service import CODE_OF, RETRY_AFTER_S, http_status, meaning
from ogc_api.asking import prefers_html
from ogc_api.pages import page

_CHALLENGE = 'Basic realm="Hue GIS", charset="UTF-8"'


def not_found(sentence: str) -> HTTPException:
    """What to raise for an address that has nothing behind it."""
    return HTTPException(404, sentence)


def error_response(request: Request, error: GisError | HTTPException) -> Response:
    """The answer that stands for an error; statuses come from the service's one table."""
    if isinstance(error, HTTPException):
        status, sentence, headers = error.status_code, error.detail, dict(error.headers or {})
    else:
        status, sentence, headers = http_status(error), str(error), {}
    if status == 503:
        headers["Retry-After"] = RETRY_AFTER_S
    elif isinstance(error, TooManyFailuresError):
        headers["Retry-After"] = str(ceil(error.retry_after_s))
    elif isinstance(error, NotAuthenticatedError):
        headers["WWW-Authenticate"] = _CHALLENGE
    body: dict[str, Any] = {"code": CODE_OF.get(status, "NoApplicableCode"), "description": sentence}
    if isinstance(error, InvalidFeatureError):
        body["faults"] = [fault._asdict() for fault in error.faults]
    if prefers_html(request):
        return page(
            request, "exception.html", status=status, headers=headers, error=body, meaning=meaning(status)
        )
    return JSONResponse(body, status, headers)
