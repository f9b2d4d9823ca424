"""What the API's documents say of editing: classes, operations and schemas, where anybody may edit."""

from __future__ import annotations

from typing import Any

from gis_core.config import get_settings
from gis_core.types import Text
from layers.base import Layer
from layers.edited_feature import KEPT
from layers.editing import actions
from layers.ingest.names import required_of
from ogc_api.asking import Language, said
from ogc_api.editing.routes import MERGE_PATCH_TYPE, is_open
from ogc_api.features.items import GEOJSON_TYPE
from ogc_api.schema import layer_schema

Document = dict[str, Any]

_CLASSES = (
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
)

SECURITY_SCHEMES: Document = {
    "basic": {"type": "http", "scheme": "basic"},
    "token": {"type": "http", "scheme": "bearer"},
}

_ERROR = {"$ref": "#/components/responses/Error"}
_CREDENTIALS = ("401", "429")
_ALWAYS = ("400", "401", "403", "405", "409", "422", "429", "503")
_WITH_BODY = ("413", "415")
_ON_STORED = ("404", "412", "428")


def conformance() -> tuple[str, ...]:
    """The conformance classes of editing; none where nobody may edit."""
    return _CLASSES if is_open(get_settings()) else ()


def mark_schema(document: Document, layer: Layer) -> None:
    """Say in a layer's schema what a feature must have, and what only the service sets."""
    for name in (*KEPT, *layer.enriched):
        if name in document["properties"]:
            document["properties"][name]["readOnly"] = True
    required = [name for name in required_of(layer) if name != layer.id_column.name]
    if layer.editors:
        document["additionalProperties"] = False
        if required:
            document["required"] = required


def credentials_errors() -> Document:
    """The answers to wrong credentials, which GET has as well where there are any."""
    return dict.fromkeys(_CREDENTIALS, _ERROR) if is_open(get_settings()) else {}


def operations_on_all(spoken: Language, layer: Layer, name: str) -> Document:
    """POST, where a role may add features to the layer."""
    if not is_open(get_settings()) or "create" not in actions(layer):
        return {}
    words = said(Text("Thêm đối tượng", "Add a feature"), spoken)
    created = {
        "description": said(Text("Đã thêm.", "It was added."), spoken),
        "headers": {"Location": _text(), "ETag": _text()},
    }
    body = _body(GEOJSON_TYPE, _feature(spoken, layer, partly=False))
    answers = {"201": created, **_errors(*_ALWAYS, *_WITH_BODY)}
    return {
        "post": _operation(
            f"addItem{name}", words, layer, parameters=[_CONTENT_CRS], responses=answers, body=body
        )
    }


def operations_on_one(spoken: Language, layer: Layer, name: str) -> Document:
    """PUT, PATCH and DELETE, as far as a role may do that to the layer's features."""
    allowed = actions(layer) if is_open(get_settings()) else frozenset()
    if not allowed:
        return {}
    done = {"description": said(Text("Đã thay đổi.", "It was changed."), spoken)}
    tagged = done | {"headers": {"ETag": _text()}}
    stored = [{"$ref": "#/components/parameters/featureId"}, _IF_MATCH]
    errors = _errors(*_ALWAYS, *_ON_STORED)
    with_body = errors | _errors(*_WITH_BODY)
    operations = {
        "replace": (
            "put", Text("Thay đối tượng", "Replace a feature"), [*stored, _CONTENT_CRS],
            {"204": tagged, **with_body}, _body(GEOJSON_TYPE, _feature(spoken, layer, partly=False)),
        ),
        "update": (
            "patch", Text("Sửa đối tượng", "Change a feature"), [*stored, _CONTENT_CRS],
            {"204": tagged, **with_body}, _body(MERGE_PATCH_TYPE, _feature(spoken, layer, partly=True)),
        ),
        "delete": (
            "delete", Text("Xóa đối tượng", "Remove a feature"), stored, {"204": done, **errors}, None,
        ),
    }  # fmt: skip
    return {
        method: _operation(
            f"{method}Item{name}",
            said(words, spoken),
            layer,
            parameters=parameters,
            responses=answers,
            body=body,
        )
        for action, (method, words, parameters, answers, body) in operations.items()
        if action in allowed
    }


def _operation(
    identifier: str,
    summary: str,
    layer: Layer,
    *,
    parameters: list[Document],
    responses: Document,
    body: Document | None,
) -> Document:
    operation: Document = {
        "operationId": identifier,
        "summary": summary,
        "tags": [layer.name],
        "parameters": parameters,
        "responses": responses,
        "security": [{"basic": []}, {"token": []}],
    }
    return operation if body is None else operation | {"requestBody": body}


def _feature(spoken: Language, layer: Layer, *, partly: bool) -> Document:
    """The schema of what is sent; an event's patch is of its status alone."""
    fields = layer_schema(layer, spoken)
    names = [*fields] if layer.editors else ["status"]
    properties: Document = {
        "type": "object",
        "properties": {name: _sent(layer, name, fields[name]) for name in names},
        "additionalProperties": False,
    }
    required = [name for name in required_of(layer) if name != layer.id_column.name]
    if required and not partly:
        properties["required"] = required
    members: Document = {"type": {"type": "string", "enum": ["Feature"]}, "properties": properties}
    if layer.editors:
        members |= {"id": {"type": "string"}, "geometry": {"type": "object"}}
    feature: Document = {"type": "object", "properties": members}
    return feature if partly else feature | {"required": ["type", "geometry", "properties"]}


def _sent(layer: Layer, name: str, field: Document) -> Document:
    marked = field | {"readOnly": True} if name in KEPT else field
    return marked | {"nullable": True} if layer.table.columns[name].nullable else marked


def _body(kind: str, schema: Document) -> Document:
    return {"required": True, "content": {kind: {"schema": schema}}}


def _errors(*statuses: str) -> Document:
    return dict.fromkeys(statuses, _ERROR)


def _text() -> Document:
    return {"schema": {"type": "string"}}


def _header(name: str) -> Document:
    return {"name": name, "in": "header", "required": False, **_text()}


_CONTENT_CRS = _header("Content-Crs")
_IF_MATCH = _header("If-Match")
