"""OGC API - Features, Part 1: Core (17-069r4, annex A)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree
from shapely import box
from shapely.geometry import shape

from tests.conformance.walk import CRS84, EVENTS, LAYER, Api, conf, is_error, links

FEATURES = "ogcapi-features-1/1.0/conf"
CORE = f"{FEATURES}/core"
ITEMS = f"/collections/{LAYER}/items"


@conf(CORE, "root-op", "root-success")
def test_root(api: Api) -> None:
    """The landing page answers with the links that a client begins with."""
    rels = {link["rel"] for link in api.json("")["links"]}
    assert {"conformance", "data"} <= rels
    assert {"service-desc", "service-doc"} & rels


@conf(CORE, "api-definition-op", "api-definition-success")
def test_api_definition(api: Api) -> None:
    """The definition is where the landing page says."""
    for link in links(api.json(""), "service-desc"):
        assert api.ask(link["href"]).status_code == 200


@conf(CORE, "conformance-op", "conformance-success")
def test_conformance(api: Api) -> None:
    """The classes of Part 1 are declared."""
    assert {name.rpartition("/")[2] for name in api.declared if "features-1/" in name} >= {"core", "geojson"}


@conf(CORE, "http")
def test_http(api: Api) -> None:
    """HTTP 1.1 on every kind of resource."""
    for path in ("", "/collections", ITEMS):
        assert api.ask(path).http_version == "HTTP/1.1"


@conf(CORE, "crs84")
def test_crs84(api: Api) -> None:
    """Features lie in CRS84 where no CRS is asked for."""
    answer = api.ask(ITEMS, limit=5)
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert all(box(107, 15.9, 108.3, 16.9).covers(shape(f["geometry"])) for f in answer.json()["features"])


@conf(CORE, "fc-md-op", "fc-md-success", "fc-md-links", "fc-md-items", "fc-md-items-links", "fc-md-extent")
def test_collections(api: Api) -> None:
    """The collections, each with links to its items in every form."""
    assert {"self", "alternate"} <= {link["rel"] for link in api.json("/collections")["links"]}
    for name in api.layers:
        kinds = {link["type"] for link in links(api.collections[name], "items")}
        assert {"application/geo+json", "text/html"} <= kinds, name
        assert api.collections[name]["extent"]["spatial"]["bbox"], name


@conf(CORE, "sfc-md-op", "sfc-md-success")
def test_collection(api: Api) -> None:
    """Each collection by itself agrees with the list."""
    for name in api.layers:
        assert api.json(f"/collections/{name}")["id"] == name


@conf(CORE, "fc-op", "fc-response")
def test_items(api: Api) -> None:
    """Every layer answers with a feature collection."""
    for name in api.layers:
        answer = api.ask(f"/collections/{name}/items", accept="application/geo+json", limit=3)
        assert answer.status_code == 200, name
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.json()["type"] == "FeatureCollection"


@conf(CORE, "fc-limit-definition")
def test_limit_definition(api: Api) -> None:
    """``limit`` is a whole number with a least, a greatest and a usual value."""
    limit = api.parameter(ITEMS, "limit")
    assert (limit["in"], limit["required"], limit["schema"]["type"]) == ("query", False, "integer")
    schema = limit["schema"]
    assert 1 == schema["minimum"] <= schema["default"] <= schema["maximum"]


@conf(CORE, "fc-limit-response")
def test_limit_response(api: Api) -> None:
    """No more features than asked for; more than the greatest value is that value; less than one is wrong."""
    assert len(api.features(LAYER, limit=7)) == 7
    assert api.status(ITEMS, limit=api.parameter(ITEMS, "limit")["schema"]["maximum"] + 1) == 200
    for wrong in (0, -1, "ten"):
        is_error(api.ask(ITEMS, limit=wrong), 400)


@conf(CORE, "fc-bbox-definition")
def test_bbox_definition(api: Api) -> None:
    """``bbox`` is four or six numbers with commas between."""
    bbox = api.parameter(ITEMS, "bbox")
    assert (bbox["style"], bbox["explode"], bbox["schema"]["items"]["type"]) == ("form", False, "number")


@conf(CORE, "fc-bbox-response")
def test_bbox_response(api: Api) -> None:
    """The features that meet the box, and no others; four numbers and six say the same."""
    corners = (107.55, 16.44, 107.62, 16.49)
    expected = {
        feature["id"]
        for feature in api.features(LAYER, limit=10_000)
        if box(*corners).intersects(shape(feature["geometry"]))
    }
    assert api.ids(LAYER, bbox=",".join(map(str, corners))) == expected
    assert 0 < len(expected) < len(api.ids(LAYER))
    assert api.ids(LAYER, bbox="107.55,16.44,-10,107.62,16.49,4000") == expected
    for wrong in ("1,2,3", "a,b,c,d", "1,2,3,4,5"):
        is_error(api.ask(ITEMS, bbox=wrong), 400)


@conf(CORE, "fc-time-definition")
def test_time_definition(api: Api) -> None:
    """``datetime`` is a text of the query."""
    given = api.parameter(f"/collections/{EVENTS}/items", "datetime")
    assert (given["in"], given["required"], given["schema"]["type"]) == ("query", False, "string")


@conf(CORE, "fc-time-response")
@pytest.mark.parametrize("interval", ["2025-10-27T16:00:00Z/2025-10-27T17:00:00Z", "../2025-10-25T17:00:00Z",
                                      "2025-10-27T16:30:00Z/.."])  # fmt: skip
def test_time_response(api: Api, interval: str) -> None:
    """The features of an interval, open or closed; an instant is an interval that ends as it begins."""
    begin, end = (None if part == ".." else datetime.fromisoformat(part) for part in interval.split("/"))
    moments = [feature["properties"]["detected_at"] for feature in api.features(EVENTS, datetime=interval)]
    assert moments
    for at in map(datetime.fromisoformat, moments):
        assert begin is None or at >= begin
        assert end is None or at <= end
    at_once = {one["properties"]["detected_at"] for one in api.features(EVENTS, datetime=moments[0])}
    assert at_once == {moments[0]}


@conf(CORE, "query-param-unknown", "query-param-invalid")
def test_query_parameters(api: Api) -> None:
    """What is unknown or wrong is 400."""
    is_error(api.ask(ITEMS, surely_unknown=1), 400)
    is_error(api.ask(f"/collections/{EVENTS}/items", datetime="yesterday"), 400)


@conf(CORE, "fc-links")
def test_links(api: Api) -> None:
    """A page links to itself, to its other forms, and to the next page while there is one."""
    page = api.json(ITEMS, limit=400)
    assert {"self", "alternate", "next"} <= {link["rel"] for link in page["links"]}
    seen = [feature["id"] for feature in page["features"]]
    while following := links(page, "next"):
        assert parse_qs(urlsplit(following[0]["href"]).query)["limit"] == ["400"]
        page = api.json(following[0]["href"])
        seen += [feature["id"] for feature in page["features"]]
    assert len(seen) == len(set(seen)) == len(api.ids(LAYER))


@conf(CORE, "fc-timeStamp", "fc-numberMatched", "fc-numberReturned")
def test_counts(api: Api) -> None:
    """The page's counts are those of its features, and its time is a time."""
    page = api.json(ITEMS, limit=5)
    assert page["numberReturned"] == len(page["features"]) == 5
    assert page["numberMatched"] == len(api.ids(LAYER))
    assert datetime.fromisoformat(page["timeStamp"]).tzinfo is not None


