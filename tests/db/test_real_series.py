"""Real series of others through the product's own command: counts of The Hague, the climate of Vietnam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from gis_core.db import reading
from layers.commands import layers

pytestmark = pytest.mark.usefixtures("database")

COUNTS = ("--property", "vehicles_15min", "--zone", "Europe/Amsterdam", "--time-format", "%d/%m/%Y %H:%M")
CLIMATE = {
    "Ta": "temperature_month_c",
    "Tx": "temperature_max_month_c",
    "Tm": "temperature_min_month_c",
    "Rf": "rain_month_mm",
    "aH": "vapour_pressure_month_hpa",
    "rH": "relative_humidity_month_pct",
    "Sh": "sunshine_month_h",
}
SPELT_OTHERWISE = {
    "Bac Kan": "Baccan", "Buon Ma Thuot": "BMethuot", "Dak Nong": "Dacnong", "Pleiku": "Playcu",
}  # fmt: skip
"""Stations that the months and the list of stations spell in ways that no rule could reconcile."""


def huegis(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(layers, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def climate_options() -> list[str]:
    columns = [f"--column={theirs}={ours}" for theirs, ours in CLIMATE.items()]
    return columns + [f"--station={theirs}={ours}" for theirs, ours in SPELT_OTHERWISE.items()]


def one(query: str) -> tuple[object, ...]:
    with reading() as connection:
        return tuple(connection.execute(text(query)).one())


def beginning(path: Path, lines: int, folder: Path) -> Path:
    short = folder / path.name
    with path.open(encoding="utf-8-sig") as file:
        short.write_text("".join(line for line, _ in zip(file, range(lines), strict=False)), encoding="utf-8")
    return short


def test_the_counts_of_the_hague(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "traffic"
    stations = huegis("load", "count_stations", folder / "denhaag_locations.csv").output
    assert "129 inserted" in stations
    labels = ("--labels", folder / "column_labels.csv")
    rejected = tmp_path / "rejected.csv"
    said = huegis(
        "load", "observations", folder / "Aggregated_original.csv", *COUNTS, *labels,
        "--keep-good", "--rejected", rejected,
    ).output  # fmt: skip
    # 123 loops in 2,880 quarters of an hour are 354,240, of which 1,287 are empty; 18 loops have no position.
    assert "301,276 inserted, 0 updated, 0 unchanged, 51,677 rejected" in said
    reasons = rejected.read_text(encoding="utf-8-sig").splitlines()[1:]
    assert len({line.rsplit("station ", 1)[1] for line in reasons}) == 18
    assert all("it has no position, and no station" in line for line in reasons)
    rows, total, first, last = one(
        "SELECT count(*), sum(value), min(observed_at), max(observed_at) FROM gis.observations "
        "WHERE observed_property = 'vehicles_15min' AND NOT simulated"
    )
    assert (rows, total) == (301_276, 10_798_393)
    # November in the Netherlands is an hour ahead of UTC, from the first quarter to the last.
    assert (str(first), str(last)) == ("2019-10-31 23:00:00+00:00", "2019-11-30 22:45:00+00:00")
    assert one(
        "SELECT value, ST_Y(geom) FROM gis.observations "
        "WHERE station_code = '120022' AND observed_at = '2019-10-31T23:15Z'"
    ) == (4, pytest.approx(52.0908214083944))
    again = huegis(
        "load", "observations", beginning(folder / "Aggregated_original.csv", 200, tmp_path), *COUNTS,
        *labels, "--keep-good",
    ).output  # fmt: skip
    assert "0 inserted, 0 updated" in again


def test_the_climate_of_vietnam_by_month(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "hydro"
    assert "67 inserted" in huegis("load", "climate_stations", folder / "stations.txt").output
    said = huegis(
        "load", "observations", folder / "meteo_monthly.csv", *climate_options(), "--keep-good"
    ).output
    # 37,848 months of seven properties are 264,936, of which 2,648 are gaps; 36 claim impossible sun.
    assert "262,252 inserted, 0 updated, 0 unchanged, 36 rejected" in said
    assert "sunshine_month_h 558 is above 425 h" in said
    assert one(
        "SELECT value, ST_AsText(geom) FROM gis.observations WHERE station_code = 'Hue' "
        "AND observed_property = 'rain_month_mm' AND observed_at = '1999-11-01 00:00+07'"
    ) == (2451.7, "POINT(107.683333333333 16.4)")
    assert one(
        "SELECT max(value), count(*) FROM gis.observations "
        "WHERE station_code = 'Hue' AND observed_property = 'rain_month_mm'"
    ) == (2451.7, 12 * (2017 - 1979 + 1))
    assert one("SELECT count(DISTINCT station_code) FROM gis.observations") == (67,)
    short = beginning(folder / "meteo_monthly.csv", 500, tmp_path)
    assert "0 inserted, 0 updated" in huegis("load", "observations", short, *climate_options()).output


def test_what_the_yearbooks_call_absolute_humidity_is_the_pressure_of_vapour(shared_data: Path) -> None:
    """The unit stands nowhere in the file: Magnus' formula tells hPa from g/m³, which would be 0.73 of it."""
    months = pd.read_csv(shared_data / "hydro" / "meteo_monthly.csv").dropna(subset=["Ta", "rH", "aH"])
    saturation_hpa = 6.112 * np.exp(17.62 * months["Ta"] / (243.12 + months["Ta"]))
    ratio = months["aH"] / (months["rH"] / 100 * saturation_hpa)
    assert ratio.median() == pytest.approx(1, abs=0.01)
    assert ratio.between(0.9, 1.1).mean() > 0.95
