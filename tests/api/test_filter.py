"""Filters and orders over HTTP, as QGIS, GDAL and scripts ask for them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import shapely
from jsonschema import Draft202012Validator

from gis_core.crs import crs_uri, is_y_first, transformer
from layers.order import parse_order
from layers.registry import LAYERS
from tests.conftest import RunningService

COLLECTIONS = "/ogc/collections"
CAMERAS = f"{COLLECTIONS}/cameras/items"
DETECTIONS = f"{COLLECTIONS}/detections/items"


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def ask(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params={name.replace("_", "-"): value for name, value in parameters.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def walk(client: httpx.Client, address: str | None, **parameters: Any) -> list[dict[str, Any]]:
    """Every feature behind ``address`` and its links of rel ``next``."""
    features: list[dict[str, Any]] = []
    query: dict[str, Any] | None = parameters
    while address is not None:
        page = client.get(address, params=query).json()
        features += page["features"]
        assert page["numberReturned"] > 0 or not features
        query = None
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert page["numberMatched"] == len(features)
    return features


def test_the_classes_that_switch_on_the_filters_of_qgis(client: httpx.Client) -> None:
    classes = set(ask(client, "/ogc/conformance", f="json")["conformsTo"])
    assert classes >= {
        "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
        "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
        "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
        "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
        "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
        "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    }


def test_a_collection_links_to_what_can_be_asked(client: httpx.Client) -> None:
    links = ask(client, f"{COLLECTIONS}/cameras", f="json")["links"]
    of_schemas = {link["rel"]: link for link in links if link["type"] == "application/schema+json"}
    for name in ("schema", "queryables", "sortables"):
        link = of_schemas[f"http://www.opengis.net/def/rel/ogc/1.0/{name}"]
        answer = client.get(link["href"], headers={"Accept": "application/schema+json"})
        assert answer.headers["content-type"] == "application/schema+json"
        Draft202012Validator.check_schema(answer.json())
        assert answer.json()["$id"].endswith(f"/cameras/{name}")


def test_queryables_say_type_choices_and_unit(client: httpx.Client) -> None:
    queryables = ask(client, f"{COLLECTIONS}/cameras/queryables", f="json", lang="en")
    assert queryables["additionalProperties"] is False
    fields = queryables["properties"]
    assert fields["mast_height_m"]["x-ogc-unit"] == "m"
    assert fields["purpose"]["enum"] == ["traffic", "forest", "flood", "environment", "security"]
    assert fields["ai_solutions"]["type"] == "array"
    assert fields["geometry"]["format"] == "geometry-point"
    assert (
        ask(client, f"{COLLECTIONS}/detections/queryables", f="json")["properties"]["id"]["format"] == "uuid"
    )


# What QgsOapifCql2TextExpressionCompiler makes of a layer's filter, by the expression it stands for.
FROM_QGIS = [
    ("(\"purpose\" = 'forest')", lambda p: p["purpose"] == "forest"),
    ("((\"purpose\" = 'forest') AND (\"mast_height_m\" > 20))",
     lambda p: p["purpose"] == "forest" and p["mast_height_m"] > 20),
    ('(NOT (("tilt_deg" <= 5.5) OR (simulated = FALSE)))', lambda p: p["tilt_deg"] > 5.5),
    ('(( - ("tilt_deg")) < 0)', lambda p: p["tilt_deg"] > 0),
    ('("road_segment_code" IS NULL)', lambda p: p["road_segment_code"] is None),
    ('("road_segment_code" IS NOT NULL)', lambda p: p["road_segment_code"] is not None),
    ("(name LIKE '%a%')", lambda p: "a" in p["name"]),
    ("(name NOT LIKE '%a%')", lambda p: "a" not in p["name"]),
    ("(CASEI(name) LIKE CASEI('%A%'))", lambda p: "a" in p["name"].lower()),
    ("\"purpose\" IN ('forest','flood')", lambda p: p["purpose"] in ("forest", "flood")),
    ("\"purpose\" NOT IN ('forest','flood')", lambda p: p["purpose"] not in ("forest", "flood")),
    ('"mast_height_m" BETWEEN 8 AND 10', lambda p: 8 <= p["mast_height_m"] <= 10),
    ('(("mast_height_m" * 2) >= ("range_m" / 10))', lambda p: p["mast_height_m"] * 2 >= p["range_m"] / 10),
]  # fmt: skip


def test_no_more_rows_leave_than_match_the_filter_of_qgis(client: httpx.Client) -> None:
    everything = ask(client, CAMERAS, limit=1000)["features"]
    for cql2, holds in FROM_QGIS:
        expected = {one["id"] for one in everything if holds(one["properties"])}
        page = ask(client, CAMERAS, limit=1000, filter=cql2, filter_lang="cql2-text")
        assert {one["id"] for one in page["features"]} == expected, cql2
        assert page["numberMatched"] == page["numberReturned"] == len(expected) > 0, cql2
        assert ask(client, CAMERAS, limit=1, filter=cql2)["numberMatched"] == len(expected)


def test_a_filter_of_time_from_qgis(client: httpx.Client) -> None:
    start = "2025-10-27T10:00:00.000Z"
    page = ask(client, DETECTIONS, limit=10_000, filter=f"(\"detected_at\" >= TIMESTAMP('{start}'))")
    times = [datetime.fromisoformat(one["properties"]["detected_at"]) for one in page["features"]]
    assert min(times) >= datetime.fromisoformat(start)
    assert page["numberMatched"] == len(times) > 0
    same = ask(client, DETECTIONS, limit=1, datetime=f"{start}/..")
    assert same["numberMatched"] == page["numberMatched"]


def test_json_and_text_and_every_other_parameter_join(client: httpx.Client) -> None:
    bbox = (107.55, 16.44, 107.62, 16.49)
    node = {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": bbox}]}
    by_json = ask(
        client, CAMERAS, limit=1000, filter=json.dumps(node), filter_lang="cql2-json", status="active"
    )
    by_text = ask(
        client,
        CAMERAS,
        limit=1000,
        bbox=",".join(map(str, bbox)),
        filter="status = 'active'",
        crs="EPSG:9214",
    )
    assert [one["id"] for one in by_json["features"]] == [one["id"] for one in by_text["features"]]
    assert by_json["numberMatched"] == len(by_json["features"]) > 10


@pytest.mark.parametrize("srid", [4326, 3857, 9214, 3405, 3406, 4756])
def test_filter_crs_is_right_to_a_centimetre(client: httpx.Client, srid: int) -> None:
    camera = ask(client, CAMERAS, limit=1, crs=crs_uri(srid))["features"][0]
    first, second = camera["geometry"]["coordinates"]
    # Coordinates are written to a millimetre, or to 1e-7 degrees, which are a centimetre.
    reach = 0.004 if srid in (3857, 9214, 3405, 3406) else 0.9e-7

    def found(shift: float) -> bool:
        box = f"BBOX({first + shift - reach},{second - reach},{first + shift + reach},{second + reach})"
        page = ask(
            client,
            CAMERAS,
            filter=f"S_INTERSECTS(geometry,{box}) AND code='{camera['id']}'",
            filter_crs=crs_uri(srid),
        )
        return bool(page["numberReturned"])

    assert found(0)
    assert not found(3 * reach)
    assert not found(-3 * reach)


def test_long_edges_bend_as_they_do_on_the_grid(client: httpx.Client) -> None:
    cameras = ask(client, CAMERAS, limit=1000, crs=crs_uri(9214))["features"]
    points = {one["id"]: shapely.Point(one["geometry"]["coordinates"]) for one in cameras}
    triangle = shapely.Polygon([(520_000, 1_790_000), (590_000, 1_800_000), (560_000, 1_850_000)])
    page = ask(
        client, CAMERAS, limit=1000, filter=f"S_WITHIN(geometry,{triangle.wkt})", filter_crs=crs_uri(9214)
    )
    assert {one["id"] for one in page["features"]} == {
        key for key, one in points.items() if triangle.contains(one)
    }
    assert page["numberReturned"] > 100
    assert not is_y_first(9214)
    assert transformer(9214, 4326).transform(560_000, 1_850_000)[1] < 16.8


def test_lists_that_contain(client: httpx.Client) -> None:
    everything = ask(client, CAMERAS, limit=1000)["features"]
    first, *_ = next(
        one["properties"]["ai_solutions"] for one in everything if one["properties"]["ai_solutions"]
    )
    expected = {one["id"] for one in everything if first in one["properties"]["ai_solutions"]}
    for cql2 in (f"A_CONTAINS(ai_solutions,('{first}'))", f"A_OVERLAPS(ai_solutions,('{first}','nothing'))"):
        page = ask(client, CAMERAS, limit=1000, filter=cql2)
        assert {one["id"] for one in page["features"]} == expected


def test_vietnamese_is_found_without_its_accents(client: httpx.Client) -> None:
    path = f"{COLLECTIONS}/wards/items"
    found = ask(client, path, filter="CASEI(ACCENTI(name)) LIKE CASEI(ACCENTI('%duong%'))")["features"]
    assert any("Dương" in one["properties"]["name"] for one in found)
    strokes = [one["properties"]["name"] for one in ask(client, path, filter="name LIKE '%Đ%'")["features"]]
    plain = [
        one["properties"]["name"] for one in ask(client, path, filter="ACCENTI(name) LIKE '%D%'")["features"]
    ]
    assert strokes
    assert set(strokes) < set(plain)


@pytest.mark.parametrize(
    ("parameters", "named", "said"),
    [
        ({"filter": "nothing = 1"}, "filter", "none of this layer's queryables; there are: code, name"),
        ({"filter": "mast_height_m = 'tall'"}, "filter", "mast_height_m is a number and 'tall' is a text"),
        ({"filter": "purpose ="}, "filter", "the text ends"),
        ({"filter": "purpose == 'forest'"}, "filter", "character 10"),
        ({"filter": "name = NULL"}, "filter", "IS NULL"),
        ({"filter": "geometry = 5"}, "filter", "geometry"),
        ({"filter": "name"}, "filter", "true or false"),
        ({"filter": "foo(name) = 1"}, "filter", "there are: casei, accenti"),
        ({"filter": "abs(name, 1) = 1"}, "filter", "takes number"),
        ({"filter": r"name LIKE 'a\'"}, "filter", "backslash"),
        ({"filter": "name LIKE code"}, "filter", "pattern"),
        ({"filter": "T_DURING(code, INTERVAL('2025-01-01','..'))"}, "filter", "T_DURING"),
        ({"filter": "S_INTERSECTS(geometry,POINT(90 180))"}, "filter", "beyond where EPSG:4326"),
        ({"filter": "S_INTERSECTS(geometry,POLYGON((0 0,1 1,1 0,0 1,0 0)))"}, "filter", "not valid"),
        ({"filter": "S_INTERSECTS(geometry,BBOX(1,2,3))"}, "filter", "four numbers"),
        ({"filter": "mast_height_m ^ 1e300 > 1"}, "filter", "cannot be evaluated"),
        ({"filter": "{}", "filter-lang": "cql2-json"}, "filter", "none of CQL2"),
        ({"filter": "true", "filter-lang": "cql-text"}, "filter-lang", "cql2-text, cql2-json"),
        ({"filter": "true", "filter-crs": "EPSG:1"}, "filter-crs", "not served"),
        ({"filter": "NOT " * 10_000 + "true"}, "filter", "nested too deeply"),
        ({"sortby": "nothing"}, "sortby", "sortables; there are: code, name"),
        ({"sortby": "ai_solutions"}, "sortby", "sortables"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    client: httpx.Client, parameters: dict[str, str], named: str, said: str
) -> None:
    answer = client.get(CAMERAS, params=parameters)
    assert answer.status_code == 400
    description = answer.json()["description"]
    assert description.startswith(f"Parameter '{named}': ")
    assert said in description


def test_a_filter_of_a_megabyte_is_refused_and_harms_nobody(
    client: httpx.Client, service: RunningService
) -> None:
    # httpx makes no request line of that length.
    greedy = http.client.HTTPConnection(urlsplit(service.base_url).netloc)
    greedy.request("GET", f"{CAMERAS}?filter=name%3D%27{'x' * 1_000_000}%27")
    assert greedy.getresponse().status in (400, 414, 431)
    greedy.close()
    assert ask(client, CAMERAS, filter="true", limit=1)["numberMatched"] == 642


@pytest.mark.parametrize("layer", ["cameras", "detections", "road_segments", "wards", "detection_ellipses"])
def test_every_queryable_can_be_compared(client: httpx.Client, layer: str) -> None:
    """OGC 21-065r2, tests /conf/basic-cql2/comparison and /conf/basic-cql2/is-null."""
    literals = {"string": "'foo'", "boolean": "true", "number": "3.14", "integer": "1"}
    items = f"{COLLECTIONS}/{layer}/items"

    def ids(cql2: str) -> set[str]:
        page = ask(client, items, filter=cql2, limit=200, properties="simulated")
        return {one["id"] for one in page["features"]}

    for name, schema in ask(client, f"{COLLECTIONS}/{layer}/queryables", f="json")["properties"].items():
        assert not ids(f"{name} IS NULL") & ids(f"{name} is not null")
        literal = "TIMESTAMP('2022-04-14T14:48:46Z')" if schema.get("format") == "date-time" else None
        literal = literal or literals.get(schema.get("type", ""))
        if literal is None:
            continue
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert not ids(f"{name} {one} {literal}") & ids(f"{name} {other} {literal}")


SORTED = [
    "-mast_height_m,name",
    "+purpose,-code",
    "road_segment_code",
    "-road_segment_code,azimuth_deg",
    "-name",
]


@pytest.mark.parametrize("sortby", SORTED)
def test_paging_in_any_order_walks_the_layer_once(client: httpx.Client, sortby: str) -> None:
    whole = ask(client, CAMERAS, limit=1000, sortby=sortby)
    assert not [link for link in whole["links"] if link["rel"] == "next"]
    walked = walk(client, CAMERAS, sortby=sortby, limit=107)
    assert [one["id"] for one in walked] == [one["id"] for one in whole["features"]]
    assert len({one["id"] for one in walked}) == 642
    key, *_ = parse_order(LAYERS["cameras"], sortby)
    values = [one["properties"][key.name] for one in walked]
    present = [value for value in values if value is not None]
    assert values == present + [None] * (len(values) - len(present))
    if key.name != "name":
        assert present == sorted(present, reverse=key.descending)


def test_names_are_sorted_as_a_vietnamese_dictionary_does(client: httpx.Client) -> None:
    names = [
        one["properties"]["name"] for one in walk(client, f"{COLLECTIONS}/rain_stations/items", sortby="name")
    ]
    letters = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
    assert [letters.index(name[0].lower()) for name in names] == sorted(
        letters.index(name[0].lower()) for name in names
    )


def test_the_latest_come_first_within_a_filter(client: httpx.Client) -> None:
    walked = walk(client, DETECTIONS, filter="subject = 'forest_fire'", sortby="-detected_at", limit=100)
    times = [datetime.fromisoformat(one["properties"]["detected_at"]) for one in walked]
    assert len(times) > 200
    assert all(later > earlier - timedelta(milliseconds=1) for later, earlier in pairwise(times))


def test_a_cursor_of_another_order_is_refused(client: httpx.Client) -> None:
    page = ask(client, CAMERAS, limit=10, sortby="-name")
    address = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert client.get(address.replace("sortby=-name", "sortby=name")).status_code == 400


def test_sortables_are_what_can_be_sorted_by(client: httpx.Client) -> None:
    sortables = ask(client, f"{COLLECTIONS}/cameras/sortables", f="json")
    assert sortables["additionalProperties"] is False
    assert "ai_solutions" not in sortables["properties"]
    assert "geometry" not in sortables["properties"]
    for name in sortables["properties"]:
        assert ask(client, CAMERAS, sortby=f"-{name}", limit=2)["numberReturned"] == 2


def test_the_functions_are_told_and_work(client: httpx.Client) -> None:
    functions = ask(client, "/ogc/functions", f="json")["functions"]
    samples = {"number": "1.5", "string": "name", "geometry": "geometry", "array": "ai_solutions"}
    for function in functions:
        arguments = ",".join(samples[argument["type"][0]] for argument in function["arguments"])
        cql2 = f"{function['name']}({arguments}) IS NOT NULL"
        assert ask(client, CAMERAS, filter=cql2, limit=1)["numberMatched"] == 642, cql2


@pytest.mark.parametrize(
    "path", ["/ogc/functions", f"{COLLECTIONS}/cameras/sortables", f"{CAMERAS}?filter=true"]
)
def test_pages_for_people(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<html" in answer.text


def test_openapi_names_the_parameters(client: httpx.Client) -> None:
    document = ask(client, "/ogc/openapi", f="json")
    given = document["paths"]["/collections/cameras/items"]["get"]["parameters"]
    names = {one.get("name") or one["$ref"].rsplit("/", 1)[-1] for one in given}
    assert names >= {"filter", "filter-lang", "filter-crs", "sortby"}
    assert document["components"]["parameters"]["filter-lang"]["schema"]["default"] == "cql2-text"
    assert "/collections/cameras/sortables" in document["paths"]
