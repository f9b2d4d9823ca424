"""OGC API - Environmental Data Retrieval 1.1 (19-086r6, annex A)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from tests.conformance.walk import CRS84, EPSG, SURFACE, Api, Document, conf, is_error, links

EDR = "ogcapi-edr-1/1.1/conf"
STATIONS = "rain_stations"
PLACE = f"/collections/{STATIONS}"
TIME = "2025-10-27T10:00:00Z/2025-10-27T12:00:00Z"
MOMENT = "2025-10-27T16:00:00Z"
SHAPES = {
    "position": {"coords": "POINT(107.58 16.46)"},
    "radius": {"coords": "POINT(107.58 16.46)", "within": "9", "within_units": "km"},
    "area": {"coords": "POLYGON((107.5 16.4,107.7 16.4,107.7 16.5,107.5 16.5,107.5 16.4))"},
    "cube": {"bbox": "107.55,16.44,107.62,16.49"},
    "corridor": {
        "coords": "LINESTRING(107.55 16.44,107.6 16.47)", "corridor_width": "4", "width_units": "km",
        "corridor_height": "1", "height_units": "m",
    },
    "trajectory": {"coords": "LINESTRING(107.5 16.4,107.7 16.5)"},
}  # fmt: skip


def queried(api: Api) -> dict[str, Document]:
    """The collections that EDR's queries may be sent to."""
    return {name: entry for name, entry in api.collections.items() if entry.get("data_queries")}


def shaped(api: Api) -> Iterator[tuple[str, str]]:
    """Every query by a shape that the stations and a surface offer."""
    for name in (STATIONS, SURFACE):
        yield from ((name, query) for query in SHAPES if query in api.collections[name]["data_queries"])


@conf(f"{EDR}/core", "root-op", "root-success", "api-definition-op", "api-definition-success")
@conf(f"{EDR}/core", "conformance", "conformance-success", "http", "crs84")
def test_core(api: Api) -> None:
    """The landing page, the definition and the classes; places are in CRS84 where nothing else is said."""
    assert {"service-desc", "conformance", "data"} <= {link["rel"] for link in api.json("")["links"]}
    assert f"http://www.opengis.net/spec/{EDR}/core" in api.declared
    answer = api.ask(f"{PLACE}/locations")
    assert answer.http_version == "HTTP/1.1"
    assert all(107 <= f["geometry"]["coordinates"][0] <= 108.3 for f in answer.json()["features"])


@conf(f"{EDR}/collections", "rc-md-op", "rc-md-success", "src-md-op", "src-md-success")
def test_collections(api: Api) -> None:
    """Collections with data queries are in the list, and each says the same by itself."""
    assert queried(api)
    for name, entry in queried(api).items():
        assert api.json(f"/collections/{name}")["data_queries"] == entry["data_queries"]


@conf(
    f"{EDR}/collections",
    "rc-collection-info",
    "rc-md-collection-info-links",
    "rc-md-query-links",
    "rc-data_queries",
)
def test_data_queries(api: Api) -> None:
    """Every query links to where it is sent, and says its kind and its formats."""
    for name, entry in queried(api).items():
        assert entry["output_formats"], name
        for query, told in entry["data_queries"].items():
            link = told["link"]
            assert link["href"].split("?")[0].startswith(f"{api.base}/collections/{name}/{query}")
            assert link["variables"]["query_type"] == query


@conf(f"{EDR}/collections", "rc-parameters")
def test_parameters(api: Api) -> None:
    """Every parameter names what it observes, and its unit where it has one."""
    for entry in queried(api).values():
        for parameter in entry["parameter_names"].values():
            assert parameter["type"] == "Parameter"
            assert parameter["observedProperty"]["label"]
            assert "unit" not in parameter or parameter["unit"]["symbol"]


@conf(f"{EDR}/collections", "rc-crs", "rc-extent")
def test_crs_and_extent(api: Api) -> None:
    """Each collection says where and when it has data, and in what CRS it may be asked."""
    for name, entry in queried(api).items():
        assert len(entry["extent"]["spatial"]["bbox"][0]) == 4, name
        assert entry["extent"]["temporal"]["interval"][0], name
        assert entry["crs"], name


@conf(f"{EDR}/queries", *SHAPES)
def test_every_query(api: Api) -> None:
    """Every query by a shape answers with CoverageJSON, or with nothing where nothing was measured."""
    for name, query in shaped(api):
        answer = api.ask(f"/collections/{name}/{query}", **SHAPES[query], datetime=MOMENT)
        assert answer.status_code in (200, 204), (name, query, answer.text[:300])
        if answer.status_code == 200:
            assert answer.json()["type"] in ("Coverage", "CoverageCollection")


