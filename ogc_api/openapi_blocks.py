"""The pieces that every part's OpenAPI paths are built of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gis_core.types import Text
from ogc_api.asking import Language, said
from ogc_api.described import Document

ERROR: Document = {"$ref": "#/components/responses/Error"}
NOT_MODIFIED: Document = {"304": {"$ref": "#/components/responses/NotModified"}}
"""Every document and page has an ETag, and is not sent again to a client that has it."""


def get(
    operation: str, summary: str, tag: str, parameters: Iterable[Document], responses: Document
) -> Document:
    """A path item that answers GET; ``operation`` must be unique in the document."""
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [tag],
            "parameters": list(parameters),
            "responses": responses | NOT_MODIFIED if "200" in responses else responses,
        }
    }


def query(name: str, schema: Document, description: str) -> Document:
    """An optional parameter of the query."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def in_path(name: str, schema: Document, what: Text, spoken: Language) -> Document:
    """A part of the path."""
    return {"name": name, "in": "path", "required": True, "description": said(what, spoken), "schema": schema}


def shared(*names: str) -> list[Document]:
    """References to parameters that stand once in the document, such as ``f`` and ``lang``."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def errors(*statuses: str) -> Document:
    """The error statuses of an operation, each answered with a sentence."""
    return dict.fromkeys(statuses, ERROR)


def documented(*statuses: str, answer: str = "Document") -> Document:
    """The answers of a document as JSON or as a page, and the error statuses beside it."""
    return {"200": {"$ref": f"#/components/responses/{answer}"}, **errors(*statuses)}


def document(
    operation: str, title: Text, tag: str, spoken: Language, *, answer: str = "Document"
) -> Document:
    """A path item of a document that is always there."""
    return get(
        operation, said(title, spoken), tag, shared("f", "lang"), documented("400", "503", answer=answer)
    )


def form(*values: str, default: str | None = None) -> Document:
    """The parameter ``f`` where its values are not the usual two."""
    schema: dict[str, Any] = {"type": "string", "enum": list(values)}
    if default is not None:
        schema["default"] = default
    return {"name": "f", "in": "query", "required": False, "schema": schema}
