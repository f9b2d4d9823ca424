"""Jobs over database and archive alike: right by themselves, and the same on a cluster of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from click.testing import CliRunner
from distributed import LocalCluster
from geopandas.testing import assert_geodataframe_equal
from sqlalchemy import text

from gis_core.cli import cli
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.time import Window
from layers.archive.files import day_path
from layers.archive.month import alone
from layers.archive.restore import restore
from layers.archive.run import verify
from layers.enrich import ENRICHED, enrich
from layers.jobs.run import JobError
from layers.read import read
from layers.registry import LAYERS
from layers.rollup import record_frames
from layers.store import complete, put
from layers.surfaces.vehicle_density import build
from tests.archiving import DETECTIONS, MONTH, archive, stored
from tests.conftest import ROOT

COUNT = 240
"""Detections from 21 September to 10 October 2023, twelve a day; October is archived."""

Rows = list[tuple[Any, ...]]


@pytest.fixture
def seen(database: str) -> None:
    cameras = gpd.GeoDataFrame(
        {
            "code": ["CAM-1", "CAM-2"], "name": ["một", "hai"], "owner_agency": "CSGT", "purpose": "traffic",
            "mast_height_m": 6.0, "azimuth_deg": 0.0, "tilt_deg": 10.0, "field_of_view_deg": 60.0,
            "range_m": 100.0, "frame_interval_s": [60.0, 600.0], "ai_solutions": [["counting"], ["counting"]],
            "status": "active", "origin": "test", "simulated": False,
        },
        geometry=gpd.points_from_xy([107.58, 107.59], [16.46, 16.46]), crs=4326,
    )  # fmt: skip
    number = np.arange(COUNT)
    times = datetime(2023, 9, 21, tzinfo=UTC) + number * np.timedelta64(2, "h").astype(object)
    detections = gpd.GeoDataFrame(
        {
            "detected_at": times,
            "camera_code": np.array(["CAM-1", "CAM-2", "CAM-9", None], object)[number % 4],
            "subject": np.where(number % 10 == 7, "wildlife", "vehicle"), "class_name": "car",
            "steward_agency": "CSGT", "origin": "test", "origin_key": number.astype(str), "simulated": False,
        },
        geometry=gpd.points_from_xy(107.581 + number % 9 / 2000, 16.46 + number % 3 / 10_000), crs=4326,
    )  # fmt: skip
    put_road(16.46)
    with writing() as connection:
        put(connection, LAYERS["cameras"], complete(LAYERS["cameras"], cameras))
        put(connection, DETECTIONS, complete(DETECTIONS, detections))
        record_frames(connection, ["CAM-1"], [datetime(2023, 10, 2, 5, 30, tzinfo=UTC)])
    archive()


def put_road(lat: float) -> None:
    """The one road, which a new survey may find elsewhere."""
    rows = gpd.GeoDataFrame(
        {
            "code": ["R1"], "road_class": ["primary"], "one_way": [False], "origin": ["test"],
            "simulated": [False],
        },
        geometry=[shapely.LineString([(107.58, lat), (107.59, lat)])], crs=4326,
    )  # fmt: skip
    with writing() as connection:
        put(connection, LAYERS["road_segments"], complete(LAYERS["road_segments"], rows))


def run(*command: str) -> str:
    done = CliRunner().invoke(cli, ["jobs", *command])
    if done.exception is not None:
        raise done.exception
    return done.output


def resnap(first: str = "2023-09-01", last: str = "2023-10-31") -> str:
    return run("resnap", "--from", first, "--to", last)


def roll_ups() -> tuple[Rows, Rows]:
    return stored("gis.segment_counts"), stored("gis.camera_hours")


def archived() -> gpd.GeoDataFrame:
    return gpd.read_parquet(get_settings().archive_dir / "detections").sort_values("id", ignore_index=True)


def all_stored() -> gpd.GeoDataFrame:
    with alone():
        restore(DETECTIONS, MONTH, get_settings().archive_dir)
    with writing() as connection:
        return read(connection, DETECTIONS)


def faults() -> list[str | None]:
    with alone():
        return [checked.fault for checked in verify(get_settings().archive_dir)]


@contextmanager
def cluster() -> Iterator[None]:
    """Two worker processes on the loopback, named by the settings."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("HUEGIS_DASK__SCHEDULER", made.scheduler_address)
        get_settings.cache_clear()
        try:
            yield
        finally:
            get_settings.cache_clear()


@pytest.mark.usefixtures("seen")
def test_detections_follow_a_road_that_moved_wherever_they_are() -> None:
    before = archived()
    put_road(16.4602)
    assert resnap().endswith("40 days, 20 of them changed.\n")
    assert faults() == [None]
    after = archived()
    assert (before["segment_distance_m"].dropna() != after["segment_distance_m"].dropna()).any()
    counts = roll_ups()
    rows = all_stored()
    with writing() as connection:
        fresh = enrich(connection, rows)
    for name in ENRICHED:
        assert rows[name].astype(object).where(rows[name].notna(), None).tolist() == (
            fresh[name].astype(object).where(fresh[name].notna(), None).tolist()
        )
    assert rows["segment_side"].isin(["left", "right"]).any()
    run("reroll", "--from", "2023-09-01", "--to", "2023-10-31")
    assert roll_ups() == counts


