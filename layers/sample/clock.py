"""The two weeks that the sample tells of."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray

START = datetime(2025, 10, 14, tzinfo=LOCAL_ZONE)
END = datetime(2025, 10, 28, tzinfo=LOCAL_ZONE)


def instants(step_s: float) -> pd.DatetimeIndex:
    """Aware UTC instants from START up to but not including END."""
    count = int((END - START) / timedelta(seconds=step_s))
    return pd.date_range(START, periods=count, freq=timedelta(seconds=step_s)).tz_convert("UTC")


def hours_since_start(at: pd.DatetimeIndex) -> FloatArray:
    """Hours since START; shape as given."""
    return np.asarray((at - pd.Timestamp(START)) / pd.Timedelta(hours=1), float)


def hour_of(local: str) -> float:
    """Hours from START to a local time such as ``2025-10-27T20:00``."""
    return (datetime.fromisoformat(local).replace(tzinfo=LOCAL_ZONE) - START) / timedelta(hours=1)