@conf(
    f"{EDR}/collections",
    "rc-coords-definition",
    "rc-coords-response",
    "rc-bbox-definition",
    "rc-bbox-response",
)
def test_coords(api: Api) -> None:
    """The shape is required, and wrong ones are 400."""
    for name, query in shaped(api):
        path, key = f"/collections/{name}/{query}", next(iter(SHAPES[query]))
        assert api.parameter(path, key)["required"], path
        is_error(api.ask(path), 400)
        is_error(api.ask(path, **{**SHAPES[query], key: "nonsense"}), 400)


@conf(f"{EDR}/collections", "rc-within-definition", "rc-within-response", "rc-within-units-definition")
@conf(f"{EDR}/collections", "rc-within-units-response")
def test_within(api: Api) -> None:
    """A radius has a length and a unit; a wider one finds no less."""
    for missing in ("within", "within_units"):
        given = {key: value for key, value in SHAPES["radius"].items() if key != missing}
        is_error(api.ask(f"{PLACE}/radius", **given), 400)
    near, far = (
        api.ask(f"{PLACE}/radius", **{**SHAPES["radius"], "within": reach}, datetime=TIME, f="GeoJSON")
        for reach in ("5", "50")
    )
    counts = [len(answer.json()["features"]) if answer.content else 0 for answer in (near, far)]
    assert 0 <= counts[0] < counts[1]


@conf(
    f"{EDR}/collections",
    "rc-corridor-width-definition",
    "rc-corridor-width-response",
    "rc-width-units-definition",
)
@conf(
    f"{EDR}/collections",
    "rc-corridor-height-definition",
    "rc-height-units-definition",
    "rc-width-units-response",
)
def test_corridor(api: Api) -> None:
    """A corridor has a width and a height with their units; a unit that is none is 400."""
    for name in ("corridor-width", "width-units", "corridor-height", "height-units"):
        assert api.parameter(f"{PLACE}/corridor", name)["in"] == "query"
    is_error(api.ask(f"{PLACE}/corridor", **{**SHAPES["corridor"], "width_units": "parsec"}), 400)
    is_error(api.ask(f"{PLACE}/corridor", **{**SHAPES["corridor"], "corridor_width": "-1"}), 400)


@conf(f"{EDR}/collections", "rc-parameter-name-definition", "rc-parameter-name-response")
@pytest.mark.parametrize("query", ["position", "area", "cube"])
def test_parameter_name(api: Api, query: str) -> None:
    """``parameter-name`` chooses what is answered; a name that is none is 400."""
    path, names = f"/collections/{SURFACE}/{query}", list(api.collections[SURFACE]["parameter_names"])
    answer = api.ask(path, **SHAPES[query], parameter_name=names[0])
    assert list(answer.json()["parameters"]) == names[:1]
    is_error(api.ask(path, **SHAPES[query], parameter_name="surely_unknown"), 400)


@conf(f"{EDR}/collections", "rc-crs-definition", "rc-crs-response")
def test_crs(api: Api) -> None:
    """The listed CRS can be asked for, others are 400."""
    crs = f"{EPSG}/9214"
    answer = api.ask(f"/collections/{SURFACE}/cube", **SHAPES["cube"], datetime=MOMENT, crs=CRS84)
    assert answer.status_code == 200
    is_error(api.ask(f"/collections/{SURFACE}/cube", **SHAPES["cube"], crs=f"{EPSG}/2154"), 400)
    assert crs in api.collections[SURFACE]["crs"]


@conf(f"{EDR}/collections", "rc-f-definition", "rc-f-response")
def test_formats(api: Api) -> None:
    """Each format that a collection lists is one that ``f`` takes; others are 400."""
    for name in (STATIONS, SURFACE):
        for form in api.collections[name]["output_formats"]:
            answer = api.ask(f"/collections/{name}/cube", **SHAPES["cube"], datetime=MOMENT, f=form)
            assert answer.status_code in (200, 204), (name, form, answer.text[:200])
        is_error(api.ask(f"/collections/{name}/cube", **SHAPES["cube"], f="surely-unknown"), 400)


