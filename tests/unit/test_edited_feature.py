"""A feature of an editor: whatever comes, it is a row that keeps every rule, or all its faults are named."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_core.crs import parse_crs
from gis_core.errors import FeatureFault, InvalidFeatureError
from layers.base import Layer
from layers.edited_feature import changed_row, new_feature_id, new_row, read_feature_document
from layers.editing import actions
from layers.registry import LAYERS

CRS84 = parse_crs("CRS84")
EDITABLE = [layer for layer in LAYERS.values() if "create" in actions(layer)]
SPOTS = LAYERS["flood_spots"]

values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
anything = st.recursive(values, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
degrees = st.floats(-400, 400)
points = st.builds(lambda x, y: {"type": "Point", "coordinates": [x, y]}, degrees, degrees)
lines = st.builds(
    lambda places: {"type": "LineString", "coordinates": places},
    st.lists(st.tuples(st.floats(107.1, 108.1), st.floats(16.0, 16.7)), min_size=2, max_size=4),
)
geometries = points | lines | anything


def documents(layer: Layer) -> st.SearchStrategy[Any]:
    names = st.sampled_from([column.name for column in (layer.id_column, *layer.properties)])
    properties = st.dictionaries(names, anything, max_size=6)
    member = {"properties": properties | anything, "geometry": geometries}
    return st.fixed_dictionaries({"type": st.just("Feature")}, optional=member | {"id": anything}) | anything


def spot(**properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [107.58, 16.46]}
    return {"type": "Feature", "geometry": geometry, "properties": {"name": "Ngã Sáu"} | properties}


def stored(**changes: Any) -> gpd.GeoDataFrame:
    own = {"code": "FS-1", "name": "Ngã Sáu", "camera_code": "C-1", "ground_elevation_m": 2.5}
    return gpd.GeoDataFrame(
        [own | {"origin": "survey.gpkg", "simulated": False} | changes],
        geometry=[shapely.Point(107.5 + 1 / 300, 16.46)],
        crs=4326,
    )


def judged(layer: Layer, document: Any) -> tuple[gpd.GeoDataFrame | None, tuple[FeatureFault, ...]]:
    try:
        given_ = read_feature_document(layer, document, CRS84, partly=False)
        return new_row(layer, "X-1", given_, "civil"), ()
    except InvalidFeatureError as refused:
        return None, refused.faults


@given(
    name=st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=50).filter(str.strip),
    elevation_m=st.none() | st.integers(-10, 3000) | st.floats(-10, 3000),
    lon=st.floats(107.0, 108.25),
    lat=st.floats(15.95, 16.80),
)
def test_a_good_feature_is_taken_as_it_is(
    name: str, elevation_m: float | None, lon: float, lat: float
) -> None:
    document = spot(name=name, ground_elevation_m=elevation_m)
    document["geometry"]["coordinates"] = [lon, lat]
    row, faults = judged(SPOTS, document)
    assert not faults
    assert row is not None
    assert row["name"].iloc[0] == name
    assert row["ground_elevation_m"].iloc[0] == elevation_m
    assert (row.geometry.x[0], row.geometry.y[0]) == (lon, lat)


@pytest.mark.parametrize("layer", EDITABLE, ids=lambda layer: layer.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_comes_is_a_row_or_has_named_faults(layer: Layer, data: st.DataObject) -> None:
    document = data.draw(documents(layer))
    row, faults = judged(layer, document)
    assert all(fault.member and fault.reason for fault in faults)
    assert (row is None) == bool(faults)
    if row is None:
        return
    assert len(row) == 1
    assert row.geometry.iloc[0].is_valid
    assert row["origin"].iloc[0] == "civil"
    for column in layer.table.columns:
        value = row[column.name].iloc[0] if column.name in row else None
        if value is not None and np.isscalar(value) and column.info.get("minimum") is not None:
            assert not value < column.info["minimum"]


def test_a_patch_keeps_what_it_does_not_name() -> None:
    given_ = read_feature_document(SPOTS, {"properties": {"camera_code": None}}, CRS84, partly=True)
    row = changed_row(SPOTS, stored(), given_, partly=True)
    assert row["camera_code"].iloc[0] is None
    assert row["ground_elevation_m"].iloc[0] == 2.5
    assert row["origin"].iloc[0] == "survey.gpkg"
    assert row.geometry.iloc[0].equals_exact(stored().geometry.iloc[0])


def test_a_replacement_keeps_only_what_the_service_says() -> None:
    given_ = read_feature_document(SPOTS, spot(origin="survey.gpkg"), CRS84, partly=False)
    row = changed_row(SPOTS, stored(simulated=True), given_, partly=False)
    assert row["camera_code"].iloc[0] is None
    assert row["ground_elevation_m"].iloc[0] is None
    assert row["code"].iloc[0] == "FS-1"
    assert bool(row["simulated"].iloc[0]) is True


def test_a_place_that_comes_back_rounded_was_not_moved() -> None:
    before = stored()
    rounded = {"type": "Point", "coordinates": [round(before.geometry.x[0], 7), 16.46]}
    given_ = read_feature_document(SPOTS, {"geometry": rounded}, CRS84, partly=True)
    assert changed_row(SPOTS, before, given_, partly=True).geometry.x[0] == before.geometry.x[0]


def test_a_feature_that_lies_outside_already_may_be_described() -> None:
    before = stored()
    before = before.set_geometry(gpd.GeoSeries([shapely.Point(105.8, 21.0)], crs=4326))
    given_ = read_feature_document(SPOTS, {"properties": {"name": "Xa"}}, CRS84, partly=True)
    assert changed_row(SPOTS, before, given_, partly=True)["name"].iloc[0] == "Xa"


def test_identifiers_are_short_and_differ() -> None:
    made = {new_feature_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {10}


def test_what_may_be_edited_follows_from_the_layer() -> None:
    assert {layer.name for layer in EDITABLE} == {
        "wards", "forest_zones", "rivers", "road_segments", "cameras", "rain_stations", "river_gauges",
        "climate_stations", "count_stations", "flood_spots", "buildings",
    }  # fmt: skip
    assert actions(LAYERS["detections"], ["editor"]) == {"update"}
    assert actions(LAYERS["detection_ellipses"]) == actions(LAYERS["observations"]) == frozenset()
    assert actions(SPOTS, ["guest"]) == frozenset()
