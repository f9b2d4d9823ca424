"""Tables of time series in their three layouts, and the times that they keep."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from gis_core.errors import IngestError, InvalidParameterError
from layers.collect.originals import Originals
from layers.ingest import at_stations
from layers.ingest.clock import LineClock
from layers.ingest.fit import Fitter
from layers.ingest.readers import open_source
from layers.ingest.source import Request, SeriesForm
from layers.registry import LAYERS
from layers.stations import Station, Stations
from tests.ingesting import Fitted, feature, fit_file, point, refused, write_geojson

AMSTERDAM = "Europe/Amsterdam"
STATIONS = Stations(
    [
        Station("120022", "Loop 22", Point(4.305, 52.09)),
        Station("120023", "Loop 23", Point(4.306, 52.09)),
        Station("Batri", "Batri", Point(106.6, 10.03)),
        Station("Hue", "Huế", Point(107.68, 16.4)),
        Station("mua-kim-long", "Kim Long", Point(107.56, 16.463)),
        Station("kim-long", "Kim Long", Point(107.56, 16.458)),
        Station("mua-1", "Phú Ốc", Point(107.48, 16.53)),
        Station("song-1", "Phú Ốc", Point(107.48, 16.531)),
    ]
)


@pytest.fixture(autouse=True)
def known_stations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_stations, "_known", lambda layer: STATIONS)


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def said(fitted: Fitted) -> list[tuple[str, str, str, float]]:
    return [
        (f"{row.observed_at:%Y-%m-%dT%H:%M}", row.station_code, row.observed_property, row.value)
        for row in fitted.rows.itertuples()
    ]


def by_station(path: Path, *lines: str, **form: object) -> Fitted:
    labels = table(path.with_name("labels.csv"), "120022;120023")
    asked = {"observed_property": "vehicles_15min", "labels": labels, "zone": AMSTERDAM} | form
    return fit_file(table(path, *lines), "observations", series=SeriesForm(**asked))  # type: ignore[arg-type]


def test_a_column_for_each_station_and_no_header(tmp_path: Path) -> None:
    fitted = by_station(
        tmp_path / "counts.csv",
        "01/11/2019 00:00;3;9",
        "01/11/2019 00:15;;5",
        "01/11/2019 00:30;x;-1",
        "01/11/2019 00:45;1;2;3",
        "1 November;1;2",
        time_format="%d/%m/%Y %H:%M",
    )
    assert said(fitted) == [
        ("2019-10-31T23:00", "120022", "vehicles_15min", 3),
        ("2019-10-31T23:00", "120023", "vehicles_15min", 9),
        # An empty cell is no observation, and no fault either.
        ("2019-10-31T23:15", "120023", "vehicles_15min", 5),
    ]
    assert fitted.rows.geometry.iloc[0] == Point(4.305, 52.09)
    assert fitted.faults == [
        (3, "value 'x' is not a finite number"),
        (3, "vehicles_15min -1 is below 0 veh"),
        (4, "it has 4 cells, and the header has 3"),
        (5, "observed_at '1 November' is not of the form '%d/%m/%Y %H:%M'"),
        (5, "observed_at '1 November' is not of the form '%d/%m/%Y %H:%M'"),
    ]


def test_a_column_for_each_station_with_a_header_and_the_form_of_any_other_file(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "time,120022,loop 23", "2019-11-01T00:00+01:00,3,9")
    fitted = fit_file(path, "observations", series=SeriesForm(observed_property="vehicles_15min"))
    assert [row[1:] for row in said(fitted)] == [
        ("120022", "vehicles_15min", 3), ("120023", "vehicles_15min", 9),
    ]  # fmt: skip


def test_times_that_are_counted_from_the_first_line(tmp_path: Path) -> None:
    # Half past one in summer time; the clocks go back at three, and the steps do not care.
    form = {"start": "2019-10-27T01:30", "step": "30min"}
    fitted = by_station(tmp_path / "a.csv", *(f"{n};{n + 10}" for n in range(5)), **form)
    assert [row[0] for row in said(fitted) if row[1] == "120022"] == [
        "2019-10-26T23:30", "2019-10-27T00:00", "2019-10-27T00:30", "2019-10-27T01:00", "2019-10-27T01:30",
    ]  # fmt: skip
    assert [row[3] for row in said(fitted) if row[1] == "120023"] == [10, 11, 12, 13, 14]


def test_labels_that_do_not_fit_the_columns(tmp_path: Path) -> None:
    labels = table(tmp_path / "labels.csv", "120022;120023")
    form = SeriesForm("vehicles_15min", labels)
    path = table(tmp_path / "a.csv", "1;2;3;4")
    assert refused(path, "observations", series=form).endswith(
        f"its first line has 4 cells, and {labels} names 2 columns."
    )
    table(labels, "120022;120022")
    with pytest.raises(IngestError, match="it names '120022' more than once"):
        fit_file(path, "observations", series=form)


def test_a_column_for_each_property(tmp_path: Path) -> None:
    path = table(
        tmp_path / "months.csv",
        "year,month,station,Rf,Ta,note",
        "1999,November,Hue,2451.7,23.6,",
        "1999,12,Ba Tri,,24.1,x",
        "1999,Tháng 13,Hue,1,2,",
        "1999,Jan,Bac Kan,5,14,",
        "2006,May,Huế,-1,20,",
    )
    columns = {"Rf": "rain_month_mm", "Ta": "temperature_month_c"}
    fitted = fit_file(path, "observations", columns=columns)
    assert said(fitted) == [
        # Midnight in Huế, seven hours before midnight UTC.
        ("1999-10-31T17:00", "Hue", "rain_month_mm", 2451.7),
        ("1999-10-31T17:00", "Hue", "temperature_month_c", 23.6),
        ("1999-11-30T17:00", "Batri", "temperature_month_c", 24.1),
        ("2006-04-30T17:00", "Hue", "temperature_month_c", 20),
    ]
    assert fitted.faults == [
        (4, "'1999-Tháng 13' is no date"),
        (4, "'1999-Tháng 13' is no date"),
        (5, "it has no position, and no station 'Bac Kan' is known"),
        (5, "it has no position, and no station 'Bac Kan' is known"),
        (6, "rain_month_mm -1 is below 0 mm"),
    ]
    renamed = fit_file(path, "observations", columns=columns, series=SeriesForm(stations={"Bac Kan": "Hue"}))
    assert ("1998-12-31T17:00", "Hue", "rain_month_mm", 5) in said(renamed)


def test_a_line_for_each_value(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        "time,station,property,value",
        "2025-10-27T20:00,kim-long,stage_m,5.05",
        "2025-10-27T20:00,Phú Ốc,stage_m,5.05",
        "2025-10-27T20:00,,stage_m,5.05",
        "2025-10-27T20:00,kim-long,stage_m,77",
    )
    fitted = fit_file(path, "observations")
    assert said(fitted) == [("2025-10-27T13:00", "kim-long", "stage_m", 5.05)]
    assert fitted.reasons == [
        "it has no position, and station 'Phú Ốc' may be any of mua-1, song-1; give the code",
        "it has neither a position nor the code of a station",
        "stage_m 77 is above 60 m",
    ]
    of_all = table(tmp_path / "b.csv", "time,station,value", "2025-10-27T20:00,kim-long,5.05")
    constant = fit_file(of_all, "observations", series=SeriesForm(observed_property="stage_m"))
    assert said(constant) == said(fitted)


def test_a_row_with_a_position_of_its_own_keeps_it(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        "time,station,property,value,lon,lat",
        "2025-10-27T20:00,unheard-of,stage_m,1,107.5,16.5",
        "2025-10-27T20:00,kim-long,stage_m,1,,",
        "2025-10-27T20:00,kim-long,stage_m,1,107.5,",
    )
    fitted = fit_file(path, "observations")
    assert [shape.coords[0] for shape in fitted.rows.geometry] == [(107.5, 16.5), (107.56, 16.458)]
    assert fitted.reasons == ["lat is missing"]


def test_rows_of_geojson_without_a_geometry_stand_at_their_station(tmp_path: Path) -> None:
    common = {"time": "2025-10-27T20:00Z", "property": "stage_m", "value": 1.5}
    path = write_geojson(
        tmp_path / "a.geojson",
        feature(None, station="kim-long", **common),
        feature(point(107.5, 16.5), station="nowhere", **common),
        feature(None, station="nowhere", **common),
    )
    fitted = fit_file(path, "observations")
    assert [shape.coords[0] for shape in fitted.rows.geometry] == [(107.56, 16.458), (107.5, 16.5)]
    assert fitted.faults == [(3, "it has no position, and no station 'nowhere' is known")]


def test_a_station_is_found_beside_coordinates_of_a_grid(tmp_path: Path) -> None:
    common = {"time": "2025-10-27T20:00Z", "property": "stage_m", "value": 1.5, "station": "kim-long"}
    crs = {"type": "name", "properties": {"name": "EPSG:9214"}}
    path = write_geojson(tmp_path / "a.geojson", feature(None, **common), crs=crs)
    shape = fit_file(path, "observations").rows.geometry.iloc[0]
    assert shape.coords[0] == pytest.approx((107.56, 16.458), abs=1e-8)


def test_the_same_value_under_another_name_of_its_station_is_one_event_a_line(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "year,month,station,Rf", "1999,11,Hue,1", "1999,11,Hue,2")
    fitted = fit_file(path, "observations", columns={"Rf": "rain_month_mm"})
    assert fitted.reasons == ["it is the same event as line 2"]


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        (
            ["time,a", "x,1"],
            {"series": SeriesForm("rain")},
            "'rain' is no observed property; there are rain_1h",
        ),
        (["a,b", "1,2"], {"series": SeriesForm("stage_m")}, "no column holds the time; say --column"),
        (
            ["time,station", "x,1"],
            {"series": SeriesForm("stage_m")},
            "not clear which column holds the values",
        ),
        (["time,Rf", "x,1"], {"columns": {"Rf": "rain_month_mm"}}, "no column names the station"),
        (["time,station,Rf", "x,1,1"], {"columns": {"R": "rain_month_mm"}}, "the file has no column 'R'"),
        (
            ["time,a", "x,1"],
            {"series": SeriesForm("stage_m", start="2019-11-01", step="1h")},
            "--start and --step go together, for a table that has no times",
        ),
        (["time,station,value", "x,1,1"], {}, "the column 'observed_property' .or property. is missing"),
        (["time,station,property,value", "x,1,1,1"], {"crs": "EPSG:9214"}, "no coordinates; leave out --crs"),
    ],
)
def test_tables_that_are_not_clear(
    tmp_path: Path, lines: list[str], options: dict[str, object], words: str
) -> None:
    assert re.search(words, refused(table(tmp_path / "a.csv", *lines), "observations", **options))


def test_what_is_said_of_series_is_not_for_other_files(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "code,name,lon,lat", "a,a,107.5,16.5")
    assert "is for CSV into the layer observations" in refused(path, series=SeriesForm(zone=AMSTERDAM))


def test_a_zone_that_is_none(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "time,120022", "2019-11-01 00:00,1")
    with pytest.raises(InvalidParameterError, match="'Europe/Den Haag' is no time zone"):
        fit_file(path, "observations", series=SeriesForm("vehicles_15min", zone="Europe/Den Haag"))


def read_all(texts: list[str], *, one_time_a_line: bool) -> tuple[list[str | None], list[str | None]]:
    clock = LineClock(SeriesForm(zone=AMSTERDAM), {"observed_at": "t"}, one_time_a_line)
    # In two parts: what was read last must not be forgotten between them.
    parts = [clock.read(pd.DataFrame({"t": pd.Series(part, dtype="str")})) for part in (texts[:3], texts[3:])]
    return [text for times, _ in parts for text in times], [fault for _, found in parts for fault in found]


def test_the_hour_that_autumn_repeats_is_told_apart_by_the_order_of_lines() -> None:
    local = [f"2019-10-27 0{hour}:{minute}" for hour in (1, 2, 2, 3) for minute in ("00", "30")]
    times, faults = read_all(local, one_time_a_line=True)
    start = datetime(2019, 10, 26, 23, tzinfo=UTC)
    expected = [start + timedelta(minutes=30 * step) for step in range(8)]
    assert times == [f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in expected]
    assert faults == [None] * 8
    _, unclear = read_all(local, one_time_a_line=False)
    assert [fault is not None for fault in unclear] == [False] * 2 + [True] * 4 + [False] * 2


def test_the_hour_that_spring_leaves_out_does_not_exist() -> None:
    times, faults = read_all(
        ["2019-03-31 01:30", "2019-03-31 02:30", "2019-03-31 03:30"], one_time_a_line=True
    )
    assert times == ["2019-03-31T00:30:00.000Z", None, "2019-03-31T01:30:00.000Z"]
    assert faults[1] is not None
    assert "happens twice or never in Europe/Amsterdam" in faults[1]


def test_a_time_with_its_offset_needs_no_zone() -> None:
    times, faults = read_all(["2019-10-27T02:30+01:00", "2019-11-01", "x"], one_time_a_line=False)
    assert times == ["2019-10-27T01:30:00.000Z", "2019-10-31T23:00:00.000Z", None]
    assert faults == [None, None, "observed_at 'x' is not a time"]


@given(st.integers(0, 40 * 365 * 24 * 4), st.integers(1, 40))
def test_lines_in_the_order_of_time_come_out_in_it_whatever_the_clocks_do(quarters: int, lines: int) -> None:
    at = [datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * (quarters + n)) for n in range(lines)]
    local = [f"{instant.astimezone(ZoneInfo(AMSTERDAM)):%Y-%m-%d %H:%M}" for instant in at]
    # Whoever begins in the second pass of a repeated hour cannot be told from one in the first.
    if at[0].astimezone(ZoneInfo(AMSTERDAM)).fold:
        return
    times, faults = read_all(local, one_time_a_line=True)
    assert faults == [None] * lines
    assert times == [f"{instant:%Y-%m-%dT%H:%M:%S}.000Z" for instant in at]


@pytest.mark.parametrize(
    ("said_name", "codes"),
    [
        ("Hue", ["Hue"]),
        ("HUẾ", ["Hue"]),
        ("ba tri", ["Batri"]),
        ("kim-long", ["kim-long"]),
        ("KIM LONG", ["kim-long"]),
        ("Kim Long (mưa)", []),
        ("", []),
        ("???", []),
    ],
)
def test_stations_are_found_as_people_write_them(said_name: str, codes: list[str]) -> None:
    assert [station.code for station in STATIONS.find(said_name)] == codes


def test_a_name_that_is_no_code_and_means_two_stations_is_not_guessed() -> None:
    two = Stations([Station("a", "Phú Ốc", Point(1, 1)), Station("b", "Phu Oc", Point(2, 2))])
    assert [station.code for station in two.find("phú ốc")] == ["a", "b"]


def test_the_bad_rows_of_one_line_come_back_as_that_line(tmp_path: Path) -> None:
    """The quarantine keeps the line as it came, however many of its values are bad."""
    path = table(tmp_path / "a.csv", "year,month,station,Rf,Ta", "1999,11,Hue,-1,99", "1999,12,Hue,x,20")
    request = Request(LAYERS["observations"], columns={"Rf": "rain_month_mm", "Ta": "temperature_month_c"})
    source = open_source(path, request)
    originals, fitter = Originals(source), Fitter(source, request)
    batches = ((batch, fitter.fit(batch)[1]) for batch in source.batches)
    kept = [row for batch, faults in batches for row in originals.bad_rows(batch, faults)]
    assert [(row.number, json.loads(row.row)["line"]) for row in kept] == [
        (2, "1999,11,Hue,-1,99\n"), (2, "1999,11,Hue,-1,99\n"), (3, "1999,12,Hue,x,20\n"),
    ]  # fmt: skip
