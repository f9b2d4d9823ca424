"""CQL2 (21-065r2, annex A) on the province's own layers, in text and in JSON.

The tests on the standard's own data have their counterpart in ``tests/db/test_cql2.py``: every
operator on a small layer whose right answers are known by hand, in both encodings.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from layers.cql2.parse import parse
from tests.conformance.walk import EVENTS, Api, conf, is_error
from tests.db.test_cql2 import as_json

CQL2 = "cql2/1.0/conf"
LAYERS = ("cameras", "flood_spots", "fire_events")
LITERALS = {"string": "'foo'", "boolean": "true", "number": "3.14", "integer": "1",
            "date-time": "TIMESTAMP('2022-04-14T14:48:46Z')"}  # fmt: skip
ENCODINGS = pytest.mark.parametrize("encoding", ["cql2-text", "cql2-json"])


def found(api: Api, layer: str, text: str, encoding: str = "cql2-text") -> set[str]:
    """The features that a filter is true of; written as JSON where that is asked for."""
    written = text if encoding == "cql2-text" else as_json(parse(text, "cql2-text"))
    return api.ids(layer, filter=written, filter_lang=encoding)


def queryables(api: Api, layer: str, *kinds: str) -> list[tuple[str, str]]:
    """The queryables of a layer of these kinds, each with its kind."""
    told = api.json(f"/collections/{layer}/queryables")["properties"]
    pairs = []
    for name, one in told.items():
        kind = "date-time" if one.get("format") == "date-time" else one.get("type", "geometry")
        if kind in kinds:
            pairs.append((name, kind))
    return pairs


@conf(f"{CQL2}/basic-cql2", "basic-test")
def test_queryables(api: Api) -> None:
    """Every layer has queryables whose type is said, and at least one of a simple type."""
    for layer in api.layers:
        assert queryables(api, layer, *LITERALS), layer


@conf(f"{CQL2}/basic-cql2", "comparison")
@ENCODINGS
@pytest.mark.parametrize("layer", LAYERS)
def test_comparison(api: Api, layer: str, encoding: str) -> None:
    """The six comparisons of every queryable; opposite ones have nothing in common."""
    for name, kind in queryables(api, layer, *LITERALS):
        literal = LITERALS[kind]
        if "enum" in api.json(f"/collections/{layer}/queryables")["properties"][name]:
            literal = f"'{api.json(f'/collections/{layer}/queryables')['properties'][name]['enum'][0]}'"
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            first, second = (found(api, layer, f"{name} {sign} {literal}", encoding) for sign in (one, other))
            assert not first & second, (layer, name, one)


@conf(f"{CQL2}/basic-cql2", "is-null")
@ENCODINGS
@pytest.mark.parametrize("layer", LAYERS)
def test_is_null(api: Api, layer: str, encoding: str) -> None:
    """Every queryable is null or not null, never both."""
    everything = api.ids(layer)
    for name in api.json(f"/collections/{layer}/queryables")["properties"]:
        null = found(api, layer, f"{name} IS NULL", encoding)
        assert everything - null == found(api, layer, f"{name} is not null", encoding), (layer, name)


@conf(f"{CQL2}/basic-cql2", "boolean")
@ENCODINGS
def test_boolean(api: Api, encoding: str) -> None:
    """``true`` is true of everything, ``false`` of nothing."""
    for layer in LAYERS:
        assert found(api, layer, "false", encoding) == set()
        assert found(api, layer, "true", encoding) == api.ids(layer)


@conf(f"{CQL2}/basic-cql2", "logical")
@conf(f"{CQL2}/advanced-comparison-operators", "logical")
@conf(f"{CQL2}/case-insensitive-comparison", "logical")
@conf(f"{CQL2}/accent-insensitive-comparison", "logical")
@conf(f"{CQL2}/spatial-functions", "logical")
@conf(f"{CQL2}/temporal-functions", "logical")
@conf(f"{CQL2}/array-functions", "logical")
@ENCODINGS
def test_logical(api: Api, encoding: str) -> None:
    """AND, OR and NOT of any four predicates are what set theory makes of their answers."""
    predicates = [
        "purpose = 'forest'", "mast_height_m BETWEEN 10 AND 20", "name LIKE '%a%'",
        "CASEI(name) LIKE CASEI('CAM%')", "ACCENTI(name) = ACCENTI('hue')",
        "S_INTERSECTS(geometry, BBOX(107.5,16.4,107.6,16.5))", "tilt_deg > 5 + 2 * 3",
        "A_OVERLAPS(ai_solutions, ('vehicle_count','smoke'))",
    ]  # fmt: skip
    choose = random.Random(8)  # noqa: S311 - a sample that is the same every time
    everything = api.ids("cameras")
    answers = {one: found(api, "cameras", one, encoding) for one in predicates}
    for _ in range(10):
        texts = choose.sample(predicates, 4)
        p1, p2, p3, p4 = (answers[one] for one in texts)
        expected = ((everything - p1) & p2) | (p3 & (everything - p4)) | (everything - (p1 & p4))
        q1, q2, q3, q4 = texts
        whole = f"((NOT ({q1}) AND {q2}) OR ({q3} and NOT ({q4})) or not ({q1} AND {q4}))"
        assert found(api, "cameras", whole, encoding) == expected, whole


@conf(f"{CQL2}/advanced-comparison-operators", "like")
@ENCODINGS
def test_like(api: Api, encoding: str) -> None:
    """Patterns match text; their signs can be escaped."""
    for layer in LAYERS:
        for name, _ in queryables(api, layer, "string"):
            anything = found(api, layer, f"{name} LIKE '%'", encoding)
            assert anything == found(api, layer, f"{name} like '%%'", encoding)
            assert not found(api, layer, f"{name} like '_%'", encoding) & found(
                api, layer, f"{name} like ''", encoding
            )
            assert found(api, layer, rf"{name} like '\%\_'", encoding) == set()


@conf(f"{CQL2}/advanced-comparison-operators", "between", "in")
@ENCODINGS
def test_between_and_in(api: Api, encoding: str) -> None:
    """BETWEEN takes its ends in; IN is an equality with one of several."""
    for layer in LAYERS:
        for name, _ in queryables(api, layer, "number", "integer"):
            assert found(api, layer, f"{name} BETWEEN 0 AND 100", encoding) == found(
                api, layer, f"{name} >= 0 AND {name} <= 100", encoding
            )
            assert found(api, layer, f"{name} between 100.0 and 1.0", encoding) == set()
            found(api, layer, f"{name} IN (1, 2, 3)", encoding)
        for name, _ in queryables(api, layer, "boolean"):
            assert found(api, layer, f"{name} in (true)", encoding) == found(api, layer, f"{name} = true")
    assert found(api, "cameras", "purpose IN ('forest','flood')", encoding) == found(
        api, "cameras", "purpose = 'forest' OR purpose = 'flood'"
    )


@conf(f"{CQL2}/case-insensitive-comparison", "casei", "casei-like")
@conf(
    f"{CQL2}/accent-insensitive-comparison", "accenti", "accenti-casei", "accenti-like", "accenti-casei-like"
)
@ENCODINGS
def test_without_case_or_accents(api: Api, encoding: str) -> None:
    """CASEI and ACCENTI take both sides alike; Vietnamese is found without its marks."""
    for layer in LAYERS:
        for name, _ in queryables(api, layer, "string"):
            for wrap in ("CASEI({})", "ACCENTI({})", "ACCENTI(CASEI({}))"):
                left, right = wrap.format(name), wrap.format("'foo'")
                same = found(api, layer, f"{left} = {right}", encoding)
                assert not same & found(api, layer, f"{left} <> {right}", encoding)
    small, large = (
        found(api, "wards", f"ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('{text}'))", encoding)
        for text in ("phu%", "PHÚ%")
    )
    assert small == large != set()


@conf(f"{CQL2}/cql2-text", "validate", "escaping")
def test_text(api: Api) -> None:
    """A quotation mark in a text is written twice or behind a backslash; what is not CQL2 is 400."""
    assert found(api, "wards", "name = 'It''s'") == found(api, "wards", r"name = 'It\'s'") == set()
    for wrong in ("name = 'open", "name ==", "= 3", "name LIKE", "S_INTERSECTS(geometry)", "((name = 'a')"):
        is_error(api.ask("/collections/wards/items", filter=wrong), 400)


@conf(f"{CQL2}/cql2-json", "validate")
def test_json(api: Api) -> None:
    """What is no JSON, or JSON that is no filter, is 400."""
    for wrong in (
        "{",
        "[]",
        '{"op":"="}',
        '{"op":"no","args":[1,2]}',
        '{"op":"=","args":[{"property":5},1]}',
    ):
        is_error(api.ask("/collections/wards/items", filter=wrong, filter_lang="cql2-json"), 400)


@conf(f"{CQL2}/property-property", "comparison", "text", "number", "timestamp")
@ENCODINGS
def test_two_properties(api: Api, encoding: str) -> None:
    """A property is compared with a property, on either side."""
    spots = api.features("cameras", limit=10_000)
    expected = {
        one["id"] for one in spots if one["properties"]["tilt_deg"] < one["properties"]["mast_height_m"]
    }
    assert found(api, "cameras", "tilt_deg < mast_height_m", encoding) == expected
    assert found(api, "cameras", "mast_height_m > tilt_deg", encoding) == expected
    assert found(api, "cameras", "name = name", encoding) == api.ids("cameras")


@conf(f"{CQL2}/functions", "functions")
@ENCODINGS
def test_functions(api: Api, encoding: str) -> None:
    """Every function that the service lists can be called and compared."""
    samples: dict[str, Any] = {"string": "name", "number": "mast_height_m", "geometry": "geometry"}
    literals = {"string": "'x'", "number": "3", "boolean": "true"}
    called = 0
    for function in api.json("/functions")["functions"]:
        kinds = [argument["type"][0] for argument in function["arguments"]]
        if all(kind in samples for kind in kinds) and function["returns"][0] in literals:
            call = f"{function['name']}({', '.join(samples[kind] for kind in kinds)})"
            literal = literals[function["returns"][0]]
            assert not found(api, "cameras", f"{call} > {literal}", encoding) & found(
                api, "cameras", f"{call} <= {literal}", encoding
            )
            called += 1
    assert called > 0


@conf(f"{CQL2}/arithmetic", "arithmetic")
@ENCODINGS
def test_arithmetic(api: Api, encoding: str) -> None:
    """The operators of arithmetic with their precedence; nothing can be divided by zero."""
    for expression in (
        "3 + 2 * 4",
        "(20 - 9)",
        "22 / 2",
        "11",
        "5 * 2 + 1",
        "3 ^ 2 + 2",
        "23 div 2",
        "23 % 12",
    ):
        assert found(api, "cameras", f"mast_height_m > {expression}", encoding) == found(
            api, "cameras", "mast_height_m > 11"
        ), expression
    answer = api.ask("/collections/cameras/items", filter="mast_height_m > 1 / 0", filter_lang="cql2-text")
    assert answer.status_code in (200, 400)


@conf(f"{CQL2}/array-functions", "array-predicates")
@ENCODINGS
def test_arrays(api: Api, encoding: str) -> None:
    """The four relations of arrays, against the arrays themselves."""
    held = {
        f["id"]: set(f["properties"]["ai_solutions"] or ()) for f in api.features("cameras", limit=10_000)
    }
    two = sorted(max(held.values(), key=len))[:2]
    written = "('" + "','".join(two) + "')"
    for name, relation in {
        "A_CONTAINS": set.issuperset, "A_CONTAINEDBY": set.issubset,
        "A_EQUALS": set.__eq__, "A_OVERLAPS": lambda a, b: bool(a & b),
    }.items():  # fmt: skip
        answer = found(api, "cameras", f"{name}(ai_solutions,{written})", encoding)
        assert answer == {key for key, value in held.items() if relation(value, set(two))}, name


@conf(f"{CQL2}/temporal-functions", "temporal-functions-1")
@ENCODINGS
def test_instants(api: Api, encoding: str) -> None:
    """The five relations of an instant with an instant and with an interval."""
    at, window = (
        "TIMESTAMP('2025-10-27T16:00:00Z')",
        "INTERVAL('2025-10-27T16:00:00Z','2025-10-27T16:10:00Z')",
    )
    lately = (
        "detected_at > TIMESTAMP('2025-10-27T15:55:00Z') AND detected_at < TIMESTAMP('2025-10-27T16:20:00Z')"
    )
    moments = {
        f["id"]: f["properties"]["detected_at"] for f in api.features(EVENTS, filter=lately, limit=10_000)
    }
    for text, expected in {
        f"T_AFTER(detected_at,{at})": lambda t: t > "2025-10-27T16:00:00Z",
        f"T_BEFORE(detected_at,{at})": lambda t: t < "2025-10-27T16:00:00Z",
        f"T_DISJOINT(detected_at,{at})": lambda t: t != "2025-10-27T16:00:00Z",
        f"T_EQUALS(detected_at,{at})": lambda t: t == "2025-10-27T16:00:00Z",
        f"T_INTERSECTS(detected_at,{at})": lambda t: t == "2025-10-27T16:00:00Z",
        f"T_AFTER(detected_at,{window})": lambda t: t > "2025-10-27T16:10:00Z",
        f"T_BEFORE(detected_at,{window})": lambda t: t < "2025-10-27T16:00:00Z",
        f"T_INTERSECTS(detected_at,{window})": lambda t: (
            "2025-10-27T16:00:00Z" <= t <= "2025-10-27T16:10:00Z"
        ),
        f"T_EQUALS(detected_at,{window})": lambda t: False,
    }.items():
        answer = found(api, EVENTS, f"{lately} AND {text}", encoding)
        assert answer == {key for key, moment in moments.items() if expected(moment[:19] + "Z")}, text


@conf(f"{CQL2}/temporal-functions", "temporal-functions-2")
@ENCODINGS
def test_intervals(api: Api, encoding: str) -> None:
    """The fifteen relations of intervals between two properties."""
    year = "INTERVAL('2021-01-01T00:00:00Z','2021-12-31T23:59:59Z')"
    names = [
        "AFTER",
        "BEFORE",
        "DISJOINT",
        "EQUALS",
        "INTERSECTS",
        "CONTAINS",
        "DURING",
        "FINISHEDBY",
        "FINISHES",
        "MEETS",
        "METBY",
        "OVERLAPPEDBY",
        "OVERLAPS",
        "STARTEDBY",
        "STARTS",
    ]
    begun, ended = [name for name, _ in queryables(api, "fire_events", "date-time")][:2]
    answers = {
        name: found(api, "fire_events", f"T_{name}(INTERVAL({begun},{ended}),{year})", encoding)
        for name in names
    }
    assert answers["DISJOINT"] | answers["INTERSECTS"] == api.ids("fire_events")
    assert not answers["AFTER"] & answers["BEFORE"]
