"""Traffic on road segments from what cameras count: density and level of service.

Density is Edie's: over an area of space-time it is the time that all vehicles spend
there divided by the area (Edie 1963, *Discussion of traffic stream measurements and
definitions*). A camera that sees a stretch of known length samples that area frame by
frame, so the density is vehicles per frame and length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gis_core.types import FloatArray, IntArray

LEVELS = ("A", "B", "C", "D", "E", "F")
"""Levels of service, from free flow to breakdown."""

LEVEL_LIMITS_PC_KM_LN = (7.0, 11.0, 16.0, 22.0, 28.0)
"""Highest density of the levels A to E, in passenger cars per km and lane.

Highway Capacity Manual: 11, 18, 26, 35 and 45 passenger cars per mile and lane.
"""

_MOTORCYCLES_PER_CAR = 3.4
PASSENGER_CAR_UNITS: Mapping[str, float] = MappingProxyType(
    {
        "bicycle": 1.4 / _MOTORCYCLES_PER_CAR,
        "motorcycle": 1.0 / _MOTORCYCLES_PER_CAR,
        "motorbike": 1.0 / _MOTORCYCLES_PER_CAR,
        "car": 1.0,
        "minibus": 8.3 / _MOTORCYCLES_PER_CAR,
        "bus": 10.5 / _MOTORCYCLES_PER_CAR,
        "truck": 10.5 / _MOTORCYCLES_PER_CAR,
    }
)
"""Passenger cars that one vehicle of a class stands for in mixed traffic.

From the motorcycle equivalents measured in Hanoi (ASCE Journal of Transportation
Engineering 138(6), 2012): car 3.4, minibus 8.3, bus 10.5, bicycle 1.4. The study has no
lorries; they count as buses.
"""


@dataclass(frozen=True)
class UnitTable:
    """Passenger cars that a vehicle of a class stands for, by the design speed of the road.

    ``steps`` are from the lowest speed up: from so many km/h on, these units by class hold.
    """

    name: str
    steps: tuple[tuple[float, Mapping[str, float]], ...]

    def units(self, class_name: str, design_speed_kmh: float | None = None) -> float:
        """The units of a class; one that the table lacks counts as a car.

        A road without a design speed counts among the fastest of the table.
        """
        of_class = self.steps[-1][1]
        if design_speed_kmh is not None:
            slower = [units for from_kmh, units in self.steps if from_kmh <= design_speed_kmh]
            of_class = slower[-1] if slower else self.steps[0][1]
        return of_class.get(class_name.casefold(), 1.0)


HANOI_UNITS = UnitTable("hanoi", ((0.0, PASSENGER_CAR_UNITS),))
"""``PASSENGER_CAR_UNITS``, whatever the design speed."""


def segment_density(
    segment: IntArray,
    vehicles: FloatArray,
    frames: FloatArray,
    seen_length_m: FloatArray,
    segment_count: int,
) -> FloatArray:
    """Vehicles per km on each road segment, averaged over the frames of its cameras.

    Every camera is one row: its vehicles, frames and seen length enter as
    Σ vehicles / Σ (frames · length), so that cameras that see different stretches of a
    segment, or the same stretch twice, give the same density. A row without frames or
    without any seen length tells nothing and is left out whole.

    Args:
        segment: index of the segment that each camera watches, 0 ≤ index < segment_count, shape (n,).
        vehicles: vehicles (or passenger cars) counted in all frames together, shape (n,).
        frames: frames analysed in the window, shape (n,).
        seen_length_m: length of the segment inside the camera's view, shape (n,).
        segment_count: how many segments there are.

    Returns:
        Vehicles per km, shape (segment_count,); NaN where no camera sees the segment.
    """
    sampled_m = frames * seen_length_m
    tells = sampled_m > 0
    counted = np.bincount(segment[tells], vehicles[tells], segment_count)
    sampled = np.bincount(segment[tells], sampled_m[tells], segment_count)
    density = np.full(segment_count, np.nan)
    np.divide(1000.0 * counted, sampled, out=density, where=sampled > 0)
    return density


def level_of_service(density_pc_km_ln: FloatArray) -> IntArray:
    """Index into ``LEVELS`` for densities per lane, -1 where the density is NaN; any shape.

    A density on a limit belongs to the better level (Highway Capacity Manual).
    """
    level = np.searchsorted(np.asarray(LEVEL_LIMITS_PC_KM_LN), density_pc_km_ln, side="left")
    return np.where(np.isnan(density_pc_km_ln), -1, level).astype(np.int64)


def passenger_car_units(class_name: str) -> float:
    """Passenger cars that a vehicle of this class stands for; an unknown class counts as a car."""
    return PASSENGER_CAR_UNITS.get(class_name.casefold(), 1.0)
