"""The one application: every room offers its routes, and the doorway stands once in front.

The doorway turns errors into HTTP, adds the security headers, compresses, serves the
installed scripts and fonts under ``/static`` and answers ``/health``.
"""

from __future__ import annotations

import logging
from html import escape
from importlib.metadata import EntryPoint, entry_points

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from gis_core.config import Settings
from gis_core.errors import (
    AccessDeniedError,
    BusyError,
    CRSMismatchError,
    DatabaseUnavailableError,
    FeatureChangedError,
    FeatureConflictError,
    FeatureNotFoundError,
    GisError,
    IngestError,
    InvalidFeatureError,
    InvalidParameterError,
    JobNotFinishedError,
    JobNotFoundError,
    LayerNotFoundError,
    NoSurfaceThenError,
    NotAuthenticatedError,
    ProcessNotFoundError,
    QueryTimeoutError,
    QueueFullError,
    StatusChangeError,
    SurfaceNotBuiltError,
    TooManyFailuresError,
)
from gis_core.health import check_all
from gis_core.turns import Turns
from gis_core.types import Text

_log = logging.getLogger(__name__)

STATUS_OF: dict[type[GisError], int] = {
    InvalidParameterError: 400,
    CRSMismatchError: 400,
    IngestError: 400,
    NotAuthenticatedError: 401,
    AccessDeniedError: 403,
    LayerNotFoundError: 404,
    FeatureNotFoundError: 404,
    NoSurfaceThenError: 404,
    ProcessNotFoundError: 404,
    JobNotFoundError: 404,
    JobNotFinishedError: 404,
    StatusChangeError: 409,
    FeatureConflictError: 409,
    FeatureChangedError: 412,
    InvalidFeatureError: 422,
    TooManyFailuresError: 429,
    QueueFullError: 429,
    SurfaceNotBuiltError: 503,
    DatabaseUnavailableError: 503,
    BusyError: 503,
    QueryTimeoutError: 503,
}
"""The HTTP status of each error; what is not listed is 500."""

CODE_OF = {
    400: "InvalidParameterValue",
    401: "NotAuthenticated",
    403: "AccessDenied",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
    422: "InvalidFeature",
    428: "PreconditionRequired",
    429: "TooManyRequests",
    500: "ServerError",
    503: "ServiceUnavailable",
}

MEANING_OF = {
    400: Text("Yêu cầu có chỗ chưa đúng.", "Something in the request is not right."),
    401: Text("Bạn cần đăng nhập.", "You need to say who you are."),
    403: Text("Bạn không được phép xem nội dung này.", "You are not entitled to see this."),
    404: Text("Không tìm thấy nội dung này.", "This was not found."),
    405: Text("Địa chỉ này chỉ để đọc.", "This address can only be read."),
    409: Text("Thay đổi này không còn phù hợp.", "The change does not fit what is there now."),
    412: Text("Đối tượng đã được người khác thay đổi.", "Somebody else changed the feature."),
    422: Text("Đối tượng chưa đúng với lược đồ của lớp.", "The feature does not fit the layer's schema."),
    429: Text("Có quá nhiều lần thử; xin đợi ít phút.", "Too many attempts; please wait a few minutes."),
    503: Text(
        "Dịch vụ tạm thời chưa trả lời được; xin thử lại sau ít phút.",
        "The service cannot answer at present; please try again in a few minutes.",
    ),
}
"""What a status means to people, above the sentence that says it exactly."""
_UNEXPECTED = Text("Dịch vụ gặp lỗi ngoài dự kiến.", "Something unexpected went wrong.")


RETRY_AFTER_S = "5"
"""When to come back to a service that cannot answer at the moment."""


def http_status(error: GisError) -> int:
    """The HTTP status that stands for an error."""
    return next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 500)


def meaning(status: int) -> Text:
    """What an error's status means, for the page of an end user."""
    return MEANING_OF.get(status, _UNEXPECTED if status >= 500 else MEANING_OF[400])


