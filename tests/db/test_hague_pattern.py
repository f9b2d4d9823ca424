"""The day of a real city's traffic: The Hague's loops by the hour, with both of its peaks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from gis_core.analysis.traffic_pattern import daily_pattern
from gis_core.db import reading
from layers.frames import read_frame
from tests.db.test_real_series import COUNTS, huegis

_VALUES = text("SELECT station_code, observed_at, value FROM gis.observations")


@pytest.mark.usefixtures("database")
def test_the_hague_has_its_peaks_in_the_morning_and_the_evening(shared_data: Path) -> None:
    folder = shared_data / "traffic"
    huegis("load", "count_stations", folder / "denhaag_locations.csv")
    labels = ("--labels", folder / "column_labels.csv")
    huegis("load", "observations", folder / "Aggregated_original.csv", *COUNTS, *labels, "--keep-good")
    with reading() as connection:
        counts = read_frame(connection, _VALUES)
    at = pd.DatetimeIndex(counts["observed_at"]).tz_convert("Europe/Amsterdam")
    working = at.day_of_week < 5
    flow_veh_h = daily_pattern(
        at.hour.to_numpy()[working], counts["value"].to_numpy(float)[working], step_s=900.0
    )
    assert flow_veh_h[:12].argmax() in (7, 8)
    assert 12 + flow_veh_h[12:].argmax() in (16, 17)
    assert flow_veh_h.argmin() in (2, 3)
    # Between the peaks it is calmer than in either, and by night calmer by far.
    assert flow_veh_h[10:14].max() < min(flow_veh_h[:12].max(), flow_veh_h[12:].max())
    assert flow_veh_h.min() < 0.1 * flow_veh_h.max()
