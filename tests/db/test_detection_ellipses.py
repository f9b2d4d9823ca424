"""Ellipses are made from covariances when they are read, and found by boxes through indexes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.georeference import ellipse_polygons
from gis_core.types import Bounds
from layers.page_sql import Shape, page_sql
from layers.query import FeatureQuery, _values, read_page
from layers.read import read
from layers.registry import LAYERS
from layers.store import load

ELLIPSES, DETECTIONS = LAYERS["detection_ellipses"], LAYERS["detections"]
EAST, NORTH = 560_000.0, 1_820_000.0
START = datetime(2025, 10, 27, tzinfo=UTC)


def put(x: np.ndarray, y: np.ndarray, covariance_m2: np.ndarray, origin: str = "test") -> None:
    count = len(x)
    rows = gpd.GeoDataFrame(
        {
            "detected_at": [START + timedelta(seconds=number) for number in range(count)],
            "subject": ["forest_fire"] * count, "class_name": ["smoke"] * count,
            "cov_xx_m2": covariance_m2[:, 0, 0], "cov_xy_m2": covariance_m2[:, 0, 1],
            "cov_yy_m2": covariance_m2[:, 1, 1], "origin": [origin] * count,
            "origin_key": [str(number) for number in range(count)],
        },
        geometry=gpd.points_from_xy(x, y), crs=METRIC_SRID,
    )  # fmt: skip
    with writing() as connection:
        load(connection, DETECTIONS, rows.to_crs(4326))


def random_covariances(count: int, seed: int, largest_m: float) -> np.ndarray:
    draw = np.random.default_rng(seed)
    factor = draw.normal(size=(count, 2, 2)) * draw.uniform(0.5, largest_m, (count, 1, 1))
    return factor @ factor.transpose(0, 2, 1)


def ellipses(bounds: Bounds | None = None) -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, ELLIPSES, bounds=bounds)


def box_around(x: float, y: float, half_m: float) -> Bounds:
    limits = gpd.GeoSeries([shapely.box(x - half_m, y - half_m, x + half_m, y + half_m)], crs=METRIC_SRID)
    return Bounds(*limits.to_crs(4326).total_bounds)


def test_the_ellipses_are_those_of_the_covariances(database: str) -> None:
    covariance = random_covariances(50, 1, 300)
    covariance[0] = [[4.0, 0.0], [0.0, 0.0]]
    draw = np.random.default_rng(2)
    x, y = EAST + draw.uniform(-2e4, 2e4, 50), NORTH + draw.uniform(-2e4, 2e4, 50)
    put(x, y, covariance)
    made = ellipses().sort_values("detected_at").to_crs(METRIC_SRID).geometry.to_numpy()
    expected = ellipse_polygons(x, y, covariance)
    assert shapely.is_valid(made).all()
    assert shapely.area(made)[1:] == pytest.approx(shapely.area(expected)[1:], rel=1e-4)
    # The corners lie elsewhere on the same curve.
    apart = shapely.hausdorff_distance(made[1:], expected[1:])
    longest = np.sqrt(np.linalg.eigvalsh(covariance[1:]).max(axis=1)) * 2.45
    assert (apart < 0.012 * longest).all()
    assert shapely.length(made[0]) == pytest.approx(4 * 2 * 2.4477, rel=0.01)


def test_detections_without_covariance_are_left_out(database: str) -> None:
    covariance = random_covariances(3, 1, 50)
    covariance[1] = np.nan
    put(np.full(3, EAST), np.full(3, NORTH), covariance)
    with reading() as connection:
        page = read_page(connection, FeatureQuery(ELLIPSES, 10), 10_000)
        everything = read_page(connection, FeatureQuery(DETECTIONS, 10), 10_000)
    assert (page.matched.number, page.matched.is_exact) == (2, True)
    assert everything.matched.number == 3
    assert set(ellipses().geom_type) == {"Polygon"}


def test_a_box_finds_exactly_the_ellipses_that_meet_it(database: str) -> None:
    """Small and large ones, the positions of many of them outside the box."""
    draw = np.random.default_rng(3)
    covariance = np.concatenate([random_covariances(200, 4, 30), random_covariances(100, 5, 1500)])
    x, y = EAST + draw.uniform(-4000, 4000, 300), NORTH + draw.uniform(-4000, 4000, 300)
    put(x, y, covariance)
    everything = ellipses()
    for half_m in (50.0, 400.0, 1500.0):
        box = box_around(EAST + 300, NORTH - 200, half_m)
        expected = everything[everything.intersects(shapely.box(*box))]
        found = ellipses(box)
        assert set(found["id"]) == set(expected["id"])
        with reading() as connection:
            page = read_page(connection, FeatureQuery(ELLIPSES, 1000, bbox=box), 10_000)
        assert page.matched.number == page.number_returned == len(expected)
    with reading() as connection:
        inside = read(connection, DETECTIONS, bounds=box)
    assert 0 < len(inside) < len(expected) < 300


def test_pages_follow_each_other_and_hold_every_ellipse_once(database: str) -> None:
    covariance = random_covariances(25, 1, 50)
    covariance[::5] = np.nan
    put(np.full(25, EAST), np.full(25, NORTH), covariance)
    seen, cursor = 0, None
    with reading() as connection:
        while True:
            page = read_page(connection, FeatureQuery(ELLIPSES, 6, cursor=cursor), 10_000)
            seen, cursor = seen + page.number_returned, page.next_cursor
            if cursor is None:
                break
    assert seen == 20


def test_a_small_box_in_a_large_table_is_answered_by_the_indexes(database: str) -> None:
    count = 20_000
    draw = np.random.default_rng(6)
    x, y = EAST + draw.uniform(-2e4, 2e4, count), NORTH + draw.uniform(-2e4, 2e4, count)
    put(x, y, random_covariances(count, 7, 10))
    put(x[:20], y[:20], random_covariances(20, 8, 2000), origin="far")
    with writing() as connection:
        connection.execute(text("ANALYZE gis.detections"))
    query = FeatureQuery(ELLIPSES, 100, bbox=box_around(EAST, NORTH, 100))
    values = _values(query)
    sql = page_sql(Shape(ELLIPSES, 4326, False, None, tuple(values)))
    with reading() as connection:
        plan = (
            connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {sql}", {**values, "_limit": 100})
            .scalars()
            .all()
        )
    scans = [line for line in plan if "Index Scan on detections_2025_10_geom" in line]
    assert len(scans) == 2, "\n".join(plan)
    assert not any("Seq Scan" in line for line in plan)


def test_the_export_holds_polygons(database: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from layers.export import export

    put(np.full(3, EAST), np.full(3, NORTH), random_covariances(3, 1, 50))
    done = export(ELLIPSES, tmp_path / "ellipses.gpkg", crs="EPSG:9214")
    written = gpd.read_file(tmp_path / "ellipses.gpkg")
    assert (done.features, set(written.geom_type)) == (3, {"Polygon"})
    assert pd.api.types.is_float_dtype(written["cov_xx_m2"])
