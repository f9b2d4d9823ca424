"""The series of the stations: what was observed where, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from gis_core.time import local_text
from gis_core.types import FloatArray, IntArray, Text
from layers import observations
from layers.observed_properties import OBSERVED_PROPERTIES
from layers.quality.base import Finding, Scope
from layers.quality.suspects import window_start
from layers.read import read

LAYERS_OF_SERIES = frozenset({"observations"})


@dataclass(frozen=True)
class Series:
    """One property at one station; the arrays have one length and ``at`` ascends strictly.

    ``at`` is aware UTC, ``value`` in the unit of the property, ``ids`` are the observations.
    """

    station_code: str
    observed_property: str
    ids: tuple[str, ...]
    at: pd.DatetimeIndex
    value: FloatArray
    point: shapely.Point
    simulated: bool

    @property
    def at_s(self) -> FloatArray:
        """The instants in seconds since 1970."""
        return np.asarray((self.at - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), float)

    @property
    def title(self) -> Text:
        """What it is a series of."""
        name = self.observed_property
        label = OBSERVED_PROPERTIES[name].label if name in OBSERVED_PROPERTIES else Text(name, name)
        return Text(f"{label.vi}, trạm {self.station_code}", f"{label.en}, station {self.station_code}")

    def time_of(self, row: int) -> str:
        """The instant of a row as people read it."""
        return local_text(self.at[row].to_pydatetime())

    def finding(self, row: int, sentence: Text) -> Finding:
        """A finding at one observation."""
        return Finding("observations", self.ids[row], sentence, self.point, self.simulated)


def read_series(connection: Connection, scope: Scope) -> tuple[Series, ...]:
    """Every series of the window; readings from the future are for another check."""
    start = window_start(connection, observations.LAYER, scope)
    if start is None:
        return ()
    rows = read(
        connection,
        observations.LAYER,
        observations.LAYER.event_time >= start,
        observations.LAYER.event_time <= scope.now,
        columns=("observed_at", "station_code", "observed_property", "value", "simulated"),
    )
    return split(rows)


def split(rows: gpd.GeoDataFrame) -> tuple[Series, ...]:
    """The rows of the layer ``observations`` as series; of several at one instant the first counts."""
    finite = rows[np.isfinite(rows["value"].to_numpy(float))]
    ordered = finite.sort_values(["station_code", "observed_property", "observed_at"], kind="stable")
    single = ordered.drop_duplicates(["station_code", "observed_property", "observed_at"])
    return tuple(
        Series(
            str(station),
            str(name),
            tuple(map(str, group["id"])),
            pd.DatetimeIndex(group["observed_at"]),
            group["value"].to_numpy(float),
            group.geometry.iloc[-1],
            bool(group["simulated"].all()),
        )
        for (station, name), group in single.groupby(["station_code", "observed_property"], sort=True)
    )


def median_step_s(at_s: FloatArray) -> float:
    """The usual time between two readings in seconds; NaN for fewer than four readings."""
    return float(np.median(np.diff(at_s))) if at_s.size >= 4 else float("nan")


def gaps(at_s: FloatArray, steps: float) -> IntArray:
    """Rows after which more time passes than so many usual steps; ``at_s`` ascends, in seconds."""
    return np.flatnonzero(np.diff(at_s) > steps * median_step_s(at_s))


def stretches(at_s: FloatArray, steps: float) -> list[slice]:
    """The stretches of rows between the gaps."""
    cuts = [0, *(gaps(at_s, steps) + 1), at_s.size]
    return [slice(int(first), int(after)) for first, after in pairwise(cuts)]
