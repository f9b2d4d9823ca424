"""A load that makes its months itself: the same rows, the same indexes, and nothing half-made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import event, text

from gis_core.db import working_engine, writing
from gis_core.errors import IngestError
from layers.fresh_months import FreshMonths
from layers.partitions import ensure_partitions
from layers.store import complete
from layers.store import put as put_rows
from tests.archiving import DETECTIONS, MONTH, archive, detections, put, stored

pytestmark = pytest.mark.usefixtures("database")

SEPTEMBER = datetime(2023, 9, 20, tzinfo=UTC)


def put_fresh(*batches: gpd.GeoDataFrame) -> int:
    """Put batches through one set of fresh months; how many rows were new."""
    with writing() as connection:
        fresh = FreshMonths(connection, DETECTIONS.table)
        added = [
            put_rows(connection, DETECTIONS, complete(DETECTIONS, rows), fresh=fresh) for rows in batches
        ]
        fresh.attach()
    return sum(one.inserted for one in added)


def roll_ups() -> list[list[tuple[object, ...]]]:
    return [stored(f"gis.{table}") for table in ("segment_counts", "camera_hours", "hours_to_enrich")]


def indexes(month: str) -> list[tuple[str, bool]]:
    """What each index of a month's table is over, and whether it is a part of the parent's."""
    with writing() as connection:
        found = connection.execute(
            text(
                "SELECT pg_get_indexdef(indexrelid), "
                "EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid) "
                "FROM pg_index WHERE indrelid = CAST(:name AS regclass)"
            ),
            {"name": f"gis.detections_{month}"},
        ).all()
    return sorted((definition.split(" USING ")[1], part) for definition, part in found)


@pytest.fixture
def clean(database: str) -> Iterator[None]:
    yield
    with writing() as connection:
        left = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relname ~ '^detections_[0-9]{4}_[0-9]{2}$' "
                "AND NOT relispartition AND relkind = 'r'"
            )
        ).all()
    assert left == []


def test_rows_and_roll_ups_are_those_of_an_ordinary_load(clean: None) -> None:
    rows = detections(400, SEPTEMBER)  # into October
    assert put(rows).inserted == 400
    ordinary, counted = stored(), roll_ups()
    with writing() as connection:
        for table in ("detections", "segment_counts", "camera_hours", "hours_to_enrich"):
            connection.execute(text(f"TRUNCATE gis.{table} CASCADE"))
        connection.execute(text("DROP TABLE gis.detections_2023_09, gis.detections_2023_10"))
    assert put_fresh(rows.iloc[250:], rows.iloc[:250]) == 400
    assert stored() == ordinary
    assert roll_ups() == counted


def test_a_fresh_month_has_every_index_that_any_month_has(clean: None) -> None:
    put(detections(3, datetime(2023, 8, 1, tzinfo=UTC)))
    put_fresh(detections(3, datetime(2023, 10, 1, tzinfo=UTC)))
    assert len(indexes("2023_08")) == len(DETECTIONS.table.indexes) + 1
    assert all(part for _, part in indexes("2023_10"))
    assert indexes("2023_10") == indexes("2023_08")


def test_what_comes_twice_is_kept_once(clean: None) -> None:
    rows = detections(60, SEPTEMBER)
    assert put_fresh(rows, rows.iloc[20:30], pd.concat([rows.iloc[5:8], rows.iloc[5:8]])) == 60
    assert len(stored()) == 60


def test_rows_of_a_month_that_stands_and_of_one_that_does_not(clean: None) -> None:
    put(detections(5, datetime(2023, 9, 21, tzinfo=UTC)).iloc[:1])
    rows = detections(40, SEPTEMBER)
    assert put_fresh(rows) == 40
    assert put_fresh(rows) == 0
    with writing() as connection:
        counts = connection.execute(
            text(
                "SELECT tableoid::regclass::text, count(*) FROM gis.detections GROUP BY 1 ORDER BY 1".replace(
                    "::", "\\:\\:"
                )
            )
        ).all()
    assert [name for name, _ in counts] == ["gis.detections_2023_09", "gis.detections_2023_10"]
    assert sum(count for _, count in counts) == 41


def test_nobody_sees_a_month_before_the_commit_and_a_failed_load_leaves_none(clean: None) -> None:
    def half() -> None:
        with writing() as connection:
            fresh = FreshMonths(connection, DETECTIONS.table)
            put_rows(connection, DETECTIONS, complete(DETECTIONS, detections(9)), fresh=fresh)
            with working_engine().connect() as other:
                assert other.execute(text("SELECT count(*) FROM gis.detections")).scalar() == 0
            raise RuntimeError("the file ended in the middle of a row")

    with pytest.raises(RuntimeError, match="middle of a row"):
        half()
    assert stored() == []
    assert put_fresh(detections(9)) == 9


def test_an_archived_month_is_refused(clean: None) -> None:
    put(detections(5))
    archive()
    with pytest.raises(IngestError, match=f"{MONTH} of detections is archived"):
        put_fresh(detections(5).assign(origin_key="late"))


def test_a_month_that_stands_already_is_used_as_it_is(clean: None) -> None:
    with writing() as connection:
        ensure_partitions(connection, DETECTIONS.table, detections(1)["detected_at"])
    said: list[str] = []

    def hear(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(working_engine(), "before_cursor_execute", hear)
    assert put_fresh(detections(9)) == 9
    assert [line for line in said if "gis.detections_" in line and line.startswith(("CREATE", "ALTER"))] == []
