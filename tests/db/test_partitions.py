"""Monthly tables: ready before they are needed, and listed with what became of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner
from sqlalchemy import event, select, text

from gis_core.cli import cli
from gis_core.config import get_settings
from gis_core.db import working_engine, writing
from layers.archive.month import alone
from layers.archive.restore import restore
from layers.count import rows_on_record
from layers.partition_states import month_states
from layers.partitions import (
    ensure_ahead,
    ensure_partitions,
    partitioned_tables,
    prepare,
    standing_months,
    time_column,
)
from tests.archiving import DETECTIONS, MONTH, archive, detections, put

pytestmark = pytest.mark.usefixtures("database")

NEW_YEARS_EVE = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)


def names() -> dict[str, list[str]]:
    with writing() as connection:
        return {
            table.name: [str(month) for month in standing_months(connection, table)]
            for table in partitioned_tables()
        }


def test_every_table_that_is_kept_by_month_is_known_by_its_time() -> None:
    found = {table.name: time_column(table) for table in partitioned_tables()}
    assert found == {
        "camera_hours": "hour_at", "detections": "detected_at", "observations": "observed_at",
        "segment_counts": "hour_at",
    }  # fmt: skip


def test_coming_months_stand_ready_for_every_table() -> None:
    made = ensure_ahead(NEW_YEARS_EVE, 2)
    assert len(made) == 3 * len(partitioned_tables())
    assert set(map(tuple, names().values())) == {("2023-12", "2024-01", "2024-02")}
    assert ensure_ahead(NEW_YEARS_EVE, 2) == []


def test_a_load_at_midnight_of_a_new_month_makes_no_table() -> None:
    ensure_ahead(NEW_YEARS_EVE, 1)
    said: list[str] = []

    def hear(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(working_engine(), "before_cursor_execute", hear)
    put(detections(3, datetime(2024, 1, 1, tzinfo=UTC)))
    assert said
    assert [line for line in said if line.startswith(("CREATE TABLE", "ALTER TABLE"))] == []


def test_empty_tables_ahead_do_not_hide_how_many_rows_there_are() -> None:
    put(detections(50))
    with writing() as connection:
        connection.execute(text("ANALYZE gis.detections"))
    ensure_ahead(NEW_YEARS_EVE, 3)
    with writing() as connection:
        assert connection.execute(select(rows_on_record(DETECTIONS))).scalar() == 50


def test_setting_up_makes_them_and_says_so_once() -> None:
    said: list[str] = []
    prepare(said.append)
    assert "Monthly tables made ahead" in said[0]
    now = pd.Period(datetime.now(UTC).strftime("%Y-%m"), "M")
    assert names()["detections"] == [str(now + step) for step in range(4)]
    prepare(said.append)
    assert len(said) == 1


def test_an_archived_month_is_not_made_again() -> None:
    put(detections(5))
    archive()
    ensure_ahead(datetime(2023, 9, 1, tzinfo=UTC), 2)
    assert names()["detections"] == ["2023-09", "2023-11"]
    assert names()["observations"] == ["2023-09", "2023-10", "2023-11"]


def test_roll_ups_of_an_archived_month_still_take_rows() -> None:
    put(detections(5))
    archive()
    counts = next(table for table in partitioned_tables() if table.name == "segment_counts")
    with writing() as connection:
        ensure_partitions(connection, counts, pd.Series([pd.Timestamp("2023-10-05", tz="UTC")]))
    assert "2023-10" in names()["segment_counts"]


def test_the_states_of_months() -> None:
    put(detections(5))
    put(detections(5, datetime(2023, 11, 1, tzinfo=UTC)))
    archive()
    ensure_ahead(datetime(2023, 11, 15, tzinfo=UTC), 1)

    def states() -> dict[str, str]:
        with writing() as connection:
            found = month_states(connection, datetime(2023, 11, 15, tzinfo=UTC))
        return {str(one.month): one.state for one in found if one.table == "detections"}

    assert states() == {"2023-10": "archived", "2023-11": "attached", "2023-12": "ahead"}
    with alone():
        restore(DETECTIONS, MONTH, get_settings().archive_dir)
    assert states()["2023-10"] == "restored"
    with writing() as connection:
        connection.execute(text("ALTER TABLE gis.detections DETACH PARTITION gis.detections_2023_10"))
    assert states()["2023-10"] == "detached"


def test_the_command_lists_them() -> None:
    put(detections(5))
    archive()
    done = CliRunner().invoke(cli, ["db", "partitions"])
    assert done.exit_code == 0
    archived = [line.split() for line in done.output.splitlines() if line.endswith("archived")]
    assert [(name, month, rows) for name, month, rows, *_ in archived] == [("detections", "2023-10", "5")]
