"""The settings of the checks of data."""

from __future__ import annotations

from pydantic import Field

from gis_core.section import Section


class SeriesLimits(Section):
    """What a series of one observed property may do; the values are in the unit of the property."""

    spike_floor: float = Field(gt=0)
    stuck_h: float = Field(gt=0)
    zero_may_last: bool


class ClockShift(Section):
    """When a station's hourly rain says that its clock runs in another zone than its neighbours'."""

    neighbours: int = Field(default=5, ge=3)
    within_km: float = Field(default=40.0, gt=0)
    wet_hours: int = Field(default=12, ge=3)
    min_correlation: float = Field(default=0.6, gt=0, le=1)
    margin: float = Field(default=0.2, ge=0, le=2)
    future_min: float = Field(default=10.0, ge=0)


class Quality(Section):
    """From which limits on ``huegis layers check`` finds fault."""

    window: str = "30d"
    max_findings: int = Field(default=1_000, ge=1)
    duplicate_within_m: float = Field(default=50.0, gt=0)
    same_name_within_m: float = Field(default=1_000.0, gt=0)
    gap_steps: float = Field(default=2.0, ge=1)
    spike_neighbours: int = Field(default=3, ge=2)
    spike_mads: float = Field(default=8.0, gt=0)
    stuck_readings: int = Field(default=6, ge=2)
    ward_border_m: float = Field(default=25.0, ge=0)
    series: dict[str, SeriesLimits] = Field(
        default={
            "rain_1h_mm": SeriesLimits(spike_floor=80.0, stuck_h=12.0, zero_may_last=True),
            "stage_m": SeriesLimits(spike_floor=0.5, stuck_h=24.0, zero_may_last=False),
            "vehicles_15min": SeriesLimits(spike_floor=150.0, stuck_h=6.0, zero_may_last=True),
        }
    )
    clock: ClockShift = ClockShift()
