"""The list of layers kept in step with the database, whichever process adds, changes or removes one."""

from __future__ import annotations

import logging
from threading import Lock
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, select

from gis_core.db import reading, serving_engine
from gis_core.errors import GisError
from layers.added.declaration import AddedLayer, Declaration, added_layer
from layers.added.tables import AddedLayerRow, AddedLayersState
from layers.base import Layer
from layers.registry import LAYERS, LayerList

_log = logging.getLogger(__name__)


class _Seen(NamedTuple):
    """What the list was made from: the database, and the version of its added layers."""

    engine: Engine
    version: int


class _State:
    """What this process knows; one thread at a time looks whether it is still so."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.seen: _Seen | None = None
        self.made: dict[str, tuple[str, Declaration, AddedLayer]] = {}
        """By name: table and declaration, and the layer that they made."""


_state = _State()


def refresh() -> None:
    """Look whether the added layers are still those that are known, and take over what changed.

    A database that does not answer, or knows of no added layers yet, leaves the list as it is.
    """
    with _state.lock:
        try:
            engine = serving_engine()
            with reading() as connection:
                version = connection.execute(select(AddedLayersState.version)).scalar()
                if version is None or (engine, version) == _state.seen:
                    return
                LAYERS.show(_read(connection))
        except GisError as error:
            _log.warning("added layers: %s", error)
            return
        _state.seen = _Seen(engine, version)


def known_layers() -> LayerList:
    """All layers as they are at this moment, for a command that asks once."""
    refresh()
    return LAYERS


def forget() -> None:
    """Know of no added layers, as at the start of the process."""
    with _state.lock:
        _state.seen = None
        _state.made.clear()
        LAYERS.show({})


def _read(connection: Connection) -> dict[str, Layer]:
    """Every added layer; one that did not change is the same object as before."""
    rows = connection.execute(
        select(AddedLayerRow.name, AddedLayerRow.table_name, AddedLayerRow.declaration).order_by(
            AddedLayerRow.place
        )
    ).all()
    made: dict[str, tuple[str, Declaration, AddedLayer]] = {}
    for name, table_name, content in rows:
        try:
            said = Declaration.model_validate(content)
        except ValidationError as error:
            # One that a newer version wrote does not take the others with it.
            _log.warning("added layer %s cannot be read: %s", name, error.errors()[0]["msg"])
            continue
        before = _state.made.get(name)
        if before is None or before[:2] != (table_name, said):
            before = (table_name, said, added_layer(name, table_name, said))
        made[name] = before
    _state.made = made
    return {name: layer for name, (_, _, layer) in made.items()}
