"""OGC API - Features, Part 3: Filtering (19-079r2, annex A)."""

from __future__ import annotations

from shapely import box
from shapely.geometry import shape

from tests.conformance.walk import CRS84, EPSG, LAYER, REL, Api, conf, is_error, links

PART_3 = "ogcapi-features-3/1.0/conf"
QUERYABLES, FILTER = f"{PART_3}/queryables", f"{PART_3}/filter"
ITEMS = f"/collections/{LAYER}/items"
BOX = (107.55, 16.44, 107.62, 16.49)


@conf(QUERYABLES, "get-conformance", "get-collections")
@conf(FILTER, "get-conformance", "get-collections")
def test_declared(api: Api) -> None:
    """The classes are declared, and there are collections to filter."""
    assert any(name.endswith("-3/1.0/conf/filter") for name in api.declared)
    assert api.layers


@conf(QUERYABLES, "get-queryables")
def test_queryables(api: Api) -> None:
    """Every layer has queryables: a schema of an object, each with a type or a format."""
    for name in api.layers:
        answer = api.ask(f"/collections/{name}/queryables", accept="application/schema+json")
        assert answer.headers["content-type"].split(";")[0] == "application/schema+json"
        schema = answer.json()
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"{api.base}/collections/{name}/queryables"
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert schema["properties"]
        assert all({"type", "format"} & set(one) for one in schema["properties"].values()), name


@conf(QUERYABLES, "get-collection")
def test_queryables_link(api: Api) -> None:
    """Every layer links to its queryables."""
    for name in api.layers:
        found = links(api.collections[name], f"{REL}/queryables")
        assert any(link["href"].split("?")[0].endswith(f"/{name}/queryables") for link in found), name


@conf(QUERYABLES, "expression-construction")
@conf(FILTER, "expression-construction", "mixing-expressions")
def test_only_queryables(api: Api) -> None:
    """A name that is no queryable is refused; a filter and other parameters must both be met."""
    is_error(api.ask(ITEMS, filter="this_is_not_a_queryable IS NULL"), 400)
    mixed = api.ids(LAYER, filter="purpose = 'forest'", bbox="107.0,16.0,107.5,16.5")
    assert mixed == api.ids(LAYER, filter="purpose = 'forest'") & api.ids(LAYER, bbox="107.0,16.0,107.5,16.5")


@conf(f"{PART_3}/queryables-query-parameters", "parameters")
def test_query_parameters(api: Api) -> None:
    """Every queryable is a parameter too, and means equality."""
    for name in api.json(f"/collections/{LAYER}/queryables")["properties"]:
        if name != "geometry":
            assert api.parameter(ITEMS, name)["in"] == "query"
    assert api.ids(LAYER, purpose="forest") == api.ids(LAYER, filter="purpose = 'forest'") != set()
    is_error(api.ask(ITEMS, mast_height_m="tall"), 400)


@conf(FILTER, "filter-param")
@conf(f"{PART_3}/features-filter", "filter-param", "response")
def test_filter(api: Api) -> None:
    """A filter selects, in every layer, exactly what it is true of; what is none is 400."""
    for name in api.layers:
        queryable = next(iter(api.json(f"/collections/{name}/queryables")["properties"]))
        items = f"/collections/{name}/items"
        answer = api.ask(items, filter_lang="cql2-text", filter=f"{queryable} IS NULL")
        assert answer.json()["features"] == [], name
        is_error(api.ask(items, filter_lang="cql2-text", filter="THIS IS NOT A FILTER"), 400)
    expected = {f["id"] for f in api.features(LAYER, limit=10_000) if f["properties"]["purpose"] == "flood"}
    assert api.ids(LAYER, filter="purpose = 'flood'") == expected != set()


@conf(FILTER, "filter-lang-param")
@conf(f"{PART_3}/features-filter", "filter-lang-param")
def test_filter_languages(api: Api) -> None:
    """Text and JSON say the same; another language is 400."""
    languages = api.parameter(ITEMS, "filter-lang")["schema"]
    assert {"cql2-text", "cql2-json"} <= set(languages["enum"])
    as_json = '{"op":"=","args":[{"property":"purpose"},"flood"]}'
    expected = api.ids(LAYER, filter="purpose = 'flood'")
    assert api.ids(LAYER, filter_lang="cql2-json", filter=as_json) == expected
    is_error(api.ask(ITEMS, filter_lang="sql", filter="1=1"), 400)


@conf(FILTER, "filter-lang-default")
def test_default_language(api: Api) -> None:
    """Without ``filter-lang`` it is CQL2 text."""
    assert api.parameter(ITEMS, "filter-lang")["schema"]["default"] == "cql2-text"
    assert api.ids(LAYER, filter="code IS NOT NULL") == api.ids(LAYER)
    is_error(api.ask(ITEMS, filter="THIS IS NOT A FILTER"), 400)


@conf(FILTER, "filter-crs-wgs84")
def test_filter_in_wgs84(api: Api) -> None:
    """Coordinates are longitude and latitude where nothing else is said; beyond the globe is 400."""
    west, south, east, north = api.collections[LAYER]["extent"]["spatial"]["bbox"][0]
    whole = f"S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))"
    assert api.ids(LAYER, filter=whole) == api.ids(LAYER)
    is_error(api.ask(ITEMS, filter="S_INTERSECTS(geometry,BBOX(1000000,1000000,2000000,2000000))"), 400)


@conf(FILTER, "filter-crs-param")
@conf(f"{PART_3}/features-filter", "filter-crs-param")
def test_filter_crs(api: Api) -> None:
    """``filter-crs`` says what CRS, and so what axis order, coordinates of a filter are in."""
    west, south, east, north = BOX
    inside = {f["id"] for f in api.features(LAYER, limit=10_000) if box(*BOX).covers(shape(f["geometry"]))}
    lonlat = f"S_WITHIN(geometry,BBOX({west},{south},{east},{north}))"
    latlon = f"S_WITHIN(geometry,BBOX({south},{west},{north},{east}))"
    assert api.ids(LAYER, filter=lonlat) == api.ids(LAYER, filter=lonlat, filter_crs=CRS84) == inside != set()
    assert api.ids(LAYER, filter=latlon, filter_crs=f"{EPSG}/4326") == inside
    is_error(api.ask(ITEMS, filter=lonlat, filter_crs=f"{EPSG}/2154"), 400)


@conf(f"{PART_3}/features-filter", "get-functions-operation", "get-functions-response-json")
@conf(FILTER, "get-functions")
def test_functions(api: Api) -> None:
    """The functions that filters may call are linked from the landing page, with arguments and results."""
    answer = api.ask(links(api.json(""), f"{REL}/functions")[0]["href"])
    for function in answer.json()["functions"]:
        assert function["name"]
        assert function["returns"]
        assert all(argument["type"] for argument in function["arguments"])
