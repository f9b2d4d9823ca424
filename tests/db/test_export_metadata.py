"""What exported files say of themselves, read back by GDAL, GeoPandas and the standards' own words."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest

from gis_core.db import writing
from gis_core.time import Window
from gis_core.types import Bounds
from layers.export import ExportError, export
from layers.registry import LAYERS
from layers.store import load

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2025, 10, 27, 5, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=2))
HUE = Bounds(107.0, 16.0, 108.0, 17.0)
GMD = "{http://www.isotc211.org/2005/gmd}"


def fill() -> None:
    rows = gpd.GeoDataFrame(
        {
            "observed_at": [START + timedelta(hours=hour) for hour in range(4)],
            "station_code": "kim-long", "observed_property": "stage_m", "value": [1.0, 2.0, 3.0, 4.0],
            "origin": "test", "origin_key": list("abcd"), "simulated": [True, False, False, True],
        },
        geometry=gpd.points_from_xy([107.56] * 4, [16.46] * 4), crs=4326,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["observations"], rows)


def written(path: Path, **options: Any) -> Path:
    fill()
    done = export(LAYERS["observations"], path, bounds=HUE, window=WINDOW, **options)
    assert done.features == 2
    return path


def check(said: dict[str, Any], crs: str = "EPSG:9214") -> None:
    """The same in every format: whose, what, which part, and what the columns mean."""
    assert said["layer"] == "observations"
    assert said["title"] == {"vi": "Quan trắc của các trạm", "en": "Observations of the stations"}
    assert said["steward"]["vi"] == "Đài Khí tượng Thủy văn Thừa Thiên-Huế"
    assert "Decree 47/2020" in said["terms"]["en"]
    assert said["crs"] == crs
    assert said["filter"] == {
        "bbox": [107.0, 16.0, 108.0, 17.0],
        "datetime": "2025-10-27T05:00:00+00:00/2025-10-27T07:00:00+00:00",
    }
    assert (said["rows"], said["simulated_rows"], said["simulated_share"]) == (2, 1, 0.5)
    columns = {column["name"]: column for column in said["columns"]}
    assert columns["value"]["meaning_vi"] == "Giá trị, theo đơn vị của đại lượng"
    assert columns["stage_m"]["unit"] == "m"
    assert datetime.fromisoformat(said["extracted_at"]).tzinfo is not None


@pytest.mark.parametrize("ending", [".gpkg", ".fgb"])
def test_geopackage_and_flatgeobuf_in_the_words_of_gdal(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"a{ending}", crs="EPSG:9214")
    info = pyogrio.read_info(path)
    said = dict(info["layer_metadata"])
    title = said.pop("IDENTIFIER", None) or said.pop("TITLE")
    assert title == "Quan trắc của các trạm / Observations of the stations"
    assert said.pop("DESCRIPTION").endswith("monthly climate and counts of vehicles.")
    check(json.loads(said["metadata"]))
    assert info["crs"] == "EPSG:9214"


def test_geopackage_has_the_standards_tables_of_metadata(tmp_path: Path) -> None:
    with sqlite3.connect(written(tmp_path / "a.gpkg")) as database:
        scopes = database.execute(
            "SELECT reference_scope, table_name, metadata FROM gpkg_metadata_reference "
            "JOIN gpkg_metadata ON md_file_id = gpkg_metadata.id"
        ).fetchall()
        title = database.execute("SELECT identifier FROM gpkg_contents").fetchall()
    assert [(scope, table) for scope, table, _ in scopes] == [("table", "observations")]
    assert "simulated_share" in scopes[0][2]
    assert title == [("Quan trắc của các trạm / Observations of the stations",)]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:9214"])
def test_geojson_in_a_foreign_member(tmp_path: Path, crs: str) -> None:
    document = json.loads(written(tmp_path / "a.geojson", crs=crs).read_text(encoding="utf-8"))
    assert document["type"] == "FeatureCollection"
    assert len(document["features"]) == 2
    assert ("crs" in document) == (crs != "EPSG:4326")
    check(document["metadata"], crs)


def test_geoparquet_in_the_metadata_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", crs="EPSG:9214")
    check(gpd.read_parquet(path).attrs["metadata"])
    inside = pq.read_schema(path).metadata
    assert json.loads(inside[b"geo"])["primary_column"] == "geometry"
    check(json.loads(inside[b"PANDAS_ATTRS"])["metadata"])


def test_csv_on_the_web_beside_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", crs="EPSG:9214")
    document = json.loads((tmp_path / "a.csv-metadata.json").read_text(encoding="utf-8"))
    assert document["@context"][0] == "http://www.w3.org/ns/csvw"
    assert document["url"] == "a.csv"
    assert {"@value": "Quan trắc của các trạm", "@language": "vi"} in document["dc:title"]
    assert document["dc:conformsTo"] == "http://www.opengis.net/def/crs/EPSG/0/9214"
    columns = document["tableSchema"]["columns"]
    assert [column["name"] for column in columns] == list(pd.read_csv(path).columns)
    kinds = {column["name"]: column["datatype"] for column in columns}
    assert (kinds["value"], kinds["x"], kinds["observed_at"]) == ("double", "double", "dateTimeStamp")
    extra = {entry["schema:name"]: entry["schema:value"] for entry in document["schema:additionalProperty"]}
    assert (extra["rows"], extra["simulated_rows"], extra["bbox"]) == (2, 1, "107.0,16.0,108.0,17.0")
    for index, column in enumerate(columns):
        descriptions = {text["@language"]: text["@value"] for text in column["dc:description"]}
        assert descriptions["vi"], index
        assert descriptions["en"], index


def test_the_second_file_of_a_csv_is_not_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "a.csv-metadata.json").write_text("mine")
    with pytest.raises(ExportError, match=r"a\.csv-metadata\.json exists already; --overwrite"):
        written(tmp_path / "a.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv-metadata.json"]
    assert written(tmp_path / "a.csv", overwrite=True).exists()


def test_a_shapefile_carries_iso_19139_with_the_full_names_of_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "a.shp.zip", crs="EPSG:9214")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        root = ElementTree.fromstring(archive.read("observations.shp.xml"))
    texts = [element.text or "" for element in root.iter("{http://www.isotc211.org/2005/gco}CharacterString")]
    assert root.tag == f"{GMD}MD_Metadata"
    assert "Quan trắc của các trạm / Observations of the stations" in texts
    assert "EPSG:9214" in texts
    told = next(text for text in texts if text.startswith("rows: 2\nsimulated rows: 1"))
    assert "station_co = station_code: Mã trạm / Station code" in told
    assert len(pyogrio.read_dataframe(path)) == 2


def test_every_format_of_an_empty_layer_says_that_there_is_nothing(tmp_path: Path) -> None:
    export(LAYERS["cameras"], tmp_path / "a.geojson")
    said = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["metadata"]
    assert (said["rows"], said["simulated_share"]) == (0, 0.0)
    assert said["filter"] == {"bbox": None, "datetime": None}
