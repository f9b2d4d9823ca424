"""Every operator of CQL2, in text and JSON, on a small layer whose right answers are known by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from geoalchemy2 import Geometry
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ARRAY, Boolean, Connection, DateTime, Enum, Float, Integer, Text, Uuid, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gis_core import types
from gis_core.crs import CRS84_URI, crs_uri, parse_crs, transformer
from gis_core.db import dispose, make_engine
from gis_core.errors import InvalidParameterError
from layers.base import Layer, Style
from layers.cql2.compiler import compile_filter
from layers.cql2.parse import parse
from layers.query import FeatureQuery, read_page
from layers.registry import LAYERS


class Base(DeclarativeBase):
    """Apart from the house's own tables, which migrations own."""


class Place(Base):
    __tablename__ = "places"

    code: Mapped[str] = mapped_column(Text, primary_key=True, info={})
    name: Mapped[str | None] = mapped_column(Text, info={})
    class_: Mapped[str | None] = mapped_column(
        "class", Enum("road", "bridge", name="c", native_enum=False, length=40), info={}
    )
    floors: Mapped[int | None] = mapped_column(Integer, info={})
    depth_m: Mapped[float | None] = mapped_column(Float, info={})
    pool: Mapped[bool | None] = mapped_column(Boolean, info={})
    start: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info={})
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info={})
    uid: Mapped[Any] = mapped_column(Uuid, info={})
    ids: Mapped[list[str] | None] = mapped_column(ARRAY(Text), info={})
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326), nullable=False, info={})


NOTE = types.Text("thử", "trial")
PLACES = Layer("places", Place, NOTE, NOTE, NOTE, Style("#000000"))  # type: ignore[arg-type]


