"""Lines that are read all at once: the same cells, lines and reasons as row by row."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_core.errors import IngestError
from layers.ingest import table_text
from layers.ingest.plain_lines import plain_cells
from layers.ingest.table_text import open_table, read_batches

HEADERS = [
    "a,b,c\n",
    "a;b;c\r\n",
    '"a","b",c\n',
    "a\tb\tc\n",
    "a,b,c\r",
    '"a"x,b,c\n',
    "a|b|c",
    "\ufeffa,b,c\n",
]
PLAIN_ROWS = ["1,2,3\n", "1,2,3\r\n", "x;y;z\n", "x\ty\tz\n", "x|y|z\n", ",,\n", ";;\r\n", "Huế,é,đ\n"]
QUOTED_ROWS = ['"q","w",e\n', '"q, w",,""\n', '"say ""hi""",2,3\r\n', '"q";"w;w";e\n']
DAMAGE = [
    "\n", "\r\n", "\r", '"', '""', ",", ";", "\t", " ", "\x00", "\ufeff", "\u2028", "\x0b", "\x1c", "\\",
    'f"f,2,3\n', '"g"g,2,3\n', "1,2\n", "1,2,3,4\n", '"two\nlines",2,3\n', "x" * 30, '"never closed,2,3\n',
]  # fmt: skip

rows_of_all_kinds = st.lists(
    st.sampled_from(PLAIN_ROWS) | st.sampled_from(QUOTED_ROWS) | st.sampled_from(DAMAGE), max_size=20
).map("".join)


def everything(path: Path) -> list[tuple[int, tuple[Any, ...], str | None]] | str:
    """What the reader says of each row, or of the file as a whole."""
    try:
        return [
            (int(number), tuple(cells), fault)
            for batch in read_batches(open_table(path))
            for number, cells, fault in zip(
                batch.numbers,
                batch.cells.astype(object)
                .where(batch.cells.notna(), None)
                .itertuples(index=False, name=None),
                batch.faults,
                strict=True,
            )
        ]
    except IngestError as error:
        return str(error)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from(HEADERS),
    body=rows_of_all_kinds,
    encoding=st.sampled_from(["utf-8", "utf-16", "latin-1"]),
    end=st.binary(max_size=2),
    batch_rows=st.integers(1, 5),
    limit=st.sampled_from([csv.field_size_limit(), 20]),
)
def test_any_text_is_read_as_it_is_row_by_row(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    header: str, body: str, encoding: str, end: bytes, batch_rows: int, limit: int,
) -> None:  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_bytes((header + body).encode(encoding, "replace") + end)
    usual_limit = csv.field_size_limit(limit)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(table_text, "BATCH_ROWS", batch_rows)
            at_once = everything(path)
            patch.setattr(table_text, "plain_cells", lambda *_: None)
            assert at_once == everything(path)
    finally:
        csv.field_size_limit(usual_limit)


@pytest.mark.parametrize(
    "rows", [PLAIN_ROWS[:2], [",,\n"], QUOTED_ROWS[:3], ["1,2,3"], ["Huế,\x00,\u2028\n"]]
)
def test_plain_lines_are_read_at_once(rows: list[str]) -> None:
    cells = plain_cells(rows, ("a", "b", "c"), ",")
    assert cells is not None
    assert len(cells) == len(rows)


@pytest.mark.parametrize(
    "line",
    ['"g"g,2,3\n', 'f"f,2,3\n', '"open,2,3\n', "1,2\n", "1,2,3,4\n", "\n", "\ufeff1,2,3\n",
     "x" * 200_000 + ",2,3\n"],
)  # fmt: skip
def test_lines_that_leave_a_doubt_are_not(line: str) -> None:
    assert plain_cells([line, "1,2,3\n"], ("a", "b", "c"), ",") is None
