"""OGC API - Common, Part 1 (19-072) and Part 2 (20-024)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import etree

from tests.conformance.walk import CRS84, LAYER, Api, conf, is_error, links

COMMON_1 = "ogcapi-common-1/1.0/conf"
COLLECTIONS = "ogcapi-common-2/1.0/conf/collections"
PAGES = ("", "/conformance", "/openapi", "/collections", f"/collections/{LAYER}")


@conf(f"{COMMON_1}/core", "http")
def test_http(api: Api) -> None:
    """Every resource answers HTTP 1.1, and HEAD as GET without a body."""
    for path in PAGES:
        answer, head = api.ask(path), api.ask(path, method="HEAD")
        assert answer.http_version == "HTTP/1.1"
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == answer.headers["content-type"]
    assert api.ask("/conformance", method="DELETE").status_code == 405


@conf(f"{COMMON_1}/core", "query-param-name-unknown", "query-param-value-invalid")
def test_query_parameters(api: Api) -> None:
    """A parameter that is not declared, or has a wrong value, is answered with 400."""
    for path in PAGES:
        is_error(api.ask(path, surely_unknown="x"), 400)
        is_error(api.ask(path, f="no-such-format"), 400)


@conf(f"{COMMON_1}/landing-page", "root-op", "root-success")
def test_landing_page(api: Api) -> None:
    """The landing page is there and links to the API's definition, its classes and its data."""
    page = api.json("")
    assert page["title"]
    for rel in ("self", "service-desc", "conformance", "data"):
        assert links(page, rel), rel
    assert links(page, "alternate")[0]["type"] == "text/html"


@conf(f"{COMMON_1}/landing-page", "api-definition-op", "api-definition-success")
def test_api_definition(api: Api) -> None:
    """Every link to the API's definition leads to a document of the type that it names."""
    for rel in ("service-desc", "service-doc"):
        for link in links(api.json(""), rel):
            answer = api.ask(link["href"], accept=link["type"])
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]


@conf(f"{COMMON_1}/landing-page", "conformance-op", "conformance-success")
def test_conformance(api: Api) -> None:
    """The conformance page is linked, and lists each class once, as an address."""
    for link in links(api.json(""), "conformance"):
        assert api.ask(link["href"]).status_code == 200
    assert len(api.declared) == len(set(api.declared))
    assert all(name.startswith("http") for name in api.declared)


@conf(f"{COMMON_1}/json", "definition", "content")
def test_json(api: Api) -> None:
    """Every document comes as JSON where JSON is asked for."""
    for path in PAGES:
        answer = api.ask(path, accept="application/json")
        assert "json" in answer.headers["content-type"]
        assert isinstance(answer.json(), dict)


@conf(f"{COMMON_1}/html", "definition", "content")
def test_html(api: Api) -> None:
    """Every document comes as a page where a page is asked for; what it links to is in it."""
    for path in PAGES:
        answer = api.ask(path, accept="text/html")
        assert answer.headers["content-type"].startswith("text/html")
        page = etree.HTML(answer.text)
        assert page.findtext(".//title")
        assert page.findall(".//a[@href]")


@conf(f"{COMMON_1}/oas30", "oas-definition-1", "oas-definition-2")
def test_openapi_definition(api: Api) -> None:
    """The definition is OpenAPI 3.0 and is linked as such, beside a page of it."""
    document = api.json("/openapi")
    assert document["openapi"].startswith("3.0")
    assert document["info"]["title"]
    assert document["info"]["version"]
    kinds = {link["type"] for link in links(api.json(""), "service-desc")}
    assert "application/vnd.oai.openapi+json;version=3.0" in kinds
    assert links(api.json(""), "service-doc")[0]["type"] == "text/html"


@conf(f"{COMMON_1}/oas30", "oas-impl")
def test_openapi_implemented(api: Api) -> None:
    """Each path without a variable answers as its definition says, and operations have names of their own."""
    names = []
    for path, item in api.json("/openapi")["paths"].items():
        names += [operation["operationId"] for method, operation in item.items() if method in ("get", "post")]
        if "{" not in path and path.endswith(("/queryables", "/schema", "/tiles", "/styles")):
            assert api.status(path) == 200, path
    assert len(names) == len(set(names))


@conf(f"{COMMON_1}/oas30", "completeness")
def test_openapi_complete(api: Api) -> None:
    """What the landing page and the collections link to is in the definition."""
    paths = list(api.json("/openapi")["paths"])
    root = urlsplit(api.base).path
    known = [re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)) for path in paths]
    for document in (api.json(""), *api.collections.values()):
        for link in document["links"]:
            path = urlsplit(link["href"]).path.removeprefix(root) or "/"
            if link["href"].startswith(api.base) and "{" not in path:
                assert any(one.fullmatch(path) for one in known), link


@conf(f"{COMMON_1}/oas30", "exception-codes", "security")
def test_openapi_errors(api: Api) -> None:
    """Each operation says how it fails; who may do what is said by security schemes."""
    document = api.json("/openapi")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                assert any(status.startswith("4") for status in operation["responses"]), (method, path)
    assert document["components"]["securitySchemes"]


@conf(COLLECTIONS, "rc-md-op", "rc-md-success")
def test_collections_document(api: Api) -> None:
    """The list of collections is there, linked from the landing page, and complete."""
    assert api.ask(links(api.json(""), "data")[0]["href"]).status_code == 200
    document = api.json("/collections")
    assert {link["rel"] for link in document["links"]} >= {"self", "alternate"}
    assert len(api.collections) == len(document["collections"]) > 0


@conf(COLLECTIONS, "rc-md-items", "rc-md-items-links")
def test_collections_items(api: Api) -> None:
    """Every collection has an identifier, a title and links whose type is said."""
    for name, entry in api.collections.items():
        assert entry["title"], name
        assert all(link["type"] and link["rel"] and link["href"] for link in entry["links"]), name


@conf(COLLECTIONS, "rc-md-extent")
def test_collections_extent(api: Api) -> None:
    """An extent is a box in CRS84 and an interval that does not end before it begins."""
    for name, entry in api.collections.items():
        west, south, east, north = entry["extent"]["spatial"]["bbox"][0]
        assert -180 <= west < east <= 180, name
        assert -90 <= south < north <= 90, name
        assert entry["extent"]["spatial"].get("crs", CRS84) == CRS84, name
        for first, last in entry["extent"].get("temporal", {}).get("interval", []):
            assert first is None or last is None or first <= last, name


@conf(COLLECTIONS, "src-md-op", "src-md-success")
def test_one_collection(api: Api) -> None:
    """A collection by itself says what the list says of it; one that is not there is 404."""
    for name, entry in api.collections.items():
        alone = api.json(f"/collections/{name}")
        for member in ("id", "title", "description", "extent"):
            assert alone[member] == entry[member], name
    is_error(api.ask("/collections/surely-unknown"), 404)
