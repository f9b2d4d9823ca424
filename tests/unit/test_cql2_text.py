"""CQL2 text: read as the standard has it, refused with the place, and never at length or in depth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from gis_core.crs import CRS84_URI, parse_crs
from gis_core.errors import InvalidParameterError
from layers.cql2.compiler import compile_filter
from layers.cql2.parse import parse
from layers.registry import LAYERS

CAMERAS = LAYERS["cameras"]


def a(name: str) -> dict[str, str]:
    return {"property": name}


def op(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": list(arguments)}


# Examples of OGC 21-065r2, clauses 6 and 7 and annex B, in both of its encodings.
STANDARD = [
    ("depth BETWEEN 100.0 and 150.0", op("between", a("depth"), 100.0, 150.0)),
    ("name LIKE 'Smith%'", op("like", a("name"), "Smith%")),
    ("cityName IN ('Toronto','Tokyo')", op("in", a("cityName"), ["Toronto", "Tokyo"])),
    ("category NOT IN (1,2,3,4)", op("not", op("in", a("category"), [1, 2, 3, 4]))),
    ("geophys:SURVEY_NAME IS NULL", op("isNull", a("geophys:SURVEY_NAME"))),
    ("vehicle_height > (bridge_clearance-1)",
     op(">", a("vehicle_height"), op("-", a("bridge_clearance"), 1))),
    ("updated >= date('1999-11-05')", op(">=", a("updated"), {"date": "1999-11-05"})),
    ("T_DURING(INTERVAL(touchdown, liftOff), INTERVAL('1969-07-16', '..'))",
     op("T_DURING", {"interval": [a("touchdown"), a("liftOff")]}, {"interval": ["1969-07-16", ".."]})),
    ("A_CONTAINS(layer:ids, ('layers-ca','layers-us'))",
     op("A_CONTAINS", a("layer:ids"), ["layers-ca", "layers-us"])),
    ("S_INTERSECTS(geometry, BBOX(160.6,-55.95,-170,-25.89))",
     op("S_INTERSECTS", a("geometry"), {"bbox": [160.6, -55.95, -170, -25.89]})),
    ("CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))",
     op("in", op("CASEI", a("road_class")), [op("CASEI", "Οδος"), op("CASEI", "Straße")])),
    ("swimming_pool=true AND (floors>5 OR material LIKE 'brick%')",
     op("and", op("=", a("swimming_pool"), True),
        op("or", op(">", a("floors"), 5), op("like", a("material"), "brick%")))),
    ("value=field^2", op("=", a("value"), op("^", a("field"), 2))),
    ("NOT (floors<5) OR swimming_pool=true",
     op("or", op("not", op("<", a("floors"), 5)), op("=", a("swimming_pool"), True))),
    # Signs, precedence, names
    ("a = -b", op("=", a("a"), op("*", -1, a("b")))), ("a -1 = +.5e1", op("=", op("-", a("a"), 1), 5.0)),
    ('"khu vực" = "tên ""riêng"""', op("=", a("khu vực"), a('tên "riêng"'))),
    ("tên = 'Huế'", op("=", a("tên"), "Huế")), ("nullable = notes", op("=", a("nullable"), a("notes"))),
    # As QGIS writes pairs: one operation of many
    ("((a = 1 AND b = 2) AND c = 3)",
     op("and", op("=", a("a"), 1), op("=", a("b"), 2), op("=", a("c"), 3))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), STANDARD)
def test_text_becomes_the_json_form(text: str, node: Any) -> None:
    assert parse(text, "cql2-text") == node
    assert parse(json.dumps(node), "cql2-json") == node


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT(1 2)", "POINT Z (1 2 3)", "point(1 -2.5)", "LINESTRING(0 0, 1 1)", "MULTIPOINT(0 0, 1 1)",
        "MULTIPOINT((0 0), (1 1))", "POLYGON((0 0,1 0,1 1,0 0),(.1 .1,.2 .1,.2 .2,.1 .1))",
        "MULTILINESTRING((0 0,1 1),(2 2,3 3))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "GEOMETRYCOLLECTION(POINT(0 0),MULTIPOLYGON(((0 0,1 0,1 1,0 0))))",
    ],
)  # fmt: skip
def test_every_geometry_of_the_standard_is_read(wkt: str) -> None:
    node = parse(f"S_INTERSECTS({wkt},geometry)", "cql2-text")
    assert isinstance(node["args"][0], BaseGeometry)
    assert wkt.upper().startswith(node["args"][0].geom_type.upper())
    assert node["args"][1] == a("geometry")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the text ends"), ("x >", "the text ends"), ("x > 5 AND", "the text ends"),
        ("x == 5", "'=' at character 4"), ("1=1; DROP TABLE x", "';' at character 4"),
        ("x IN ()", "')' at character 7"), ("x = 'open", "''open' at character 5"),
        ("a = b = c", "'=' at character 7"), ("(a = 1", "the text ends"), ("a = 1)", "')' at character 6"),
        ("a BETWEEN 1", "the text ends"), ("POINT(1) = a", "'POINT(1)' is not a geometry"),
        ("a\x00 = 1", "null character"),
    ],
)  # fmt: skip
def test_what_is_no_cql2_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidParameterError) as refused:
        parse(text, "cql2-text")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"), ("[", "not JSON"), ("NaN", "'NaN' is not a number"),
        ("9" * 5000, "too many digits"),
        ("[" * 50_000, "nested too deeply"),
        ('{"op":"not","args":[' * 41 + "true" + "]}" * 41, "nested too deeply"),
        ("[" + "1," * 25_000 + "1]", "too many parts"), ('"' + "x" * 70_000 + '"', "are too many"),
    ],
)  # fmt: skip
def test_json_that_is_none_or_too_much_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        parse(text, "cql2-json")