@pytest.mark.usefixtures("seen")
def test_doing_it_again_changes_no_file() -> None:
    put_road(16.4602)
    resnap()
    path = day_path(get_settings().archive_dir, "detections", date(2023, 10, 3))
    written = path.stat().st_mtime_ns
    assert "40 days, 0 of them changed" in resnap()
    assert path.stat().st_mtime_ns == written


@pytest.mark.usefixtures("seen")
def test_counting_an_archived_day_anew_mends_what_was_wrong_and_keeps_reported_frames() -> None:
    before = roll_ups()
    with writing() as connection:
        connection.execute(text("UPDATE gis.segment_counts SET detections = 1000"))
        connection.execute(text("DELETE FROM gis.camera_hours WHERE NOT reported"))
    run("reroll", "--from", "2023-09-21", "--to", "2023-10-31")
    assert roll_ups() == before
    assert any(",t," in row[0] for row in before[1])


@pytest.mark.usefixtures("seen")
def test_a_density_over_months_is_that_of_the_surface(tmp_path: Path) -> None:
    made = tmp_path / "density.tif"
    said = run("density", "--from", "2023-09-25", "--to", "2023-10-05", "--output", str(made))
    rows = all_stored()
    window = Window(datetime(2023, 9, 25, tzinfo=UTC), datetime(2023, 10, 6, tzinfo=UTC))
    expected = build(window)
    with rasterio.open(made) as surface:
        np.testing.assert_allclose(surface.read(), expected.to_numpy(), rtol=1e-5, atol=1e-9)
        assert surface.read().max() > 0
    vehicles = rows[(rows["subject"] == "vehicle") & rows["camera_code"].isin(["CAM-1", "CAM-2"])]
    inside = vehicles["detected_at"].between(window.start, window.end, inclusive="left").sum()
    assert f"{inside:,} vehicles of 11 days" in said


@pytest.mark.usefixtures("seen")
def test_a_cluster_of_two_processes_finds_the_same(tmp_path: Path) -> None:
    here, there = tmp_path / "here.tif", tmp_path / "there.tif"
    window = ("--from", "2023-09-21", "--to", "2023-10-31")
    put_road(16.4602)
    resnap()
    run("density", *window, "--output", str(here))
    rows, counts, files = stored(), roll_ups(), archived()
    put_road(16.46)
    resnap()
    assert stored() != rows
    put_road(16.4602)
    with cluster():
        resnap()
        run("density", *window, "--output", str(there))
        run("reroll", *window)
    assert stored() == rows
    assert roll_ups() == counts
    assert_geodataframe_equal(archived(), files)
    assert faults() == [None]
    with rasterio.open(here) as one, rasterio.open(there) as other:
        assert one.read().tobytes() == other.read().tobytes()


@pytest.mark.usefixtures("seen")
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.jobs.run._PATIENCE_S", 0.5)
    monkeypatch.setenv("HUEGIS_DASK__SCHEDULER", "tcp://127.0.0.1:1")
    get_settings.cache_clear()
    with pytest.raises(JobError, match=r"tcp://127\.0\.0\.1:1 \(dask\.scheduler\)"):
        resnap()


KILLED = """
import os, signal
from datetime import date
from gis_core.config import get_settings
from gis_core.db import writing
from layers.archive.month import alone
from layers.jobs import resnap
from layers.jobs.days import days_between

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

point = {point!r}
if point == "noted":
    resnap.put_in_place = die
elif point == "written":
    resnap.recount_file = die
folder = get_settings().archive_dir
with alone():
    with writing() as connection:
        days = days_between(connection, date(2023, 10, 1), date(2023, 10, 31), folder)
    list(resnap.resnap(days, folder))
"""


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("point", ["written", "noted"])
def test_a_job_that_is_killed_leaves_the_old_or_the_new_file(point: str) -> None:
    put_road(16.4602)
    script = KILLED.format(point=point)
    killed = subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(get_settings().archive_dir.rglob("*.part"))) == 1
    assert faults() == [None]
    assert list(get_settings().archive_dir.rglob("*.part")) == []
    resnap()
    assert faults() == [None]
    counts = roll_ups()
    run("reroll", "--from", "2023-09-21", "--to", "2023-10-31")
    assert roll_ups() == counts


@pytest.mark.usefixtures("seen")
def test_a_surface_is_the_same_to_the_bit_here_on_threads_and_on_a_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gis_core.analysis.density._BLOCK_ROWS", 500)
    window = Window(datetime(2023, 9, 1, tzinfo=UTC), datetime(2023, 10, 1, tzinfo=UTC))
    here = build(window).to_numpy()
    assert here.max() > 0
    monkeypatch.setenv("HUEGIS_SURFACES__ENGINE", "dask")
    get_settings.cache_clear()
    np.testing.assert_array_equal(build(window).to_numpy(), here)
    with cluster():
        np.testing.assert_array_equal(build(window).to_numpy(), here)
    monkeypatch.setenv("HUEGIS_DASK__SCHEDULER", "tcp://127.0.0.1:9")
    get_settings.cache_clear()
    with pytest.raises(JobError, match="No Dask scheduler answers"):
        build(window)
