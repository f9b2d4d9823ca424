"""View cones and position errors against values worked by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from gis_core.camera import ground_covariance, view_cone
from gis_core.crs import METRIC_SRID


@given(azimuth_deg=st.floats(0, 360), view_deg=st.floats(5, 120), range_m=st.floats(10, 5000))
def test_a_cone_has_the_area_of_its_sector(azimuth_deg: float, view_deg: float, range_m: float) -> None:
    """½·r²·φ, less what the chords of twelve steps cut off (under 0.8 % at 120°)."""
    position = gpd.GeoSeries([Point(107.58, 16.46)], crs=4326)
    cone = view_cone(position, pd.Series([azimuth_deg]), pd.Series([view_deg]), pd.Series([range_m]))
    sector_m2 = 0.5 * range_m**2 * np.radians(view_deg)
    assert cone.to_crs(METRIC_SRID).area.iloc[0] == pytest.approx(sector_m2, rel=8e-3)
    assert cone.is_valid.all()


def test_a_cone_lies_ahead_of_its_camera() -> None:
    position = gpd.GeoSeries([Point(561_000, 1_820_000)], crs=METRIC_SRID)
    cone = view_cone(position, pd.Series([90.0]), pd.Series([60.0]), pd.Series([100.0])).to_crs(METRIC_SRID)
    west, south, east, north = cone.total_bounds
    assert (west, east) == pytest.approx((561_000, 561_100), abs=0.01)
    assert (south, north) == pytest.approx((1_819_950, 1_820_050), abs=0.01)


def test_position_errors_of_a_ten_metre_mast() -> None:
    """At 100 m and 0.1° the range error is (R² + h²)/h·σ = 1.76 m and the cross error 0.17 m."""
    covariance = ground_covariance(np.array([0.0]), np.array([100.0]), 10.0, 0.1, 0.1)[0]
    assert np.sqrt(covariance[1, 1]) == pytest.approx(1.763, abs=1e-3)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(0.1745, abs=1e-4)
    assert covariance[0, 1] == pytest.approx(0)


@given(bearing_deg=st.floats(0, 360), distance_m=st.floats(1, 5000), height_m=st.floats(2, 60))
def test_a_covariance_is_symmetric_and_positive_whatever_the_bearing(
    bearing_deg: float, distance_m: float, height_m: float
) -> None:
    covariance = ground_covariance(np.array([bearing_deg]), np.array([distance_m]), height_m, 0.2, 0.1)[0]
    north = ground_covariance(np.array([0.0]), np.array([distance_m]), height_m, 0.2, 0.1)[0]
    assert covariance[0, 1] == pytest.approx(covariance[1, 0])
    assert np.linalg.eigvalsh(covariance) == pytest.approx(np.linalg.eigvalsh(north), rel=1e-6)
