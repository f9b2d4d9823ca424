"""How many features match, without ever counting a whole table.

Small results are counted; of large ones the planner's knowledge is told, as an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Executable, Select, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement

from layers.base import Layer


class Matched(NamedTuple):
    """How many features match, and whether they were counted or estimated."""

    number: int
    is_exact: bool


def rows_on_record(layer: Layer) -> ColumnElement[int | None]:
    """What the last VACUUM or ANALYZE noted of a table or its partitions; null where any has no note."""
    name = f"'{layer.table.schema}.{layer.table.name}'"
    return literal_column(
        "(SELECT CASE WHEN bool_and(reltuples >= 0) THEN sum(reltuples)::bigint END FROM pg_class "
        # One list of identifiers, which the index of the catalogue finds; an OR would read all of it.
        f"WHERE relkind = 'r' AND oid = ANY (CAST(to_regclass({name}) AS oid) || "
        f"ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass({name}))))",
        BigInteger,
    )


def count_matches(
    connection: Connection,
    layer: Layer,
    conditions: list[ColumnElement[bool]],
    values: Mapping[str, Any],
    *,
    exact_below: int,
    at_least: int,
) -> Matched:
    """The number of features that meet all conditions, whose bound names ``values`` fills.

    Exact up to ``exact_below``, an estimate above; ``at_least`` so many were seen already,
    and no estimate says less.
    """
    matching: Select[Any] = (
        select(literal_column("1")).select_from(layer.table).where(*layer.membership, *conditions)
    )
    bounded = matching.limit(exact_below + 1).subquery()
    counted = connection.execute(select(func.count()).select_from(bounded), values).scalar_one()
    if counted <= exact_below:
        return Matched(counted, is_exact=True)
    return Matched(max(_planned_rows(connection, matching, values), counted, at_least), is_exact=False)


def _planned_rows(connection: Connection, matching: Select[Any], values: Mapping[str, Any]) -> int:
    plan = connection.execute(_Explain(matching), values).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain, "postgresql")
def _explain(element: _Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"
