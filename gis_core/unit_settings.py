"""The settings of passenger-car units: which table holds, and what stands in each."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gis_core.section import Section, SourceName


class UnitStep(Section):
    """Passenger-car units by class, from a design speed on."""

    from_kmh: float = Field(ge=0, le=200)
    units: dict[str, Annotated[float, Field(gt=0, le=100)]]


_TCXDVN_104 = (
    UnitStep(
        from_kmh=0,
        units={"bicycle": 0.2, "motorcycle": 0.15, "car": 1.0, "minibus": 2.5, "truck": 2.5, "bus": 3.5,
               "articulated": 4.5},
    ),
    UnitStep(
        from_kmh=30,
        units={"bicycle": 0.3, "motorcycle": 0.25, "car": 1.0, "minibus": 2.5, "truck": 2.5, "bus": 3.0,
               "articulated": 4.0},
    ),
    UnitStep(
        from_kmh=60,
        units={"bicycle": 0.5, "motorcycle": 0.5, "car": 1.0, "minibus": 2.0, "truck": 2.0, "bus": 2.5,
               "articulated": 3.0},
    ),
)  # fmt: skip


class Traffic(Section):
    """How vehicles of all classes are told as passenger cars."""

    units: str = "hanoi"
    unit_tables: dict[SourceName, tuple[UnitStep, ...]] = Field(default={"tcxdvn104": _TCXDVN_104})

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if "hanoi" in self.unit_tables:
            raise ValueError("the table hanoi is measured and cannot be given another content")
        if self.units not in ("hanoi", *self.unit_tables):
            raise ValueError(f"there is no table of units {self.units!r}")
        if any(
            list(steps) != sorted(steps, key=_from_kmh) or not steps for steps in self.unit_tables.values()
        ):
            raise ValueError("a table of units has steps from the lowest design speed up")
        return self


def _from_kmh(step: UnitStep) -> float:
    return step.from_kmh
