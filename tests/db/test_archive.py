"""The archive: a month leaves the database, is read by others, and comes back as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from gis_core.cli import cli
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.errors import GisError, IngestError
from layers.archive.catalogue import entries
from layers.archive.errors import ArchiveError
from layers.archive.month import alone
from layers.archive.restore import release, restore
from layers.archive.run import months_to_archive, verify
from layers.collect.intake import take_in_rows
from layers.collect.replay import ReplayReport, replay
from layers.ingest.source import Request
from layers.partitions import closed_months, standing_months
from layers.registry import LAYERS
from layers.status import change_status
from layers.status import history as history_of
from tests.archiving import DETECTIONS, MONTH, archive, detections, put, stored
from tests.conftest import ROOT, Place

COUNT = 700


@pytest.fixture
def month(database: str) -> list[tuple[object, ...]]:
    """What the database holds: a month to be archived, and one row of the month after it."""
    put(detections(COUNT))
    put(detections(1, datetime(2023, 11, 1, tzinfo=UTC)).assign(origin_key="november"))
    return stored()


def folder() -> Path:
    return get_settings().archive_dir


def bring_back() -> int:
    with alone():
        return restore(DETECTIONS, MONTH, folder())


def let_go() -> None:
    with alone() as keeper:
        release(keeper, DETECTIONS, MONTH)


def faults() -> list[str | None]:
    with alone():
        return [checked.fault for checked in verify(folder())]


def test_a_month_leaves_and_comes_back_value_by_value(month: list[tuple[object, ...]]) -> None:
    assert archive() == COUNT
    assert len(stored()) == 1
    assert faults() == [None]
    assert bring_back() == COUNT
    assert stored() == month
    let_go()
    assert len(stored()) == 1
    assert bring_back() == COUNT
    assert stored() == month


def test_a_restored_month_has_the_indexes_and_guards_of_its_table(month: list[tuple[object, ...]]) -> None:
    archive()
    bring_back()
    shape = (
        "SELECT count(*) FROM pg_index WHERE indrelid = 'gis.{0}'::regclass UNION ALL "
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'gis.{0}'::regclass"
    )
    with writing() as connection:
        new, old = (
            connection.exec_driver_sql(shape.format(name)).scalars().all()
            for name in ("detections_2023_10", "detections_2023_11")
        )
    assert new == old


def test_observations_are_archived_too(database: str) -> None:
    rain = gpd.GeoDataFrame(
        {
            "observed_at": pd.date_range("2023-10-05", periods=40, freq="h", tz="UTC"), "station_code": "M1",
            "observed_property": "rain_1h_mm", "value": np.linspace(0, 3, 40), "origin": "test",
            "origin_key": [str(number) for number in range(40)],
        },
        geometry=gpd.points_from_xy([107.5] * 40, [16.4] * 40), crs=4326,
    )  # fmt: skip
    put(rain, LAYERS["observations"])
    before = stored("gis.observations")
    assert archive(layer=LAYERS["observations"]) == 40
    with alone():
        restore(LAYERS["observations"], MONTH, folder())
    assert stored("gis.observations") == before


# --- others read the files ---------------------------------------------------------------------


def test_duckdb_reads_the_archive(month: list[tuple[object, ...]]) -> None:
    archive()
    with duckdb.connect() as duck:
        read = f"read_parquet('{folder()}/**/*.parquet', hive_partitioning=true)"
        query = f"SELECT count(*), count(DISTINCT date), min(date) FROM {read}"
        count, days, first = duck.execute(query).fetchone()
        named = duck.execute(f"SELECT DISTINCT class_name FROM {read}").fetchall()
        shape = duck.execute(f"SELECT geom FROM {read} WHERE origin_key = '5'").fetchone()[0]
    assert (count, days, first.isoformat()) == (COUNT, 25, "2023-10-01")
    assert {'nói "được"', "hai\ndòng", ""} <= {name for (name,) in named}
    assert shapely.from_wkb(shape) == detections(6).geometry.iloc[5]


def test_geopandas_reads_a_file_and_the_folder(month: list[tuple[object, ...]]) -> None:
    archive()
    day = gpd.read_parquet(folder() / "detections" / "date=2023-10-03" / "detections.parquet")
    assert day.crs.to_epsg() == 4326
    assert set(day["detected_at"].dt.date.astype(str)) == {"2023-10-03"}
    whole = gpd.read_parquet(folder() / "detections")
    assert len(whole) == COUNT
    box = (107.2, 16.1, 107.3, 16.2)
    some = gpd.read_parquet(folder() / "detections", bbox=box)
    inside = whole.intersects(shapely.box(*box))
    assert inside.any()
    assert set(whole["id"][inside]) <= set(some["id"]) < set(whole["id"])


def test_the_files_say_what_geoparquet_1_1_asks_for(month: list[tuple[object, ...]]) -> None:
    archive()
    path = folder() / "detections" / "date=2023-10-03" / "detections.parquet"
    with pq.ParquetFile(path) as file:
        geo = json.loads(file.schema_arrow.metadata[b"geo"])
        compression = {file.metadata.row_group(0).column(number).compression for number in range(3)}
        boxes = file.read(["bbox"]).column("bbox").combine_chunks()
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geom")
    column = geo["columns"]["geom"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["Point"]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4326}
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert compression == {"ZSTD"}
    day = gpd.read_parquet(path)
    assert column["bbox"] == day.total_bounds.tolist()
    assert (boxes.field("xmin").to_numpy() <= day.geometry.x).all()
    assert (boxes.field("xmax").to_numpy() >= day.geometry.x).all()
    hours = day["detected_at"].dt.hour
    assert hours.is_monotonic_increasing


# --- rows that come late -----------------------------------------------------------------------


def test_late_rows_are_refused_row_by_row_and_go_in_after_restore(
    month: list[tuple[object, ...]], tmp_path: Path
) -> None:
    archive()
    late = tmp_path / "late.csv"
    late.write_text(
        "lon,lat,detected_at,subject,class_name,steward_agency,origin_key\n"
        "107.5,16.4,2023-10-07T08:00Z,vehicle,car,CSGT,late\n"
        "107.5,16.4,2023-12-07T08:00Z,vehicle,car,CSGT,fine\n"
    )
    command = ["layers", "load", "detections", str(late), "--keep-good"]
    done = CliRunner().invoke(cli, command)
    assert "1 inserted, 0 updated, 0 unchanged, 1 rejected" in done.output
    assert "huegis archive restore detections 2023-10" in " ".join(done.output.split())
    bring_back()
    done = CliRunner().invoke(cli, command)
    assert "1 inserted, 0 updated, 1 unchanged" in done.output
    with pytest.raises(ArchiveError, match="has changed"):
        let_go()
    assert len(stored()) == COUNT + 3
    assert archive() == COUNT + 1
    assert faults() == [None]
    assert bring_back() == COUNT + 1


def test_late_rows_that_are_pushed_wait_in_quarantine_for_the_month(month: list[tuple[object, ...]]) -> None:
    archive()
    rows = [
        {
            "lon": 107.5, "lat": 16.4, "detected_at": f"2023-{month}-07T08:00Z", "subject": "vehicle",
            "class_name": "car", "steward_agency": "CSGT", "origin_key": month,
        }
        for month in ("10", "12")
    ]  # fmt: skip
    with writing() as connection:
        receipt = take_in_rows(connection, "pusher", rows, Request(DETECTIONS))
    assert (receipt.accepted, receipt.quarantined) == (1, 1)
    assert "archive restore detections 2023-10" in receipt.errors[0][1]
    assert replay(get_settings()) == ReplayReport(replayed=0, stay=1)
    bring_back()
    assert replay(get_settings()) == ReplayReport(replayed=1, stay=0)
    assert len(stored()) == COUNT + 3


def test_rows_never_go_into_an_archived_month(month: list[tuple[object, ...]]) -> None:
    archive()
    with pytest.raises(IngestError, match="2023-10 of detections is archived"):
        put(detections(3).assign(origin_key=["x", "y", "z"]))
    assert len(stored()) == 1
    with writing() as connection:
        assert MONTH not in standing_months(connection, DETECTIONS.table)


def test_the_history_of_statuses_stays_and_a_restored_month_shows_it(database: str) -> None:
    rows = detections(3).assign(subject="forest_fire")
    put(rows)
    with writing() as connection:
        event = connection.execute(text("SELECT id FROM gis.detections LIMIT 1")).scalar_one()
        change_status(connection, event, "verified", "rangers")
    archive()
    with writing() as connection:
        assert [change.to_status for change in history_of(connection, event)] == ["verified"]
        with pytest.raises(GisError, match="has no feature"):
            change_status(connection, event, "refuted", "rangers")
    bring_back()
    with writing() as connection:
        change_status(connection, event, "refuted", "rangers")
    with pytest.raises(ArchiveError, match="has changed"):
        let_go()


# --- what can go wrong --------------------------------------------------------------------------


def test_a_damaged_or_missing_file_is_found_and_not_restored(month: list[tuple[object, ...]]) -> None:
    archive()
    path = folder() / "detections" / "date=2023-10-03" / "detections.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-200] + bytes(100) + whole[-100:])
    assert "cannot be read" in (faults()[0] or "")
    path.unlink()
    assert "rows, not 700" in (faults()[0] or "")
    with pytest.raises(ArchiveError, match="nothing was restored"):
        bring_back()
    assert len(stored()) == 1
    path.write_bytes(whole)
    assert bring_back() == COUNT


def test_one_changed_value_is_found(month: list[tuple[object, ...]]) -> None:
    archive()
    path = folder() / "detections" / "date=2023-10-03" / "detections.parquet"
    table = pq.read_table(path, partitioning=None)
    position = table.schema.get_field_index("class_name")
    names = table.column("class_name").to_pylist()
    names[0] += "!"
    pq.write_table(table.set_column(position, "class_name", [names]), path)
    assert "other values" in (faults()[0] or "")


def test_a_folder_that_cannot_be_written_leaves_the_month_in_use(
    month: list[tuple[object, ...]], place: Place
) -> None:
    (place.var_dir / "archive").write_text("a file in the way")
    with pytest.raises(ArchiveError, match="cannot be written"):
        archive()
    assert stored() == month
    put(detections(1).assign(origin_key="goes in"))
    assert len(stored()) == len(month) + 1


def test_readers_see_every_row_until_the_month_is_out(month: list[tuple[object, ...]], database: str) -> None:
    """A reader that has begun keeps what it saw, and the month waits for it rather than the other way."""
    with psycopg.connect(database) as reader:
        assert reader.execute("SELECT count(*) FROM gis.detections").fetchone() == (COUNT + 1,)
        running = _run("pending")
        _wait_until(database, "SELECT 1 FROM pg_inherits WHERE inhdetachpending")
        with psycopg.connect(database) as other:
            assert other.execute("SELECT count(*) FROM gis.detections").fetchone() == (1,)
        reader.rollback()
    assert running.wait(timeout=60) == 0
    assert faults() == [None]


def test_only_old_months_are_taken_and_restored_ones_are_left_alone(month: list[tuple[object, ...]]) -> None:
    def chosen(before: str) -> list[str]:
        with writing() as connection:
            return [str(one) for one in months_to_archive(connection, DETECTIONS, pd.Period(before, "M"))]

    assert chosen("2023-10") == []
    assert chosen("2023-11") == ["2023-10"]
    assert chosen("2024-01") == ["2023-10", "2023-11"]
    archive()
    assert chosen("2024-01") == ["2023-11"]
    bring_back()
    assert chosen("2024-01") == ["2023-11"]
    put(detections(1).assign(origin_key="late"))
    assert chosen("2024-01") == ["2023-10", "2023-11"]


# --- kill -9 ------------------------------------------------------------------------------------


def _run(point: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.archiving", point], cwd=ROOT)


def _wait_until(url: str, query: str, *, gone: bool = False) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as watcher:
        while (watcher.execute(query).fetchone() is None) is not gone:
            assert time.monotonic() < deadline, query
            time.sleep(0.02)


def _check_nothing_lost_or_doubled(database: str, before: list[tuple[object, ...]]) -> None:
    # The server notices a client's death only when it next hears from or talks to it.
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4836712"
    _wait_until(database, held, gone=True)
    done = CliRunner().invoke(cli, ["archive", "run", "--before", "2023-11"])
    assert done.exit_code == 0, done.output
    assert len(stored()) == 1
    assert faults() == [None]
    assert len(gpd.read_parquet(folder() / "detections")) == COUNT
    assert list(folder().rglob("*.part")) == []
    assert bring_back() == COUNT
    assert stored() == before


@pytest.mark.parametrize("point", ["detached", "first-file", "written", "half-placed", "placed", "recorded"])
def test_a_run_that_is_killed_loses_and_doubles_nothing(
    point: str, month: list[tuple[object, ...]], database: str
) -> None:
    killed = _run(point)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    with writing() as connection:
        assert MONTH in closed_months(connection, DETECTIONS.table)
    with pytest.raises(IngestError, match="being archived"):
        put(detections(1).assign(origin_key="meanwhile"))
    _check_nothing_lost_or_doubled(database, month)


def test_a_run_that_is_killed_while_it_waits_for_a_reader(
    month: list[tuple[object, ...]], database: str
) -> None:
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM gis.detections")
        waiting = _run("pending")
        _wait_until(database, "SELECT 1 FROM pg_inherits WHERE inhdetachpending")
        os.kill(waiting.pid, signal.SIGKILL)
        waiting.wait(timeout=60)
        with psycopg.connect(database, autocommit=True) as admin:
            # What a database does by itself once it notices that nobody is there any more.
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'ALTER TABLE%DETACH%' AND pid <> pg_backend_pid()"
            )
            assert admin.execute("SELECT inhdetachpending FROM pg_inherits WHERE inhdetachpending").fetchone()
        reader.rollback()
    _check_nothing_lost_or_doubled(database, month)


def test_a_restored_month_archived_anew_and_killed(month: list[tuple[object, ...]], database: str) -> None:
    archive()
    bring_back()
    put(detections(COUNT + 1).iloc[-1:].assign(detected_at=datetime(2023, 10, 9, tzinfo=UTC)))
    before = stored()
    assert _run("half-placed").wait(timeout=120) == -signal.SIGKILL
    assert archive() == COUNT + 1
    assert faults() == [None]
    assert bring_back() == COUNT + 1
    assert stored() == before


def test_times_at_the_ends_of_a_month_go_to_their_own_days(database: str) -> None:
    ends = [datetime(2023, 10, 1, tzinfo=UTC), datetime(2023, 10, 31, 23, 59, 59, 999_000, tzinfo=UTC)]
    moments = [*ends, ends[0] + timedelta(days=1) - timedelta(milliseconds=1), ends[0] + timedelta(days=1)]
    put(detections(4).assign(detected_at=moments))
    archive()
    days = {path.parent.name: len(gpd.read_parquet(path)) for path in sorted(folder().rglob("*.parquet"))}
    assert days == {"date=2023-10-01": 2, "date=2023-10-02": 1, "date=2023-10-31": 1}
    with writing() as connection:
        entry = entries(connection)[0]
    assert (entry.first_at, entry.last_at) == tuple(ends)
