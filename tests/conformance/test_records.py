"""OGC API - Records, Part 1 (20-004r1, annex A), and OGC Features and Geometries JSON (21-045r1)."""

from __future__ import annotations

from lxml import etree

from tests.conformance.walk import LAYER, SURFACE, Api, Document, conf, is_error, links

RECORDS, JSON_FG = "ogcapi-records-1/1.0/conf", "json-fg-1/1.0/conf"
ITEMS = "/collections/catalogue/items"


def records(api: Api, **parameters: str) -> dict[str, Document]:
    page = api.json(ITEMS, limit=500, **parameters)
    return {record["id"]: record for record in page["features"]}


@conf(
    f"{RECORDS}/record-core",
    "mandatory-properties-record",
    "default-mediatype",
    "record-links",
    "time-instant",
)
def test_record(api: Api) -> None:
    """Every record has an identifier, a type, a title, a place, a time and links to what it describes."""
    assert {LAYER, SURFACE} <= set(records(api))
    for name, record in records(api).items():
        assert record["type"] == "Feature", name
        assert record["properties"]["type"], name
        assert record["properties"]["title"], name
        assert {"geometry", "time", "links"} <= set(record), name
    answer = api.ask(f"{ITEMS}/{LAYER}")
    assert answer.headers["content-type"].startswith("application/geo+json")
    assert {"self", "alternate", "collection"} <= {link["rel"] for link in answer.json()["links"]}
    is_error(api.ask(f"{ITEMS}/surely-unknown"), 404)


@conf(f"{RECORDS}/record-core", "contact", "record-license", "templated-link", "time-instant-interval")
def test_optional_members(api: Api) -> None:
    """What a record may have is of the right form where it has it."""
    for record in records(api).values():
        for contact in record["properties"].get("contacts", []):
            assert contact.get("name") or contact.get("organization")
        assert record["time"] is None or {"interval", "timestamp", "date"} & set(record["time"])
        assert all("{" not in link.get("href", "") for link in record["links"])


@conf(f"{RECORDS}/record-collection", "mandatory-properties", "itemType", "links", "links-records", "records")
@conf(f"{RECORDS}/record-collection", "default-mediatype", "contact", "license", "records-array-name")
def test_catalogue(api: Api) -> None:
    """The catalogue is a collection of records, and is found from the landing page."""
    catalogue = api.json("/collections/catalogue")
    assert (catalogue["itemType"], catalogue["type"]) == ("record", "Collection")
    assert links(catalogue, "items")[0]["type"] == "application/geo+json"
    assert any(link["href"].startswith(f"{api.base}{ITEMS}") for link in api.json("")["links"])


@conf(f"{RECORDS}/record-core-query-parameters", "query-param-q-definition", "query-param-q-response")
def test_q(api: Api) -> None:
    """``q`` finds words, without marks and in small letters too; words with commas mean any of them."""
    assert LAYER in records(api, q="camera")
    assert records(api, q="NGAP LUT") == records(api, q="ngập lụt") != {}
    either = set(records(api, q="camera,lụt"))
    assert either >= set(records(api, q="camera")) | set(records(api, q="lụt"))
    assert records(api, q="surelynothing") == {}


@conf(f"{RECORDS}/record-core-query-parameters", "query-param-type-definition", "query-param-type-response")
@conf(f"{RECORDS}/record-core-query-parameters", "query-param-ids-definition", "query-param-ids-response")
def test_type_and_ids(api: Api) -> None:
    """``type`` and ``ids`` choose records by their type and their identifiers."""
    kinds = {record["properties"]["type"] for record in records(api).values()}
    for kind in kinds:
        chosen = records(api, type=kind)
        assert {record["properties"]["type"] for record in chosen.values()} == {kind}
    assert set(records(api, ids=f"{LAYER},{SURFACE},surely-unknown")) == {LAYER, SURFACE}


@conf(f"{RECORDS}/record-core-query-parameters", "query-param-externalIds-definition")
@conf(f"{RECORDS}/record-core-query-parameters", "query-param-externalIds-response")
def test_external_ids(api: Api) -> None:
    """``externalIds`` finds the record that another register knows by that identifier."""
    external = records(api)[LAYER]["properties"]["externalIds"][0]
    assert LAYER in records(api, externalIds=external["value"])


