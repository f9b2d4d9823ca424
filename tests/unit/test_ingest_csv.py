"""CSV as others send it: coordinates, delimiters, encodings, and rows that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.errors import IngestError
from tests.ingesting import (
    HUE,
    HUE_GRID,
    fit_file,
    refused,
)


def write_csv(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


@pytest.mark.parametrize("head", ["lon,lat", "Longitude,LATITUDE", "Kinh độ,Vĩ độ", "lng,lat"])
def test_csv_in_degrees(tmp_path: Path, head: str) -> None:
    fitted = fit_file(
        write_csv(tmp_path / "a.csv", f"code,name,{head}", "a,Điểm a,107.58,16.46"), "flood_spots"
    )
    assert fitted.rows.geometry.iloc[0].coords[0] == HUE


def test_csv_on_a_grid_needs_the_crs(tmp_path: Path) -> None:
    x, y = HUE_GRID
    path = write_csv(tmp_path / "a.csv", "code,name,x,y", f"a,Điểm a,{x},{y}")
    assert "nothing says what coordinate reference system 'x' and 'y' are in; give it with --crs" in refused(
        path
    )
    assert fit_file(path, "flood_spots", crs="EPSG:9214").rows.geometry.iloc[0].x == pytest.approx(
        HUE[0], abs=1e-8
    )


def test_csv_with_wkt(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "code,name,wkt",
        'a,Hương,"LINESTRING (107.1 16.1, 107.2 16.2)"',
        "b,Bồ,LINESTRUNG (1 2)",
    )
    fitted = fit_file(path, "rivers", crs="EPSG:4326")
    assert list(fitted.rows["code"]) == ["a"]
    assert fitted.faults[0][0] == 3
    assert "is no WKT" in fitted.reasons[0]


def test_csv_of_a_vietnamese_spreadsheet(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "mã;tên;lon;lat;ground_elevation_m",
        "a;Điểm a;107,58;16,46;2,5",
        encoding="utf-8-sig",
    )
    row = fit_file(path, "flood_spots").rows.iloc[0]
    assert (row["code"], row.geom.coords[0], row["ground_elevation_m"]) == ("a", HUE, 2.5)


def test_csv_of_excels_unicode_text(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.txt", "mã\ttên\tlon\tlat", "a\tĐiểm a\t107.58\t16.46", encoding="utf-16")
    assert fit_file(path, "flood_spots").rows["name"].tolist() == ["Điểm a"]


def test_rows_of_a_csv_are_known_by_their_lines(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "code,name,lon,lat", 'a,"two', 'lines",107.58,16.46', "", "b,short", "c,,107.58,16.46", "d,d,,16.46",
        "e,e,east,16.46", 'f,f"f,107.58,16.46', 'g,"g"g,107.58,16.46', "h,h\x00,107.58,16.46",
        "i,i,107.58,16.46",
    )  # fmt: skip
    fitted = fit_file(path, "flood_spots")
    assert fitted.faults == [
        (5, "it has 2 cells, and the header has 4"),
        (6, "name is missing"),
        (7, "lon is missing"),
        (8, "lon 'east' is not a finite number"),
        (10, "it is no valid CSV (',' expected after '\"')"),
        (11, "name 'h�' holds characters that are no text (NUL or half a pair)"),
    ]
    assert list(fitted.rows["code"]) == ["a", "f", "i"]


def test_a_cell_of_four_megabytes_is_a_bad_row(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", "code,name,lon,lat", f"a,{'x' * 4_000_000},107.58,16.46", "b,b,107.58,16.46"
    )
    fitted = fit_file(path, "flood_spots")
    assert list(fitted.rows["code"]) == ["b"]
    assert "is longer than 131,072 characters; is a quote left open?" in fitted.reasons[0]


def test_a_csv_with_swapped_coordinates(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "code,name,lon,lat", "a,a,16.46,107.58", "b,b,16.47,107.59")
    assert "coordinates seem to be swapped (line 2 has x 16.46 and y 107.58)" in refused(path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["code,name,north,east", "a,a,1,2"], "columns of the position are not clear"),
        (["code,code,lon,lat", "a,a,1,2"], "the header names 'code' more than once"),
        (["just a sentence"], "no header line"),
    ],
)
def test_headers_that_say_too_little(tmp_path: Path, lines: list[str], words: str) -> None:
    assert words in refused(write_csv(tmp_path / "a.csv", *lines))


def test_coordinate_columns_can_be_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "code,name,dong,bac", "a,a,107.58,16.46")
    fitted = fit_file(path, "flood_spots", columns={"dong": "lon", "bac": "lat"})
    assert fitted.rows.geometry.iloc[0].coords[0] == HUE
    assert "no column 'tay'" in refused(path, columns={"tay": "lon", "bac": "lat"})


def test_a_csv_that_is_not_utf_8(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", "code,name,lon,lat", "a,Huế é,107.58,16.46".replace("ế", "e"), encoding="latin-1"
    )
    assert "is not UTF-8 text from about here on" in refused(path)


@settings(max_examples=60)
@given(content=st.binary(max_size=300))
def test_no_bytes_break_the_reading(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.csv"
    path.write_bytes(b"code,name,lon,lat\n" + content)
    try:
        fitted = fit_file(path, "flood_spots")
    except IngestError:
        return
    assert all(reason for _, reason in fitted.faults)
