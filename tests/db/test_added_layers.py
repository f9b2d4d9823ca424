"""Layers made of people's own files: what they become, what is refused, and that nothing is half-written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from alembic import command
from click.testing import CliRunner
from shapely import LineString, MultiLineString, Point, Polygon
from sqlalchemy import BigInteger, Boolean, Float, inspect, text
from sqlalchemy import Text as SqlText

import migrations
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.errors import ConfigError, CRSMismatchError, IngestError, LayerNotFoundError
from layers.added import keeping
from layers.added.declaration import AddedLayer
from layers.added.keeping import FileOfRows, Wanted, add_layer, change_layer, remove_layer
from layers.added.known import forget, known_layers, refresh
from layers.added.scan import Asked
from layers.commands import layers as layers_command
from layers.ingest.report import FileReport, Rejections
from layers.read import read
from layers.registry import LAYERS
from layers.tiles.changes import state_of

pytestmark = pytest.mark.usefixtures("database")

SCHOOLS = """Mã trường,Tên trường,Số học sinh,Điểm TB,Công lập,Điện thoại,lon,lat
T1,Trường Quốc Học,1500,8.5,true,0234123,107.583,16.459
T2,Hai Bà Trưng,1400,8,false,0234124,107.59,16.462
T3,Nguyễn Huệ,,7.25,true,0234125,107.6,16.47
"""


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No other process reads these tables."""
    monkeypatch.setattr(keeping.drop_unused, "__defaults__", (0.0,))
    forget()
    yield
    forget()


@pytest.fixture
def schools(tmp_path: Path) -> Path:
    file = tmp_path / "schools.csv"
    file.write_text(SCHOOLS, encoding="utf-8")
    return file


def add(name: str, file: Path, *, crs: str | None = None, keep_good: bool = False, **said: str) -> FileReport:
    return add_layer(name, Wanted(**said), FileOfRows(file, Asked(crs), keep_good), Rejections())


def added(name: str) -> AddedLayer:
    layer = known_layers()[name]
    assert isinstance(layer, AddedLayer)
    return layer


def rows(name: str) -> gpd.GeoDataFrame:
    with writing() as connection:
        return read(connection, added(name))


def tables() -> set[str]:
    with writing() as connection:
        return {one for one in inspect(connection).get_table_names("gis") if one.startswith("added_")}


KEPT = {"added_layers", "added_layers_state"}


def test_a_csv_becomes_a_layer_with_types_titles_and_rows(schools: Path) -> None:
    report = add(
        "schools", schools, title_vi="Trường học", id_column="Mã trường", label_column="Tên trường",
        color="#1565c0",
    )  # fmt: skip
    layer = added("schools")
    assert report.rows.inserted == 3
    assert (layer.title.vi, layer.title.en, layer.geometry_type) == ("Trường học", "Trường học", "POINT")
    assert (layer.id_column.name, layer.label_column, layer.style.color) == (
        "ma_truong", "ten_truong", "#1565c0",
    )  # fmt: skip
    kinds = {column.name: type(column.type) for column in layer.properties}
    assert kinds == {
        "ten_truong": SqlText, "so_hoc_sinh": BigInteger, "diem_tb": Float, "cong_lap": Boolean,
        "dien_thoai": SqlText, "origin": SqlText, "simulated": Boolean,
    }  # fmt: skip
    assert layer.properties[0].info["vi"] == "Tên trường"
    found = rows("schools").set_index("ma_truong")
    assert found.loc["T1", "dien_thoai"] == "0234123"
    assert found["so_hoc_sinh"].isna().tolist() == [False, False, True]
    assert found.loc["T2"].geometry == Point(107.59, 16.462)
    with writing() as connection:
        assert state_of(connection, layer.table) is not None


def test_rows_without_an_identifier_are_numbered(schools: Path) -> None:
    add("schools", schools)
    assert rows("schools")["code"].tolist() == ["1", "2", "3"]


def test_a_geopackage_in_vn_2000_stands_where_it_is(tmp_path: Path) -> None:
    there = gpd.GeoDataFrame(
        {"Tên": ["Đê Đông"]},
        geometry=[LineString([(107.5, 16.4), (107.6, 16.5)])],
        crs=4326,
    )
    file = tmp_path / "dykes.gpkg"
    there.to_crs(9214).to_file(file)
    add("dykes", file)
    assert added("dykes").geometry_type == "LINESTRING"
    assert rows("dykes").geometry.iloc[0].hausdorff_distance(there.geometry.iloc[0]) < 1e-7


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([Polygon([(107, 16), (107.1, 16), (107, 16.1)])], "POLYGON"),
        (
            [LineString([(107, 16), (107.1, 16)]), MultiLineString([[(107, 16), (107.2, 16.1)]])],
            "MULTILINESTRING",
        ),
    ],
)
def test_the_type_of_geometry_is_that_of_the_file(tmp_path: Path, shapes: list[object], kind: str) -> None:
    file = tmp_path / "shapes.geojson"
    gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=4326).to_file(file)
    add("shapes", file)
    assert added("shapes").geometry_type == kind
    assert len(rows("shapes")) == len(shapes)


