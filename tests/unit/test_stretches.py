"""Densities of stretches: worked by hand, and their errors against many draws."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis_core.analysis.stretches import DetectorQuality, nearest_stretch, stretch_traffic
from gis_core.analysis.traffic import HANOI_UNITS
from gis_core.config import get_settings
from layers.passenger_cars import chosen_units


def test_densities_are_vehicles_per_frame_and_length() -> None:
    """30 cars and 60 motorcycles in 10 frames of 150 m: 20 and 40 a kilometre."""
    traffic = stretch_traffic(np.array([[30, 60]]), 10, np.array([150.0]), np.array([1.0, 0.25]))
    assert traffic.vehicles == pytest.approx([9.0])
    assert traffic.veh_km == pytest.approx([60.0])
    assert traffic.pcu_km == pytest.approx([30.0])
    assert traffic.veh_km_sigma == pytest.approx([np.sqrt(90) / 10 / 0.15])
    assert traffic.pcu_km_sigma == pytest.approx([np.sqrt(30 + 60 * 0.25**2) / 10 / 0.15])


def test_what_the_detector_misses_is_added_with_its_error() -> None:
    quality = DetectorQuality(0.9, 0.6, 0.0, 0.06)
    traffic = stretch_traffic(np.array([[100]]), 1, np.array([1000.0]), np.ones(1), quality)
    assert traffic.vehicles == pytest.approx([150.0])
    assert traffic.vehicles_sigma == pytest.approx([np.hypot(1.5 * 10, 150 * 0.1)])


def test_an_empty_stretch_is_not_empty_for_sure() -> None:
    traffic = stretch_traffic(np.zeros((1, 2), int), 4, np.array([100.0]), np.ones(2))
    assert (traffic.veh_km, traffic.veh_km_sigma) == (pytest.approx([0.0]), pytest.approx([2.5]))


def test_the_error_covers_what_was_there() -> None:
    """Vehicles by Poisson, found with recall 0.7, and false ones so that precision is 0.9."""
    draw = np.random.default_rng(5)
    true_mean, frames, recall, precision = 4.0, 50, 0.7, 0.9
    found = draw.poisson(true_mean * recall / precision, (4000, frames)).sum(axis=1)
    quality = DetectorQuality(precision, recall)
    traffic = stretch_traffic(found[:, None], frames, np.full(4000, 100.0), np.ones(1), quality)
    error = (traffic.vehicles - true_mean) / traffic.vehicles_sigma
    assert abs(error.mean()) < 0.1
    assert 0.93 < (np.abs(error) < 1.96).mean() < 0.97


def test_positions_belong_to_the_nearest_stretch_within_reach() -> None:
    lines = np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 20), (100, 20)])])
    x = np.array([50.0, 50.0, 50.0, 50.0, np.nan])
    y = np.array([3.0, 15.0, 30.0, 10.5, 0.0])
    assert nearest_stretch(x, y, lines, 6.0).tolist() == [0, 1, -1, -1, -1]
    assert nearest_stretch(x, y, lines, np.array([6.0, 6, 12, 12, 12])).tolist() == [0, 1, 1, 1, -1]
    assert nearest_stretch(x, y, lines[:0], 6.0).tolist() == [-1] * 5


def test_the_tables_of_units_are_by_design_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HANOI_UNITS.units("Motorcycle", 50) == pytest.approx(1 / 3.4)
    assert HANOI_UNITS.units("tractor") == 1.0
    settings = get_settings()
    assert chosen_units(settings) is HANOI_UNITS
    traffic = settings.traffic.model_copy(update={"units": "tcxdvn104"})
    table = chosen_units(settings.model_copy(update={"traffic": traffic}))
    by_speed = [table.units("motorcycle", speed) for speed in (20, 30, 50, 60, 80, None)]
    assert by_speed == [0.15, 0.25, 0.25, 0.5, 0.5, 0.5]
    assert [table.units("bus", speed) for speed in (20, 40, 60)] == [3.5, 3.0, 2.5]
