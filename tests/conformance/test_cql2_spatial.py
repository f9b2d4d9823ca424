"""CQL2 (21-065r2, annex A): the three classes of spatial functions."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import shape

from layers.cql2.parse import parse
from tests.conformance.test_cql2 import ENCODINGS, found
from tests.conformance.walk import Api, conf, is_error
from tests.db.test_cql2 import as_json

CQL2 = "cql2/1.0/conf"
CITY = "107.55,16.44,107.62,16.49"


def shapes(api: Api, layer: str) -> dict[str, shapely.Geometry]:
    return {feature["id"]: shape(feature["geometry"]) for feature in api.features(layer, limit=10_000)}


@conf(f"{CQL2}/basic-spatial-functions", "s_intersects", "logical")
@conf(f"{CQL2}/basic-spatial-operators", "s_intersects")
@ENCODINGS
def test_points_and_boxes(api: Api, encoding: str) -> None:
    """S_INTERSECTS with a point and with a box is what the geometries themselves say."""
    wards = shapes(api, "wards")
    for text, area in {
        f"BBOX({CITY})": shapely.box(*map(float, CITY.split(","))),
        "POINT(107.58 16.46)": shapely.Point(107.58, 16.46),
    }.items():
        expected = {key for key, one in wards.items() if one.intersects(area)}
        assert found(api, "wards", f"S_INTERSECTS(geometry,{text})", encoding) == expected != set()
    whole = found(api, "wards", "S_INTERSECTS(geometry,BBOX(-180,-90,180,90))", encoding)
    assert whole == set(wards)


@conf(f"{CQL2}/basic-spatial-functions-plus", "s_intersects")
@ENCODINGS
@pytest.mark.parametrize(
    "literal",
    [
        "MULTIPOINT(107.58 16.46, 107.6 16.4)",
        "LINESTRING(107.4 16.4, 107.7 16.5)",
        "MULTILINESTRING((107.4 16.4, 107.5 16.4), (107.6 16.3, 107.7 16.3))",
        "POLYGON((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.5, 107.5 16.4), (107.55 16.45, "
        "107.56 16.45, 107.56 16.46, 107.55 16.46, 107.55 16.45))",
        "MULTIPOLYGON(((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.4)), ((107.1 16.2, 107.2 16.2, "
        "107.2 16.3, 107.1 16.2)))",
        "GEOMETRYCOLLECTION(POINT(107.58 16.46), POLYGON((107.1 16.2, 107.2 16.2, 107.2 16.3, 107.1 16.2)))",
    ],
)
def test_every_geometry(api: Api, literal: str, encoding: str) -> None:
    """S_INTERSECTS with every kind of geometry."""
    area = shapely.from_wkt(literal)
    expected = {key for key, one in shapes(api, "wards").items() if one.intersects(area)}
    assert found(api, "wards", f"S_INTERSECTS(geometry,{literal})", encoding) == expected != set()


@conf(f"{CQL2}/basic-spatial-functions", "invalid-coordinate")
@pytest.mark.parametrize("literal", ["MULTIPOINT(7.02 49.92, 90 180)", "POINT(200 10)", "BBOX(0,0,10,91)"])
def test_off_the_globe(api: Api, literal: str) -> None:
    """A coordinate that is nowhere is 400, in text and in JSON."""
    text = f"S_INTERSECTS(geometry,{literal})"
    is_error(api.ask("/collections/wards/items", filter=text), 400)
    written = as_json(parse(text, "cql2-text"))
    is_error(api.ask("/collections/wards/items", filter=written, filter_lang="cql2-json"), 400)


@conf(
    f"{CQL2}/spatial-functions",
    "s_contains", "s_crosses", "s_disjoint", "s_equals", "s_intersects", "s_overlaps", "s_touches",
    "s_within",
)  # fmt: skip
@ENCODINGS
@pytest.mark.parametrize(
    "name", ["contains", "crosses", "disjoint", "equals", "overlaps", "touches", "within"]
)
@pytest.mark.parametrize("layer", ["wards", "rivers", "flood_spots"])
def test_relations(api: Api, layer: str, name: str, encoding: str) -> None:
    """Each relation to a polygon and to a line is what the geometries themselves say."""
    for literal in (
        "POLYGON((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.5, 107.5 16.4))",
        "LINESTRING(107.3 16.3, 107.7 16.5)",
    ):
        area = shapely.from_wkt(literal)
        expected = {key for key, one in shapes(api, layer).items() if getattr(one, name)(area)}
        assert found(api, layer, f"S_{name.upper()}(geometry,{literal})", encoding) == expected, literal
