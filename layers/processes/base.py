"""How a process is said: what goes in, what comes out, and the function between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gis_core.types import Text

Schema = dict[str, Any]
Values = dict[str, Any]
Progress = Callable[[float, str], None]
"""Is told how far a process is, in percent, and what it does next."""

JSON_TYPE = "application/json"
GEOJSON_TYPE = "application/geo+json"
GEOTIFF_TYPE = "image/tiff; application=geotiff"


@dataclass(frozen=True)
class Input:
    """One value that a process takes.

    ``schema`` is JSON Schema in the words that OpenAPI 3.0 knows too, with bounds and the default;
    an input is required unless it has a default or is ``optional``.
    """

    title: Text
    description: Text
    schema: Schema
    optional: bool = False

    @property
    def required(self) -> bool:
        """Whether nothing can be done without it."""
        return not self.optional and "default" not in self.schema


@dataclass(frozen=True)
class Output:
    """One value that a process gives: JSON-ready where its media type is one of JSON, else bytes."""

    title: Text
    description: Text
    media_type: str = GEOJSON_TYPE

    @property
    def schema(self) -> Schema:
        """JSON Schema of the value."""
        if self.media_type == GEOJSON_TYPE:
            return {
                "type": "object",
                "format": "geojson-feature-collection",
                "contentMediaType": GEOJSON_TYPE,
            }
        if self.media_type == JSON_TYPE:
            return {"type": "object", "contentMediaType": JSON_TYPE}
        return {
            "type": "string",
            "format": "byte",
            "contentEncoding": "base64",
            "contentMediaType": self.media_type,
        }


@dataclass(frozen=True)
class Process:
    """A computation on what the service knows, or on what it is given.

    ``inputs`` is a function, as some bounds follow from the settings. ``check`` says before a job is
    accepted what no schema can say; ``run`` takes checked inputs with their defaults. Both raise
    ``GisError``. ``example`` are inputs that give an answer on the sample province.
    """

    id: str
    version: str
    title: Text
    description: Text
    inputs: Callable[[], Mapping[str, Input]]
    outputs: Mapping[str, Output]
    run: Callable[[Values, Progress], Values]
    example: Values
    check: Callable[[Values], None] = lambda values: None
    keywords: tuple[str, ...] = field(default=())
