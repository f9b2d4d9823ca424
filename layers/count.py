"""How many features match, without ever counting a whole table.

Small results are counted; of large ones the planner's knowledge is told, as an estimate.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, Select, func, literal_column, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement

from layers.base import Layer


class Matched(NamedTuple):
    """How many features match, and whether they were counted or estimated."""

    number: int
    is_exact: bool


def count_matches(
    connection: Connection,
    layer: Layer,
    conditions: list[ColumnElement[bool]],
    exact_below: int,
    at_least: int,
) -> Matched:
    """The number of features that meet all conditions.

    Exact up to ``exact_below``, an estimate above; ``at_least`` so many were seen already,
    and no estimate says less.
    """
    if not conditions:
        stored = _rows_on_record(connection, layer)
        if stored is not None and stored > exact_below:
            return Matched(max(stored, at_least), is_exact=False)
    matching = select(literal_column("1")).select_from(layer.table).where(*conditions)
    bounded = matching.limit(exact_below + 1).subquery()
    counted = connection.execute(select(func.count()).select_from(bounded)).scalar_one()
    if counted <= exact_below:
        return Matched(counted, is_exact=True)
    return Matched(max(_planned_rows(connection, matching), counted, at_least), is_exact=False)


def _rows_on_record(connection: Connection, layer: Layer) -> int | None:
    """What the last VACUUM or ANALYZE noted of the table or its partitions; None where any has no note."""
    found = connection.execute(
        text(
            "SELECT sum(reltuples)::bigint, bool_and(reltuples >= 0) FROM pg_class WHERE relkind = 'r' AND "
            "(oid = to_regclass(:name) OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(:name)))"
        ),
        {"name": f"{layer.table.schema}.{layer.table.name}"},
    ).one()
    return found[0] if found[1] else None


def _planned_rows(connection: Connection, matching: Select[Any]) -> int:
    plan = connection.execute(_Explain(matching)).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain, "postgresql")
def _explain(element: _Explain, compiler: Any, **options: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + compiler.process(element.statement, **options)
