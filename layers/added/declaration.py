"""What is said of an added layer, as it is kept, and the ``Layer`` that it makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

from geoalchemy2 import Geometry
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Float, MetaData, Table, Uuid
from sqlalchemy import Text as SqlText
from sqlalchemy.types import TypeEngine

from gis_core.crs import STORAGE_SRID
from gis_core.db import SCHEMA
from gis_core.types import Text
from layers import themes
from layers.base import NAMING, Feature, GeometryType, Layer, Style

ColumnKind = Literal["text", "integer", "number", "boolean", "time"]

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
GENERATED_CODE, EVENT_ID = "code", "id"
"""The identifier of things that last where the file has none, and that of events."""

_TYPES: dict[ColumnKind, type[TypeEngine[Any]]] = {
    "text": SqlText,
    "integer": BigInteger,
    "number": Float,
    "boolean": Boolean,
}


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Said):
    """A text in both languages."""

    vi: str = Field(min_length=1, max_length=1_000)
    en: str = Field(min_length=1, max_length=1_000)

    @property
    def text(self) -> Text:
        """The same as the rest of the house knows it."""
        return Text(self.vi, self.en)


class AddedColumn(_Said):
    """A column: our name for it, the file's, and what it holds."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    theirs: str
    kind: ColumnKind


class Declaration(_Said):
    """All that makes a layer of a table: ``id_column`` None stands for codes or event identifiers of ours."""

    title: Words
    description: Words
    steward: Words
    color: str = Field(pattern=f"^{COLOR.pattern}$")
    size_px: float = Field(default=5.0, ge=0.5, le=50)
    geometry_type: GeometryType
    columns: tuple[AddedColumn, ...]
    id_column: str | None = None
    label_column: str | None = None
    time_column: str | None = None

    @model_validator(mode="after")
    def _names_its_own_columns(self) -> Self:
        names = [column.name for column in self.columns]
        for named in (self.id_column, self.label_column, self.time_column):
            if named is not None and named not in names:
                raise ValueError(f"'{named}' is none of the columns")
        if len(set(names)) != len(names):
            raise ValueError("two columns have one name")
        return self


@dataclass(frozen=True)
class AddedLayer(Layer):
    """A layer whose table was made for a file; ``stored`` takes the place of a mapped class."""

    stored: Table = field(kw_only=True)

    @cached_property
    def table(self) -> Table:
        """The SQLAlchemy table."""
        return self.stored


def added_layer(name: str, table_name: str, said: Declaration) -> AddedLayer:
    """The layer of a declaration; its rows are in ``table_name`` of schema ``gis``."""
    return AddedLayer(
        name=name,
        model=Feature,
        title=said.title.text,
        description=said.description.text,
        steward=said.steward.text,
        style=Style(color=said.color, size_px=said.size_px),
        theme=themes.OTHER,
        time_column=said.time_column,
        # The identifier is no property, and names a feature anyway.
        label_column=None if said.label_column == said.id_column else said.label_column,
        stored=_table(table_name, said),
    )


def _table(name: str, said: Declaration) -> Table:
    shape = Geometry(said.geometry_type, srid=STORAGE_SRID, spatial_index=True)
    return Table(
        name,
        # Of its own, so that a layer that goes leaves nothing behind in the metadata of the declared ones.
        MetaData(schema=SCHEMA, naming_convention=NAMING),
        *_identifier(said),
        *(_column(column, said) for column in said.columns),
        _described("geom", shape, "Hình học (EPSG:4326)", "Geometry (EPSG:4326)", nullable=False),
        _described("origin", SqlText(), "Nguồn của dòng dữ liệu", "Where the row came from", nullable=False),
        _described(
            "simulated",
            Boolean(),
            "Dữ liệu mô phỏng, không phải quan trắc thật",
            "Simulated, not observed",
            nullable=False,
            server_default="false",
        ),
    )


def _identifier(said: Declaration) -> list[Column[Any]]:
    if said.time_column is not None:
        return [
            _described(EVENT_ID, Uuid(), "Mã sự kiện", "Event identifier", primary_key=True),
            _described(
                "origin_key", SqlText(), "Khóa của sự kiện tại nguồn", "What the source calls the event",
                nullable=False,
            ),
        ]  # fmt: skip
    if said.id_column is None:
        return [_described(GENERATED_CODE, SqlText(), "Mã", "Code", primary_key=True)]
    return []


def _column(column: AddedColumn, said: Declaration) -> Column[Any]:
    is_time, is_key = column.name == said.time_column, column.name == said.id_column
    kind = DateTime(timezone=True) if column.kind == "time" else _TYPES[column.kind]()
    return _described(
        column.name,
        SqlText() if is_key else kind,
        column.theirs,
        column.theirs,
        aliases=(column.theirs,),
        primary_key=is_key,
        nullable=not (is_time or is_key),
        index=is_time,
    )


def _described(
    name: str, kind: TypeEngine[Any], vi: str, en: str, *, aliases: tuple[str, ...] = (), **options: Any
) -> Column[Any]:
    info = {"vi": vi, "unit": None, "aliases": aliases, "minimum": None, "maximum": None}
    return Column(name, kind, comment=en, info=info, **options)
