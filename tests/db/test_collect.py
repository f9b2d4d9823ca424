"""Collecting: the watched folder, the quarantine and its replay, and killing whoever is at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import geopandas as gpd
import psycopg
import pytest
from click.testing import CliRunner

from gis_core.cluster import Cluster
from gis_core.collect_settings import WatchedFolder
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.errors import ConfigError, LayerNotFoundError
from layers.collect.claims import Claims
from layers.collect.commands import collect, quarantine
from layers.collect.connectors import connectors
from layers.collect.folder import FolderConnector
from layers.collect.intake import Receipt, take_in_rows
from layers.collect.replay import ReplayReport, replay
from layers.collect.run import Outcome, attempt, run_once
from layers.ingest.source import Request
from layers.registry import LAYERS
from tests.conftest import Place
from tests.ingesting import HUE_GRID, feature, point, spot, write_geojson
from tests.surviving import HEADER, ROWS, at_work, count, kill_9, up, wait_for_rows_in_flight, write

GOOD = "107.58,16.46,2025-10-27T20:00:00Z,CAM-1,vehicle,car,observed,CSGT,a\n"


def query(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [tuple(found) if len(found) > 1 else found[0] for found in connection.execute(sql)]


def go_round(connector: FolderConnector, times: int = 2) -> list[Outcome]:
    """Look so many times, and say what became of the files."""
    told: list[Outcome] = []
    assert complaints_of(connector, told, times) == []
    return told


def complaints_of(connector: FolderConnector, told: list[Outcome], times: int) -> list[str]:
    """What is complained of in so many looks."""
    complaints: list[str] = []
    for _ in range(times):
        attempt(connector, told.append, lambda name, sentence: complaints.append(sentence), Event())
    return complaints


@pytest.fixture
def inbox(database: str, tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def watched(folder: Path, layer: str = "detections", **options: Any) -> FolderConnector:
    return FolderConnector(WatchedFolder(name="agency", path=folder, layer=layer, **options))


def left_in(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_file_is_taken_when_two_looks_find_it_the_same(inbox: Path, database: str) -> None:
    connector = watched(inbox)
    file = inbox / "a.csv"
    file.write_text(HEADER + GOOD)
    assert go_round(connector, 1) == []
    file.write_text(HEADER + GOOD + GOOD.replace(",a\n", ",b\n"))
    assert go_round(connector, 1) == []
    (taken,) = go_round(connector, 1)
    assert taken.receipt is not None
    assert taken.receipt.accepted == 2
    assert left_in(inbox) == ["done/a.csv"]
    assert query(database, "SELECT DISTINCT origin FROM gis.detections") == ["agency"]
    assert query(database, "SELECT source, inserted FROM gis.load_journal") == [("agency/a.csv", 2)]


def test_a_marker_lets_a_file_be_taken_at_once_and_unfinished_ones_stay(inbox: Path) -> None:
    for name in ("a.csv", "b.csv.part", ".hidden.csv", "c.csv~"):
        (inbox / name).write_text(HEADER + GOOD)
    (inbox / "a.csv.done").touch()
    (taken,) = go_round(watched(inbox), 1)
    assert taken.title == "a.csv"
    assert left_in(inbox) == [".hidden.csv", "b.csv.part", "c.csv~", "done/a.csv"]


def test_the_same_rows_in_another_file_change_nothing(inbox: Path, database: str) -> None:
    nameless = (HEADER + GOOD).replace(",origin_key\n", "\n").replace(",a\n", "\n")
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_text(nameless)
    receipts = [outcome.receipt for outcome in go_round(watched(inbox))]
    assert [(receipt.accepted, receipt.known_already) for receipt in receipts if receipt] == [(1, 0), (0, 1)]
    (inbox / "a.csv").write_text(nameless)
    go_round(watched(inbox))
    assert count(database) == (1, 1)
    assert left_in(inbox) == ["done/a-2.csv", "done/a.csv", "done/b.csv"]


def killed(*_: Any) -> None:
    raise SystemExit


def test_whoever_dies_between_commit_and_move_does_it_again(
    inbox: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.csv").write_text(HEADER + GOOD + GOOD.replace("car", "").replace(",a\n", ",b\n"))
    with monkeypatch.context() as patch:
        patch.setattr("layers.collect.folder._put_away", killed)
        with pytest.raises(SystemExit):
            go_round(watched(inbox))
    assert left_in(inbox) == ["a.csv"]
    assert count(database) == (1, 1)
    (again,) = go_round(watched(inbox))
    assert again.receipt is not None
    assert (again.receipt.known_already, again.receipt.quarantined) == (1, 1)
    assert count(database) == (1, 1)
    assert query(database, "SELECT count(*) FROM gis.quarantine") == [1]
    assert left_in(inbox) == ["done/a.csv"]


def test_a_file_that_is_no_good_is_refused_with_its_reason_beside_it(inbox: Path, database: str) -> None:
    (inbox / "cut.geojson").write_text('{"type": "FeatureCol')
    (inbox / "bad.csv").write_text(HEADER + GOOD.replace("vehicle", "ufo"))
    (inbox / "good.csv").write_text(HEADER + GOOD)
    outcomes = {outcome.title: outcome.refused for outcome in go_round(watched(inbox))}
    assert outcomes["good.csv"] is None
    assert "cut off" in str(outcomes["cut.geojson"])
    assert "1 of 1 rows cannot be loaded" in str(outcomes["bad.csv"])
    assert left_in(inbox) == [
        "done/good.csv",
        "refused/bad.csv",
        "refused/bad.csv.txt",
        "refused/cut.geojson",
        "refused/cut.geojson.txt",
    ]
    assert "'ufo' is not one of" in (inbox / "refused/bad.csv.txt").read_text()
    assert query(database, "SELECT count(*) FROM gis.quarantine") == [0]
    assert query(database, "SELECT source, rows_in, rows_refused FROM gis.collect_status") == [
        ("agency", 1, 0)
    ]


def test_without_keep_good_one_bad_row_refuses_the_file(inbox: Path, database: str) -> None:
    (inbox / "a.csv").write_text(HEADER + GOOD + GOOD.replace("vehicle", "ufo"))
    (outcome,) = go_round(watched(inbox, keep_good=False))
    assert "row 3" in str(outcome.refused)
    assert count(database) == (0, 0)
    assert query(database, "SELECT count(*) FROM gis.quarantine") == [0]


def test_a_shapefile_moves_with_all_its_parts(inbox: Path) -> None:
    spots = gpd.GeoDataFrame(
        {"code": ["a"], "name": ["A"]}, geometry=gpd.points_from_xy(*[[c] for c in HUE_GRID])
    )
    spots.set_crs(9214).to_file(inbox / "spots.shp")
    parts = left_in(inbox)
    (outcome,) = go_round(watched(inbox, "flood_spots"))
    assert outcome.receipt is not None, outcome.refused
    assert left_in(inbox) == [f"done/{part}" for part in parts]


def test_two_collectors_do_not_take_the_same_file(inbox: Path) -> None:
    (inbox / "a.csv").write_text(HEADER + GOOD)
    (inbox / "a.csv.done").touch()
    deliveries = watched(inbox).poll(Event())
    next(deliveries)
    assert list(watched(inbox).poll(Event())) == []
    deliveries.close()
    assert len(list(watched(inbox).poll(Event()))) == 1


def test_a_folder_that_is_gone_is_complained_of_and_the_others_go_on(inbox: Path, database: str) -> None:
    (inbox / "a.csv").write_text(HEADER + GOOD)
    gone = FolderConnector(WatchedFolder(name="gone", path=inbox / "nowhere", layer="detections"))
    complaints: list[tuple[str, str]] = []
    told: list[Outcome] = []
    run_once([gone, watched(inbox)], told.append, lambda *said: complaints.append(said), Event(), 0.001)
    assert len(told) == 1
    assert [name for name, _ in complaints] == ["gone", "gone"]
    assert "nowhere cannot be entered" in complaints[0][1]
    status = query(
        database, "SELECT last_error, failures_in_a_row FROM gis.collect_status WHERE source = 'gone'"
    )
    assert status == [(complaints[0][1], 2)]


def test_a_file_that_cannot_be_moved_is_complained_of_and_changes_nothing_more(
    inbox: Path, database: str
) -> None:
    (inbox / "a.csv").write_text(HEADER + GOOD)
    (inbox / "done").write_text("a file where the folder should be")
    told: list[Outcome] = []
    complaints = complaints_of(watched(inbox), told, 4)
    assert told == []
    assert len(complaints) == 3
    assert all("a.csv cannot be put away" in sentence for sentence in complaints)
    assert count(database) == (1, 1)


def test_connectors_are_named_once_and_for_layers_that_are(
    monkeypatch: pytest.MonkeyPatch, inbox: Path
) -> None:
    def asked(*folders: dict[str, str]) -> None:
        monkeypatch.setenv(
            "HUEGIS_COLLECT__FOLDERS", json.dumps([{"path": str(inbox)} | one for one in folders])
        )
        get_settings.cache_clear()
        connectors(get_settings(), Claims())

    asked({"name": "a", "layer": "wards"}, {"name": "b", "layer": "wards"})
    with pytest.raises(ConfigError, match="same name: a"):
        asked({"name": "a", "layer": "wards"}, {"name": "a", "layer": "rivers"})
    with pytest.raises(LayerNotFoundError, match="nowhere"):
        asked({"name": "a", "layer": "nowhere"})
    with pytest.raises(ConfigError, match=r"collect\.folders"):
        asked({"name": "../a", "layer": "wards"})


READING = {"observed_at": "2025-10-27T20:00+07:00", "property": "stage_m", "value": 5.05, "station": "KL"}


def push(*rows: Any, layer: str = "observations") -> Receipt:
    with writing() as connection:
        return take_in_rows(connection, "hub", rows, Request(LAYERS[layer]))


def test_what_was_mended_goes_in_at_replay_and_the_rest_stays_with_its_new_reason(database: str) -> None:
    assert push(READING, READING | {"value": "x"}).quarantined == 2
    assert replay(get_settings()) == ReplayReport(0, 2)
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO gis.river_gauges (code, name, river, datum, geom, origin) VALUES "
            "('KL', 'Kim Long', 'Hương', 'VN-2000', ST_SetSRID(ST_Point(107.56, 16.45), 4326), 'test')"
        )
    assert replay(get_settings(), "another") == ReplayReport(0, 0)
    assert replay(get_settings(), "hub") == ReplayReport(1, 1)
    assert query(database, "SELECT value FROM gis.observations") == [5.05]
    waiting = query(database, "SELECT reason FROM gis.quarantine WHERE replayed_at IS NULL")
    assert waiting == ["value 'x' is not a finite number"]
    # What went in by replay is the event that the source would send again.
    assert push(READING).known_already == 1
    assert replay(get_settings()) == ReplayReport(0, 1)


def test_rows_of_files_are_replayed_as_their_folder_is_set_up_now(
    inbox: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column was named wrong in the settings; corrected, the very lines of the file go in."""
    header = HEADER.replace("camera_code", "note")
    text = header + GOOD.replace("CAM-1", '"two, lines\nhere"').replace(",a\n", ",\n") + GOOD
    (inbox / "a.csv").write_text(text.replace("07.58", "07.5x", 1))
    (outcome,) = go_round(watched(inbox))
    assert outcome.receipt is not None
    assert outcome.receipt.errors == ((2, "lon '107.5x' is not a finite number"),)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE gis.quarantine SET content = replace(content, '7.5x', '7.58'), "
                           "content_chars = length(content)")  # fmt: skip
    folder = {"name": "agency", "path": str(inbox), "layer": "detections", "columns": {"note": "camera_code"}}
    monkeypatch.setenv("HUEGIS_COLLECT__FOLDERS", json.dumps([folder]))
    get_settings.cache_clear()
    assert replay(get_settings()) == ReplayReport(1, 0)
    assert query(database, "SELECT camera_code FROM gis.detections WHERE camera_code IS NOT NULL") == [
        "two, lines\nhere"
    ]
    # The corrected file brings the same events.
    (inbox / "b.csv").write_text(text)
    (again,) = go_round(watched(inbox, columns={"note": "camera_code"}))
    assert again.receipt is not None
    assert (again.receipt.accepted, again.receipt.known_already) == (0, 2)