@conf(f"{EDR}/collections", "rc-time-definition", "rc-time-response")
def test_time(api: Api) -> None:
    """``datetime`` bounds the moments that are answered."""
    answer = api.ask(f"{PLACE}/area", **SHAPES["area"], datetime=TIME).json()
    coverages = answer["coverages"] if answer["type"] == "CoverageCollection" else [answer]
    first, last = (moment.rstrip("Z") for moment in TIME.split("/"))
    moments = [value for one in coverages for value in one["domain"]["axes"]["t"]["values"]]
    assert moments
    assert all(first <= moment.rstrip("Z") <= last for moment in moments)
    is_error(api.ask(f"{PLACE}/area", **SHAPES["area"], datetime="yesterday"), 400)


@conf(f"{EDR}/collections", "rc-z-definition", "rc-z-response")
def test_z(api: Api) -> None:
    """Nothing here has levels: ``z``, where a query knows it, changes nothing, and nonsense is 400."""
    is_error(api.ask(f"/collections/{SURFACE}/position", **SHAPES["position"], z="nonsense"), 400)


@conf(f"{EDR}/queries", "locations", "items")
def test_locations(api: Api) -> None:
    """The locations are GeoJSON, and each answers with its series."""
    listed = api.json(f"{PLACE}/locations")
    assert listed["type"] == "FeatureCollection"
    assert len(listed["features"]) == len(api.ids(STATIONS))
    series = api.ask(f"{PLACE}/locations/{listed['features'][0]['id']}", datetime=TIME)
    assert series.json()["type"] in ("Coverage", "CoverageCollection")
    is_error(api.ask(f"{PLACE}/locations/surely-unknown"), 404)
    assert api.ask(f"{PLACE}/items", limit=1).json()["type"] == "FeatureCollection"


@conf(f"{EDR}/covjson", "content", "definition")
def test_coverage_json(api: Api) -> None:
    """CoverageJSON has its domain, its CRS, its parameters and values of their shape."""
    answer = api.ask(f"/collections/{SURFACE}/cube", **SHAPES["cube"], datetime=MOMENT, f="CoverageJSON")
    assert "covjson" in answer.headers["content-type"] or "coverage+json" in answer.headers["content-type"]
    coverage = answer.json()
    coverage = coverage["coverages"][0] if coverage["type"] == "CoverageCollection" else coverage
    for name, values in coverage["ranges"].items():
        assert name in answer.json()["parameters"]
        size = 1
        for length in values["shape"]:
            size *= length
        assert (values["type"], len(values["values"])) == ("NdArray", size)


@conf(f"{EDR}/geojson", "content", "definition")
@conf(f"{EDR}/edr-geojson", "content", "definition")
def test_geojson(api: Api) -> None:
    """GeoJSON holds features, each with where it is and what was measured."""
    answer = api.ask(f"{PLACE}/area", **SHAPES["area"], datetime=TIME, f="GeoJSON")
    assert answer.headers["content-type"].startswith("application/geo+json")
    features = answer.json()["features"]
    assert features
    assert all(feature["geometry"]["type"] == "Point" and feature["properties"] for feature in features)


@conf(f"{EDR}/json", "content", "definition")
@conf(f"{EDR}/html", "content", "definition")
def test_documents(api: Api) -> None:
    """The documents come as JSON and as pages."""
    for path in ("", "/collections", PLACE, f"{PLACE}/locations"):
        assert isinstance(api.ask(path, accept="application/json").json(), dict)
        page = api.ask(path, accept="text/html")
        assert page.headers["content-type"].startswith("text/html")
        assert etree.HTML(page.text).findall(".//a")


@conf(
    f"{EDR}/oas30",
    "completeness",
    "oas-definition-1",
    "oas-definition-2",
    "oas-impl",
    "exception-codes",
    "security",
)
def test_openapi(api: Api) -> None:
    """Every data query of every collection is in the definition."""
    paths = api.json("/openapi")["paths"]
    for name, entry in queried(api).items():
        for query in entry["data_queries"]:
            assert f"/collections/{name}/{query}" in paths, (name, query)


@conf(f"{EDR}/collections", "instances")
def test_instances(api: Api) -> None:
    """A surface's runs are its instances, each described and queried as the surface is."""
    listed = api.json(f"/collections/{SURFACE}/instances")["instances"]
    assert listed
    one = api.json(f"/collections/{SURFACE}/instances/{listed[-1]['id']}")
    assert one["id"] == listed[-1]["id"]
    assert links(one, "self")
    answer = api.ask(f"/collections/{SURFACE}/instances/{one['id']}/position", **SHAPES["position"])
    assert answer.status_code in (200, 204)
