"""Files into the database: all or nothing, once, and noted in the journal."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gis_core.db import reading
from gis_core.errors import CRSMismatchError, IngestError
from layers.ingest.load import load_file
from layers.ingest.report import FileReport, RefusedError, Rejections
from layers.ingest.source import Request
from layers.journal import LoadEntry
from layers.read import read
from layers.registry import LAYERS
from layers.store import LoadReport
from tests.ingesting import FIRE, HUE, feature, point, spot, write_geojson

pytestmark = pytest.mark.usefixtures("database")


def load_one(path: Path, layer: str, **options: Any) -> FileReport:
    asked = {name: options.pop(name) for name in ("crs", "table", "columns") if name in options}
    return load_file(path, Request(LAYERS[layer], **asked), Rejections(), **options)


def codes(layer: str = "flood_spots") -> list[str]:
    with reading() as connection:
        return list(read(connection, LAYERS[layer])["code"])


def journal() -> list[tuple[str, str, int, int, int]]:
    entry = LoadEntry
    columns = (entry.source, entry.layer, entry.inserted, entry.updated, entry.unchanged)
    with reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(entry.id))]


def test_a_file_goes_in_once(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a"), spot("b"))
    assert load_one(path, "flood_spots").rows == LoadReport(2, 0, 0)
    assert load_one(path, "flood_spots").rows == LoadReport(0, 0, 2)
    write_geojson(path, spot("a"), spot("b", name="mới"), spot("c"))
    assert load_one(path, "flood_spots").rows == LoadReport(1, 1, 1)
    assert codes() == ["a", "b", "c"]
    assert journal() == [(str(path), "flood_spots", *counts) for counts in ((2, 0, 0), (0, 0, 2), (1, 1, 1))]


def test_events_go_in_once_though_their_source_names_none(tmp_path: Path) -> None:
    fires = [feature(point(*HUE), **(FIRE | {"class": name})) for name in ("smoke", "flame")]
    path = write_geojson(tmp_path / "a.geojson", *fires)
    assert load_one(path, "detections").rows == LoadReport(2, 0, 0)
    write_geojson(path, *reversed(fires), feature(point(*HUE), **(FIRE | {"class": "glow"})))
    assert load_one(path, "detections").rows == LoadReport(1, 0, 2)


def test_one_bad_row_refuses_the_file(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a"), spot("b", name=None))
    with pytest.raises(RefusedError) as caught:
        load_one(path, "flood_spots")
    assert str(caught.value) == (
        f"{path}: refused, because 1 of its 2 rows cannot be loaded "
        "(the first is feature 2: name is missing); nothing was written; --keep-good loads the others."
    )
    assert codes() == journal() == []


def test_keep_good_loads_the_others(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a"), spot("b", name=None), spot("c"))
    report = load_one(path, "flood_spots", keep_good=True)
    assert (report.rows, report.rejected) == (LoadReport(2, 0, 0), 1)
    assert codes() == ["a", "c"]


def test_keep_good_refuses_a_file_without_any(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("b", name=None))
    with pytest.raises(RefusedError, match="1 of its 1 rows"):
        load_one(path, "flood_spots", keep_good=True)
    assert journal() == []


def test_a_bad_row_in_a_later_batch_undoes_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.ingest.table_text.BATCH_ROWS", 10)
    lines = [f"s{row},s{row},107.5,16.4" for row in range(35)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["code,name,lon,lat", *lines, "s3,again,107.5,16.4"]))
    with pytest.raises(RefusedError, match="line 37: it has the same code as line 5"):
        load_one(path, "flood_spots")
    assert codes() == []
    assert load_one(path, "flood_spots", keep_good=True).rows == LoadReport(35, 0, 0)


def test_a_damage_in_a_later_batch_undoes_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.ingest.table_text.BATCH_ROWS", 10)
    lines = "\n".join(["code,name,lon,lat", *(f"s{row},s{row},107.5,16.4" for row in range(2000))])
    path = tmp_path / "a.csv"
    path.write_bytes(lines.encode() + b"\nx,\xff\xfe,107.5,16.4\n")
    with pytest.raises(IngestError, match="is not UTF-8 text"):
        load_one(path, "flood_spots", keep_good=True)
    assert codes() == []


def test_a_table_without_rows_is_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code,name,lon,lat\n")
    assert load_one(tmp_path / "a.csv", "flood_spots").rows == LoadReport(0, 0, 0)
    with pytest.raises(IngestError, match="the file holds no features"):
        load_one(write_geojson(tmp_path / "a.geojson"), "flood_spots")


def test_a_layer_that_shows_another_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="camera_views follows from another and cannot be loaded"):
        load_one(write_geojson(tmp_path / "a.geojson", spot("a")), "camera_views")


def test_simulated_rows_make_way_in_the_same_transaction(tmp_path: Path) -> None:
    good = write_geojson(tmp_path / "good.geojson", spot("real"))
    bad = write_geojson(tmp_path / "bad.geojson", spot("real", name=None))
    load_one(write_geojson(tmp_path / "s.geojson", spot("made up", simulated=True)), "flood_spots")
    with pytest.raises(RefusedError):
        load_one(bad, "flood_spots", replace_simulated=True)
    assert codes() == ["made up"]
    report = load_one(good, "flood_spots", replace_simulated=True)
    assert "1 simulated rows were removed." in report.notes
    assert codes() == ["real"]


def test_a_real_row_takes_the_place_of_a_simulated_one_with_its_code(tmp_path: Path) -> None:
    load_one(write_geojson(tmp_path / "s.geojson", spot("a", simulated=True)), "flood_spots")
    load_one(write_geojson(tmp_path / "a.geojson", spot("a")), "flood_spots")
    with reading() as connection:
        assert read(connection, LAYERS["flood_spots"])["simulated"].tolist() == [False]


def test_the_report_says_how_the_file_was_understood(tmp_path: Path) -> None:
    fire = FIRE | {"time": "2025-03-01T17:00"}
    path = write_geojson(
        tmp_path / "a.geojson", feature(point(*HUE), colour="red", **fire), feature(point(1.5, 42.5), **fire)
    )
    report = load_one(path, "detections")
    assert report.notes == (
        "Columns of the file that were not used: colour.",
        "2 times without a zone were taken as local time (Asia/Ho_Chi_Minh).",
        "1 features lie outside the province.",
    )
    with reading() as connection:
        assert (
            read(connection, LAYERS["detections"])["detected_at"].iloc[0].isoformat()
            == "2025-03-01T10:00:00+00:00"
        )


def test_rejected_rows_are_shown_up_to_a_number_and_written_to_the_last(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", *(spot(str(row), name=None) for row in range(30)))
    written = tmp_path / "rejected.csv"
    with Rejections(written) as rejections, pytest.raises(RefusedError):
        load_file(path, Request(LAYERS["flood_spots"]), rejections)
    assert (len(rejections.first), rejections.count) == (20, 30)
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert rows[-1] == {"file": str(path), "unit": "feature", "row": "30", "reason": "name is missing"}


def test_progress_ends_at_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.ingest.geojson.BATCH_ROWS", 2)
    path = write_geojson(tmp_path / "a.geojson", *(spot(str(row)) for row in range(5)))
    told: list[float] = []
    load_one(path, "flood_spots", on_progress=told.append)
    assert told == [0.4, 0.8, 1.0]


def test_no_text_of_a_file_is_sql(tmp_path: Path) -> None:
    text = "'); DROP TABLE gis.flood_spots; --"
    path = write_geojson(tmp_path / "a'; --.geojson", spot(text, name=text, **{text: text}))
    assert load_one(path, "flood_spots").rows == LoadReport(1, 0, 0)
    assert codes() == [text]


@pytest.mark.parametrize(
    ("content", "name", "error", "words"),
    [
        (b'{"type": "FeatureCollection", "features": [{"type": "Fea', "cut.geojson", IngestError, "cut off"),
        (b"code,name,lon,lat\na,a,16.46,107.58\n", "swapped.csv", IngestError, "seem to be swapped"),
        (
            b"code,name,x,y\na,a,1,2\n",
            "grid.csv",
            CRSMismatchError,
            "nothing says what coordinate reference system",
        ),
    ],
)
def test_refused_files_write_nothing(
    tmp_path: Path, content: bytes, name: str, error: type[Exception], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        load_one(path, "flood_spots", keep_good=True)
    assert name in str(caught.value)
    assert codes() == journal() == []
