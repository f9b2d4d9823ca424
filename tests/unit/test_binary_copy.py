"""Rows in PostgreSQL's binary COPY format, against the format said row by row."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
import shapely
from geoalchemy2 import Geometry
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Float, Integer, SmallInteger, Text, Uuid

from layers.binary_copy import encode
from layers.identifiers import identify, order_of, uuid_array, which_are

NOON = datetime(2025, 10, 27, 12, tzinfo=UTC)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.builds(shapely.Point, st.floats(-180, 180), st.floats(-90, 90))
OTHER_SHAPES = st.sampled_from(
    [shapely.Point(), shapely.Point(1, 2, 3), shapely.LineString([[0, 0], [1, 1]]), shapely.box(0, 0, 1, 1)]
)

KINDS: dict[str, tuple[Any, Any]] = {
    "id": (Uuid(), st.uuids()),
    "seen_at": (
        DateTime(timezone=True),
        st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    "name": (Text(), WORDS),
    "weight": (Float(), NUMBERS),
    "lanes": (SmallInteger(), st.integers(-(2**15), 2**15 - 1)),
    "people": (Integer(), st.integers(-(2**31), 2**31 - 1)),
    "total": (BigInteger(), st.integers(-(2**53), 2**53)),
    "simulated": (Boolean(), st.booleans()),
    "words": (ARRAY(Text()), st.lists(WORDS, max_size=3)),
    "geom": (Geometry("GEOMETRY", srid=4326), POINTS | OTHER_SHAPES),
    "place": (Geometry("POINT", srid=4326), POINTS),
}
DTYPES = {"lanes": "Int64", "people": "Int64", "total": "Int64", "weight": "float64", "name": "str"}
NUMBER_FORMS = {"weight": ">d", "lanes": ">h", "people": ">i", "total": ">q", "simulated": ">?"}
COLUMNS = [Column(name, kind) for name, (kind, _) in KINDS.items()]


def one_value(name: str, value: Any) -> bytes:
    """The bytes of one value as the manual of PostgreSQL and PostGIS's extended WKB say them."""
    match value:
        case UUID():
            said = value.bytes
        case datetime():
            since = value - datetime(2000, 1, 1, tzinfo=UTC)
            said = struct.pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
        case str():
            said = value.encode()
        case list():
            items = [struct.pack(">i", len(word.encode())) + word.encode() for word in value]
            bounds = struct.pack(">ii", len(value), 1) if value else b""
            said = struct.pack(">iii", 1 if value else 0, 0, 25) + bounds + b"".join(items)
        case bool() | int() | float():
            said = struct.pack(NUMBER_FORMS[name], value)
        case _:
            said = shapely.to_wkb(shapely.set_srid(value, 4326), include_srid=True)
    return said


def one_row(row: dict[str, Any]) -> bytes:
    parts = [struct.pack(">h", len(COLUMNS))]
    for column in COLUMNS:
        value = row[column.name]
        said = b"" if value is None else one_value(column.name, value)
        parts.append(struct.pack(">i", -1 if value is None else len(said)) + said)
    return b"".join(parts)


def a_row(*, gaps: bool) -> st.SearchStrategy[dict[str, Any]]:
    # A place is never missing: it is the column whose points all go in at once.
    return st.fixed_dictionaries(
        {name: st.none() | some if gaps and name != "place" else some for name, (_, some) in KINDS.items()}
    )


@given(
    st.lists(a_row(gaps=True), min_size=1, max_size=5) | st.lists(a_row(gaps=False), min_size=1, max_size=5)
)
def test_rows_are_what_the_format_says(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=DTYPES.get(name, object)) for name in KINDS}
    )
    assert bytes(encode(COLUMNS, frame)) == b"".join(map(one_row, rows))


def test_a_part_of_the_rows_is_encoded_alone() -> None:
    frame = pd.DataFrame(
        {"name": pd.Series(["a", None, "ccc", "d"], dtype="str"), "weight": [1.0, 2.0, np.nan, 4.0]}
    )
    columns = [Column("name", Text()), Column("weight", Float())]
    whole = bytes(encode(columns, frame))
    assert bytes(encode(columns, frame.iloc[:2])) + bytes(encode(columns, frame.iloc[2:])) == whole


INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
KEYS = st.lists(st.tuples(INSTANTS, WORDS), min_size=1, max_size=9)


@given(KEYS)
def test_identifiers_are_the_same_as_bytes_and_as_uuids(events: list[tuple[datetime, str]]) -> None:
    at, keys = (pd.Series(list(column)) for column in zip(*events, strict=True))
    identifiers = identify(
        at.astype("datetime64[us]").dt.tz_localize("UTC"), pd.Series(["o"] * len(at)), keys
    )
    objects = pd.Series([UUID(bytes=value) for value in identifiers], dtype=object)
    assert uuid_array(identifiers).equals(uuid_array(objects))
    assert objects.iloc[order_of(identifiers)].tolist() == sorted(objects)
    last = identifiers.iloc[len(events) // 2 :]
    assert order_of(last).tolist() == order_of(objects.iloc[len(events) // 2 :]).tolist()


@given(KEYS, st.sets(st.integers(0, 8)))
def test_rows_are_found_by_their_identifiers_once(
    events: list[tuple[datetime, str]], wanted: set[int]
) -> None:
    at, keys = (pd.Series(list(column)) for column in zip(*(events * 2), strict=True))
    identifiers = identify(
        at.astype("datetime64[us]").dt.tz_localize("UTC"), pd.Series(["o"] * len(at)), keys
    )
    objects = [UUID(bytes=value) for value in identifiers]
    found = {objects[row] for row in wanted if row < len(objects)}
    expected = [one in found and one not in objects[:row] for row, one in enumerate(objects)]
    assert which_are(identifiers, found).tolist() == expected
    assert which_are(pd.Series(objects, dtype=object), found).tolist() == expected


def test_an_identifier_may_be_missing_where_its_column_allows_it() -> None:
    values = pd.Series([UUID(int=1), None], dtype=object)
    assert bytes(encode([Column("id", Uuid())], values.to_frame("id")))[2:6] == struct.pack(">i", 16)
    assert bytes(encode([Column("id", Uuid())], values.to_frame("id")))[-4:] == struct.pack(">i", -1)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises((TypeError, ValueError)):
        encode([Column("name", Text())], pd.DataFrame({"name": pd.Series([1.5, "a"], dtype=object)}))
