"""One row by the driver itself: what goes wrong is told as everywhere, and the pool is whole afterwards."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.db import fetch_row, reading, serving_engine
from gis_core.errors import DatabaseUnavailableError, QueryTimeoutError


def test_values_are_bound(database: str) -> None:
    with reading() as connection:
        row = fetch_row(connection, "SELECT %(given)s::text, 1 + 1", {"given": "'; DROP TABLE x; --"})
    assert row == ("'; DROP TABLE x; --", 2)


def test_a_statement_without_values_is_taken_as_it_stands(database: str) -> None:
    with reading() as connection:
        assert fetch_row(connection, "SELECT 7 % 4", {}) == (3,)


def test_a_query_that_takes_too_long_is_said_to(database: str) -> None:
    with pytest.raises(QueryTimeoutError):
        _ask_too_much()


def test_a_missing_table_names_the_remedy(database: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="huegis db upgrade"), reading() as connection:
        fetch_row(connection, "SELECT count(*) FROM gis.nowhere", {})


def test_a_bug_in_the_sql_is_no_error_of_the_user(database: str) -> None:
    with pytest.raises(psycopg.errors.SyntaxError), reading() as connection:
        fetch_row(connection, "SELECT FROM WHERE", {})


def test_a_connection_that_was_lost_is_replaced(database: str) -> None:
    with pytest.raises(DatabaseUnavailableError):
        _lose_it(database)
    for _ in range(get_settings().database.pool_size + 1):
        with reading() as connection:
            assert fetch_row(connection, "SELECT 1", {}) == (1,)
    assert serving_engine().pool.checkedout() == 0  # type: ignore[attr-defined]  # of this kind of pool


def _ask_too_much() -> None:
    with reading() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 10"))
        fetch_row(connection, "SELECT pg_sleep(%(seconds)s)", {"seconds": 30})


def _lose_it(database: str) -> None:
    with reading() as connection:
        (own,) = fetch_row(connection, "SELECT pg_backend_pid()", {})
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (own,))
        fetch_row(connection, "SELECT 1", {})
