"""POST, PUT, PATCH and DELETE of features (OGC API - Features, Part 4), and who may do which.

OPTIONS answers by role: QGIS switches editing on by the methods that it finds there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, NoReturn
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gis_core.access import READER, Asker, Doorkeeper
from gis_core.config import Settings
from gis_core.crs import CRS84_URI, OutputCRS, parse_crs
from gis_core.errors import AccessDeniedError, GisError, NotAuthenticatedError
from layers.base import Layer
from layers.editing import Expected, actions, change_feature, create_feature, delete_feature, editing
from layers.feature_edits import Action
from layers.registry import LAYERS
from ogc_api.asking import base_url, language, parameters
from ogc_api.endpoint import Endpoint
from ogc_api.entity_tags import entity_tag, versions_in
from ogc_api.errors import error_response
from ogc_api.features.formats.listed import FORMATS
from ogc_api.features.items import GEOJSON_TYPE, feature_form

MERGE_PATCH_TYPE = "application/merge-patch+json"
_FEATURE_TYPES = (GEOJSON_TYPE, "application/json")
_PATCH_TYPES = (MERGE_PATCH_TYPE, "application/json")

_READING = ("GET", "HEAD", "OPTIONS")
_ON_ALL: dict[str, Action] = {"POST": "create"}
_ON_ONE: dict[str, Action] = {"PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_MIB = 1 << 20


def feature_routes(
    settings: Settings, items: Callable[[Request], Response], item: Callable[[Request], Response]
) -> list[BaseRoute]:
    """The features of every layer and each of them: ``items`` and ``item`` answer GET."""
    door = _Door(settings)
    path = "/ogc/collections/{name}/items"
    return [
        Route(path, _EditableEndpoint(items, door, _ON_ALL)),
        Route(f"{path}/{{feature_id:path}}", _EditableEndpoint(item, door, _ON_ONE)),
    ]


def is_open(settings: Settings) -> bool:
    """Whether there is anybody who may edit at all."""
    return bool(settings.access.accounts)


def methods(layer: Layer, roles: Collection[str] | None, *, one: bool) -> tuple[str, ...]:
    """The methods of a layer's features, or of ``one`` of them, for some roles; None is all of them."""
    allowed = actions(layer, roles)
    changing = _ON_ONE if one else _ON_ALL
    return (*_READING, *(method for method, action in changing.items() if action in allowed))


