"""What events without a name of their own are called: files loaded years ago depend on it."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.ingest.fit import Fitter
from layers.ingest.readers import open_source
from layers.ingest.source import Batch, Request, no_faults
from layers.registry import LAYERS
from tests.ingesting import FIRE, HUE, feature, fit_file, point, write_geojson


def test_an_unnamed_row_of_csv_keeps_its_key_and_identifier(tmp_path: Path) -> None:
    path = tmp_path / "unnamed.csv"
    path.write_text(
        "lon,lat,time,subject,class,remark,confidence\n"
        "107.58,16.46,2025-03-01T10:00Z,forest_fire,smoke,Huế,0.5\n"
        "107.580000123456789,16.46,2025-03-01T10:00Z,forest_fire,smoke,,\n"
    )
    rows = fit_file(path, "detections").rows
    assert rows["origin_key"].tolist() == ["d47c875a17227083abe1444e", "1592fcc8a324137dd7b1e263"]
    assert [UUID(bytes=identifier) for identifier in rows["id"]] == [
        UUID("01955126-0100-8ebc-9b5a-b2d00c11fc1a"),
        UUID("01955126-0100-8dfc-a6f6-a1638e5bac26"),
    ]


def test_an_unnamed_feature_keeps_its_key_and_identifier(tmp_path: Path) -> None:
    elevated = {"type": "Point", "coordinates": [107.5, 16.4, 12.5]}
    path = write_geojson(
        tmp_path / "unnamed.geojson",
        feature(point(*HUE), **FIRE, confidence=0.25, count=3),
        feature(elevated, **FIRE, remark=["Huế", None]),
    )
    rows = fit_file(path, "detections").rows
    assert rows["origin_key"].tolist() == ["f7edbb3815974f46c2bdcc39", "2e7f58f2d9b43aabee82a9e1"]


CELLS = (
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(["a", "a'b"])
)
VALUES = CELLS | st.booleans() | st.integers() | st.floats() | st.lists(CELLS, max_size=2) | st.just("\ud800")
SHAPES = st.sampled_from([shapely.Point(1, 2), shapely.Point(1, 2, 3), shapely.from_wkt("POINT M (1 2 3)")])


def all_that_it_says(row: dict[str, Any], shape: shapely.Point) -> str:
    """The key of an event without one, said row by row: names in order, no gaps, x and y."""
    said = [(name, str(row[name])) for name in sorted(row) if pd.notna(row[name]) is not False]
    return blake2b(repr(said).encode() + shapely.to_wkb(shapely.force_2d(shape)), digest_size=12).hexdigest()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS, VALUES, SHAPES), min_size=1, max_size=5),
    dtype=st.sampled_from(["str", object]),
)
def test_a_key_is_made_of_all_that_a_row_says(
    tmp_path: Path, rows: list[tuple[Any, Any, shapely.Point]], dtype: Any
) -> None:
    path = write_geojson(tmp_path / "a.geojson", feature(point(*HUE), remark="", value=1, **FIRE))
    request = Request(LAYERS["detections"])
    fitter = Fitter(open_source(path, request), request)
    remarks, values, shapes = (list(column) for column in zip(*rows, strict=True))
    columns = {name: [text] * len(rows) for name, text in FIRE.items()} | {"remark": remarks, "value": values}
    frame = pd.DataFrame(
        {
            name: pd.Series(column, dtype=dtype if name == "remark" else object)
            for name, column in columns.items()
        }
    )
    batch = Batch(np.arange(len(rows)), frame, np.array(shapes), no_faults(len(rows)), 1.0)
    fitted, _ = fitter.fit(batch)
    expected = [
        all_that_it_says(row, shape) for row, shape in zip(frame.to_dict("records"), shapes, strict=True)
    ]
    assert fitted["origin_key"].tolist() == list(dict.fromkeys(expected))
