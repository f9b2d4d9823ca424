"""Environmental data retrieval through HTTP: every query of every collection, every format, wrong input."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from covjson_pydantic.coverage import CoverageCollection
from edr_pydantic.collections import Collection, Instances
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.edr.sources import collections, source_of
from tests.conftest import RunningService

ASKED: dict[str, dict[str, str]] = {
    "position": {"coords": "POINT(107.58 16.46)"},
    "radius": {"coords": "POINT(107.58 16.46)", "within": "6", "within-units": "km"},
    "area": {"coords": "POLYGON((107.57 16.45,107.60 16.45,107.60 16.47,107.57 16.45))"},
    "cube": {"bbox": "107.57,16.45,107.59,16.47"},
    "trajectory": {"coords": "LINESTRING(107.56 16.45,107.60 16.47)"},
    "corridor": {
        "coords": "LINESTRING(107.56 16.45,107.60 16.47)",
        "corridor-width": "400",
        "width-units": "m",
    },
}
ALL = [(name, query) for name in collections() for query in getattr(source_of(name), "queries", ())]


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{service.base_url}/ogc/collections", timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def road(client: httpx.Client) -> str:
    """A line along a corridor on which cameras counted."""
    return watched_corridor(client)


def watched_corridor(client: httpx.Client) -> str:
    for feature in client.get("/road_segments/locations").json()["features"]:
        told = client.get(
            feature["properties"]["edrqueryendpoint"], params={"parameter-name": "veh_km"}
        ).json()
        values = told["coverages"][0]["ranges"]["veh_km"]["values"]
        if any(value is not None for value in values):
            shape, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
            line = coordinates if shape == "LineString" else max(coordinates, key=len)
            return f"LINESTRING({','.join(f'{x} {y}' for x, y, *_ in line[:200])})"
    raise AssertionError("no camera counted on any corridor")


def asked(name: str, query: str, road: str) -> dict[str, str]:
    along = name == "road_segments" and query in ("corridor", "trajectory")
    return ASKED[query] | ({"coords": road} if along else {})


def document(client: httpx.Client, path: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", collections())
def test_an_independent_reader_understands_the_collection(client: httpx.Client, name: str) -> None:
    entry = document(client, f"/{name}", lang="en")
    source = source_of(name)
    assert source is not None
    for standard in ("extent", "data_queries", "parameter_names", "output_formats", "crs"):
        assert standard in entry
    if entry["extent"]["temporal"]["interval"] == [[None, None]]:
        return  # nothing was ever observed there
    told = {key: entry[key] for key in Collection.model_fields if key in entry}
    told["extent"] = {key: told["extent"][key] for key in ("spatial", "temporal")}
    told["extent"]["spatial"].pop("grid", None)
    read = Collection.model_validate_json(httpx.Request("GET", "http://x", json=told).content)
    assert list(read.parameter_names.root) == list(source.parameters)
    for query in entry["data_queries"].values():
        href = query["link"]["href"]
        if query["link"]["variables"]["query_type"] in ("items", "locations", "instances"):
            answer = client.get(href)
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == query["link"]["type"]
        else:
            assert client.get(href).status_code == 400


@pytest.mark.parametrize(("name", "query"), ALL)
def test_every_query_in_every_format(client: httpx.Client, road: str, name: str, query: str) -> None:
    source = source_of(name)
    assert source is not None
    parameters = asked(name, query, road)
    answer = client.get(f"/{name}/{query}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/prs.coverage+json"
    CoverageCollection.model_validate_json(answer.content)
    coverages = answer.json()["coverages"]
    assert list(answer.json()["parameters"]) == list(source.parameters)
    features = document(client, f"/{name}/{query}", **parameters, f="GeoJSON")
    lines = list(
        csv.reader(io.StringIO(client.get(f"/{name}/{query}", params=parameters | {"f": "CSV"}).text))
    )
    assert len(lines) - 1 == features["numberReturned"] == len(features["features"])
    assert lines[0][-1] == "simulated"
    known = [value for one in coverages for column in one["ranges"].values() for value in column["values"]]
    if answer.json()["domainType"] == "Grid":
        assert bool(features["features"]) == any(value is not None for value in known)
    else:
        assert len(known) == len(features["features"]) * len(source.parameters)
    page = client.get(f"/{name}/{query}", params=parameters | {"f": "html", "lang": "en"})
    assert page.headers["content-type"].startswith("text/html")
    assert "CoverageJSON" in page.text


def test_formats_are_negotiated(client: httpx.Client) -> None:
    def kind(accept: str) -> str:
        path = "/rain_stations/position"
        answer = client.get(path, params=ASKED["position"], headers={"Accept": accept})
        return answer.headers["content-type"].split(";")[0]

    assert kind("*/*") == "application/prs.coverage+json"
    assert kind("application/geo+json") == "application/geo+json"
    assert kind("text/csv") == "text/csv"
    assert kind("text/html,application/xhtml+xml,*/*;q=0.8") == "text/html"


def test_locations_are_found_and_tell_their_series(client: httpx.Client) -> None:
    listed = document(client, "/river_gauges/locations")
    station = listed["features"][0]
    assert set(station["properties"]) >= {"label", "datetime", "parameter-name", "edrqueryendpoint"}
    told = httpx.get(station["properties"]["edrqueryendpoint"]).json()
    assert [one["id"] for one in told["coverages"]] == [station["id"]]
    x, y = station["geometry"]["coordinates"]
    inside = document(client, "/river_gauges/locations", bbox=f"{x - 1e-4},{y - 1e-4},{x + 1e-4},{y + 1e-4}")
    assert [one["id"] for one in inside["features"]] == [station["id"]]
    page = client.get("/river_gauges/locations", params={"f": "html"})
    assert station["properties"]["label"] in page.text


def test_a_corridor_is_a_location_with_its_level_of_service(client: httpx.Client) -> None:
    features = document(client, "/road_segments/locations")["features"]
    told = document(client, f"/road_segments/locations/{quote(features[0]['id'])}")
    assert told["domainType"] == "PointSeries"
    assert len(told["coverages"]) == 1
    assert len(told["parameters"]["level"]["categoryEncoding"]) == 6


def test_dated_runs_of_a_surface(client: httpx.Client) -> None:
    listed = document(client, "/flood-risk/instances", lang="en")
    Instances.model_validate_json(httpx.Request("GET", "http://x", json=listed).content)
    run = listed["instances"][0]
    assert document(client, f"/flood-risk/instances/{run['id']}", lang="en") == run
    newest = document(client, "/flood-risk/position", **ASKED["position"])
    same = document(client, f"/flood-risk/instances/{run['id']}/position", **ASKED["position"])
    assert same == newest
    assert same["coverages"][0]["domain"]["axes"]["t"]["values"] == run["extent"]["temporal"]["values"]
    for path in ("", f"/{run['id']}"):
        assert run["id"] in client.get(f"/flood-risk/instances{path}", params={"f": "html"}).text


@pytest.mark.parametrize(
    ("path", "parameters", "sentence"),
    [
        ("rain/position", {}, "'coords': is needed"),
        ("rain/position", {"coords": "POINT(107.5)"}, "cannot be read"),
        ("rain/position", {"coords": "LINESTRING(1 2,3 4)"}, "not WKT of POINT"),
        ("rain/position", {**ASKED["position"], "parameter-name": "snow"}, "there is no 'snow'"),
        ("rain/position", {**ASKED["position"], "crs": "EPSG:32648"}, "not served"),
        ("rain/position", {**ASKED["position"], "datetime": "yesterday"}, "not a time"),
        ("rain/position", {**ASKED["position"], "z": "high"}, "no height"),
        ("rain/position", {**ASKED["position"], "f": "netcdf"}, "not one of: CoverageJSON, GeoJSON, CSV"),
        ("rain/position", {**ASKED["position"], "colour": "red"}, "does not exist here"),
        ("rain/radius", {"coords": "POINT(107.5 16.4)", "within": "5"}, "is needed with the other"),
        ("rain/radius", {**ASKED["radius"], "within-units": "parsec"}, "not one of: m, km, mi, ft"),
        ("rain/radius", {**ASKED["radius"], "within": "-1"}, "not a length"),
        ("rain/radius", {**ASKED["radius"], "within": "nan"}, "not a length"),
        ("rain/radius", {**ASKED["radius"], "coords": "POINT(-73 0)"}, "outside the grid"),
        ("rain/cube", {}, "'bbox': is needed"),
        ("rain/cube", {"bbox": "108,16,107,17"}, "lower corner"),
        ("rain/area", {"coords": "POLYGON((0 0,1 1,1 0,0 1,0 0))"}, "not valid"),
        ("rain/corridor", {"coords": ASKED["trajectory"]["coords"]}, "'corridor-width': is needed"),
        ("rain/corridor", {**ASKED["corridor"], "height-units": "m"}, "'corridor-height': is needed"),
        (
            "rain/trajectory",
            {"coords": "LINESTRINGM(107 16 0,108 16 9)", "datetime": "2025-10-27"},
            "instants of its own",
        ),
        ("flood-risk/cube", {"bbox": "107,16,108,16.7"}, "more than 500,000 values"),
        (
            "road_segments/corridor",
            {**ASKED["corridor"], "coords": "LINESTRING(107 16,107.1 16)"},
            "no known road",
        ),
    ],
)  # fmt: skip
def test_wrong_input_is_answered_with_a_sentence(
    client: httpx.Client, path: str, parameters: dict[str, str], sentence: str
) -> None:
    answer = client.get(f"/{path}", params=parameters)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["description"]


@pytest.mark.parametrize(
    "path",
    [
        "cameras/position", "rain_stations/trajectory", "rain_stations/instances", "rain/locations",
        "rain/instances/20000101T000000Z", "rain/instances/x/position", "river_gauges/locations/nowhere",
        "river_gauges/locations/%00", "nothing/position",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/{path}", params=ASKED["position"] if path.endswith("position") else {})
    assert answer.status_code == 404
    assert answer.json()["description"].endswith(".")


def test_places_beyond_the_data_are_empty_and_no_error(client: httpx.Client) -> None:
    far = {"coords": "POINT(108.9 15.1)"}
    assert document(client, "/rain_stations/position", **far)["coverages"] == []
    (cell,) = document(client, "/flood-risk/position", **far)["coverages"]
    assert all(known["values"] == [None] for known in cell["ranges"].values())
    assert document(client, "/flood-risk/cube", bbox="108.9,15,109,15.1")["coverages"] == []
    assert document(client, "/rain_stations/cube", **ASKED["cube"], datetime="1990-01-01")["coverages"] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(ALL),
    st.one_of(st.text(max_size=40), st.from_regex(r"(POINT|POLYGON|LINESTRING)[ZM]?\([0-9 ,.()-]{0,40}\)")),
)
def test_no_coordinates_break_the_service(client: httpx.Client, case: tuple[str, str], coords: str) -> None:
    name, query = case
    answer = client.get(f"/{name}/{query}", params=ASKED[query] | {"coords": coords})
    assert answer.status_code in (200, 400)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ALL), st.floats(-180, 180), st.floats(-90, 90))
def test_no_place_on_earth_breaks_the_service(
    client: httpx.Client, case: tuple[str, str], lon: float, lat: float
) -> None:
    name, query = case
    place = f"{lon:.6f} {lat:.6f}"
    shapes = {
        "position": f"POINT({place})",
        "radius": f"POINT({place})",
        "area": f"POLYGON(({place},107 16,107.01 16.5,{place}))",
    }
    given_there = {"coords": shapes.get(query, f"LINESTRING({place},107.5 16.4)")}
    answer = client.get(f"/{name}/{query}", params=ASKED[query] | given_there)
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.json()["description"]