@conf(CORE, "f-op", "f-success", "f-links")
def test_feature(api: Api) -> None:
    """One feature says what the page says of it, and links to itself and to its collection."""
    listed = api.features(LAYER, limit=1)[0]
    feature = api.json(f"{ITEMS}/{listed['id']}")
    assert feature["properties"] == listed["properties"]
    assert {"self", "alternate", "collection"} <= {link["rel"] for link in feature["links"]}
    is_error(api.ask(f"{ITEMS}/surely-unknown"), 404)


@conf(f"{FEATURES}/geojson", "definition", "content")
def test_geojson(api: Api) -> None:
    """Pages and features are GeoJSON, by their type and by their content."""
    page = api.ask(ITEMS, accept="application/geo+json", limit=2)
    one = api.ask(f"{ITEMS}/{page.json()['features'][0]['id']}", accept="application/geo+json")
    assert page.headers["content-type"] == one.headers["content-type"] == "application/geo+json"
    assert (page.json()["type"], one.json()["type"]) == ("FeatureCollection", "Feature")
    assert shape(one.json()["geometry"]).is_valid


@conf(f"{FEATURES}/html", "definition", "content")
def test_html(api: Api) -> None:
    """Pages for people hold what the data hold."""
    feature = api.features(LAYER, limit=1)[0]
    for path in (ITEMS, f"{ITEMS}/{feature['id']}"):
        answer = api.ask(path, accept="text/html")
        assert answer.headers["content-type"].startswith("text/html")
        assert feature["id"] in "".join(etree.HTML(answer.text).itertext())


@conf(
    f"{FEATURES}/oas30",
    "completeness", "exception-codes", "oas-definition-1", "oas-definition-2", "oas-impl", "security",
)  # fmt: skip
def test_openapi(api: Api) -> None:
    """The definition is OpenAPI 3.0 and has each layer's items with their parameters and errors."""
    document = api.json("/openapi")
    assert document["openapi"].startswith("3.0")
    for name in api.layers:
        for path in (f"/collections/{name}/items", f"/collections/{name}/items/{{featureId}}"):
            responses = document["paths"][path]["get"]["responses"]
            assert {"200", "400", "404"} <= set(responses)
            content = responses["200"].get("content") or document["components"]["responses"][
                responses["200"]["$ref"].rpartition("/")[2]]["content"]  # fmt: skip
            assert {"application/geo+json", "text/html"} <= set(content)
