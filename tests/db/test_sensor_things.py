"""Observations under the names of OGC SensorThings API 1.1, against a schema written from the standard."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker

from gis_core.db import writing
from gis_core.time import Window
from gis_core.types import Bounds
from layers.commands import layers
from layers.export import ExportError, export_sensor_things
from layers.registry import LAYERS
from layers.store import load

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2025, 10, 27, 5, tzinfo=UTC)
INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
INTERVAL = INSTANT.rstrip("$") + "/" + INSTANT.lstrip("^")


def entity(*required: str, **properties: Any) -> dict[str, Any]:
    """An entity of OGC 18-088: it has an identifier, these properties, and no others."""
    known = {"@iot.id": {"type": "string", "minLength": 1}} | properties
    return {
        "type": "object", "required": ["@iot.id", *required], "properties": known,
        "additionalProperties": False,
    }  # fmt: skip


TEXT = {"type": "string"}
URI = {"type": "string", "pattern": "^(http://|urn:|ucum:)"}
PROPERTIES = {"type": "object"}
LINK = {"type": "object", "required": ["@iot.id"], "maxProperties": 1}
POINT = {
    "type": "object", "required": ["type", "coordinates"],
    "properties": {"type": {"const": "Point"}, "coordinates": {"type": "array", "minItems": 2}},
}  # fmt: skip
GEO = {"const": "application/geo+json"}
# Tables 4 to 17 of the standard: the names, and which of them are mandatory.
LOCATION = entity(
    "name", "description", "encodingType", "location",
    name=TEXT, description=TEXT, encodingType=GEO, location=POINT,
)  # fmt: skip
OBSERVATION = entity(
    "phenomenonTime", "resultTime", "result", "FeatureOfInterest",
    phenomenonTime={"type": "string", "anyOf": [{"pattern": INSTANT}, {"pattern": INTERVAL}]},
    resultTime={"type": "string", "pattern": INSTANT},
    result={"type": ["number", "null"]},
    parameters=PROPERTIES, FeatureOfInterest=LINK,
)  # fmt: skip
DATASTREAM = entity(
    "name", "description", "observationType", "unitOfMeasurement",
    "ObservedProperty", "Sensor", "Observations",
    name=TEXT, description=TEXT, observationType=URI, properties=PROPERTIES,
    unitOfMeasurement={
        "type": "object", "required": ["name", "symbol", "definition"],
        "properties": {"name": TEXT, "symbol": TEXT, "definition": URI}, "additionalProperties": False,
    },
    phenomenonTime={"type": "string", "pattern": INTERVAL},
    ObservedProperty=entity("name", "definition", "description", name=TEXT, definition=URI, description=TEXT),
    Sensor=entity(
        "name", "description", "encodingType", "metadata",
        name=TEXT, description=TEXT, encodingType=TEXT, metadata=TEXT,
    ),
    Observations={"type": "array", "items": OBSERVATION, "minItems": 1},
)  # fmt: skip
THING = entity(
    "name", "description", "Locations", "Datastreams",
    name=TEXT, description=TEXT, properties=PROPERTIES,
    Locations={"type": "array", "items": LOCATION, "minItems": 1},
    Datastreams={"type": "array", "items": DATASTREAM, "minItems": 1},
)  # fmt: skip
FEATURE = entity(
    "name", "description", "encodingType", "feature",
    name=TEXT, description=TEXT, encodingType=GEO, feature=POINT,
)  # fmt: skip
SCHEMA = {
    "type": "object", "required": ["value", "FeaturesOfInterest", "metadata"],
    "properties": {
        "value": {"type": "array", "items": THING},
        "FeaturesOfInterest": {"type": "array", "items": FEATURE},
        "metadata": {"type": "object"},
    },
}  # fmt: skip


def rows(station: str, of: str, values: list[float], *, simulated: bool = False) -> gpd.GeoDataFrame:
    times = [START + timedelta(hours=hour) for hour in range(len(values))]
    return gpd.GeoDataFrame(
        {
            "observed_at": times, "station_code": station, "observed_property": of, "value": values,
            "origin": "test", "origin_key": [f"{station}/{of}/{n}" for n in range(len(values))],
            "simulated": simulated,
        },
        geometry=gpd.points_from_xy([107.56] * len(values), [16.46] * len(values)), crs=4326,
    )  # fmt: skip


def fill() -> None:
    gauge = gpd.GeoDataFrame(
        {"code": ["kim-long"], "name": ['Kim Long "1"'], "river": "Hương", "datum": "HD", "origin": "test"},
        geometry=gpd.points_from_xy([107.56], [16.46]), crs=4326,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["river_gauges"], gauge)
        load(connection, LAYERS["observations"], rows("kim-long", "stage_m", [1.0, 2.5]))
        load(connection, LAYERS["observations"], rows("kim-long", "rain_1h_mm", [0.0], simulated=True))
        load(connection, LAYERS["observations"], rows("D01", "vehicles_15min", [7, 9, 11]))


def document(path: Path, **options: Any) -> dict[str, Any]:
    export_sensor_things(LAYERS["observations"], path, **options)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(found)
    return found


def test_the_names_and_links_are_those_of_the_standard(tmp_path: Path) -> None:
    fill()
    found = document(tmp_path / "a.json")
    assert [thing["@iot.id"] for thing in found["value"]] == ["D01", "kim-long"]
    thing = found["value"][1]
    assert (thing["name"], thing["description"]) == ('Kim Long "1"', "Trạm thủy văn / River gauges")
    assert thing["Locations"][0]["location"]["coordinates"] == [107.56, 16.46]
    streams = {stream["ObservedProperty"]["name"]: stream for stream in thing["Datastreams"]}
    assert set(streams) == {"rain_1h_mm", "stage_m"}
    assert streams["stage_m"]["unitOfMeasurement"] == {
        "name": "metre", "symbol": "m", "definition": "ucum:m",
    }  # fmt: skip
    assert streams["stage_m"]["phenomenonTime"] == "2025-10-27T05:00:00.000Z/2025-10-27T06:00:00.000Z"
    assert [one["result"] for one in streams["stage_m"]["Observations"]] == [1.0, 2.5]
    assert streams["stage_m"]["Observations"][0]["phenomenonTime"] == "2025-10-27T05:00:00.000Z"
    rain = streams["rain_1h_mm"]["Observations"][0]
    assert rain["phenomenonTime"] == "2025-10-27T04:00:00.000Z/2025-10-27T05:00:00.000Z"
    assert rain["resultTime"] == "2025-10-27T05:00:00.000Z"
    linked = {
        one["FeatureOfInterest"]["@iot.id"]
        for each in found["value"] for stream in each["Datastreams"] for one in stream["Observations"]
    }  # fmt: skip
    assert linked == {feature["@iot.id"] for feature in found["FeaturesOfInterest"]} == {"D01", "kim-long"}


def test_what_is_simulated_says_so_where_it_stands_and_above(tmp_path: Path) -> None:
    fill()
    found = document(tmp_path / "a.json")
    marked = {
        (stream["@iot.id"], stream["properties"]["simulated_observations"]):
        [one.get("parameters") for one in stream["Observations"]]
        for thing in found["value"] for stream in thing["Datastreams"]
    }  # fmt: skip
    assert marked == {
        ("D01/vehicles_15min", 0): [None, None, None],
        ("kim-long/rain_1h_mm", 1): [{"simulated": True}],
        ("kim-long/stage_m", 0): [None, None],
    }
    assert found["value"][1]["properties"]["simulated_observations"] == 1
    assert (found["metadata"]["rows"], found["metadata"]["simulated_rows"]) == (6, 1)


def test_a_part_of_the_observations_and_none_at_all(tmp_path: Path) -> None:
    fill()
    window = Window(START, START + timedelta(hours=1))
    found = document(tmp_path / "a.json", window=window, bounds=Bounds(107, 16, 108, 17))
    assert found["metadata"]["rows"] == 3
    assert found["metadata"]["filter"]["datetime"] == "2025-10-27T05:00:00+00:00/2025-10-27T06:00:00+00:00"
    nothing = document(tmp_path / "b.json", bounds=Bounds(1, 1, 2, 2))
    assert (nothing["value"], nothing["FeaturesOfInterest"]) == ([], [])


def test_a_value_that_is_no_number_is_null_and_the_json_stays_valid(tmp_path: Path) -> None:
    with writing() as connection:
        load(connection, LAYERS["observations"], rows("D01", "stage_m", [1.0, float("inf")]))
    stream = document(tmp_path / "a.json")["value"][0]["Datastreams"][0]
    assert [one["result"] for one in stream["Observations"]] == [1.0, None]


def test_only_observations_and_only_json(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is for layer observations, and not for cameras"):
        export_sensor_things(LAYERS["cameras"], tmp_path / "a.json")
    with pytest.raises(ExportError, match=r"should end in \.json"):
        export_sensor_things(LAYERS["observations"], tmp_path / "a.csv")
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(ExportError, match="--overwrite replaces it"):
        export_sensor_things(LAYERS["observations"], tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == "mine"


def test_the_command(tmp_path: Path) -> None:
    fill()
    path = tmp_path / "a.json"
    asked = ["export", "observations", str(path), "--format", "sensorthings"]
    refused = CliRunner().invoke(layers, [*asked, "--crs", "EPSG:9214"])
    assert refused.exit_code == 2
    assert "leave out --crs" in refused.output
    done = CliRunner().invoke(layers, asked)
    assert done.output == f"{path}: 6 features of observations.\n"
    Draft202012Validator(SCHEMA).validate(json.loads(path.read_text(encoding="utf-8")))


def test_the_schema_can_fail() -> None:
    wrong = {"value": [{"@iot.id": "a"}], "FeaturesOfInterest": [], "metadata": {}}
    assert not Draft202012Validator(SCHEMA).is_valid(wrong)