def test_a_line_with_an_open_quote_swallows_no_other_at_replay(inbox: Path, database: str) -> None:
    lines = (GOOD.replace("CAM-1", '"CAM'), GOOD.replace("vehicle", "ufo"), GOOD)
    (inbox / "a.csv").write_text(HEADER + lines[2] + lines[1] + lines[1].replace(",a\n", ",c,d\n") + lines[0])
    (outcome,) = go_round(watched(inbox))
    assert outcome.receipt is not None
    assert outcome.receipt.quarantined == 3
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE gis.quarantine SET content = replace(content, 'ufo', 'vehicle'), "
                           "content_chars = length(replace(content, 'ufo', 'vehicle'))")  # fmt: skip
    assert replay(get_settings()) == ReplayReport(1, 2)


FIRMS = """latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,instrument,confidence,version
16.1,107.4,330.1,1.0,1.0,2025-03-01,18,A,MODIS,80,6.1
16.1,107.5,330.1,1.0,1.0,2025-03-01,24:61,A,MODIS,80,6.1
broken,line
"""


def test_satellite_fires_are_replayed_by_their_own_reader(inbox: Path, database: str) -> None:
    (inbox / "fires.csv").write_text(FIRMS)
    (outcome,) = go_round(watched(inbox))
    assert outcome.receipt is not None
    assert [number for number, _ in outcome.receipt.errors] == [3, 4]
    assert replay(get_settings()) == ReplayReport(0, 2)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE gis.quarantine SET content = replace(content, '24:61', '23:51')")
    assert replay(get_settings()) == ReplayReport(1, 1)
    assert query(database, "SELECT DISTINCT class_name, origin FROM gis.detections") == [
        ("hotspot", "FIRMS Aqua MODIS")
    ]
    assert "broken,line" in huegis(quarantine, "list")