class _EditableEndpoint(Endpoint):
    """Answers GET as every endpoint does, and the methods of editing to those who may use them."""

    def __init__(
        self, answer: Callable[[Request], Response], door: _Door, changing: dict[str, Action]
    ) -> None:
        super().__init__(answer)
        self._door = door
        self._changing = changing

    async def _respond(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in LAYERS or not self._door.is_open:
            return await super()._respond(request)
        layer, one = LAYERS[name], self._changing is _ON_ONE
        try:
            asker = self._door.who(request)
            if request.method == "OPTIONS":
                return _options(methods(layer, asker.roles, one=one))
            if request.method in _READING:
                return await super()._respond(request)
            self._check_method(request, layer, asker)
            body = b"" if request.method == "DELETE" else await self._door.body(request)
            # Checking and writing take their time, and others want to be answered meanwhile.
            return await run_in_threadpool(self._door.edit, request, layer, asker, body)
        except ClientDisconnect:
            # Nobody is there any more to read an answer.
            return Response(status_code=400)
        except (GisError, HTTPException) as error:
            return error_response(request, error)

    def _check_method(self, request: Request, layer: Layer, asker: Asker) -> None:
        one = self._changing is _ON_ONE
        possible = methods(layer, None, one=one)
        if request.method not in possible:
            allow = {"Allow": ", ".join(methods(layer, asker.roles, one=one))}
            raise HTTPException(405, f"{request.method} is not possible on layer '{layer.name}'.", allow)
        if request.method in methods(layer, asker.roles, one=one):
            return
        if asker == READER:
            raise NotAuthenticatedError(
                "Say who you are: an account's name and token as Basic authentication, or 'Bearer <token>'."
            )
        raise AccessDeniedError(f"Account '{asker.name}' has no role that may do this on '{layer.name}'.")


class _Door:
    """What all layers share: who is asking, the body, and the edit itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keeper = Doorkeeper(settings.access)
        self.is_open = is_open(settings)

    def who(self, request: Request) -> Asker:
        """Who sends this request."""
        address = request.client.host if request.client else ""
        return self._keeper.who(request.headers.get("authorization"), address)

    async def body(self, request: Request) -> bytes:
        """The body as it was sent, of a type that can be read, and not too long."""
        wanted = _PATCH_TYPES if request.method == "PATCH" else _FEATURE_TYPES
        # A page of another site can post text without asking; it cannot post these types.
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind:
            raise HTTPException(400, f"Say what you send: Content-Type {' or '.join(wanted)}.")
        if kind not in wanted:
            name = "Accept-Patch" if request.method == "PATCH" else "Accept-Post"
            raise HTTPException(415, f"Send a feature as {' or '.join(wanted)}.", {name: ", ".join(wanted)})
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPException(415, "Send the feature as it is, without Content-Encoding.")
        limit_mib = self._settings.access.max_body_mib
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > limit_mib * _MIB:
                raise HTTPException(413, f"The feature is larger than {limit_mib:g} MiB.")
        return bytes(content)

    def edit(self, request: Request, layer: Layer, asker: Asker, body: bytes) -> Response:
        """Make the change that a request asks for, and say what became of it."""
        parameters(request, (), FORMATS)
        by = asker.name or ""
        feature_id: str = request.path_params.get("feature_id", "")
        if request.method == "POST":
            document, crs = _document(body), _content_crs(request)
            with editing() as connection:
                saved = create_feature(connection, layer, document, crs=crs, by=by)
            items = f"{base_url(request, self._settings)}/collections/{layer.name}/items"
            location = f"{items}/{quote(saved.feature_id, safe='')}"
            return Response(
                status_code=201, headers={"Location": location, **self._tag(request, saved.version)}
            )
        expected = self._expected(request)
        if request.method == "DELETE":
            with editing() as connection:
                delete_feature(connection, layer, feature_id, by, expected=expected)
            return Response(status_code=204)
        document, crs = _document(body), _content_crs(request)
        partly = request.method == "PATCH"
        with editing() as connection:
            saved = change_feature(
                connection, layer, feature_id, document, crs=crs, by=by, partly=partly, expected=expected
            )
        return Response(status_code=204, headers=self._tag(request, saved.version))

    def _expected(self, request: Request) -> Expected:
        expected = versions_in(request.headers.get("if-match"))
        if expected is None and self._settings.access.require_if_match:
            raise HTTPException(
                428, "Say with If-Match which version you change: the ETag of the feature as you read it."
            )
        return expected

    def _tag(self, request: Request, version: str) -> dict[str, str]:
        form = feature_form(base_url(request, self._settings), language(request), CRS84_URI)
        return {"ETag": entity_tag(version, *form)}


def _options(allowed: tuple[str, ...]) -> Response:
    headers = {"Allow": ", ".join(allowed)}
    if "POST" in allowed:
        headers["Accept-Post"] = ", ".join(_FEATURE_TYPES)
    if "PUT" in allowed:
        headers["Accept-Put"] = ", ".join(_FEATURE_TYPES)
    if "PATCH" in allowed:
        headers["Accept-Patch"] = ", ".join(_PATCH_TYPES)
    return Response(headers=headers)


def _content_crs(request: Request) -> OutputCRS:
    """What the coordinates are in; QGIS leaves out the angle brackets of the standard."""
    said = request.headers.get("content-crs", CRS84_URI).strip()
    return parse_crs(said.removeprefix("<").removesuffix(">"), "Content-Crs")


def _document(body: bytes) -> Any:
    """The JSON of a body; texts in it can be stored and told back."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The feature is not UTF-8 (at byte {error.start:,}).") from error
    except UnicodeEncodeError as error:
        raise HTTPException(400, "The feature holds half a pair of surrogates, which is no text.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise HTTPException(400, f"The feature is no valid JSON ({error.msg}, at {where}).") from error
    except RecursionError as error:
        raise HTTPException(400, "The feature is nested too deeply.") from error
    except ValueError as error:
        raise HTTPException(400, "The feature holds a number that JSON does not have.") from error
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