@conf(
    f"{RECORDS}/record-core-query-parameters", "query-param-bbox", "query-param-datetime", "query-param-limit"
)
def test_bbox_datetime_limit(api: Api) -> None:
    """Place, time and number of records are chosen as those of features are."""
    assert records(api, bbox="0,0,1,1") == {}
    assert LAYER in records(api, bbox="107.5,16.4,107.6,16.5")
    assert SURFACE not in records(api, datetime="1950-01-01/1950-01-02")
    page = api.json(ITEMS, limit=3)
    assert len(page["features"]) == page["numberReturned"] == 3
    following = api.json(links(page, "next")[0]["href"])
    assert not {one["id"] for one in page["features"]} & {one["id"] for one in following["features"]}
    for wrong in ({"bbox": "1,2"}, {"limit": "0"}, {"datetime": "yesterday"}, {"surely_unknown": "x"}):
        is_error(api.ask(ITEMS, **wrong), 400)


@conf(f"{RECORDS}/record-api", "collections", "collection", "records", "record")
def test_api(api: Api) -> None:
    """The catalogue is among the collections, and its records are at its items."""
    assert "catalogue" in api.collections
    for name in (LAYER, SURFACE):
        assert api.json(f"{ITEMS}/{name}")["id"] == name


@conf(
    f"{RECORDS}/json",
    "record-content",
    "record-response",
    "catalog-content",
    "catalog-response",
    "conformance",
)
@conf(f"{RECORDS}/html", "content", "definition")
def test_forms(api: Api) -> None:
    """Records and the catalogue come as JSON and as pages."""
    for path in ("/collections/catalogue", ITEMS, f"{ITEMS}/{LAYER}"):
        assert "json" in api.ask(path, accept="application/json").headers["content-type"]
        page = api.ask(path, accept="text/html")
        assert page.headers["content-type"].startswith("text/html")
        assert etree.HTML(page.text).findtext(".//h1")


@conf(f"{RECORDS}/oas30", "conformance", "oas30")
def test_openapi(api: Api) -> None:
    """The catalogue's paths are in the definition with their parameters."""
    for name in ("q", "type", "ids", "bbox", "datetime", "limit"):
        assert api.parameter(ITEMS, name)["in"] == "query"


@conf(
    f"{JSON_FG}/core",
    "schema-valid",
    "metadata",
    "instant-and-interval",
    "geom-wgs84",
    "place",
    "coordref-sys",
)
def test_json_fg(api: Api) -> None:
    """JSON-FG says its classes; ``place`` is in another CRS than ``geometry``, which is WGS 84."""
    answer = api.ask(f"/collections/{LAYER}/items", f="jsonfg", limit=2)
    page = answer.json()
    assert answer.headers["content-type"].startswith("application/vnd.ogc.fg+json")
    assert any("json-fg" in name for name in page["conformsTo"])
    for feature in page["features"]:
        assert {"geometry", "place", "time"} <= set(feature)
    events = api.ask("/collections/detections/items", f="jsonfg", limit=1).json()["features"]
    assert set(events[0]["time"]) & {"timestamp", "date", "interval"}
    turned = api.ask(
        f"/collections/{LAYER}/items", f="jsonfg", limit=1, crs="http://www.opengis.net/def/crs/EPSG/0/9214"
    ).json()
    assert turned.get("coordRefSys", turned["features"][0].get("coordRefSys")).endswith("9214")
    assert turned["features"][0]["place"]["coordinates"][0] > 1000


@conf(f"{JSON_FG}/types-schemas", "feature-type", "feature-schema")
def test_json_fg_types(api: Api) -> None:
    """Features say what they are, and where their schema is."""
    page = api.ask(f"/collections/{LAYER}/items", f="jsonfg", limit=1).json()
    one = page["features"][0]
    assert page.get("featureType", one.get("featureType"))
    schema = page.get("featureSchema", one.get("featureSchema"))
    assert api.ask(schema if isinstance(schema, str) else next(iter(schema.values()))).status_code == 200