def test_a_column_of_time_makes_events(tmp_path: Path) -> None:
    file = tmp_path / "buoys.csv"
    file.write_text("id,Thời gian,m,lon,lat\na,2025-10-27 20:00,1.5,107.6,16.5\n", encoding="utf-8")
    add("buoys", file, time_column="Thời gian")
    layer = added("buoys")
    found = rows("buoys")
    assert layer.time_column == "thoi_gian"
    assert found["thoi_gian"].iloc[0].isoformat() == "2025-10-27T13:00:00+00:00"
    assert found["origin_key"].tolist() == ["a"]
    assert not layer.editors


HOSTILE = '"); drop table gis.wards; --'


def test_hostile_and_strange_names_of_columns_are_only_names(tmp_path: Path) -> None:
    theirs = [HOSTILE, "select", "limit", "geom", "xmin", "Đường kính", "1st", "", "TEN", "Tên", "%s", ":x"]
    file = tmp_path / "strange.geojson"
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [107.5, 16.4]},
        "properties": {name: f"<b>{at}</b>'" for at, name in enumerate(theirs)},
    }
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    add("strange", file)
    ours = [column.name for column in added("strange").properties][:-2]
    assert ours == [
        "drop_table_gis_wards", "select", "limit_2", "geom_2", "xmin_2", "duong_kinh", "column_1st", "column",
        "ten", "ten_2", "s", "x",
    ]  # fmt: skip
    assert rows("strange").loc[0, ours].tolist() == [f"<b>{at}</b>'" for at in range(len(theirs))]
    with writing() as connection:
        assert connection.execute(text("SELECT count(*) FROM gis.wards")).scalar() == 0


@pytest.mark.parametrize(
    "name", ['a"b', "Schools", "1a", "a", "a" * 31, "trường", "a-b", "a b", "a;drop table x", "../etc", ""]
)
def test_names_that_are_no_names_are_refused(schools: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        add(name, schools)
    assert tables() == KEPT


@pytest.mark.parametrize("name", ["cameras", "flood_risk", "floodspots"])
def test_names_of_declared_layers_and_surfaces_are_taken(schools: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="already"):
        add(name, schools)


def test_a_second_layer_of_one_name_is_refused(schools: Path) -> None:
    add("schools", schools)
    with pytest.raises(ConfigError, match="already"):
        add("schools", schools)
    assert len(rows("schools")) == 3


def test_a_bad_row_leaves_nothing_behind_and_is_named(schools: Path) -> None:
    schools.write_text(SCHOOLS + "T4,Xa,1,1,true,1,abc,16\n", encoding="utf-8")
    rejections = Rejections()
    with pytest.raises(IngestError, match="line 5"):
        add_layer("schools", Wanted(), FileOfRows(schools), rejections)
    assert rejections.count == 1
    assert "schools" not in known_layers()
    assert tables() == KEPT
    assert add("schools", schools, keep_good=True).rows.inserted == 3


def test_an_identifier_that_is_given_twice_is_refused(schools: Path) -> None:
    schools.write_text(SCHOOLS.replace("T2", "T1"), encoding="utf-8")
    with pytest.raises(IngestError, match="same ma_truong"):
        add("schools", schools, id_column="Mã trường")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,lon,lat\n", "no "),
        ("", "empty"),
        ('name,wkt\na,POINT (107 16)\nb,"LINESTRING (107 16, 107.1 16)"\n', "different kinds"),
        ('name,wkt\na,"MULTIPOINT (107 16, 107.1 16)"\n', "MultiPoint"),
    ],
    ids=["no rows", "empty", "mixed", "multipoint"],
)
def test_files_that_cannot_be_a_layer_are_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "file.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(IngestError, match=said):
        add("shapes", file, crs="EPSG:4326" if "wkt" in content else None)
    assert tables() == KEPT