def test_features_in_a_grid_are_replayed_in_that_grid(inbox: Path, database: str) -> None:
    crs = {"type": "name", "properties": {"name": "EPSG:9214"}}
    features = (
        spot("a", *HUE_GRID),
        spot("b", *HUE_GRID, name=None),
        feature(point(*HUE_GRID), code="c", name=""),
    )
    write_geojson(inbox / "a.geojson", *features, crs=crs)
    (outcome,) = go_round(watched(inbox, "flood_spots"))
    assert outcome.receipt is not None, outcome.refused
    assert outcome.receipt.quarantined == 2
    with psycopg.connect(database) as connection:
        connection.execute("""UPDATE gis.quarantine SET content = replace(content, 'null', '"B"'),
                              content_chars = length(replace(content, 'null', '"B"'))""")  # fmt: skip
    assert replay(get_settings()) == ReplayReport(1, 1)
    found = query(database, "SELECT code, round(ST_X(geom)::numeric, 6) FROM gis.flood_spots ORDER BY 1")
    assert [(code, float(x)) for code, x in found] == [("a", 107.58), ("b", 107.58)]


def huegis(group: Any, *arguments: str) -> str:
    done = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_commands_show_what_waits_and_how_sources_fare(place: Place) -> None:
    push(READING | {"lon": 107.5, "lat": 16.4}, READING | {"value": "[bold]" + "x" * 200_000}, 7)
    listed = huegis(quarantine, "list", "--source", "hub", "--layer", "observations")
    assert "2 rows wait in quarantine" in listed
    assert "it is '7', not an object" in listed
    assert "200,1" in listed
    assert "0 rows wait" in huegis(quarantine, "list", "--source", "nobody")
    status = huegis(collect, "status").splitlines()[1]
    assert status.startswith("hub")
    assert "days" in status
    assert status.split()[-3:] == ["1", "2", "0"]
    assert "0 rows went in, 2 stay" in huegis(quarantine, "replay")
    first, second = query(place.url, "SELECT id FROM gis.quarantine ORDER BY 1")
    dropped = huegis(quarantine, "drop", str(first), "987654")
    assert "1 rows were dropped" in dropped
    assert "Not there: 987654" in dropped
    assert query(place.url, "SELECT id FROM gis.quarantine") == [second]
    made = huegis(collect, "token", "hub")
    assert len(made.split()[-1]) == 64


