"""What the service knows of a format of features."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gis_core.types import Text
from layers.query import FeatureQuery

Members = Mapping[str, Any]
Pieces = Callable[[Connection, FeatureQuery, Members], Iterator[bytes]]
"""The answer in pieces; the members stand in the object around features, where a format has one."""
Writer = Callable[[Connection, FeatureQuery, Path, int], None]
"""Makes a file of the features, which are so many."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format: ``name`` is the value of ``f``, ``ending`` that of its files, with the point.

    It is text that comes in ``pieces``, or a file that ``write`` makes; HTML is neither, and is
    made of templates. ``is_object`` is JSON that says itself where the next page is; ``for_all``
    says whether a whole collection may be had in it.
    """

    name: str
    media_type: str
    title: Text
    ending: str
    pieces: Pieces | None = None
    write: Writer | None = None
    is_object: bool = False
    for_all: bool = True
    also_asked_as: tuple[str, ...] = field(default=())
    """Further media types by which clients ask for it."""


def dump(value: Any) -> str:
    """Compact JSON text, in the letters of the language."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def collection_pieces(members: Members, features: Iterator[bytes]) -> Iterator[bytes]:
    """A GeoJSON feature collection: its members, then features with commas between them."""
    yield f'{dump({"type": "FeatureCollection", **members})[:-1]},"features":[\n'.encode()
    yield from features
    yield b"\n]}\n"