def test_a_file_without_a_crs_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "grid.csv"
    file.write_text("name,x,y\na,560000,1820000\n", encoding="utf-8")
    with pytest.raises(CRSMismatchError, match="--crs"):
        add("grid", file)
    add("grid", file, crs="EPSG:9214")
    assert 107 < rows("grid").geometry.iloc[0].x < 108


def test_a_column_that_is_not_there_is_refused_with_those_that_are(schools: Path) -> None:
    with pytest.raises(IngestError, match="Tên trường"):
        add("schools", schools, label_column="nope")


def test_what_is_said_changes_and_the_rows_stay(schools: Path) -> None:
    add("schools", schools, title_vi="Trường học", id_column="Mã trường")
    before = added("schools")
    change_layer("schools", Wanted(title_en="Schools", color="#ff0000"), None, Rejections())
    after = added("schools")
    assert after is not before
    assert (after.title.vi, after.title.en, after.style.color) == ("Trường học", "Schools", "#ff0000")
    assert after.table.name == before.table.name
    assert len(rows("schools")) == 3


def test_other_rows_take_the_place_of_all_before(schools: Path) -> None:
    add("schools", schools, title_vi="Trường học", id_column="Mã trường")
    schools.write_text("Mã trường,Hiệu trưởng,lon,lat\nT9,Bà Lan,107.5,16.5\n", encoding="utf-8")
    change_layer("schools", Wanted(), FileOfRows(schools), Rejections())
    layer = added("schools")
    assert layer.title.vi == "Trường học"
    assert rows("schools")["ma_truong"].tolist() == ["T9"]
    assert layer.properties[0].name == "hieu_truong"
    assert tables() == {*KEPT, layer.table.name}


def test_a_change_by_a_bad_file_changes_nothing(schools: Path) -> None:
    add("schools", schools, id_column="Mã trường")
    schools.write_text("Mã trường,lon,lat\nT9,107.5,16.5\nT9,107.6,16.5\n", encoding="utf-8")
    with pytest.raises(IngestError):
        change_layer("schools", Wanted(), FileOfRows(schools), Rejections())
    assert rows("schools")["ma_truong"].tolist() == ["T1", "T2", "T3"]
    assert len(tables()) == 3


def test_a_layer_that_is_removed_is_gone_with_its_rows(schools: Path) -> None:
    add("schools", schools)
    remove_layer("schools")
    assert "schools" not in known_layers()
    assert tables() == KEPT
    with pytest.raises(LayerNotFoundError):
        remove_layer("schools")
    with pytest.raises(ConfigError, match="own"):
        remove_layer("cameras")


def test_the_migration_check_minds_no_added_layer(schools: Path) -> None:
    add("schools", schools)
    refresh()
    with writing() as connection:
        command.check(migrations.alembic_config(connection))
    said: list[str] = []
    with writing() as connection:
        migrations.upgrade(connection.engine, said.append)
    assert said == []
    assert len(rows("schools")) == 3


def test_nothing_is_asked_anew_while_nothing_changed(schools: Path) -> None:
    add("schools", schools)
    refresh()
    edition = LAYERS.edition
    refresh()
    assert LAYERS.edition is edition
    with LAYERS.held():
        remove_layer("schools")
        refresh()
        assert "schools" in LAYERS
    assert "schools" not in LAYERS


def test_a_declaration_that_cannot_be_read_takes_no_other_with_it(schools: Path) -> None:
    add("schools", schools)
    add("others", schools)
    with writing() as connection:
        connection.execute(text("UPDATE gis.added_layers SET declaration = '{}' WHERE name = 'others'"))
    assert "schools" in known_layers()
    assert "others" not in LAYERS


def test_the_commands_say_what_became_of_it(schools: Path) -> None:
    run = CliRunner().invoke
    said = run(layers_command, ["add", str(schools), "--name", "schools", "--title-vi", "Trường học"])
    assert said.exit_code == 0, said.output
    assert "3 inserted" in said.output
    assert "/ogc/collections/schools" in said.output
    assert "Trường học" in run(layers_command, ["list"]).output
    assert "Số học sinh" in run(layers_command, ["describe", "schools"]).output
    refused = run(layers_command, ["remove", "schools"], input="n\n")
    assert refused.exit_code != 0
    assert "schools" in known_layers()
    assert "3 features are removed" in run(layers_command, ["remove", "schools", "--yes"]).output
    assert "schools" not in known_layers()


def test_outside_of_the_province_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "far.csv"
    file.write_text("name,lon,lat\nParis,2.35,48.85\n", encoding="utf-8")
    assert get_settings().province.east < 120
    assert any("outside the province" in note for note in add("far", file).notes)