_TEXTS = (
    "application/schema+json",
    "application/vnd.oai.openapi+json",
    "application/vnd.ogc.fg+json",
    "application/geo+json-seq",
    "application/prs.coverage+json",
    "application/vnd.ogc.sld+xml",
    "application/vnd.mapbox.style+json",
    "text/csv",
)
"""Further types that are text, and shrink to a tenth on the way."""


def create_app(settings: Settings) -> Starlette:
    """The application with all the routes that the rooms offer."""
    for media_type in _TEXTS:
        add_compress_type(media_type)
    routes: list[BaseRoute] = [
        Route("/health", _health),
        Mount("/static", StaticFiles(directory=settings.static_dir, check_dir=False), name="static"),
    ]
    for offered in sorted(entry_points(group="huegis.routes"), key=_by_name):
        routes.extend(offered.load()(settings))
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders, policy=content_policy(settings)),
            Middleware(
                CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], expose_headers=["*"]
            ),
            Middleware(CompressMiddleware, minimum_size=1000, zstd_level=3, brotli_quality=4, gzip_level=3),
            Middleware(Turns, limits=settings.limits, refuse=_on_gis_error),
            *(Middleware(door.load()) for door in sorted(entry_points(group="huegis.doors"), key=_by_name)),
        ],
        exception_handlers={GisError: _on_gis_error, HTTPException: _on_http_error, Exception: _on_bug},
    )


def _by_name(offered: EntryPoint) -> str:
    return offered.name


def content_policy(settings: Settings) -> str:
    """The Content-Security-Policy: this service alone, and the online background if one is set."""
    images = "'self' data:"
    background = settings.maps.background.url
    if background is not None:
        images += f" {background.scheme}://{(background.host or '').replace('{s}', '*')}"
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        f"img-src {images}; font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self'"
    )


class SecurityHeaders:
    """Adds the headers that keep a page to its own host and its own type."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def error_response(
    request: Request, status: int, sentence: str, headers: dict[str, str] | None = None
) -> Response:
    """One sentence as JSON, or as a small page for a browser."""
    code = CODE_OF.get(status, "ServerError" if status >= 500 else "BadRequest")
    if "text/html" in request.headers.get("accept", ""):
        page = (
            '<!doctype html><html lang="vi"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{meaning(status).vi}</title><link rel="icon" href="data:,">'
            "<main style='font:1.1rem system-ui;max-width:40rem;margin:3rem auto;padding:1rem'>"
            f"<h1>Không thực hiện được</h1><p>{meaning(status).vi}</p>"
            f'<p lang="en"><strong>Not possible.</strong> {escape(sentence)}</p>'
            f'<p><a href="/">Trang chủ / Home</a> · {status}</p></main></html>'
        )
        return HTMLResponse(page, status_code=status, headers=headers)
    return JSONResponse({"code": code, "description": sentence}, status_code=status, headers=headers)


def _on_gis_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GisError):
        raise error
    status = http_status(error)
    headers = {"Retry-After": RETRY_AFTER_S} if status == 503 else None
    return error_response(request, status, str(error), headers)


def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    sentence = error.detail
    if error.status_code == 404:
        sentence = f"There is nothing at {request.url.path}; begin at / or /ogc."
    elif error.status_code == 405:
        sentence = f"{request.method} is not possible at {request.url.path}."
    return error_response(request, error.status_code, sentence, dict(error.headers or {}))


def _on_bug(request: Request, error: Exception) -> Response:
    _log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return error_response(request, 500, "Something unexpected went wrong here; the server's log says what.")


def _health(request: Request) -> Response:
    checks = check_all()
    well = all(check.well for check in checks)
    body = {
        "status": "ok" if well else "unwell",
        "checks": {check.name: {"ok": check.well, "detail": check.detail} for check in checks},
    }
    return JSONResponse(body, status_code=200 if well else 503, headers={"Cache-Control": "no-store"})
