"""``huegis layers check`` on damaged data: each fault is found, written once, and gone when it is mended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, text

from gis_core.config import get_settings
from gis_core.db import working_engine, writing
from gis_core.errors import ConfigError, LayerNotFoundError
from layers.quality.run import Checked, run_checks
from layers.read import read
from layers.registry import LAYERS
from layers.store import load
from tests.conftest import Place
from tests.ingesting import fit_file
from tests.rain import storms

NOW = datetime(2025, 11, 1, tzinfo=UTC)
START = NOW - timedelta(days=21)
CENTRE = (107.58, 16.46)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with writing() as opened:
        put_sound_data(opened)
        yield opened


def rows(points: list[tuple[float, float]], **columns: Any) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(*points, strict=True)), crs=4326)
    return frame.assign(origin="test", simulated=False, **columns)


def put_sound_data(connection: Connection) -> None:
    """Six rain stations with three weeks of rain, a gauge, a road, a camera over it, and a flood spot."""
    stations = [(107.5 + number / 50, 16.4) for number in range(6)]
    codes = [f"mua-{number}" for number in range(6)]
    load(connection, LAYERS["rain_stations"], rows(stations, code=codes, name=codes))
    gauge = rows([CENTRE], code="kim-long", name="Kim Long", river="Hương", datum="Hòn Dấu")
    load(connection, LAYERS["river_gauges"], gauge)
    road = shapely.LineString([(107.579, 16.4605), (107.581, 16.4605)])
    segments = gpd.GeoDataFrame(
        {"code": ["s1"], "road_class": "primary", "origin": "test"}, geometry=[road], crs=4326
    )
    load(connection, LAYERS["road_segments"], segments)
    camera = rows(
        [CENTRE], code="c1", name="C1", owner_agency="CSGT", purpose="traffic", mast_height_m=8.0,
        azimuth_deg=0.0, tilt_deg=20.0, field_of_view_deg=60.0, range_m=120.0, frame_interval_s=60.0,
        status="active", road_segment_code="s1", ai_solutions=[["vehicles"]],
    )  # fmt: skip
    load(connection, LAYERS["cameras"], camera)
    load(connection, LAYERS["flood_spots"], rows([CENTRE], code="p1", name="P1", camera_code="c1"))
    rain_mm = storms()
    for station, code in zip(stations, codes, strict=True):
        observe(connection, station, code, "rain_1h_mm", rain_mm)
    level_m = 1 + 0.3 * np.sin(np.arange(rain_mm.size) / 5)
    observe(connection, CENTRE, "kim-long", "stage_m", level_m)


def observe(
    connection: Connection,
    place: tuple[float, float],
    code: str,
    name: str,
    value: np.ndarray[Any, Any],
    start: datetime = START,
) -> None:
    times = [start + timedelta(hours=hour) for hour in range(len(value))]
    series = rows(
        [place] * len(value), observed_at=times, station_code=code, observed_property=name, value=value,
        origin_key=[f"{code}/{name}/{at:%Y%m%d%H}" for at in times],
    )  # fmt: skip
    load(connection, LAYERS["observations"], series)


def check(connection: Connection, **options: Any) -> Checked:
    return run_checks(connection, get_settings(), **({"now": NOW} | options))


def found(checked: Checked) -> set[tuple[str, str, str]]:
    return {(one.name, finding.layer, finding.feature_id) for one, finding in checked.findings}


def observation(connection: Connection, code: str, at: datetime) -> str:
    query = text("SELECT id FROM gis.observations WHERE station_code = :code AND observed_at = :at")
    return str(connection.execute(query, {"code": code, "at": at}).scalar_one())


def test_sound_data_gives_no_finding(connection: Connection) -> None:
    done = check(connection)
    assert (done.findings, done.cut, done.gone) == ((), (), 0)


def damage(connection: Connection) -> set[tuple[str, str, str]]:
    """Break one thing for each check, and say what is to be found."""

    def sql(statement: str, **values: Any) -> None:
        assert connection.execute(text(statement), values).rowcount > 0, statement

    bow_tie = "MULTIPOLYGON(((107.4 16.4,107.5 16.5,107.5 16.4,107.4 16.5,107.4 16.4)))"
    sql(
        "INSERT INTO gis.wards (code, name, kind, area_km2, geom, origin) "
        "VALUES ('w1', 'Phường 1', 'ward', 1, ST_GeomFromText(:wkt, 4326), 'test')",
        wkt=bow_tie,
    )
    far, near = (105.85, 21.03), (107.5801, 16.46)
    load(
        connection,
        LAYERS["river_gauges"],
        rows([far, near], code=["hanoi", "kim-long-2"], name="Khác", river="Hồng", datum="Hòn Dấu"),
    )
    camera = "INSERT INTO gis.cameras SELECT (jsonb_populate_record(c, :changes)).* FROM gis.cameras c"
    sql(f"{camera} WHERE code = 'c1'", changes='{"code": "c2", "road_segment_code": "s9"}')
    sql(f"{camera} WHERE code = 'c1'", changes='{"code": "c3", "range_m": 20}')
    sql("UPDATE gis.flood_spots SET camera_code = 'c9'")
    shifted = "UPDATE gis.observations SET observed_at = observed_at + interval '7 hours' "
    sql(shifted + "WHERE station_code = 'mua-2' AND observed_at < :now", now=NOW - timedelta(hours=7))
    hour = {name: START + timedelta(hours=number) for name, number in (("spike", 100), ("stuck", 200))}
    sql(
        "UPDATE gis.observations SET value = 9 WHERE station_code = 'kim-long' AND observed_at = :at",
        at=hour["spike"],
    )
    sql(
        "UPDATE gis.observations SET value = 1.234 WHERE station_code = 'kim-long' "
        "AND observed_at BETWEEN :first AND :last",
        first=hour["stuck"], last=hour["stuck"] + timedelta(hours=24),
    )  # fmt: skip
    gap = START + timedelta(hours=300)
    sql(
        "DELETE FROM gis.observations WHERE station_code = 'kim-long' "
        "AND observed_at > :first AND observed_at < :last",
        first=gap, last=gap + timedelta(hours=5),
    )  # fmt: skip
    ahead = NOW + timedelta(hours=7)
    observe(connection, CENTRE, "elsewhere", "stage_m", np.array([1.0]), ahead)
    return {
        ("invalid_geometry", "wards", "w1"),
        ("outside_province", "river_gauges", "hanoi"),
        ("duplicate_station", "river_gauges", "kim-long-2"),
        ("unknown_segment", "cameras", "c2"),
        ("distant_segment", "cameras", "c3"),
        ("unknown_camera", "flood_spots", "p1"),
        ("clock_zone", "rain_stations", "mua-2"),
        ("spike", "observations", observation(connection, "kim-long", hour["spike"])),
        ("stuck", "observations", observation(connection, "kim-long", hour["stuck"])),
        ("gap", "observations", observation(connection, "kim-long", gap)),
        ("future_time", "observations", observation(connection, "elsewhere", ahead)),
    }


def test_every_kind_of_damage_is_found_where_it_is(connection: Connection) -> None:
    expected = damage(connection)
    assert found(check(connection)) == expected
    written = read(connection, LAYERS["quality_findings"])
    assert {*zip(written["check"], written["layer"], written["feature_id"], strict=True)} == expected
    invalid = written.set_index("check").geometry["invalid_geometry"]
    assert invalid.equals_exact(shapely.Point(107.45, 16.45), 1e-9)
    assert (written["sentence_vi"] != written["sentence_en"]).all()


def test_a_second_run_changes_nothing(connection: Connection) -> None:
    damage(connection)
    first = check(connection)
    before = read(connection, LAYERS["quality_findings"])
    again = check(connection, now=NOW + timedelta(minutes=1))
    assert again.written.unchanged == first.written.inserted == len(before)
    assert (again.written.inserted, again.written.updated, again.gone) == (0, 0, 0)
    assert before.equals(read(connection, LAYERS["quality_findings"]))


def test_what_is_mended_is_gone_and_the_rest_stays(connection: Connection) -> None:
    damage(connection)
    count = len(check(connection).findings)
    connection.execute(text("DELETE FROM gis.wards"))
    done = check(connection, now=NOW + timedelta(minutes=1))
    assert (len(done.findings), done.gone, done.written.unchanged) == (count - 1, 1, count - 1)


def test_checking_one_layer_leaves_the_findings_in_others(connection: Connection) -> None:
    expected = damage(connection)
    check(connection)
    connection.execute(text("DELETE FROM gis.cameras WHERE code = 'c3'"))
    connection.execute(text("DELETE FROM gis.wards"))
    done = check(connection, layer="cameras")
    assert (found(done), done.gone) == ({("unknown_segment", "cameras", "c2")}, 1)
    assert len(read(connection, LAYERS["quality_findings"])) == len(expected) - 1


def test_a_feature_without_a_position_is_shown_at_the_middle(connection: Connection) -> None:
    connection.execute(text("UPDATE gis.flood_spots SET geom = ST_GeomFromText('POINT EMPTY', 4326)"))
    assert found(check(connection)) == {("invalid_geometry", "flood_spots", "p1")}
    (point,) = read(connection, LAYERS["quality_findings"]).geometry
    assert (point.x, point.y) == (107.625, 16.375)


def test_no_more_findings_are_kept_than_the_settings_say(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = rows([(105.0, 21.0 + n / 10) for n in range(5)], code=list("abcde"), name=list("abcde"))
    load(connection, LAYERS["flood_spots"], far)
    monkeypatch.setenv("HUEGIS_QUALITY__MAX_FINDINGS", "3")
    get_settings.cache_clear()
    done = check(connection, layer="flood_spots")
    assert len(done.findings) == 3
    assert done.cut == (("outside_province", "flood_spots"),)


def test_a_camera_in_another_ward_than_its_inventory_says(tmp_path: Path, connection: Connection) -> None:
    area = shapely.MultiPolygon([shapely.box(107.5, 16.4, 107.6, 16.5)])
    ward = gpd.GeoDataFrame(
        {"code": ["1"], "name": "Phường Phú Xuân", "origin": "test"}, geometry=[area], crs=4326
    )
    load(connection, LAYERS["wards"], ward)
    inventory = tmp_path / "cameras.csv"
    common = "CA,traffic,8,0,10,60,100,1,active,[]"
    inventory.write_text(
        "code,name,lon,lat,phường,owner_agency,purpose,mast_height_m,azimuth_deg,tilt_deg,field_of_view_deg,"
        "range_m,frame_interval_s,status,ai_solutions\n"
        f"c2,Trong,107.55,16.45,Phú Xuân,{common}\n"
        f"c3,Ngoài,107.65,16.45,phu xuan,{common}\n"
        f"c4,Không ghi,107.65,16.45,,{common}\n",
        encoding="utf-8",
    )
    assert load(connection, LAYERS["cameras"], fit_file(inventory, "cameras").rows).inserted == 3
    found = [(one.name, finding.feature_id) for one, finding in check(connection, layer="cameras").findings]
    assert found == [("stated_ward", "c3")]


def test_old_events_are_left_alone(connection: Connection) -> None:
    stuck = np.full(40, 2.0)
    observe(connection, CENTRE, "kim-long", "stage_m", stuck, START - timedelta(days=60))
    assert check(connection).findings == ()


def test_a_reading_from_the_far_future_spoils_no_other_check(connection: Connection) -> None:
    observe(connection, CENTRE, "mua-1", "rain_1h_mm", np.array([1.0]), datetime(2199, 1, 1, tzinfo=UTC))
    assert [one.name for one, _ in check(connection).findings] == ["future_time"]


def test_a_wrong_setting_and_an_unknown_layer_are_named(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LayerNotFoundError, match="nowhere"):
        check(connection, layer="nowhere")
    monkeypatch.setenv(
        "HUEGIS_QUALITY__SERIES", '{"wind": {"spike_floor": 1, "stuck_h": 1, "zero_may_last": true}}'
    )
    get_settings.cache_clear()
    with pytest.raises(ConfigError, match=r"quality\.series.*wind"):
        check(connection)


def test_the_command_prints_a_table_writes_the_layer_and_exits_with_0(place: Place, tmp_path: Path) -> None:
    with writing() as connection:
        load(
            connection,
            LAYERS["flood_spots"],
            rows([(105.85, 21.03)], code="p1", name="[red]P1", camera_code="c9"),
        )

    def huegis(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gis_core", "layers", *arguments],
            env=place.env, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    first = huegis("check")
    assert (first.returncode, first.stderr) == (0, "")
    assert "outside_province" in first.stdout
    assert "[red]P1" in first.stdout
    assert first.stdout.endswith("2 findings in quality_findings: 2 new, 0 as before, 0 gone.\n")
    again = huegis("check", "--layer", "flood_spots")
    assert again.stdout.endswith("2 findings in quality_findings: 0 new, 2 as before, 0 gone.\n")
    unknown = huegis("check", "--layer", "nowhere")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert huegis("export", "quality_findings", "findings.gpkg").returncode == 0
    assert list(gpd.read_file(tmp_path / "findings.gpkg")["layer"]) == ["flood_spots"] * 2
    assert "tilt_deg" in huegis("dictionary").stdout
    assert huegis("dictionary", "words.csv").stdout.startswith("words.csv: ")


def test_the_sample_gives_nothing_absurd(province: Place) -> None:
    """Levels that stay the same through dry days are all that a check may find in the sample."""
    with working_engine().connect() as connection:
        done = check(connection)
        connection.rollback()
    assert {(one.name, finding.layer) for one, finding in done.findings} <= {("stuck", "observations")}
    assert all(finding.simulated and "Stage" in finding.sentence.en for _, finding in done.findings)
