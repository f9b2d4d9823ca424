"""Detections gain road, ward and forest zone on their way in, by the layers of that very moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import Connection, event, text

from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from gis_core.db import reading, working_engine, writing
from gis_core.errors import InvalidParameterError
from layers.commands import layers
from layers.enrich import ENRICHED
from layers.ingest.names import columns_of
from layers.read import read
from layers.registry import LAYERS
from layers.status_commands import group
from layers.store import complete, forget_simulated, put
from layers.versions import versions

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2025, 10, 27, 5, tzinfo=UTC)
X_M, Y_M = transformer(STORAGE_SRID, METRIC_SRID).transform(107.58, 16.46)
DETECTIONS = LAYERS["detections"]


def at(x_m: float, y_m: float) -> shapely.Point:
    return shapely.Point(transformer(METRIC_SRID, STORAGE_SRID).transform(X_M + x_m, Y_M + y_m))


def into(connection: Connection, layer: str, shapes: list[shapely.Geometry], **columns: Any) -> None:
    frame = gpd.GeoDataFrame(
        {"origin": "test", "simulated": False} | columns, geometry=shapes, crs=STORAGE_SRID
    )
    put(connection, LAYERS[layer], complete(LAYERS[layer], frame))


def road(connection: Connection, code: str, y_m: float = 0.0, **columns: Any) -> None:
    line = shapely.LineString([at(0, y_m), at(100, y_m)])
    into(connection, "road_segments", [line], code=[code], road_class="primary", one_way=False, **columns)


def see(connection: Connection, key: str, *places: shapely.Point, camera: str | None = "CAM-1") -> None:
    numbers = range(len(places))
    into(
        connection,
        "detections",
        [*places],
        detected_at=[NOON + timedelta(seconds=n) for n in numbers],
        camera_code=camera,
        subject="vehicle",
        class_name="car",
        origin_key=[f"{key}/{n}" for n in numbers],
    )


def stored() -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, DETECTIONS, columns=("origin_key", *ENRICHED)).set_index("origin_key")


def test_road_ward_and_zone_of_what_cameras_see() -> None:
    with writing() as connection:
        road(connection, "R1")
        box = shapely.MultiPolygon([shapely.box(107.5, 16.4, 107.6, 16.5)])
        into(connection, "wards", [box], code=["W"], name="Phường", kind="ward")
        zone = shapely.MultiPolygon([at(50, 0).buffer(1e-4)])
        into(connection, "forest_zones", [zone], code=["F"], name="Rừng", category="protection")
        see(connection, "near", at(50, 4), at(20, -3), at(50, 31))
        see(connection, "hotspot", at(50, 4), camera=None)
    rows = stored()
    first = rows.loc["near/0"]
    assert first[["road_segment_code", "segment_side", "ward_code", "forest_zone_code"]].tolist() == [
        "R1",
        "left",
        "W",
        "F",
    ]
    assert first["segment_distance_m"] == pytest.approx(4, abs=0.01)
    assert first["segment_fraction"] == pytest.approx(0.5, abs=1e-3)
    assert rows.loc["near/1", ["road_segment_code", "segment_side", "ward_code"]].tolist() == [
        "R1",
        "right",
        "W",
    ]
    assert pd.isna(rows.loc["near/1", "forest_zone_code"])
    for key in ("near/2", "hotspot/0"):
        assert rows.loc[key, [*ENRICHED[:4]]].isna().all()
        assert rows.loc[key, "ward_code"] == "W"


def test_without_any_other_layer_nothing_is_gained() -> None:
    with writing() as connection:
        see(connection, "a", at(0, 0))
    assert stored()[[*ENRICHED]].isna().all(axis=None)


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    from gis_core.config import get_settings

    monkeypatch.setenv("HUEGIS_ENRICH__SNAP_WITHIN_M", "3.5")
    get_settings.cache_clear()
    with writing() as connection:
        road(connection, "R1")
        see(connection, "a", at(50, 3), at(50, 4))
    assert stored()["road_segment_code"].notna().tolist() == [True, False]


def test_no_source_brings_what_enrichment_sets() -> None:
    assert not set(ENRICHED) & set(columns_of(DETECTIONS))
    assert columns_of(LAYERS["cameras"]).keys() >= {"road_segment_code"}


# --- versions of the layers ------------------------------------------------------------------------


def version(layer: str) -> int:
    with reading() as connection:
        return versions(connection, [layer])[layer]


def test_every_change_of_things_that_last_is_a_new_version_and_a_rollback_is_none() -> None:
    seen = [version("road_segments")]
    with writing() as connection:
        road(connection, "R1")
    seen.append(version("road_segments"))
    with writing() as connection:
        forget_simulated(connection, LAYERS["road_segments"])
    seen.append(version("road_segments"))
    assert seen == sorted(set(seen))
    with pytest.raises(RuntimeError):
        change_and_fail("R2")
    assert version("road_segments") == seen[-1]
    assert version("detections") == 0


def change_and_fail(code: str) -> None:
    with writing() as connection:
        road(connection, code, 10.0)
        see(connection, "lost", at(50, 9))
        raise RuntimeError("the power went")


def test_detections_are_put_on_the_roads_of_their_own_transaction_and_never_on_those_of_a_lost_one() -> None:
    with writing() as connection:
        road(connection, "R1")
        see(connection, "before", at(50, 9))
    with pytest.raises(RuntimeError):
        change_and_fail("R2")
    with writing() as connection:
        see(connection, "after the lost one", at(50, 9))
    with writing() as connection:
        road(connection, "R3", 10.0)
        see(connection, "after", at(50, 9))
        road(connection, "R3", 500.0)
        see(connection, "moved away", at(50, 9))
    assert stored()["road_segment_code"].to_dict() == {
        "before/0": "R1",
        "after the lost one/0": "R1",
        "after/0": "R3",
        "moved away/0": "R1",
    }


def test_roads_are_read_again_only_when_they_changed() -> None:
    with writing() as connection:
        road(connection, "R1")
        see(connection, "first", at(50, 9))
    read_roads: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM gis.road_segments" in statement:
            read_roads.append(statement)

    engine = working_engine()
    event.listen(engine, "before_cursor_execute", note)
    with writing() as connection:
        see(connection, "second", at(50, 9))
    assert read_roads == []
    with writing() as connection:
        road(connection, "R2", 10.0)
        see(connection, "third", at(50, 9))
    assert len([one for one in read_roads if "AsBinary" in one]) == 1


# --- catching up ------------------------------------------------------------------------------------


def test_history_is_loaded_bare_and_caught_up_by_a_command(tmp_path: Path) -> None:
    with writing() as connection:
        road(connection, "R1")
    file = tmp_path / "history.csv"
    place = at(50, 4)
    file.write_text(
        "lon,lat,detected_at,camera_code,subject,class_name,origin_key\n"
        + "".join(
            f"{place.x},{place.y},2025-10-{day:02d}T08:00:00Z,CAM-1,vehicle,car,{day}\n" for day in (3, 4, 9)
        )
    )
    loaded = CliRunner().invoke(
        layers, ["load", "detections", "--no-enrichment", str(file)], catch_exceptions=False
    )
    assert "3 inserted" in loaded.output
    assert stored()["road_segment_code"].isna().all()
    first = CliRunner().invoke(group, ["enrich"], catch_exceptions=False)
    assert first.output == "3 days: 3 detections, 3 of them changed; hours recounted.\n"
    assert set(stored()["road_segment_code"]) == {"R1"}
    again = CliRunner().invoke(group, ["enrich"], catch_exceptions=False)
    assert again.output.startswith("0 days")
    some = CliRunner().invoke(
        group, ["enrich", "--from", "2025-10-04", "--to", "2025-10-09"], catch_exceptions=False
    )
    assert "1 detections, 0 of them changed" in some.output
    with reading() as connection:
        counts = connection.execute(
            text("SELECT road_segment_code, detections FROM gis.segment_counts")
        ).all()
    assert [tuple(row) for row in counts] == [("R1", 1)] * 3
    with pytest.raises(InvalidParameterError, match="does not come after"):
        CliRunner().invoke(
            group, ["enrich", "--from", "2025-10-09", "--to", "2025-10-04"], catch_exceptions=False
        )
