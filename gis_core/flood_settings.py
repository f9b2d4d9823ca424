"""The settings of floods: alarm levels, thresholds of traffic, errors of the model, events to replay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from gis_core.section import Section, SourceName
from gis_core.time import LOCAL_ZONE

Share = Annotated[float, Field(ge=0, le=1)]
StageM = Annotated[float, Field(ge=-5, le=30)]


class AlarmPeriod(Section):
    """The stages of alarm levels I, II and III, in force from a day on."""

    since: date
    levels_m: tuple[StageM, StageM, StageM]
    basis: str


class AlarmGauge(Section):
    """A gauge with alarm levels, which may change over the years."""

    name: str
    river: str
    periods: tuple[AlarmPeriod, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        days = [period.since for period in self.periods]
        if days != sorted(set(days)):
            raise ValueError("the periods of a gauge's alarm levels go from the oldest to the newest")
        if any(list(period.levels_m) != sorted(period.levels_m) for period in self.periods):
            raise ValueError("alarm levels I, II and III ascend")
        return self

    def on(self, day: date) -> AlarmPeriod | None:
        """The period that a day falls in, None before the first that is known."""
        return next((period for period in reversed(self.periods) if period.since <= day), None)


def _known_levels(levels_m: tuple[float, float, float]) -> tuple[AlarmPeriod, ...]:
    return (
        AlarmPeriod(since=date(2010, 5, 10), levels_m=levels_m, basis="632/QĐ-TTg (mem)"),
        AlarmPeriod(since=date(2020, 3, 15), levels_m=levels_m, basis="05/2020/QĐ-TTg"),
    )


class FloodErrors(Section):
    """How far the inputs of an inundation may be wrong, and how often that is tried."""

    members: int = Field(default=16, ge=2, le=1_000)
    seed: int = Field(default=2710, ge=0)
    gauge_sigma_m: float = Field(default=0.1, ge=0, le=5)
    terrain_sigma_m: float = Field(default=0.5, ge=0, le=20)
    terrain_correlation_m: float = Field(default=1_000.0, gt=0, le=50_000)
    roughness_sigma: float = Field(default=0.2, ge=0, le=2)


class FloodExposure(Section):
    """How much there is to lose on a piece of ground, from 0 to 1."""

    elsewhere: Share = 0.1
    commune: Share = 0.3
    ward: Share = 0.6
    road_radius_m: float = Field(default=250.0, gt=0, le=10_000)
    full_built_share: float = Field(default=0.3, gt=0, le=1)
    full_road_km_per_km2: float = Field(default=10.0, gt=0)


class FloodEvent(Section):
    """A flood that is replayed: when its peak was, and what the gauges showed."""

    at: datetime
    stages_m: dict[SourceName, StageM] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_an_instant(self) -> Self:
        if self.at.tzinfo is None:
            raise ValueError("the time of an event names its zone")
        return self


class Flood(Section):
    """What the flood desk works with."""

    alarms: dict[SourceName, AlarmGauge] = Field(
        default={
            "kim-long": AlarmGauge(
                name="Kim Long", river="Sông Hương", periods=_known_levels((1.0, 2.0, 3.5))
            ),
            "phu-oc": AlarmGauge(name="Phú Ốc", river="Sông Bồ", periods=_known_levels((1.5, 3.0, 4.5))),
        }
    )
    passable_below_m: dict[str, Annotated[float, Field(gt=0, le=5)]] = Field(
        default={"motorcycle": 0.2, "car": 0.3, "truck": 0.6}, min_length=1
    )
    probable_depth_m: float = Field(default=0.3, gt=0, le=5)
    runoff_coefficient: Share = 0.7
    errors: FloodErrors = FloodErrors()
    exposure: FloodExposure = FloodExposure()
    damage: tuple[tuple[Annotated[float, Field(ge=0)], Share], ...] = (
        (0.0, 0.0), (0.5, 0.33), (1.0, 0.49), (1.5, 0.62), (2.0, 0.72), (3.0, 0.87), (4.0, 0.93), (5.0, 0.98),
        (6.0, 1.0),
    )  # fmt: skip
    risk_classes: tuple[Share, Share, Share, Share] = (0.02, 0.08, 0.2, 0.4)
    observed_within: str = "3h"
    rain_cell_m: float = Field(default=500.0, ge=50, le=20_000)
    events: dict[SourceName, FloodEvent] = Field(
        default={
            "2025-10-27": FloodEvent(
                at=datetime(2025, 10, 27, 20, tzinfo=LOCAL_ZONE), stages_m={"kim-long": 5.05, "phu-oc": 5.25}
            ),
            "2025-10-29": FloodEvent(
                at=datetime(2025, 10, 29, 20, tzinfo=LOCAL_ZONE), stages_m={"kim-long": 4.93, "phu-oc": 5.19}
            ),
        }
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        depths, shares = [depth for depth, _ in self.damage], [share for _, share in self.damage]
        if not depths or depths != sorted(set(depths)) or shares != sorted(shares):
            raise ValueError("the curve of damage never falls with depth")
        if list(self.risk_classes) != sorted(self.risk_classes):
            raise ValueError("the thresholds of the risk classes ascend")
        return self