def once(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gis_core", "collect", "run", "--once"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_kill_9_of_the_collector_and_of_the_database_loses_and_doubles_nothing(
    scratch: Path, tmp_path: Path
) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    environment = inherited | {
        "HUEGIS_VAR_DIR": str(scratch / "collect-survival"),
        "HUEGIS_SAMPLE__ENABLED": "false",
        "HUEGIS_PORT": "0",
        "HUEGIS_COLLECT__OPEN": "true",
        "HUEGIS_COLLECT__INTERVAL_S": "0.1",
        "HUEGIS_COLLECT__WITH_SERVICE": "false",
        "HUEGIS_COLLECT__FOLDERS": json.dumps(
            [{"name": "agency", "path": str(tmp_path), "layer": "detections"}]
        ),
    }
    cluster = Cluster(scratch / "collect-survival" / "postgres")
    with write(tmp_path, 1).open("a") as file:
        file.write(GOOD.replace("vehicle", "ufo"))
    with up(environment):
        interrupted = once(environment)
        wait_for_rows_in_flight(cluster.url, at_work(interrupted))
        kill_9(interrupted.pid)
        interrupted.communicate()
        assert count(cluster.url) == (0, 0)
        assert left_in(tmp_path) == ["day-1.csv"]

        interrupted = once(environment)
        wait_for_rows_in_flight(cluster.url, at_work(interrupted))
        kill_9(int((cluster.data / "postmaster.pid").read_text().splitlines()[0]))
        _, said = interrupted.communicate(timeout=120)
        assert "database" in said
        assert left_in(tmp_path) == ["day-1.csv"]

    with up(environment):
        for _ in range(2):
            again = once(environment)
            _, said = again.communicate(timeout=120)
            assert (again.returncode, said) == (0, "")
            assert count(cluster.url) == (ROWS, ROWS)
            assert query(cluster.url, "SELECT count(*) FROM gis.quarantine") == [1]
            assert left_in(tmp_path) == ["done/day-1.csv"]
