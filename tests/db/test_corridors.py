"""Corridor densities worked by hand, and counts by camera as a look at every row gives them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from gis_core.db import reading, writing
from gis_core.errors import FeatureNotFoundError, GisError, IngestError, InvalidParameterError
from gis_core.time import Window
from layers.base import Layer
from layers.camera_counts import read_counts
from layers.corridor_choice import along, between, named, read_line
from layers.corridor_commands import group
from layers.corridor_totals import by_class, in_bins, whole_bins, whole_corridor
from layers.corridors import corridors, hourly_density, last_day
from layers.enrich.stored import days_to_enrich, enrich_day
from layers.passenger_cars import chosen_units
from layers.registry import LAYERS
from layers.rollup import record_frames
from layers.store import complete, forget_simulated, put
from layers.tracks import with_tracks
from layers.viewsheds import compute_views
from tests.conftest import Place

HOUR = timedelta(hours=1)
SEVEN = datetime(2025, 10, 27, tzinfo=UTC)
"""Seven in the morning at Huế."""
WEST, SOUTH = transformer(STORAGE_SRID, METRIC_SRID).transform(107.58, 16.46)


def lonlat(x_m: float, y_m: float) -> tuple[float, float]:
    """A place so far east and north of the corner."""
    lon, lat = transformer(METRIC_SRID, STORAGE_SRID).transform(WEST + x_m, SOUTH + y_m)
    return lon, lat


def into(layer: Layer, rows: dict[str, Any], shapes: list[shapely.Geometry]) -> None:
    frame = gpd.GeoDataFrame({"origin": "test", "simulated": False} | rows, geometry=shapes, crs=4326)
    with writing() as connection:
        put(connection, layer, complete(layer, frame))


@pytest.fixture
def street(database: str) -> None:
    """A street of two segments, 1 km with 2 lanes and 500 m without a known number, and four cameras.

    C1 and C2 look east along the first segment from 0 m and 300 m, C3 along the second; C4 looks away.
    """
    ends_m = [0, 1000, 1500]
    lines = [shapely.LineString([lonlat(start, 0), lonlat(end, 0)]) for start, end in pairwise(ends_m)]
    into(
        LAYERS["road_segments"],
        {
            "code": ["S1", "S2"],
            "road_class": "primary",
            "one_way": False,
            "corridor": "Lê Lợi",
            "lanes": [2, None],
        },
        lines,
    )
    into(
        LAYERS["cameras"],
        {
            "code": ["C1", "C2", "C3", "C4"], "name": "camera", "owner_agency": "HueIOC",
            "purpose": "traffic", "mast_height_m": 8.0,
            "azimuth_deg": [90.0, 90.0, 90.0, 270.0], "tilt_deg": 10.0, "field_of_view_deg": 60.0,
            "range_m": [100.0, 200.0, 100.0, 50.0], "frame_interval_s": 360.0,
            "ai_solutions": [["vehicle_density"]] * 4, "status": "active",
            "road_segment_code": ["S1", "S1", "S2", "S2"],
        },
        [shapely.Point(lonlat(x_m, 0)) for x_m in (0, 300, 1100, 1000)],
    )  # fmt: skip


def see(camera: str, at: datetime, x_m: float, *class_names: str, simulated: bool = False) -> None:
    """One frame of a camera with vehicles at a place."""
    into(
        LAYERS["detections"],
        {
            "detected_at": [at] * len(class_names), "camera_code": camera, "subject": "vehicle",
            "class_name": list(class_names), "steward_agency": "CSGT", "simulated": simulated,
            "origin_key": [f"{camera}/{at}/{n}" for n in range(len(class_names))],
        },
        [shapely.Point(lonlat(x_m, 3))] * len(class_names),
    )  # fmt: skip


def hourly(hours: int = 1) -> pd.DataFrame:
    with reading() as connection:
        return hourly_density(connection, "Lê Lợi", Window(SEVEN, SEVEN + hours * HOUR))


@pytest.mark.usefixtures("street")
def test_density_is_vehicles_by_frames_and_seen_length() -> None:
    see("C1", SEVEN, 50, "car", "bus", "motorcycle")
    see("C2", SEVEN + HOUR / 2, 400, "car")
    with writing() as connection:
        record_frames(connection, ["C1"] * 4, [SEVEN + n * HOUR / 4 for n in range(4)])
        record_frames(connection, ["C2"] * 2, [SEVEN, SEVEN + HOUR / 2])
    first, second = hourly().itertuples(index=False)
    # 4 vehicles; C1 sees 100 m in 4 frames, C2 200 m in 2 frames.
    assert (first.segment_code, first.cameras, first.vehicles, first.frames) == ("S1", 2, 4, 6)
    assert first.seen_length_m == pytest.approx(300, abs=0.5)
    assert first.veh_km == pytest.approx(4 / 0.8, rel=0.005)
    # Bus 10.5 and motorcycle 1 motorcycle units, of which a car is 3.4.
    assert first.pcu == pytest.approx(2 + 11.5 / 3.4)
    assert first.pcu_km_lane == pytest.approx((2 + 11.5 / 3.4) / 0.8 / 2, rel=0.005)
    assert (first.level, first.frames_basis) == ("A", "reported")
    assert (second.segment_code, second.cameras) == ("S2", 0)
    missing = [second.frames_basis, second.vehicles, second.veh_km, second.pcu_km, second.pcu_km_lane]
    assert all(pd.isna([*missing, second.level]))


@pytest.mark.usefixtures("street")
def test_an_empty_road_was_seen_and_a_silent_camera_saw_nothing() -> None:
    with writing() as connection:
        record_frames(connection, ["C1"], [SEVEN])
    see("C3", SEVEN + HOUR, 1150, "car")
    rows = hourly(2).set_index(["segment_code", "hour_at"])
    assert rows.loc[("S1", SEVEN), "veh_km"] == 0
    assert pd.isna(rows.loc[("S1", SEVEN + HOUR), "veh_km"])
    # Nobody reported C3's frames: ten an hour by its interval, whenever it saw something.
    seen = rows.loc[("S2", SEVEN + HOUR)]
    assert (seen["frames"], seen["frames_basis"]) == (10, "nominal")
    assert seen["veh_km"] == pytest.approx(1 / (10 * 0.1), rel=0.005)
    assert pd.isna(seen["pcu_km_lane"])
    assert pd.isna(rows.loc[("S2", SEVEN), "veh_km"])


@pytest.mark.usefixtures("street")
def test_what_a_camera_sees_on_a_segment_that_it_does_not_watch_is_not_counted_there() -> None:
    see("C1", SEVEN, 1200, "car")
    first, second = hourly().itertuples(index=False)
    assert first.vehicles == 0
    assert pd.isna(second.veh_km)


@pytest.mark.usefixtures("street")
def test_the_whole_corridor_counts_each_segment_by_its_length() -> None:
    with writing() as connection:
        record_frames(connection, ["C1"], [SEVEN])
    see("C1", SEVEN, 50, "car", "car")
    see("C3", SEVEN, 1150, *["car"] * 4)
    hour = whole_corridor(hourly()).iloc[0]
    # 20 vehicles/km on 1 km, 4 in ten frames of 100 m on half a km.
    assert hour["veh_km"] == pytest.approx((20 * 1 + 4 * 0.5) / 1.5, rel=0.005)
    assert (hour["cameras"], hour["vehicles"], hour["frames"]) == (2, 6, 11)
    assert (hour["observed_part"], hour["frames_basis"]) == (pytest.approx(1), "mixed")
    # Only the first segment has a known number of lanes.
    assert hour["pcu_km_lane"] == pytest.approx(10, rel=0.005)
    assert hour["level"] == "B"


@pytest.mark.usefixtures("street")
def test_partly_observed_and_not_observed_hours_of_the_corridor() -> None:
    see("C3", SEVEN, 1150, "car")
    first, second = whole_corridor(hourly(2)).itertuples(index=False)
    assert first.observed_part == pytest.approx(1 / 3, abs=1e-3)
    assert first.veh_km == pytest.approx(1, rel=0.005)
    assert second.observed_part == 0
    assert all(pd.isna([second.veh_km, second.pcu_km, second.vehicles, second.level, second.frames_basis]))


@pytest.mark.usefixtures("street")
def test_hours_that_wait_for_enrichment_are_not_observed() -> None:
    see("C1", SEVEN, 50, "car")
    with writing() as connection:
        connection.execute(text("INSERT INTO gis.hours_to_enrich VALUES (:hour)"), {"hour": SEVEN})
    assert hourly()["veh_km"].isna().all()


@pytest.mark.usefixtures("street")
def test_corridors_and_those_that_are_not() -> None:
    with reading() as connection:
        (only,) = corridors(connection)
        assert (only.name, only.segments, only.cameras) == ("Lê Lợi", 2, 4)
        assert only.length_m == pytest.approx(1500, abs=0.1)
        with pytest.raises(InvalidParameterError, match="there is no 'Lê'"):
            hourly_density(connection, "Lê", Window(SEVEN, SEVEN + HOUR))
        with pytest.raises(GisError, match="No camera has counted a vehicle yet"):
            last_day(connection)


@pytest.mark.usefixtures("street")
def test_the_commands_show_local_time_and_write_every_segment(tmp_path: Path) -> None:
    see("C1", SEVEN, 50, "car", simulated=True)
    listed = CliRunner().invoke(group, ["list"], catch_exceptions=False)
    assert "Lê Lợi" in listed.output
    file = tmp_path / "density.csv"
    shown = CliRunner().invoke(group, ["density", "Lê Lợi", "--csv", str(file)], catch_exceptions=False)
    assert "2025-10-27 07:00" in shown.output
    assert "không quan sát / not observed" in shown.output
    assert "Simulated data" in shown.output
    with file.open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 48
    told = [row for row in rows if row["Xe trong các khung hình / Vehicles in all frames"]]
    assert [row["Giờ từ (giờ Việt Nam) / Hour from (Vietnam time)"] for row in told] == ["2025-10-27 07:00"]
    assert told[0]["Xe/km / Vehicles/km"] == "1.0"
    with pytest.raises(GisError, match="is there already"):
        CliRunner().invoke(group, ["density", "Lê Lợi", "--csv", str(file)], catch_exceptions=False)


# --- counts by camera --------------------------------------------------------------------------


@pytest.mark.usefixtures("street")
def test_errors_and_seen_parts_of_segments_and_of_the_corridor() -> None:
    see("C1", SEVEN, 50, "car", "bus", "motorcycle", "car")
    see("C3", SEVEN, 1150, "car")
    first, second = hourly().itertuples(index=False)
    # Four vehicles in ten frames of 100 m, one km sampled; C2 was silent.
    assert first.veh_km_sigma == pytest.approx(2 / 1.0, rel=0.005)
    squares = 1 + (10.5 / 3.4) ** 2 + (1 / 3.4) ** 2 + 1
    assert first.pcu_km_sigma == pytest.approx(squares**0.5, rel=0.005)
    assert (first.seen_part, second.seen_part) == (pytest.approx(0.1, rel=0.01), pytest.approx(0.2, rel=0.01))
    whole = whole_corridor(hourly()).iloc[0]
    assert whole["seen_part"] == pytest.approx((0.1 * 1000 + 0.2 * 500) / 1500, rel=0.01)
    assert whole["veh_km_sigma"] == pytest.approx(((2 * 1000) ** 2 + (1 * 500) ** 2) ** 0.5 / 1500, rel=0.005)


@pytest.mark.usefixtures("street")
def test_an_empty_road_is_not_sure_to_be_empty() -> None:
    with writing() as connection:
        record_frames(connection, ["C1"] * 2, [SEVEN, SEVEN + HOUR / 2])
    first, second = hourly().itertuples(index=False)
    assert (first.veh_km, first.veh_km_sigma) == (0, pytest.approx(5, rel=0.005))
    assert first.pcu_km_sigma == pytest.approx(5, rel=0.005)
    assert pd.isna(second.veh_km_sigma)
    assert pd.isna(second.seen_part)


@pytest.mark.usefixtures("street")
def test_cameras_that_see_the_same_stretch_see_no_more_of_it() -> None:
    with writing() as connection:
        compute_views(connection, get_settings())
        connection.execute(
            text("UPDATE gis.segment_views SET from_fraction = 0.1, to_fraction = 0.2, seen_length_m = 100")
        )
        record_frames(connection, ["C1", "C2"], [SEVEN, SEVEN])
    assert hourly().iloc[0]["seen_part"] == pytest.approx(0.1, rel=1e-3)
    assert hourly().iloc[0]["seen_length_m"] == pytest.approx(200)


@pytest.mark.usefixtures("street")
def test_longer_bins_are_the_sums_of_their_observed_hours() -> None:
    see("C1", SEVEN, 50, "car")
    see("C1", SEVEN + HOUR, 50, "car", "car", "car")
    see("C1", SEVEN + 5 * HOUR, 50, "bus")
    three = 3 * HOUR
    window = whole_bins(Window(SEVEN, SEVEN + 6 * HOUR), three)
    # Seven is an hour after six, when a bin of three begins in Huế.
    assert window.start == SEVEN - HOUR
    with reading() as connection:
        chosen = named(connection, "Lê Lợi")
        binned = in_bins(hourly_density(connection, chosen, window), three)
        classes = by_class(connection, chosen, binned, three)
    rows = binned[binned["segment_code"] == "S1"].set_index("hour_at")
    begin = rows.loc[SEVEN - HOUR]
    assert (begin["hours_observed"], begin["vehicles"], begin["frames"]) == (2, 4, 20)
    assert begin["veh_km"] == pytest.approx(4 / (20 * 0.1), rel=0.005)
    assert begin["veh_km_sigma"] == pytest.approx(2 / (20 * 0.1), rel=0.005)
    assert rows["hours_observed"].tolist() == [2, 0, 1]
    assert pd.isna(rows.iloc[1]["veh_km"])
    assert classes[["hour_at", "class_name", "vehicles"]].to_numpy().tolist() == [
        [pd.Timestamp(SEVEN - HOUR), "car", 4],
        [pd.Timestamp(SEVEN + 5 * HOUR), "bus", 1],
    ]
    assert classes["veh_km"].tolist() == [pytest.approx(2, rel=0.005), pytest.approx(1, rel=0.005)]
    assert classes["pcu_km"].iloc[1] == pytest.approx(10.5 / 3.4, rel=0.005)


@pytest.mark.parametrize("wrong", [timedelta(minutes=30), 5 * HOUR, 36 * HOUR])
def test_bins_that_fit_no_day_are_refused(wrong: timedelta) -> None:
    with pytest.raises(InvalidParameterError, match="hours that fit into a day"):
        whole_bins(Window(SEVEN, SEVEN + HOUR), wrong)


@pytest.mark.usefixtures("street")
def test_the_table_of_units_goes_by_the_design_speed_of_each_road() -> None:
    with writing() as connection:
        connection.execute(text("UPDATE gis.road_segments SET design_speed_kmh = 40 WHERE code = 'S2'"))
    see("C1", SEVEN, 50, "bus", "Rocket")
    see("C3", SEVEN, 1150, "bus", "motorcycle")
    table = chosen_units(get_settings(), "tcxdvn104")
    with reading() as connection:
        rows = hourly_density(connection, "Lê Lợi", Window(SEVEN, SEVEN + HOUR), table)
    # No design speed counts as the fastest; what no table knows as a car.
    assert rows["pcu"].tolist() == [2.5 + 1, 3.0 + 0.25]
    with pytest.raises(InvalidParameterError, match="no table 'yards'; there are: hanoi, tcxdvn104"):
        chosen_units(get_settings(), "yards")


@pytest.mark.usefixtures("street")
def test_a_drawn_line_and_a_route_choose_their_roads(tmp_path: Path) -> None:
    into(
        LAYERS["road_segments"],
        {"code": ["CROSS", "BESIDE"], "road_class": "tertiary", "one_way": [False, True]},
        [
            shapely.LineString([lonlat(500, -200), lonlat(500, 200)]),
            shapely.LineString([lonlat(1500, 0), lonlat(1500, 100), lonlat(0, 100)]),
        ],
    )
    west, east, north = lonlat(0, 5), lonlat(1495, -5), lonlat(700, 100)
    with reading() as connection:
        drawn = along(connection, shapely.LineString([east, west]))
        assert drawn.segments["segment_code"].tolist() == ["S2", "S1"]
        routed = between(connection, lonlat(900, 0), north)
        # Round by the one-way road, which cannot be entered from its other end.
        assert routed.segments["segment_code"].tolist() == ["S1", "S2", "BESIDE"]
        assert routed.name == "1.50 km"
        with pytest.raises(InvalidParameterError, match="no way along the known roads"):
            between(connection, north, lonlat(900, 0))
        with pytest.raises(InvalidParameterError, match="no known road lies within 250 m"):
            between(connection, lonlat(0, 9_000), north)
        with pytest.raises(InvalidParameterError, match="no known road lies along it"):
            along(connection, shapely.LineString([lonlat(0, 900), lonlat(900, 900)]))
    see("C1", SEVEN, 50, "car")
    file = tmp_path / "line.geojson"
    file.write_text(shapely.to_geojson(shapely.LineString([west, east])))
    for line in (str(file), f"{west[0]},{west[1]} {east[0]},{east[1]}"):
        shown = CliRunner().invoke(group, ["density", "--line", line], catch_exceptions=False).output
        assert "2 đoạn / segments, 1.50 km" in shown
        assert "2025-10-27 07:00" in shown
    csv_file = tmp_path / "classes.csv"
    route = ["density", "--from", f"{west[0]},{west[1]}", "--to", f"{east[0]},{east[1]}", "--bin", "1d"]
    more = ["--from", "2025-10-27", "--by-class", "--csv", str(csv_file)]
    assert "2025-10-27 00:00" in CliRunner().invoke(group, [*route, *more], catch_exceptions=False).output
    assert "S1,car,2025-10-27 00:00,1," in csv_file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "Say one of NAME"),
        (["Lê Lợi", "--line", "1,2 3,4"], "Say one of NAME"),
        (["--from", "107.5,16.4"], "needs both places"),
        (["Lê Lợi", "--within", "5"], "is for --line"),
        (["Lê Lợi", "--by-class"], "needs --csv"),
        (["--from", "1,2", "--from", "3,4", "--to", "1,2"], "one time and one place"),
    ],
)
def test_a_corridor_is_said_in_one_way(database: str, options: list[str], reason: str) -> None:
    done = CliRunner().invoke(group, ["density", *options])
    assert (done.exit_code, reason in done.output) == (2, True)


@pytest.mark.parametrize(
    "written", ["", "1,2", "1,2 3", "POINT (1 2)", '{"type": "Point"}', "LINESTRING (900 1, 2 3)", "x"]
)
def test_what_is_no_line_is_refused(written: str) -> None:
    with pytest.raises(InvalidParameterError, match="line"):
        read_line(written)


@pytest.mark.usefixtures("street")
def test_tracks_give_flow_and_speed_by_edie(tmp_path: Path) -> None:
    see("C1", SEVEN, 50, "car")
    file = tmp_path / "tracks.csv"
    # Two cars at 10 m/s over 80 m and a motorcycle at 5 m/s over 40 m, of 100 m seen for 100 s.
    rows = ["camera_code,track,class_name,seen_at,lon,lat"]
    for track, name, speed_m_s, meters in ((1, "car", 10, 80), (2, "car", 10, 80), (3, "motorcycle", 5, 40)):
        for second in range(meters // speed_m_s + 1):
            lon, lat = lonlat(10 + speed_m_s * second, 2)
            at = SEVEN + timedelta(seconds=second + 10 * track)
            rows.append(f"C1,{track},{name},{at.isoformat()},{lon},{lat}")
    file.write_text("\n".join(rows))
    take = ["tracks", str(file), "--from", SEVEN.isoformat(), "--to", f"{SEVEN + timedelta(seconds=100)}"]
    for _ in range(2):  # given again it changes nothing
        done = CliRunner().invoke(group, take, catch_exceptions=False)
        assert "3 vết xe / tracks, 27 vị trí / positions, 0 ngoài đường" in done.output
    with reading() as connection:
        found = with_tracks(
            connection, in_bins(hourly_density(connection, "Lê Lợi", Window(SEVEN, SEVEN + HOUR)), HOUR), HOUR
        )
    first, second_ = found.itertuples(index=False)
    assert first.speed_kmh == pytest.approx(3.6 * 200 / 24, rel=1e-3)
    assert first.edie_veh_km == pytest.approx(1000 * 24 / (100 * 100), rel=0.01)
    assert first.flow_veh_h == pytest.approx(3600 * 200 / (100 * 100), rel=0.01)
    assert first.flow_veh_h == pytest.approx(first.edie_veh_km * first.speed_kmh)
    assert all(pd.isna([second_.speed_kmh, second_.flow_veh_h]))
    assert whole_corridor(found)["speed_kmh"].iloc[0] == pytest.approx(30, rel=1e-3)
    shown = CliRunner().invoke(group, ["density", "Lê Lợi"], catch_exceptions=False).output
    assert "Flow" in shown
    assert "30.0" in shown
    file.write_text("camera_code,track\n1,2")
    with pytest.raises(IngestError, match="columns are missing: class_name"):
        CliRunner().invoke(group, ["tracks", str(file)], catch_exceptions=False)
    file.write_text(f"{rows[0]}\n{rows[1]}\nC1,1,car,never,1,1")
    with pytest.raises(IngestError, match="row 3: a position needs all six columns"):
        CliRunner().invoke(group, ["tracks", str(file)], catch_exceptions=False)


@pytest.mark.usefixtures("street")
def test_where_a_segments_numbers_come_from() -> None:
    see("C1", SEVEN, 50, "car", "car")
    see("C1", SEVEN + HOUR / 2, 50, "car")
    with writing() as connection:
        record_frames(connection, ["C2"], [SEVEN])
    shown = CliRunner().invoke(group, ["origin", "S1", "--json"], catch_exceptions=False).output
    told = json.loads(shown)
    assert [
        (one["camera_code"], one["hours"], one["frames"], one["detections"]) for one in told["cameras"]
    ] == [
        ("C1", 1, 10, 3),
        ("C2", 1, 1, 0),
    ]
    assert told["hours"][0]["frame_times"] == ["2025-10-27T00:00:00+00:00", "2025-10-27T00:30:00+00:00"]
    assert "CAM" not in CliRunner().invoke(group, ["origin", "S2"], catch_exceptions=False).output
    with pytest.raises(FeatureNotFoundError, match="'S9'"):
        CliRunner().invoke(group, ["origin", "S9"], catch_exceptions=False)


MINUTES = st.integers(0, 6 * 24 * 60)


def counted_one_by_one(window: Window) -> list[tuple[str, str, int]]:
    query = text(
        "SELECT camera_code, class_name, count(*) FROM gis.detections WHERE subject = 'vehicle' "
        "AND camera_code IS NOT NULL AND detected_at >= :start AND detected_at < :end "
        "GROUP BY camera_code, class_name ORDER BY camera_code, class_name"
    )
    with reading() as connection:
        return [tuple(row) for row in connection.execute(query, window._asdict())]


def counted(window: Window) -> list[tuple[str, str, int]]:
    with reading() as connection:
        return list(read_counts(connection, window).itertuples(index=False, name=None))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MINUTES, st.integers(1, 3000))
def test_counts_of_any_window_are_those_of_its_rows(province: Place, start_min: int, length_min: int) -> None:
    start = datetime(2025, 10, 22, tzinfo=UTC) + timedelta(minutes=start_min, seconds=17)
    window = Window(start, start + timedelta(minutes=length_min))
    assert counted(window) == counted_one_by_one(window)


@pytest.mark.usefixtures("street")
def test_counts_of_hours_that_wait_come_from_the_rows() -> None:
    see("C1", SEVEN + HOUR, 50, "car", "bus")
    layer = LAYERS["detections"]
    frame = gpd.GeoDataFrame(
        {
            "detected_at": [SEVEN + HOUR * n / 2 for n in range(6)], "camera_code": "C1",
            "subject": "vehicle", "class_name": "car", "steward_agency": "CSGT",
            "origin": "bulk", "simulated": False, "origin_key": [str(n) for n in range(6)],
        },
        geometry=[shapely.Point(lonlat(50, 0))] * 6, crs=4326,
    )  # fmt: skip
    with writing() as connection:
        put(connection, layer, complete(layer, frame), enrich=False)
    windows = [Window(SEVEN, SEVEN + 3 * HOUR), Window(SEVEN + HOUR / 3, SEVEN + 2.2 * HOUR)]
    for window in windows:
        assert counted(window) == counted_one_by_one(window)
    with writing() as connection:
        for day in days_to_enrich(connection):
            enrich_day(connection, day)
    assert [counted(window) for window in windows] == [counted_one_by_one(window) for window in windows]
    with writing() as connection:
        assert forget_simulated(connection, layer) == 0