@pytest.mark.parametrize(
    "text",
    [
        "NOT " * 10_000 + "true", "(" * 30_000, "1" + "+1" * 10_000 + "= 1",
        "abs(" * 3_000 + "1" + ")" * 3_000,
        "(" * 5_000 + "a=" + ")" * 5_000, "a IN (" * 2_000 + "=" + ")" * 2_000, "2" + "^2" * 9_000 + " = 2",
        "-" * 9_000 + "a = 1", "x" * 1_000_000, "'" * 60_001, "\\'" * 30_000, "POLYGON((" * 5_000,
    ],
)  # fmt: skip
def test_filters_that_are_too_much_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError):
        parse(text, "cql2-text")


@pytest.mark.parametrize(
    ("innermost", "around", "whole"),
    [
        ("true", "NOT ({})", "{}"),
        ("true", "({}) = true", "{}"),
        ("true", "false OR (true AND ({} OR simulated))", "{}"),
        ("1", "abs({})", "{} = 1"),
        ("1", "(2 ^ {})", "{} = 1"),
        ("geometry", "centroid({})", "S_INTERSECTS({}, POINT(107 16))"),
    ],
)
def test_the_deepest_that_is_allowed_compiles(innermost: str, around: str, whole: str) -> None:
    def compile_at(depth: int) -> None:
        text = innermost
        for _ in range(depth):
            text = around.format(text)
        compile_filter(CAMERAS, parse(whole.format(text), "cql2-text"), parse_crs(CRS84_URI))

    def is_refused(depth: int) -> bool:
        try:
            compile_at(depth)
        except InvalidParameterError as error:
            return "nested too deeply" in str(error)
        return False

    deepest = next(depth for depth in range(60) if is_refused(depth)) - 1
    assert deepest >= 12
    compile_at(deepest)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for encoding in ("cql2-text", "cql2-json"):
        try:
            node = parse(text, encoding)
        except InvalidParameterError:
            continue
        try:
            compile_filter(CAMERAS, node, parse_crs(CRS84_URI))
        except InvalidParameterError:
            continue


WORDS = (
    "AND OR NOT ( ) , = <> < LIKE BETWEEN IN IS NULL + - * / % ^ div name code purpose geometry simulated "
    "mast_height_m ai_solutions 'a' '%' 1 2.5 true DATE('2025-10-27') TIMESTAMP('x') INTERVAL( '..' BBOX( "
    "POINT(107 16) S_INTERSECTS( T_AFTER( A_CONTAINS( CASEI( ACCENTI( abs( buffer( now() [ ]"
)
words = st.sampled_from(WORDS.split())


@given(st.lists(words, max_size=12))
def test_any_row_of_words_is_compiled_or_refused(row: list[str]) -> None:
    try:
        condition = compile_filter(CAMERAS, parse(" ".join(row), "cql2-text"), parse_crs(CRS84_URI))
    except InvalidParameterError:
        return
    assert set(condition.values) == {name for name in condition.values if f"%({name})s" in condition.text}


OPERATIONS = (
    "and", "not", "=", "<", "in", "like", "between", "isNull", "s_within", "t_during", "a_overlaps", "casei",
    "+", "div", "buffer", "nothing",
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
nodes = st.recursive(
    scalars | st.sampled_from([a("name"), a("mast_height_m"), a("geometry"), a("ai_solutions"), {"date": 5}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda name, arguments: {"op": name, "args": arguments},
            st.sampled_from(OPERATIONS),
            st.lists(inner, max_size=3),
        )
        | st.dictionaries(
            st.sampled_from(["op", "args", "property", "interval", "bbox", "type", "date"]), inner
        )
    ),
)


@given(nodes)
def test_any_json_is_compiled_or_refused(node: Any) -> None:
    try:
        compile_filter(CAMERAS, parse(json.dumps(node), "cql2-json"), parse_crs(CRS84_URI))
    except InvalidParameterError as error:
        refusal = str(error)
    else:
        return
    assert refusal.startswith("Parameter 'filter': ")
