"""Layers added, changed and removed: each change is one transaction, with all of its rows or none.

Every file gets a table of its own. The one before is dropped when no process reads it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, delete, func, insert, select, text, update

from gis_core.db import SCHEMA, writing
from gis_core.errors import ConfigError, DatabaseUnavailableError, IngestError, LayerNotFoundError, quoted
from layers.added.declaration import EVENT_ID, GENERATED_CODE, AddedColumn, Declaration, added_layer
from layers.added.naming import check_layer_name, column_names
from layers.added.scan import Asked, Found, open_for, scan
from layers.added.tables import AddedLayerRow, AddedLayersState
from layers.ingest.load import load_source, refusals
from layers.ingest.names import fold
from layers.ingest.report import FileReport, Rejections
from layers.ingest.source import plain_name
from layers.registry import LAYERS, SURFACES
from layers.tiles.changes import LayerChange, watch
from layers.versions import LayerVersion

SETTLING_S = 3.0
"""By then every process has looked at the list again, and reads the new table."""
_DROP_WAIT_S = 20
_OF_FEATURES = ("origin", "origin_key", "simulated")
"""Columns of a file that we wrote: they keep the meaning that they have in every layer."""
_KEYS = ("id", "fid", "event_id")


@dataclass(frozen=True)
class Wanted:
    """What a user says of a layer; None leaves it as it is, or to its default."""

    title_vi: str | None = None
    title_en: str | None = None
    description_vi: str | None = None
    description_en: str | None = None
    steward: str | None = None
    color: str | None = None
    size_px: float | None = None
    id_column: str | None = None
    label_column: str | None = None
    time_column: str | None = None


@dataclass(frozen=True)
class FileOfRows:
    """The file that the rows come from, and how it is read."""

    path: Path
    asked: Asked = field(default=Asked())
    keep_good: bool = False
    on_progress: Callable[[float], None] = field(default=lambda done: None)


def add_layer(name: str, wanted: Wanted, file: FileOfRows, rejections: Rejections) -> FileReport:
    """Make a layer of a file.

    Raises:
        ConfigError: the name is taken or cannot be one, or a column that is named is not there.
        IngestError: the file cannot become a layer; nothing was changed.
    """
    check_layer_name(name, (*LAYERS.declared, *SURFACES))
    found = scan(file.path, file.asked)
    said = _declaration(name, wanted, file.path, found)
    with _changing(file.path) as (connection, generation):
        check_layer_name(name, connection.execute(select(AddedLayerRow.name)).scalars())
        table_name = _table_name(name, generation)
        report = _load(connection, name, table_name, said, file=file, rejections=rejections)
        connection.execute(
            insert(AddedLayerRow).values(
                name=name,
                table_name=table_name,
                declaration=said.model_dump(mode="json"),
                source=plain_name(file.path),
            )
        )
    return report


def change_layer(
    name: str, wanted: Wanted, file: FileOfRows | None, rejections: Rejections
) -> FileReport | None:
    """Say other things of an added layer, or with ``file`` give it other rows and columns.

    Raises:
        LayerNotFoundError: no layer of that name was added.
        ConfigError: a column that is named is not there.
        IngestError: the file cannot become the layer; nothing was changed.
    """
    found = None if file is None else scan(file.path, file.asked)
    report = None
    with _changing(None if file is None else file.path) as (connection, generation):
        before = Declaration.model_validate(_row(connection, name).declaration)
        values: dict[str, Any] = {"changed_at": func.now()}
        if file is None or found is None:
            said = _changed(before, wanted)
        else:
            said = _declaration(name, _kept(before, wanted), file.path, found)
            values |= {"table_name": _table_name(name, generation), "source": plain_name(file.path)}
            report = _load(connection, name, values["table_name"], said, file=file, rejections=rejections)
        values["declaration"] = said.model_dump(mode="json")
        connection.execute(update(AddedLayerRow).where(AddedLayerRow.name == name).values(values))
    if file is not None:
        drop_unused()
    return report


def remove_layer(name: str) -> None:
    """Take an added layer out of the list, and its rows out of the database.

    Raises:
        LayerNotFoundError: no layer of that name was added.
    """
    with _changing(None) as (connection, _):
        _row(connection, name)
        connection.execute(delete(AddedLayerRow).where(AddedLayerRow.name == name))
    drop_unused()


def rows_of(connection: Connection, name: str) -> int:
    """How many rows an added layer has.

    Raises:
        LayerNotFoundError: no layer of that name was added.
    """
    row = _row(connection, name)
    layer = added_layer(name, row.table_name, Declaration.model_validate(row.declaration))
    return connection.execute(select(func.count()).select_from(layer.table)).scalar_one()


def drop_unused(settling_s: float = SETTLING_S) -> None:
    """Drop the tables of added layers that no declaration names any more, once nobody reads them.

    One that is read for long is left for the next time.
    """
    time.sleep(settling_s)
    try:
        with writing() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_DROP_WAIT_S}s'"))
            _version(connection)
            unused = connection.execute(_UNUSED).scalars().all()
            for table_name in unused:
                quoted_table = connection.dialect.identifier_preparer.quote(table_name)
                connection.execute(text(f"DROP TABLE {SCHEMA}.{quoted_table}"))
                connection.execute(delete(LayerVersion).where(LayerVersion.layer == table_name))
                connection.execute(delete(LayerChange).where(LayerChange.table_name == table_name))
    except DatabaseUnavailableError as error:
        if "LockNotAvailable" not in type(getattr(error.__cause__, "orig", None)).__name__:
            raise


_UNUSED = text(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'gis' AND tablename ~ '^added_.+_g[0-9]+$' "
    "AND tablename NOT IN (SELECT table_name FROM gis.added_layers)"
)


@contextmanager
def _changing(path: Path | None) -> Iterator[tuple[Connection, int]]:
    """The transaction of one change, which others wait for; and the number that the list gets by it."""
    with refusals("the layer" if path is None else str(path)), writing() as connection:
        version = _version(connection)
        yield connection, version + 1
        connection.execute(update(AddedLayersState).values(version=version + 1))


def _version(connection: Connection) -> int:
    found = connection.execute(select(AddedLayersState.version).with_for_update()).scalar()
    if found is None:
        raise DatabaseUnavailableError("The list of added layers is not there; run 'huegis db upgrade'.")
    return found


def _row(connection: Connection, name: str) -> AddedLayerRow:
    found = connection.execute(
        select(AddedLayerRow.__table__).where(AddedLayerRow.name == name)
    ).one_or_none()
    if found is None:
        if name in LAYERS.declared:
            raise ConfigError(
                f"Layer '{name}' is one of the service's own, and is changed in its declaration."
            )
        known = connection.execute(select(AddedLayerRow.name).order_by(AddedLayerRow.place)).scalars()
        raise LayerNotFoundError(name, tuple(known))
    return found  # type: ignore[return-value]  # a row has the attributes of its class


def _table_name(name: str, generation: int) -> str:
    return f"added_{name}_g{generation}"


def _load(
    connection: Connection,
    name: str,
    table_name: str,
    said: Declaration,
    *,
    file: FileOfRows,
    rejections: Rejections,
) -> FileReport:
    layer = added_layer(name, table_name, said)
    layer.table.metadata.create_all(connection)
    watch(connection, [layer.table])
    numbered = GENERATED_CODE if said.id_column is None and said.time_column is None else None
    source, request = open_for(file.path, layer, file.asked, said.columns, numbered)
    return load_source(
        connection, source, request, rejections, keep_good=file.keep_good, on_progress=file.on_progress
    )


def _declaration(name: str, wanted: Wanted, path: Path, found: Found) -> Declaration:
    kept = _columns(found, by_event=wanted.time_column is not None)
    ours = {column.theirs: column.name for column in kept}
    named = {
        what: None if theirs is None else _own_name(path, what, theirs, ours)
        for what, theirs in (
            ("id_column", wanted.id_column),
            ("label_column", wanted.label_column),
            ("time_column", wanted.time_column),
        )
    }
    if named["id_column"] is not None and named["time_column"] is not None:
        raise ConfigError("A layer of events is known by time and source; leave out --id-column.")
    kinds = {named["time_column"]: "time", named["id_column"]: "text"}
    columns = [
        {"name": column.name, "theirs": column.theirs, "kind": kinds.get(column.name, column.kind)}
        for column in kept
    ]
    title_vi = wanted.title_vi or wanted.title_en or name
    title_en = wanted.title_en or wanted.title_vi or name
    steward = wanted.steward or "–"
    return _checked(
        {
            "title": {"vi": title_vi, "en": title_en},
            "description": {
                "vi": wanted.description_vi or wanted.description_en or f"{title_vi}.",
                "en": wanted.description_en or wanted.description_vi or f"{title_en}.",
            },
            "steward": {"vi": steward, "en": steward},
            "color": wanted.color or _DEFAULT_COLOR,
            **({} if wanted.size_px is None else {"size_px": wanted.size_px}),
            "geometry_type": found.geometry_type,
            "columns": columns,
            **named,
        }
    )


_DEFAULT_COLOR = "#6a1b9a"


def _columns(found: Found, *, by_event: bool) -> list[AddedColumn]:
    """The columns that the layer gets of its own; those that every row has are left to their meaning."""
    theirs = [name for name in found.kinds if not _is_every_layers(name, found)]
    if by_event:
        key = next((name for name in theirs if fold(name) in _KEYS), None)
        theirs = [name for name in theirs if name != key]
    names = column_names(theirs, (EVENT_ID if by_event else GENERATED_CODE,))
    return [
        AddedColumn(name=ours, theirs=name, kind=found.kinds[name])
        for ours, name in zip(names, theirs, strict=True)
    ]


def _is_every_layers(name: str, found: Found) -> bool:
    return fold(name) in _OF_FEATURES and (fold(name) != "simulated" or found.kinds[name] == "boolean")


def _own_name(path: Path, what: str, theirs: str, ours: Mapping[str, str]) -> str:
    """Our name for a column that a user names as the file does, or as we do."""
    if theirs in ours:
        return ours[theirs]
    if theirs in ours.values():
        return theirs
    option = what.replace("_", "-")
    known = ", ".join(quoted(name) for name in list(ours)[:30]) or "no columns"
    raise IngestError(str(path), None, f"--{option} {quoted(theirs)} is not there; the file has {known}.")


def _kept(before: Declaration, wanted: Wanted) -> Wanted:
    """What is wanted, and for the rest what was said before."""
    theirs = {column.name: column.theirs for column in before.columns}

    def column(name: str | None) -> str | None:
        return None if name is None else theirs[name]

    return Wanted(
        wanted.title_vi or before.title.vi,
        wanted.title_en or before.title.en,
        wanted.description_vi or before.description.vi,
        wanted.description_en or before.description.en,
        wanted.steward or before.steward.vi,
        wanted.color or before.color,
        wanted.size_px or before.size_px,
        wanted.id_column or column(before.id_column),
        wanted.label_column or column(before.label_column),
        wanted.time_column or column(before.time_column),
    )


def _changed(before: Declaration, wanted: Wanted) -> Declaration:
    if wanted.id_column is not None or wanted.time_column is not None:
        raise ConfigError("Another identifier or column of time needs the rows again; give --file as well.")
    kept = _kept(before, wanted)
    label = before.label_column
    if wanted.label_column is not None:
        ours = {column.theirs: column.name for column in before.columns}
        label = ours.get(wanted.label_column, wanted.label_column)
    return _checked(
        {
            **before.model_dump(),
            "title": {"vi": kept.title_vi, "en": kept.title_en},
            "description": {"vi": kept.description_vi, "en": kept.description_en},
            "steward": {"vi": kept.steward, "en": kept.steward},
            "color": kept.color,
            "size_px": kept.size_px,
            "label_column": label,
        }
    )


def _checked(content: dict[str, Any]) -> Declaration:
    try:
        return Declaration.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the layer"
        raise ConfigError(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from error
