"""Rain between stations: worked by hand, refitted by hand, exact at stations, and real rain of 1999."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykrige.ok import OrdinaryKriging

from gis_core.analysis.rainfall import (
    METHODS,
    Places,
    idw,
    leave_one_out,
    ordinary_kriging,
    rain_surface,
    thiessen,
)
from gis_core.crs import transformer
from gis_core.errors import RasterError


def places(x: list[float], y: list[float], elevation_m: list[float] | None = None) -> Places:
    heights = np.zeros(len(x)) if elevation_m is None else np.array(elevation_m, dtype=float)
    return Places(np.array(x, dtype=float), np.array(y, dtype=float), heights)


@pytest.fixture(scope="module")
def mountains() -> tuple[Places, np.ndarray]:
    """20 stations whose rain grows by 1 mm for every 10 m of height, and a little by chance."""
    rng = np.random.default_rng(3)
    heights = rng.uniform(0, 1400, 20)
    stations = Places(rng.uniform(0, 80_000, 20), rng.uniform(0, 60_000, 20), heights)
    return stations, 100 + heights / 10 + rng.normal(0, 3, 20)


def test_idw_worked_by_hand() -> None:
    # 1 km from 10 mm and 2 km from 40 mm: weights 1 and 1/4, so (10 + 10) / 1.25.
    found = idw(places([0, 3000], [0, 0]), np.array([10.0, 40.0]), places([1000], [0]))
    assert found.rain_mm == pytest.approx([16.0])


def test_thiessen_worked_by_hand() -> None:
    # Nearest to the first, nearest to the second, and between both.
    targets = places([900, 1600, 1500], [0, 0, 400])
    found = thiessen(places([0, 3000], [0, 0]), np.array([10.0, 40.0]), targets)
    assert found.rain_mm == pytest.approx([10.0, 40.0, 25.0])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_back_what_the_stations_measured(
    name: str, mountains: tuple[Places, np.ndarray]
) -> None:
    stations, rain = mountains
    assert METHODS[name](stations, rain, stations).rain_mm == pytest.approx(rain, abs=1e-4)


@pytest.mark.parametrize("name", ["ordinary-kriging", "idw", "thiessen"])
def test_between_mirrored_stations_the_estimate_is_mirrored(name: str) -> None:
    x = np.array([0, 0, 10_000, 10_000, 20_000, 20_000, 30_000, 30_000])
    y = np.array([0, 10_000] * 4)
    rain = np.array([5, 9, 12, 14, 30, 22, 41, 47.0])
    target = places([3000, 17_000], [2000, 8000])
    mirrored = Places(30_000 - target.x, target.y, target.elevation_m)
    there = METHODS[name](Places(x, y, np.zeros(8)), rain, target).rain_mm
    back = METHODS[name](Places(30_000 - x, y, np.zeros(8)), rain, mirrored).rain_mm
    assert back == pytest.approx(there, rel=1e-6)


def test_leaving_one_out_refits_everything_without_it(mountains: tuple[Places, np.ndarray]) -> None:
    stations, rain = mountains
    by_hand = []
    for index in range(rain.size):
        x, y, z = (np.delete(values, index) for values in (stations.x / 1000, stations.y / 1000, rain))
        model = OrdinaryKriging(x, y, z, variogram_model="exponential")
        estimate, _ = model.execute("points", stations.x[index] / 1000, stations.y[index] / 1000)
        by_hand.append(float(estimate[0]))
    assert leave_one_out(ordinary_kriging, stations, rain).rain_mm == pytest.approx(by_hand, rel=1e-6)


def test_where_rain_follows_height_the_drift_wins_and_its_variance_is_honest(
    mountains: tuple[Places, np.ndarray],
) -> None:
    stations, rain = mountains
    found = rain_surface(stations, rain, places([40_000], [30_000], [1000]))
    assert found.method == "elevation-kriging"
    assert found.loo_rmse_mm["elevation-kriging"] < 0.3 * found.loo_rmse_mm["ordinary-kriging"]
    assert found.estimate.rain_mm == pytest.approx([200.0], abs=10)
    # As large as what leaving one out showed, within the spread of places.
    assert 0.3 < found.estimate.variance_mm2[0] / found.loo_rmse_mm["elevation-kriging"] ** 2 < 3


def test_without_elevations_the_best_of_the_others_is_taken(mountains: tuple[Places, np.ndarray]) -> None:
    stations, rain = mountains
    found = rain_surface(stations, rain, places([40_000], [30_000], [np.nan]))
    assert found.method in {"ordinary-kriging", "idw", "thiessen"}


def test_few_equal_and_no_stations_are_handled() -> None:
    target = places([500], [0])
    one = rain_surface(places([0], [0]), np.array([7.0]), target)
    two = rain_surface(places([0, 2000], [0, 0]), np.array([7.0, 9.0]), target)
    assert (one.method, one.estimate.rain_mm[0]) == ("thiessen", 7.0)
    assert (two.method, two.estimate.rain_mm[0]) == ("thiessen", 7.0)
    dry = rain_surface(places([0, 2000, 4000], [0, 0, 9]), np.zeros(3), target)
    assert (dry.method, dry.estimate.rain_mm[0], dry.estimate.variance_mm2[0]) == ("uniform", 0.0, 0.0)
    three = rain_surface(places([0, 2000, 4000], [0, 0, 9]), np.array([1.0, 5.0, 2.0]), target)
    assert set(three.loo_rmse_mm) == {"idw", "thiessen"}
    with pytest.raises(RasterError, match="No rain station"):
        rain_surface(places([], []), np.array([]), target)


@settings(max_examples=40, deadline=None)
@given(
    rain=st.lists(st.floats(0, 900), min_size=3, max_size=5), x=st.floats(-5e4, 5e4), y=st.floats(-5e4, 5e4)
)
def test_idw_and_thiessen_stay_within_what_was_measured(rain: list[float], x: float, y: float) -> None:
    stations = places([0, 9000, 3000, -7000, 20_000][: len(rain)], [0, 100, 8000, 2000, 5000][: len(rain)])
    for method in (idw, thiessen):
        found = method(stations, np.array(rain), places([x], [y])).rain_mm[0]
        assert min(rain) - 1e-9 <= found <= max(rain) + 1e-9


def test_the_real_rain_of_november_1999(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The month of Huế's great flood: 2,452 mm in Huế; each method's leave-one-out error is printed."""
    folder = shared_data / "hydro"
    series = pd.read_csv(folder / "meteo_monthly.csv")
    month = series[(series["year"] == 1999) & (series["month"] == "November")].dropna(subset=["Rf"])
    known = pd.read_csv(folder / "stations.txt", sep=" ")
    month = month.assign(key=month["station"].map(_plain)).merge(
        known.assign(key=known["station"].map(_plain)), on="key"
    )
    assert len(month) > 60
    x, y = transformer(4326, 3405).transform(month["longitude"], month["latitude"])
    stations = Places(np.asarray(x), np.asarray(y), month["elevation"].to_numpy(dtype=float))
    found = rain_surface(stations, month["Rf"].to_numpy(), stations)
    with capsys.disabled():
        told = ", ".join(f"{name} {error:.0f} mm" for name, error in sorted(found.loo_rmse_mm.items()))
        print(f"\nNovember 1999, {len(month)} stations, leave-one-out RMSE: {told}; taken: {found.method}")
    assert set(found.loo_rmse_mm) == set(METHODS)
    assert found.loo_rmse_mm[found.method] == min(found.loo_rmse_mm.values())
    # Any of them must know more than the mean of all stations does.
    assert found.loo_rmse_mm[found.method] < month["Rf"].std()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
