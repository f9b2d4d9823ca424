"""The settings of fires: fixing smoke, events, how likely an alarm is a forest fire, danger of the day."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gis_core.section import Section


class SmokeFix(Section):
    """How far bearings reach, and what they may get wrong."""

    range_km: float = Field(default=30.0, gt=0, le=200)
    outlier_share: float = Field(default=0.02, gt=0, lt=0.5)
    lens_height_m: float = Field(default=15.0, ge=0, le=200)
    smoke_rise_m: float = Field(default=50.0, ge=0, le=2_000)
    hidden_share: float = Field(default=0.01, gt=0, le=1)
    pixel_sigma_m: float = Field(default=100.0, gt=0, le=5_000)


class FireEvents(Section):
    """Which detections of fire are one event."""

    window: str = "14d"
    within_m: float = Field(default=1_000.0, gt=0, le=20_000)
    within_h: float = Field(default=24.0, gt=0, le=24 * 60)
    min_detections: int = Field(default=1, ge=1, le=1_000)
    margin_m: float = Field(default=190.0, gt=0, le=5_000)


class FireProbability(Section):
    """What it takes to tell forest fires from straw and other smoke."""

    min_verified: int = Field(default=10, ge=4)
    min_refuted: int = Field(default=10, ge=4)
    neighbours_within_km: float = Field(default=5.0, gt=0, le=100)
    neighbours_within_h: float = Field(default=24.0, gt=0)


class FireDanger(Section):
    """The modified Nesterov index and its levels."""

    rain_reset_mm: float = Field(default=5.0, gt=0, le=100)
    level_thresholds: tuple[float, float, float, float] = (5_000.0, 10_000.0, 15_000.0, 20_000.0)
    record_days: int = Field(default=120, ge=2, le=400)
    rain_within_km: float = Field(default=15.0, gt=0, le=200)
    cell_m: float = Field(default=1_000.0, gt=0)
    power: float = Field(default=2.0, gt=0, le=10)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if any(
            low >= high for low, high in zip(self.level_thresholds, self.level_thresholds[1:], strict=False)
        ):
            raise ValueError("the thresholds of the levels of danger ascend")
        return self


class Fire(Section):
    """Everything about fires."""

    fix: SmokeFix = SmokeFix()
    events: FireEvents = FireEvents()
    probability: FireProbability = FireProbability()
    danger: FireDanger = FireDanger()
