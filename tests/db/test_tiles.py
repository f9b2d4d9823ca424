"""Tiles that PostGIS makes: where features lie, which are left out, and when a kept tile is good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from gis_core.crs import transformer
from gis_core.db import reading, writing
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds
from layers.base import Layer
from layers.query import Interval
from layers.registry import LAYERS
from layers.status import change_status
from layers.store import forget_simulated, load
from layers.tiles.changes import state_of
from layers.tiles.commands import group
from layers.tiles.keeping import fresh_tile, kept_tile, new_tile
from layers.tiles.matrix_sets import WEB_MERCATOR_QUAD, WORLD_CRS84_QUAD
from layers.tiles.query import FEW, MadeTile, TileQuery, make_tile, shown_properties
from layers.tiles.seeding import seed_level
from tests.tile_reading import STEPS, features_of, layers_of

DETECTIONS, CAMERAS, WARDS, ELLIPSES = (
    LAYERS[name] for name in ("detections", "cameras", "wards", "detection_ellipses")
)
START = datetime(2025, 10, 31, 16, tzinfo=UTC)
LEVEL, ROW, COL = 14, 7432, 13087
"""A tile of the citadel of Huế."""

pytestmark = pytest.mark.usefixtures("database")


def detections(points: list[tuple[float, float]], **columns: Any) -> None:
    """Detections at places in degrees, a second from each other; ``columns`` are the others."""
    count = len(points)
    rows = {
        "detected_at": [START + timedelta(seconds=number) for number in range(count)],
        "subject": "vehicle", "class_name": "car", "steward_agency": "CSGT", "origin": "test",
        "origin_key": [str(number) for number in range(count)], "simulated": False,
        **columns,
    }  # fmt: skip
    places = gpd.points_from_xy(*zip(*points, strict=True))
    with writing() as connection:
        load(connection, DETECTIONS, gpd.GeoDataFrame(rows, geometry=places, crs=4326))


def camera(code: str, lon: float, lat: float) -> gpd.GeoDataFrame:
    row = {
        "code": [code], "name": "Camera", "owner_agency": "CA", "purpose": "traffic", "mast_height_m": 10.0,
        "azimuth_deg": 0.5, "tilt_deg": 5.0, "field_of_view_deg": 60.0, "range_m": 300.0,
        "frame_interval_s": 60.0, "ai_solutions": [["smoke", "fire"]], "status": "active", "origin": "test",
    }  # fmt: skip
    return gpd.GeoDataFrame(row, geometry=gpd.points_from_xy([lon], [lat]), crs=4326)


def make(
    layer: Layer, level: int = LEVEL, row: int = ROW, col: int = COL, at_most: int = 20_000, **wanted: Any
) -> MadeTile:
    with reading() as connection:
        return make_tile(connection, TileQuery(layer, WEB_MERCATOR_QUAD, level, row, col, **wanted), at_most)


def within(
    level: int = LEVEL, row: int = ROW, col: int = COL, *, right: float, down: float
) -> tuple[float, float]:
    """A place in degrees, by how far to the right and down it lies in a tile."""
    west, south, east, north = WEB_MERCATOR_QUAD.tile_bounds(level, row, col)
    x, y = west + right * (east - west), north - down * (north - south)
    lon, lat = transformer(3857, 4326).transform(x, y)
    return lon, lat


def test_points_lie_where_they_are_to_a_step_of_the_tile() -> None:
    places = [within(right=right, down=down) for right, down in ((0.1, 0.2), (0.5, 0.5), (0.999, 0.001))]
    detections(places)
    tile = make(DETECTIONS)
    assert layers_of(tile.mvt) == ["detections"]
    found = features_of(tile.mvt, LEVEL, ROW, COL)
    x, y = transformer(4326, 3857).transform(*zip(*places, strict=True))
    step_m = WEB_MERCATOR_QUAD.size(LEVEL) / STEPS
    order = np.argsort(found.geometry.x)
    np.testing.assert_allclose(found.geometry.x.to_numpy()[order], x, atol=step_m)
    np.testing.assert_allclose(found.geometry.y.to_numpy()[order], y, atol=step_m)


def test_a_point_on_the_border_is_in_both_tiles_and_one_farther_in_is_in_one() -> None:
    detections([within(right=1.0, down=0.5), within(right=0.9, down=0.5)])
    assert make(DETECTIONS).features == 2
    assert make(DETECTIONS, col=COL + 1).features == 1
    beyond = features_of(make(DETECTIONS, col=COL + 1).mvt, LEVEL, ROW, COL + 1)
    assert len(beyond) == 1


def test_nothing_there_is_an_empty_tile() -> None:
    assert make(DETECTIONS) == MadeTile(b"", 0, thinned=False)


def test_in_degrees_the_same_points_are_in_the_tile_that_covers_them() -> None:
    lon, lat = within(right=0.3, down=0.3)
    detections([(lon, lat)])
    level = WORLD_CRS84_QUAD.finest_level
    ((row, col),) = WORLD_CRS84_QUAD.covering(Bounds(lon, lat, lon, lat), level).tiles()
    with reading() as connection:
        inside = make_tile(connection, TileQuery(DETECTIONS, WORLD_CRS84_QUAD, level, row, col), 10)
        beside = make_tile(connection, TileQuery(DETECTIONS, WORLD_CRS84_QUAD, level, row, col + 2), 10)
    assert (inside.features, beside.features) == (1, 0)


def test_time_and_values_select_what_is_in_a_tile() -> None:
    places = [within(right=0.1 * number, down=0.5) for number in range(1, 5)]
    detections(places, subject=["vehicle", "forest_fire", "vehicle", "flooding"])
    until = Interval(None, START + timedelta(seconds=2), end_included=False)
    assert make(DETECTIONS, interval=until).features == 2
    assert make(DETECTIONS, interval=Interval(START + timedelta(seconds=1), None)).features == 3
    fire = features_of(make(DETECTIONS, equals={"subject": "forest_fire"}).mvt, LEVEL, ROW, COL)
    assert list(fire["subject"]) == ["forest_fire"]
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *within(right=0.5, down=0.5)))
    assert make(CAMERAS, equals={"ai_solutions": "fire"}).features == 1
    assert make(CAMERAS, equals={"ai_solutions": "fir"}).features == 0


def test_properties_are_chosen_by_zoom_or_by_name() -> None:
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *within(right=0.5, down=0.5)))
    near = features_of(make(CAMERAS).mvt, LEVEL, ROW, COL).iloc[0]
    assert (near["code"], near["ai_solutions"], near["origin"]) == ("C1", "smoke, fire", "test")
    far = features_of(make(CAMERAS, LEVEL - 2, ROW // 4, COL // 4).mvt, LEVEL - 2, ROW // 4, COL // 4)
    assert set(far.columns) - {"mvt_id", "geometry"} == {"code", *shown_properties(CAMERAS, 12)}
    assert "origin" not in far.columns
    chosen = features_of(make(CAMERAS, properties=("name",)).mvt, LEVEL, ROW, COL)
    assert set(chosen.columns) - {"mvt_id", "geometry"} == {"code", "name"}


def test_times_are_iso_8601_and_a_missing_value_is_left_out() -> None:
    detections([within(right=0.5, down=0.5)])
    found = features_of(make(DETECTIONS).mvt, LEVEL, ROW, COL)
    assert str(found["detected_at"].iloc[0]).startswith("2025-10-31")
    assert b"2025-10-31T16:00:00.000Z" in make(DETECTIONS).mvt
    assert "frp_mw" not in found.columns


def test_from_afar_a_uuid_is_left_out_unless_properties_are_chosen() -> None:
    detections([within(right=0.5, down=0.5)])
    far = DETECTIONS, LEVEL - 2, ROW // 4, COL // 4

    def columns(tile: MadeTile, level: int, row: int, col: int) -> set[str]:
        return set(features_of(tile.mvt, level, row, col).columns)

    assert "id" in columns(make(DETECTIONS), LEVEL, ROW, COL)
    assert "id" not in columns(make(*far), *far[1:])
    assert {"id", "subject"} <= columns(make(*far, properties=("subject",)), *far[1:])


def crowd(count: int) -> list[tuple[float, float]]:
    """Places that are close together: from afar they are one pixel."""
    lon, lat = within(right=0.5, down=0.5)
    return [(lon + 1e-7 * number, lat) for number in range(count)]


def test_a_verified_fire_does_not_vanish_behind_a_crowd_of_vehicles() -> None:
    detections(crowd(FEW + 500))
    detections(crowd(3), subject="forest_fire", status="suspected", origin="satellite")
    with reading() as connection:
        fire_id, fire_at = connection.execute(
            text(
                "SELECT id, detected_at FROM gis.detections WHERE subject = 'forest_fire' ORDER BY id LIMIT 1"
            )
        ).one()
    change(fire_id)
    assert fire_at == START
    for level in (2, 6, 9, 11):
        shift = LEVEL - level
        tile = make(DETECTIONS, level, ROW >> shift, COL >> shift)
        assert tile.thinned
        found = features_of(tile.mvt, level, ROW >> shift, COL >> shift)
        told = sorted(zip(found["subject"], found["status"], strict=True))
        assert ("forest_fire", "verified") in told
        assert ("forest_fire", "suspected") in told
        assert told.count(("vehicle", "observed")) < 10


def change(event_id: Any) -> None:
    with writing() as connection:
        change_status(connection, event_id, "verified", "Hạt Kiểm lâm")


def test_where_there_are_too_many_common_ones_give_way() -> None:
    spread = [within(right=0.01 * right, down=0.1 * down) for right in range(100) for down in range(10)]
    detections(spread)
    detections([within(right=0.5, down=0.55)], subject="forest_fire", origin="satellite")
    tile = make(DETECTIONS, at_most=100)
    assert (tile.features, tile.thinned) == (100, True)
    assert "forest_fire" in set(features_of(tile.mvt, LEVEL, ROW, COL)["subject"])


def test_few_features_are_never_thinned() -> None:
    detections(crowd(50))
    tile = make(DETECTIONS, 6, ROW >> 8, COL >> 8)
    assert (tile.features, tile.thinned) == (50, False)


def ward(code: str, shape: shapely.Geometry) -> None:
    row = {"code": [code], "name": [code], "kind": ["ward"], "origin": ["test"]}
    with writing() as connection:
        areas = gpd.GeoDataFrame(row, geometry=[shapely.MultiPolygon([shape])], crs=4326)
        load(connection, WARDS, areas)


def test_an_area_that_is_smaller_than_a_pixel_is_one_pixel_large() -> None:
    lon, lat = within(right=0.5, down=0.5)
    ward("small", shapely.box(lon, lat, lon + 1e-5, lat + 1e-5))
    shift = LEVEL - 5
    found = features_of(make(WARDS, 5, ROW >> shift, COL >> shift).mvt, 5, ROW >> shift, COL >> shift)
    west, _, east, _ = found.geometry.iloc[0].bounds
    assert east - west == pytest.approx(WEB_MERCATOR_QUAD.cell_size(5), rel=0.2)


def test_lines_are_simplified_from_afar_and_exact_on_the_finest_level() -> None:
    lon, lat = within(right=0.5, down=0.5)
    ward("round", shapely.Point(lon, lat).buffer(0.004, quad_segs=200))

    def corners(level: int) -> int:
        shift = LEVEL - level
        row, col = (ROW >> shift, COL >> shift) if shift >= 0 else (ROW << -shift, COL << -shift)
        found = features_of(make(WARDS, level, row, col).mvt, level, row, col)
        return int(shapely.get_num_coordinates(found.geometry.iloc[0]))

    assert corners(8) < corners(11) < corners(14)


def test_computed_ellipses_are_drawn_around_their_detections() -> None:
    lon, lat = within(right=0.5, down=0.5)
    detections([(lon, lat)], cov_xx_m2=400.0, cov_xy_m2=0.0, cov_yy_m2=100.0)
    found = features_of(make(ELLIPSES).mvt, LEVEL, ROW, COL)
    x, y = transformer(4326, 3857).transform(lon, lat)
    (shape,) = found.geometry
    assert shape.geom_type == "Polygon"
    assert shape.centroid.distance(shapely.Point(x, y)) < WEB_MERCATOR_QUAD.size(LEVEL) / STEPS * 2
    west, south, east, north = shape.bounds
    assert (east - west) / (north - south) == pytest.approx(2, rel=0.05)


def state(layer: Layer) -> str:
    with reading() as connection:
        found = state_of(connection, layer.table)
    assert found is not None
    return found


def test_every_change_of_a_layer_is_noted_and_no_other() -> None:
    place = within(right=0.5, down=0.5)
    seen = [state(CAMERAS)]
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *place))
    seen.append(state(CAMERAS))
    with writing() as connection:
        load(connection, CAMERAS, camera("C2", *place))
    seen.append(state(CAMERAS))
    with writing() as connection:
        connection.execute(text("UPDATE gis.cameras SET name = 'Khác' WHERE code = 'C1'"))
    seen.append(state(CAMERAS))
    with writing() as connection:
        connection.execute(text("DELETE FROM gis.cameras"))
    seen.append(state(CAMERAS))
    assert len(set(seen)) == len(seen)
    detections([place])
    assert state(CAMERAS) == seen[-1]


def test_events_are_noted_by_load_by_status_and_by_leaving() -> None:
    seen = [state(DETECTIONS)]
    detections([within(right=0.5, down=0.5)], subject="forest_fire", status="suspected", simulated=True)
    seen.append(state(DETECTIONS))
    with reading() as connection:
        event_id = connection.execute(text("SELECT id FROM gis.detections")).scalar_one()
    change(event_id)
    seen.append(state(DETECTIONS))
    with writing() as connection:
        forget_simulated(connection, DETECTIONS)
    seen.append(state(DETECTIONS))
    assert len(set(seen)) == len(seen)


def test_what_is_taken_back_changes_nothing() -> None:
    before = state(CAMERAS)
    with reading() as connection, connection.begin():
        load(connection, CAMERAS, camera("C1", 107.58, 16.46))
        assert state_of(connection, CAMERAS.table) != before
        connection.rollback()
    assert state(CAMERAS) == before


def test_two_that_change_a_layer_at_once_do_not_wait_and_both_are_noted() -> None:
    before = state(CAMERAS)
    with reading() as first, reading() as second:
        first.execute(text("SET lock_timeout = '2s'"))
        second.execute(text("SET lock_timeout = '2s'"))
        change_all = text("UPDATE gis.cameras SET name = 'Khác' WHERE false")
        first.execute(change_all)
        second.execute(change_all)
        second.commit()
        between = state(CAMERAS)
        first.commit()
    assert len({before, between, state(CAMERAS)}) == 3


def test_a_table_that_nobody_watches_is_not_kept() -> None:
    with writing() as connection:
        connection.execute(text("DROP TRIGGER note_layer_change ON gis.cameras"))
        load(connection, CAMERAS, camera("C1", *within(right=0.5, down=0.5)))
    query = TileQuery(CAMERAS, WEB_MERCATOR_QUAD, LEVEL, ROW, COL)
    with reading() as connection:
        assert new_tile(connection, query).mvt
        assert kept_tile(connection, query) is None


def test_a_kept_tile_is_good_until_its_layer_changes() -> None:
    place = within(right=0.5, down=0.5)
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *place))
    query = TileQuery(CAMERAS, WEB_MERCATOR_QUAD, LEVEL, ROW, COL)
    with reading() as connection:
        assert kept_tile(connection, query) is None
        made = new_tile(connection, query)
        assert kept_tile(connection, query) == made
    with writing() as connection:
        load(connection, CAMERAS, camera("C2", *place))
    with reading() as connection:
        assert kept_tile(connection, query) is None
        assert new_tile(connection, query).etag != made.etag


def test_a_young_tile_of_events_is_given_without_asking_the_database() -> None:
    detections([within(right=0.5, down=0.5)])
    query = TileQuery(DETECTIONS, WEB_MERCATOR_QUAD, LEVEL, ROW, COL)
    assert fresh_tile(query) is None
    with reading() as connection:
        made = new_tile(connection, query)
        of_cameras = TileQuery(CAMERAS, WEB_MERCATOR_QUAD, LEVEL, ROW, COL)
        new_tile(connection, of_cameras)
    assert fresh_tile(query) == made
    assert fresh_tile(of_cameras) is None


def test_seeding_makes_each_tile_once() -> None:
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *within(right=0.5, down=0.5)))
    tiles = WEB_MERCATOR_QUAD.covering(Bounds(107.5, 16.4, 107.6, 16.5), 12)
    count = len(list(tiles.tiles()))
    first, again = (seed_level(CAMERAS, WEB_MERCATOR_QUAD, tiles) for _ in range(2))
    assert (first.made, first.kept, again.made, again.kept) == (count, 0, 0, count)
    assert first.bytes == again.bytes > 0


def test_the_command_seeds_and_refuses_in_a_sentence() -> None:
    with writing() as connection:
        load(connection, CAMERAS, camera("C1", *within(right=0.5, down=0.5)))
    box = ["--bbox", "107.5", "16.4", "107.6", "16.5"]
    done = CliRunner().invoke(group, ["seed", "cameras", "--zoom", "10-11", *box])
    assert done.exit_code == 0, done.output
    first, second = done.output.splitlines()
    assert first.startswith("cameras WebMercatorQuad 10: 2 tiles made, 0 were there")
    assert second.startswith("cameras WebMercatorQuad 11:")
    for wrong in (["--zoom", "12-6"], ["--zoom", "6-99"], ["--zoom", "6", "--matrix-set", "Other"]):
        refused = CliRunner().invoke(group, ["seed", "cameras", *wrong])
        assert isinstance(refused.exception, InvalidParameterError)
