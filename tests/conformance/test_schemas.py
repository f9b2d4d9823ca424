"""OGC API - Features, Part 5: Schemas (23-058) and Part 8: Sorting (24-030, draft)."""

from __future__ import annotations

import jsonschema

from tests.conformance.walk import EVENTS, LAYER, REL, SURFACE, Api, conf, is_error, links

PART_5, PART_8 = "ogcapi-features-5/1.0/conf", "ogcapi-features-8/1.0/conf"
ITEMS = f"/collections/{LAYER}/items"


@conf(f"{PART_5}/schemas", "schema-link")
def test_schema_link(api: Api) -> None:
    """Every collection links to its schema by the relation and the type that clients look for."""
    for name, entry in api.collections.items():
        kinds = {link["type"]: link["href"] for link in links(entry, f"{REL}/schema")}
        assert kinds["application/schema+json"].split("?")[0].endswith(f"/{name}/schema")


@conf(f"{PART_5}/schemas", "schema-op", "schema-response")
def test_schema(api: Api) -> None:
    """A schema is JSON Schema 2020-12 of an object, and is what its address says."""
    for name in api.collections:
        answer = api.ask(f"/collections/{name}/schema", accept="application/schema+json")
        assert answer.headers["content-type"].split(";")[0] == "application/schema+json"
        schema = answer.json()
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert all(one["title"] for key, one in schema["properties"].items() if key != "geometry"), name


@conf(f"{PART_5}/schemas", "data-match")
def test_features_fit(api: Api) -> None:
    """What features hold is what the schema says."""
    for name in api.layers:
        schema = api.json(f"/collections/{name}/schema")
        told = {key: one for key, one in schema["properties"].items() if key != "geometry"}
        for feature in api.features(name, limit=20):
            for key, value in feature["properties"].items():
                if value is not None:
                    jsonschema.validate(value, {k: v for k, v in told[key].items() if k != "format"})


@conf(f"{PART_5}/core-roles-features", "id", "primary-geometry", "primary-instant")
def test_roles(api: Api) -> None:
    """Each layer's schema says which property is the identifier, the geometry and the time."""
    for name in api.layers:
        roles = {
            one["x-ogc-role"]: key
            for key, one in api.json(f"/collections/{name}/schema")["properties"].items()
            if "x-ogc-role" in one
        }
        assert roles["id"], name
        geometry = api.json(f"/collections/{name}/schema")["properties"][roles["primary-geometry"]]
        assert geometry["format"].startswith("geometry-"), name
    events = api.json(f"/collections/{EVENTS}/schema")["properties"]
    assert events["detected_at"]["x-ogc-role"] == "primary-instant"


@conf(f"{PART_8}/sortables", "sortables-op", "sortables-response", "sortables-link")
def test_sortables(api: Api) -> None:
    """Every layer has sortables, linked; a surface has none."""
    for name in api.layers:
        link = links(api.collections[name], f"{REL}/sortables")[0]
        schema = api.json(link["href"])
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert schema["$id"] == f"{api.base}/collections/{name}/sortables"
        assert "geometry" not in schema["properties"]
    is_error(api.ask(f"/collections/{SURFACE}/sortables"), 404)


@conf(f"{PART_8}/sorting", "sortby-definition")
@conf(f"{PART_8}/features-sorting", "sortby-definition")
def test_sortby_definition(api: Api) -> None:
    """``sortby`` is a list of sortables, each with a sign or without."""
    given = api.parameter(ITEMS, "sortby")
    assert (given["style"], given["explode"], given["schema"]["type"]) == ("form", False, "array")
    names = api.json(f"/collections/{LAYER}/sortables")["properties"]
    assert {f"{sign}{name}" for name in names for sign in ("", "+", "-")} == set(
        given["schema"]["items"]["enum"]
    )


@conf(f"{PART_8}/sorting", "sortby-response")
@conf(f"{PART_8}/features-sorting", "sortby-response", "default-sort-order")
def test_sortby_response(api: Api) -> None:
    """Features come in the order asked for, across pages; a name that is none is 400."""
    heights = [
        f["properties"]["mast_height_m"] for f in api.features(LAYER, sortby="mast_height_m", limit=300)
    ]
    assert heights == sorted(heights)
    downward = api.json(ITEMS, sortby="-mast_height_m,code", limit=100)
    following = api.json(links(downward, "next")[0]["href"])
    pairs = [
        (-feature["properties"]["mast_height_m"], feature["id"])
        for feature in (*downward["features"], *following["features"])
    ]
    assert pairs == sorted(pairs)
    assert api.collections[LAYER]["defaultSortOrder"] == ["code"]
    is_error(api.ask(ITEMS, sortby="surely_unknown"), 400)
