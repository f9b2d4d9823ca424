"""Records as sources have them become rows as layers want them, before their columns are matched.

What is nested is named by its path (``reading.value``), constants are added, and a record that
holds several measured values at once becomes one row for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gis_core.collect_settings import HttpSource, MqttSource, RowSource, WatchedFolder
from gis_core.errors import ConfigError
from layers.base import Layer
from layers.collect.rows import Rules
from layers.ingest.delimited import COORDINATES
from layers.ingest.names import columns_of
from layers.registry import LAYERS

_NATURAL_KEYS = {"observations": ("station_code", "observed_property", "observed_at")}
"""What makes a row one event where its source is asked for the same again and again."""


_DEEPEST = 8
"""Levels that are taken apart; nobody means more."""


def layer_of(source: RowSource) -> Layer:
    """The layer that a source is for.

    Raises:
        LayerNotFoundError: the settings name a layer that is none.
        ConfigError: it takes no rows, or the settings name columns that it does not have.
    """
    layer = LAYERS[source.layer]
    if not layer.loadable:
        raise ConfigError(f"Source {source.name}: layer {layer.name} follows from another and takes no rows.")
    columns = columns_of(layer)
    own = {*columns, layer.geometry_name}
    unknown = sorted({*source.key, *source.columns.values()} - own - set(COORDINATES))
    if unknown:
        raise ConfigError(
            f"Source {source.name}: layer {layer.name} has no column '{unknown[0]}'; "
            "see 'huegis layers describe'."
        )
    if source.measures and not {"observed_property", "value"} <= own:
        raise ConfigError(f"Source {source.name}: 'measures' are for layers of observations.")
    return layer


def rules_of(source: RowSource | WatchedFolder) -> Rules:
    """How the rows of a source are meant, as its settings say."""
    if isinstance(source, WatchedFolder):
        return Rules(source.columns)
    return Rules(source.columns, source.key or _NATURAL_KEYS.get(source.layer, ()), source.times)


def shaped(records: Iterable[Any], source: HttpSource | MqttSource) -> list[Any]:
    """Rows of records; what is no object stays as it is, and is a bad row later."""
    return [row for record in records for row in _rows(record, source)]


def _rows(record: Any, source: HttpSource | MqttSource) -> Iterator[Any]:
    if not isinstance(record, dict):
        yield record
    elif record.get("type") == "Feature":
        properties = record.get("properties")
        if source.constants and isinstance(properties, dict | None):
            yield {**record, "properties": {**(properties or {}), **source.constants}}
        else:
            yield record
    else:
        yield from _one_for_each_measure({**dict(_flat(record)), **source.constants}, source.measures)


def _flat(record: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict) and value and name != "geometry" and path.count(".") < _DEEPEST:
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _one_for_each_measure(row: dict[str, Any], measures: dict[str, str]) -> Iterator[dict[str, Any]]:
    """One row for each of the ``measures`` that is in the row; a sensor without a value gives none."""
    there = [name for name in measures if name in row]
    if not there:
        yield row
        return
    rest = {name: value for name, value in row.items() if name not in measures}
    for name in there:
        if row[name] is not None:
            yield {**rest, "observed_property": measures[name], "value": row[name]}
