"""What if the gauges stood so high: depth, risk, roads cut and wards touched, as one JSON-ready answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from gis_core import __version__
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.errors import InvalidParameterError, RasterError
from gis_core.time import Window
from layers.flood_alarms import check_stage
from layers.flood_effects import permanent_water, roads_cut, wards_touched
from layers.raster import write_surface
from layers.surfaces.flood_model import Simulation
from layers.surfaces.flood_risk import SURFACE
from layers.surfaces.inundation import drained_on, from_stages
from layers.surfaces.rain_on import RainField, rain_on, uniform_rain

METHOD = "HAND, ponding, ensemble over gauge, terrain and roughness"
MOST_RAIN_MM = 2_000.0
"""More than any day has brought to the province (1,422 mm at Huế on 2-11-1999, mem)."""


@dataclass(frozen=True)
class Scenario:
    """A flood with what it does; ``roads`` and ``wards`` are those of ``layers.flood_effects``."""

    at: datetime
    stages_m: Mapping[str, float]
    flood: Simulation
    roads: gpd.GeoDataFrame
    wards: gpd.GeoDataFrame

    def report(self) -> dict[str, Any]:
        """The answer, JSON-ready."""
        classes = self.flood.risk_class
        km2 = self.flood.drained.terrain.cell_m**2 / 1e6
        kinds = get_settings().flood.passable_below_m
        depth = self.flood.depth_m
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "stages_m": dict(self.stages_m),
            "method": METHOD,
            "version": __version__,
            "simulated": self.flood.simulated,
            "depth": {
                "flooded_km2": self.flood.inputs["flooded_km2"],
                "ponded_km2": self.flood.inputs["ponded_km2"],
                "maximum_m": round(float(np.nanmax(depth)), 2),
                "probable_km2": round(float((self.flood.hazard >= 0.5).sum()) * km2, 1),
            },
            "risk": {str(one): round(float((classes == one).sum()) * km2, 1) for one in range(1, 6)},
            "roads_cut": [
                {
                    "segment": row["code"],
                    "name": row["name"],
                    "length_m": round(row["length_m"], 1),
                    "flooded_length_m": row["flooded_length_m"],
                    "maximum_depth_m": row["maximum_depth_m"],
                    "passable": {kind: bool(row[f"passable_{kind}"]) for kind in kinds},
                }
                for row in self.roads.to_dict("records")
            ],
            "wards_touched": [
                {
                    "ward": row["code"],
                    "name": row["name"],
                    "area_km2": round(row["area_km2"], 2),
                    "flooded_km2": row["flooded_km2"],
                    "deep_km2": row["deep_km2"],
                    "maximum_depth_m": row["maximum_depth_m"],
                    "risk_class": int(row["risk_class"]),
                }
                for row in self.wards.to_dict("records")
            ],
            "inputs": self.flood.inputs,
        }

    def write(self, folder: Path) -> list[Path]:
        """Write depth and risk as a COG, and roads and wards as a GeoPackage, into a folder.

        Raises:
            RasterError: the folder cannot be written.
        """
        surface, features = folder / "flood-scenario.tif", folder / "flood-scenario.gpkg"
        write_surface(SURFACE, Window(self.at, self.at), self.flood.as_surface(), surface)
        try:
            features.unlink(missing_ok=True)
            self.roads.to_file(features, layer="roads_cut", driver="GPKG")
            self.wards.to_file(features, layer="wards_touched", driver="GPKG")
        except OSError as error:
            raise RasterError(f"{features} cannot be written: {error}.") from error
        return [surface, features]


def run_scenario(
    stages_m: Mapping[str, float], at: datetime, *, rain_mm: float | None = None, observed_rain: bool = False
) -> Scenario:
    """Flood the service's terrain by stages at gauges.

    Args:
        stages_m: stage by gauge's code.
        at: the time that it is for.
        rain_mm: rain of the day, the same everywhere; None for none.
        observed_rain: take what the rain stations reported for the day up to ``at`` instead.

    Raises:
        InvalidParameterError: a stage or the rain is none, or a gauge is unknown.
        SurfaceNotBuiltError: there is no terrain, or none of the gauges stands on its streams.
    """
    if not stages_m:
        raise InvalidParameterError("--stage", "give the stage of a gauge, for example --kim-long 5.0.")
    for code, stage_m in stages_m.items():
        check_stage(stage_m, f"--{code}")
    if rain_mm is not None and not 0 <= rain_mm <= MOST_RAIN_MM:
        raise InvalidParameterError(
            "--rain-mm", f"{rain_mm:g} mm is no rain of a day; give one from 0 to {MOST_RAIN_MM:g}."
        )
    terrain_file = get_settings().terrain_file
    flood = from_stages(stages_m, at, terrain_file, _rain(at, terrain_file, rain_mm, observed_rain))
    with writing() as connection:
        water = permanent_water(connection, flood.drained.terrain)
        return Scenario(
            at, stages_m, flood, roads_cut(connection, flood, water), wards_touched(connection, flood, water)
        )


def _rain(at: datetime, terrain_file: Path, rain_mm: float | None, observed: bool) -> RainField | None:
    if not observed and rain_mm is None:
        return None
    terrain = drained_on(terrain_file, keep=True).terrain
    return rain_on(terrain, at) if rain_mm is None else uniform_rain(terrain, rain_mm)
