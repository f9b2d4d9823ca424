"""Real files of others, as they are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.transform import from_origin

from gis_core.crs import METRIC_SRID
from gis_core.db import reading
from gis_core.errors import IngestError
from gis_core.terrain import RasterTerrain
from layers.ingest.load import load_file
from layers.ingest.report import FileReport, RefusedError, Rejections
from layers.ingest.source import Request
from layers.read import read
from layers.registry import LAYERS
from layers.surfaces.flood_exposure import exposure_on

pytestmark = pytest.mark.usefixtures("database")


def load_one(path: Path, layer: str, *, keep_good: bool = False) -> FileReport:
    return load_file(path, Request(LAYERS[layer]), Rejections(), keep_good=keep_good)


def test_the_forty_wards_of_hue(shared_data: Path) -> None:
    files = sorted((shared_data / "hue_wards_2025").glob("*.geojson"))
    official = {}
    for file in files:
        assert load_one(file, "wards").rows.inserted == 1
        properties = json.loads(file.read_text())["features"][0]["properties"]
        official[properties["code"]] = properties
    with reading() as connection:
        wards = read(connection, LAYERS["wards"]).set_index("code")
    assert len(wards) == len(official) == 40
    for code, ward in wards.iterrows():
        assert ward["area_km2"] == pytest.approx(official[code]["areaKm2"], rel=0.02)
        assert ward["kind"] == ("ward" if official[code]["fullName"].startswith("Phường") else "commune")
    assert wards["area_km2"].sum() == pytest.approx(4947.14, rel=0.02)
    assert not wards["simulated"].any()
    assert all(load_one(file, "wards").rows.unchanged == 1 for file in files)


def test_the_roads_of_andorra(shared_data: Path) -> None:
    file = shared_data / "osm" / "andorra.osm.pbf"
    report = load_one(file, "road_segments")
    assert report.rows.inserted > 2000
    assert load_one(file, "road_segments").rows.unchanged == report.rows.inserted
    with reading() as connection:
        roads = read(connection, LAYERS["road_segments"])
    assert {"primary", "secondary", "residential", "service"} <= set(roads["road_class"])
    # The country has about 400 km of roads and as much again of tracks and private ways.
    assert 300 < roads["length_m"].sum() / 1000 < 3000
    # Cut at junctions: no node inside a segment belongs to any other.
    inside = Counter(vertex for line in roads.geometry for vertex in line.coords[1:-1])
    ends = {vertex for line in roads.geometry for vertex in (line.coords[0], line.coords[-1])}
    assert not ends & set(inside)


def test_buildings_of_hue_raise_the_exposure_where_they_stand(shared_data: Path) -> None:
    report = load_one(shared_data / "osm" / "hue_buildings.geojson", "buildings")
    assert report.rows.inserted == 169
    with reading() as connection:
        buildings = read(connection, LAYERS["buildings"]).to_crs(METRIC_SRID)
        assert (buildings["use"] == "yes").any()
        west, south, east, north = buildings.total_bounds
        cells = np.zeros((round((north - south) / 60) + 4, round((east - west) / 60) + 4), np.float32)
        grid = from_origin(west - 60, north + 60, 60, 60)
        terrain = RasterTerrain("level", cells, grid, CRS.from_epsg(METRIC_SRID))
        exposure, inputs, _ = exposure_on(connection, terrain)
    assert inputs["buildings"] == 169
    raised = exposure > exposure.min()
    assert 0 < raised.sum() <= 169
    column, row = ~terrain.transform @ buildings.geometry.iloc[0].centroid.coords[0]
    assert raised[int(row), int(column)]


def test_the_fires_of_modis(shared_data: Path) -> None:
    file = shared_data / "firms" / "modis_c6_nrt_southeast_asia_2018-05-23.csv"
    assert load_one(file, "detections").rows.inserted == 614
    assert load_one(file, "detections").rows.unchanged == 614
    with reading() as connection:
        fires = read(connection, LAYERS["detections"])
    assert set(fires["origin"]) == {"FIRMS Terra MODIS", "FIRMS Aqua MODIS"}
    assert fires["detected_at"].min().isoformat() == "2018-05-23T00:25:00+00:00"
    assert fires["confidence"].between(0, 1).all()


def test_the_fires_of_viirs_of_which_six_have_no_date(shared_data: Path) -> None:
    file = shared_data / "firms" / "viirs_nrt_thai_myanmar_2020-02.csv"
    with pytest.raises(
        RefusedError, match=r"6 of its 187 rows cannot be loaded \(the first is line 48: acq_date is missing"
    ):
        load_one(file, "detections")
    report = load_one(file, "detections", keep_good=True)
    assert (report.rows.inserted, report.rejected) == (181, 6)
    with reading() as connection:
        fires = read(connection, LAYERS["detections"])
    assert {f"{moment:%H:%M}" for moment in fires["detected_at"]} == {"00:18"}
    assert set(fires["confidence"]) == {0.55}


def test_a_raw_overpass_answer_is_named_as_what_it_is(shared_data: Path) -> None:
    with pytest.raises(
        IngestError, match=r"danang_landuse_overpass\.json: this is a raw answer of the Overpass API"
    ):
        load_one(shared_data / "osm" / "danang_landuse_overpass.json", "forest_zones")


@pytest.mark.parametrize(
    ("file", "layer", "words"),
    [
        ("osm/hue_buildings.geojson", "forest_zones", "the columns 'name' .*, 'category' .* are missing"),
        ("hydro/meteo_monthly.csv", "observations", "columns 'observed_property' .*, 'value' are missing"),
        ("hydro/stations.txt", "rain_stations", "the column 'name' .* is missing"),
        (
            "traffic/Aggregated_original.csv",
            "observations",
            "names '.*' more than once|position are not clear",
        ),
        ("traffic/denhaag_locations.csv", "cameras", "the columns 'code' .* are missing"),
        ("calibration/pix.csv", "flood_spots", "position are not clear"),
        ("calibration/frame.png", "cameras", "no known format"),
        ("dem/danang_dem.tif", "wards", "no known format"),
        ("dem/N42E001.hgt.zip", "wards", "the archive holds none"),
    ],
)
def test_files_meant_for_something_else_are_refused_in_a_sentence(
    shared_data: Path, file: str, layer: str, words: str
) -> None:
    with pytest.raises(IngestError, match=words):
        load_one(shared_data / file, layer, keep_good=True)