def at(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


UID = "00000000-0000-4000-8000-00000000000"
NAMES = ("code", "name", "class", "floors", "depth_m", "pool", "start", "until", "uid", "ids", "geom")
ROWS = [
    # Huế's days begin at 17:00 UTC.
    ("a", "Đập Tả Trạch", "road", 3, 1.5, True, at(2022, 4, 16, 10, 13, 19), at(2022, 4, 16, 10, 16, 6),
     f"{UID}1", ["x", "y"], "POINT(1 1)"),
    ("b", "ĐẬP TẢ TRẠCH", "bridge", 7, 100.0, False, at(2021, 4, 16, 10, 15, 59), at(2022, 4, 16, 10, 16, 6),
     f"{UID}2", ["x"], "POINT(5 5)"),
    ("c", "Dap Ta Trach", None, None, 150.0, None, at(2022, 4, 16, 17, 0, 0), at(2022, 4, 17, 17, 0, 0),
     f"{UID}3", [], "LINESTRING(0 0, 2 2)"),
    ("d", "It's 100% _", "road", 10, -2.25, True, None, None,
     f"{UID}4", None, "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))"),
    ("e", None, "road", 5, None, False, at(2023, 1, 1), at(2023, 1, 2),
     f"{UID}5", ["y", "z"], "POLYGON((4 0, 8 0, 8 4, 4 4, 4 0))"),
]  # fmt: skip


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    engine = make_engine(database)
    with engine.begin() as opened:
        opened.execute(text("CREATE SCHEMA trial"))
        opened.execute(text("SET search_path TO trial, public"))
        Base.metadata.create_all(opened)
        rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
        opened.execute(insert(Place.__table__), [row | {"geom": f"SRID=4326;{row['geom']}"} for row in rows])  # type: ignore[arg-type]
        yield opened
        opened.rollback()
    engine.dispose()
    dispose()


def matching(
    connection: Connection, filter_text: str, encoding: str = "cql2-text", crs: str = CRS84_URI
) -> str:
    """The codes of the rows that match, in one word."""
    condition = compile_filter(PLACES, parse(filter_text, encoding), parse_crs(crs))
    page = read_page(connection, FeatureQuery(PLACES, limit=100, filter=condition), 100)
    features = json.loads(f"[{page.features_json}]")
    assert page.matched.number == len(features)
    return "".join(feature["id"] for feature in features)


def as_json(node: Any) -> str:
    def geojson(shape: BaseGeometry) -> Any:
        return json.loads(shapely.to_geojson(shape))

    return json.dumps(node, default=geojson)


def known_answers() -> list[tuple[str, str]]:
    """Each filter with the rows that it is true of."""
    lines = Path(__file__).with_name("cql2_answers.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(filter_text, rows.strip("-")) for rows, filter_text in pairs]


@pytest.mark.parametrize("encoding", ["cql2-text", "cql2-json"])
def test_every_known_answer(connection: Connection, encoding: str) -> None:
    wrong = {}
    for filter_text, expected in known_answers():
        written = filter_text if encoding == "cql2-text" else as_json(parse(filter_text, "cql2-text"))
        found = matching(connection, written, encoding)
        if found != expected:
            wrong[filter_text] = (found, expected)
    assert not wrong


def test_geometries_are_in_the_crs_and_axis_order_of_the_filter(connection: Connection) -> None:
    assert matching(connection, "S_INTERSECTS(geometry, POINT(5 5))", crs=crs_uri(4326)) == "b"
    assert matching(connection, "S_INTERSECTS(geometry, BBOX(0, 7, 4, 9))", crs=crs_uri(4326)) == "e"
    assert matching(connection, "S_INTERSECTS(geometry, BBOX(7, 0, 9, 4))", crs=crs_uri(4326)) == ""
    x, y = transformer(4326, 3857).transform(5, 5)
    box = f"S_INTERSECTS(geometry, BBOX({x - 0.01}, {y - 0.01}, {x + 0.01}, {y + 0.01}))"
    assert matching(connection, box, crs=crs_uri(3857)) == "b"
    beside = f"S_INTERSECTS(geometry, BBOX({x + 0.01}, {y - 0.01}, {x + 0.03}, {y + 0.01}))"
    assert matching(connection, beside, crs=crs_uri(3857)) == ""


HOSTILE = [
    "'; DROP TABLE trial.places; --", "' OR '1'='1", "%(_filter_0)s", "%s", ":name", "$1", "\\", "\\'", '"',
    "{0}", "a\nb", "😀", "NULL", "E'\\x41'", "$$x$$",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_texts_are_values(connection: Connection, value: str) -> None:
    node = {"op": "=", "args": [{"property": "name"}, value]}
    assert matching(connection, json.dumps(node), "cql2-json") == ""
    connection.execute(Place.__table__.update().where(Place.code == "a").values(name=value))  # type: ignore[attr-defined]
    assert matching(connection, json.dumps(node), "cql2-json") == "a"
    node = {"op": "a_contains", "args": [{"property": "ids"}, [value]]}
    assert matching(connection, json.dumps(node), "cql2-json") == ""


@pytest.mark.parametrize(
    "name", ['name" = name OR "x', "name; --", "geom", "_id", "places.code", "start'", "ids[1]"]
)
def test_hostile_names_are_unknown(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidParameterError, match="queryables; there are: code, name"):
        matching(connection, json.dumps({"op": "isNull", "args": [{"property": name}]}), "cql2-json")


@pytest.mark.parametrize(
    "filter_text",
    ["depth_m * 1e308 * 1e308 > 0", "(0 - 1) ^ 0.5 = 1", "S_INTERSECTS(geometry, buffer(POINT(1 1), 1e300))"],
)
def test_what_has_no_value_is_the_clients_error(connection: Connection, filter_text: str) -> None:
    with pytest.raises(InvalidParameterError, match="cannot be evaluated"):
        matching(connection, filter_text)


@pytest.mark.parametrize(
    ("layer", "filter_text", "index"),
    [
        (
            "detections",
            "subject = 'forest_fire' AND detected_at > TIMESTAMP('2025-10-27T00:00:00Z')",
            "subject",
        ),
        ("detections", "subject IN ('forest_fire') AND detected_at = DATE('2025-10-27')", "subject"),
        (
            "detections",
            "camera_code = 'CAM-0001' AND T_INTERSECTS(detected_at, DATE('2025-10-27'))",
            "camera",
        ),
        ("detections", "S_INTERSECTS(geometry, BBOX(107.5, 16.4, 107.6, 16.5))", "geom"),
        ("detections", "S_WITHIN(geometry, buffer(POINT(107.58 16.46), 500))", "geom"),
        ("detections", f"id = '{UID}1'", "pkey"),
        ("detections", f"id IN ('{UID}1', '{UID}2')", "pkey"),
        ("cameras", "code IN ('CAM-0001', 'CAM-0002')", "pk_cameras"),
        ("detection_ellipses", "S_WITHIN(geometry, BBOX(107.5, 16.4, 107.6, 16.5))", "geom"),
    ],
)
def test_filters_use_the_indexes(database: str, layer: str, filter_text: str, index: str) -> None:
    condition = compile_filter(LAYERS[layer], parse(filter_text, "cql2-text"), parse_crs(CRS84_URI))
    engine = make_engine(database)
    with engine.begin() as opened:
        # On an empty table a sequential scan is cheaper; the question is whether an index could serve.
        opened.execute(text("SET LOCAL enable_seqscan = off"))
        table = LAYERS[layer].table.fullname
        if LAYERS[layer].partitioned:
            opened.execute(text(f"CREATE TABLE {table}_trial PARTITION OF {table} DEFAULT"))
        sql = f"EXPLAIN SELECT 1 FROM {table} WHERE {condition.text}"
        plan = "\n".join(row[0] for row in opened.exec_driver_sql(sql, dict(condition.values)))
        opened.rollback()
    engine.dispose()
    assert "Index Cond" in plan, plan
    assert index in plan, plan
