"""Hand-made answers as CoverageJSON, EDR GeoJSON and CSV; an independent reader judges the first."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from covjson_pydantic.coverage import CoverageCollection

from gis_core.crs import parse_crs, transformer
from gis_core.types import Text
from layers.edr.base import Category, Coverage, Grid, Parameter, PointSeries, Trajectory
from layers.edr.sources import collections, source_of
from ogc_api.edr.coverage_json import coverage_collection
from ogc_api.edr.rows import as_csv, geojson

CRS84 = parse_crs("CRS84")
HOUR = datetime(2025, 10, 27, 12, tzinfo=UTC)
TIMES = [HOUR, HOUR + timedelta(hours=1), HOUR + timedelta(hours=2)]
RAIN = Parameter("rain_1h_mm", Text("Mưa", "Rain"), "urn:x:rain", "mm", "millimetre", "mm")
LEVEL = Parameter(
    "level",
    Text("Mức", "Level"),
    "urn:x:level",
    categories=(Category(1, "A", Text("A", "A")), Category(2, "B", Text("B", "B"))),
)
STATION = Coverage(
    "MT,1",
    'Huế "1"',
    PointSeries(107.58, 16.46, TIMES),
    {"rain_1h_mm": np.array([0.0, np.nan, 12.5]), "level": np.array([1, np.nan, 2])},
    simulated=True,
)
CELLS = Coverage(
    "cells",
    "Cells",
    Grid(np.array([500_050.0, 500_150.0]), np.array([1_820_050.0, 1_819_950.0]), [HOUR], 9214),
    {"rain_1h_mm": np.array([[[1.0, np.nan], [np.nan, 4.0]]])},
    simulated=False,
)
WAY = Coverage(
    "way",
    "Way",
    Trajectory(np.array([107.5, 107.6]), np.array([16.4, 16.5]), TIMES[:2]),
    {"rain_1h_mm": np.array([np.nan, 3.0])},
    simulated=False,
)


def read(coverages: list[Coverage], parameters: list[Parameter], crs: str = "CRS84") -> dict[str, Any]:
    text = json.dumps(
        coverage_collection(coverages, parameters, parse_crs(crs), "PointSeries"), allow_nan=False
    )
    CoverageCollection.model_validate_json(text)
    return json.loads(text)  # type: ignore[no-any-return]


def test_a_series_has_null_where_nobody_observed() -> None:
    document = read([STATION], [RAIN, LEVEL])
    (coverage,) = document["coverages"]
    assert document["domainType"] == "PointSeries"
    assert coverage["domain"]["axes"]["t"]["values"][2] == "2025-10-27T14:00:00Z"
    assert coverage["ranges"]["rain_1h_mm"]["values"] == [0.0, None, 12.5]
    assert coverage["ranges"]["level"] == {
        "type": "NdArray", "dataType": "integer", "axisNames": ["t"], "shape": [3], "values": [1, None, 2],
    }  # fmt: skip
    assert document["parameters"]["level"]["categoryEncoding"] == {"urn:x:level:A": 1, "urn:x:level:B": 2}
    assert document["parameters"]["rain_1h_mm"]["unit"]["symbol"]["value"] == "mm"


def test_a_grid_keeps_its_own_crs() -> None:
    document = read([CELLS], [RAIN])
    space = document["referencing"][0]
    assert space["system"] == {"type": "ProjectedCRS", "id": "http://www.opengis.net/def/crs/EPSG/0/9214"}
    assert space["coordinates"] == ["x", "y"]
    values = document["coverages"][0]["ranges"]["rain_1h_mm"]
    assert (values["shape"], values["values"]) == ([1, 2, 2], [1.0, None, None, 4.0])


def test_a_trajectory_is_a_tuple_of_time_and_place() -> None:
    axis = read([WAY], [RAIN])["coverages"][0]["domain"]["axes"]["composite"]
    assert axis["coordinates"] == ["t", "x", "y"]
    assert axis["values"] == [["2025-10-27T12:00:00Z", 107.5, 16.4], ["2025-10-27T13:00:00Z", 107.6, 16.5]]


def test_axes_are_named_in_the_order_of_the_authority() -> None:
    assert read([STATION], [RAIN], "CRS84")["referencing"][0]["coordinates"] == ["x", "y"]
    assert read([STATION], [RAIN], "EPSG:4326")["referencing"][0]["coordinates"] == ["y", "x"]


def test_points_are_given_in_the_crs_asked_for() -> None:
    axes = read([STATION], [RAIN], "EPSG:3857")["coverages"][0]["domain"]["axes"]
    x, y = transformer(4326, 3857).transform(107.58, 16.46)
    assert (axes["x"]["values"][0], axes["y"]["values"][0]) == pytest.approx((x, y))


def test_no_station_is_an_empty_collection() -> None:
    document = read([], [RAIN])
    assert (document["coverages"], document["domainType"]) == ([], "PointSeries")


def test_csv_has_an_empty_field_where_nobody_observed() -> None:
    lines = list(csv.reader(io.StringIO(as_csv([STATION], [RAIN, LEVEL], CRS84))))
    assert lines[0] == ["location", "label", "datetime", "lon", "lat", "rain_1h_mm", "level", "simulated"]
    assert lines[1] == ["MT,1", 'Huế "1"', "2025-10-27T12:00:00Z", "107.58", "16.46", "0.0", "A", "true"]
    assert lines[2][5:7] == ["", ""]


def test_cells_of_which_nothing_is_known_are_no_rows() -> None:
    lines = list(csv.reader(io.StringIO(as_csv([CELLS], [RAIN], CRS84))))
    assert [line[5] for line in lines] == ["rain_1h_mm", "1.0", "4.0"]
    lon, lat = transformer(9214, 4326).transform(500_050, 1_820_050)
    assert (float(lines[1][3]), float(lines[1][4])) == pytest.approx((lon, lat))


def test_geojson_has_a_feature_for_each_place_and_time() -> None:
    line = shapely.LineString([(107.5, 16.4), (107.6, 16.5)])
    road = Coverage("R1", "Road", STATION.domain, STATION.values, simulated=False, shape=line)

    def told(crs: str) -> list[dict[str, Any]]:
        text = geojson([STATION, road], [RAIN], parse_crs(crs), lambda one: f"http://x/{one.id}")
        return json.loads(text)["features"]  # type: ignore[no-any-return]

    features = told("CRS84")
    assert len(features) == 6
    assert len({feature["id"] for feature in features}) == 6
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [107.58, 16.46]}
    assert features[3]["geometry"]["coordinates"] == [[107.5, 16.4], [107.6, 16.5]]
    assert features[1]["properties"] == {
        "label": 'Huế "1"',
        "datetime": "2025-10-27T13:00:00Z",
        "parameter-name": ["rain_1h_mm"],
        "edrqueryendpoint": "http://x/MT,1",
        "location": "MT,1",
        "rain_1h_mm": None,
        "simulated": True,
    }
    turned = told("EPSG:4326")
    assert turned[0]["geometry"]["coordinates"] == [16.46, 107.58]
    assert turned[3]["geometry"]["coordinates"][0] == [16.4, 107.5]


def test_every_source_says_its_units_in_ucum_and_in_two_languages() -> None:
    for name in collections():
        source = source_of(name)
        assert source is not None
        assert source.collection == name
        for parameter in source.parameters.values():
            assert parameter.code.isascii()
            assert " " not in parameter.code
            assert parameter.definition.startswith(("urn:", "http"))
            assert parameter.title.vi
            assert parameter.title.en
