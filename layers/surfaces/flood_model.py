"""One flood on one terrain: depth, its probability, and risk with each of its factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gis_core.analysis.ensemble import Errors, flood_ensemble
from gis_core.analysis.flood import FloodPlain, flood_plain, water_levels
from gis_core.analysis.flood_ponding import ponded_depth
from gis_core.analysis.flood_risk import composite_class, vulnerability
from gis_core.analysis.hydrology import Elevation
from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.types import FloatArray
from layers.raster import NODATA
from layers.surfaces.drainage import DrainedTerrain
from layers.surfaces.flood_basis import DEPTH_M, RISK_CLASS
from layers.surfaces.flood_exposure import exposure_on
from layers.surfaces.flood_parameters import EXPOSURE, HAZARD, VULNERABILITY

BANDS = (RISK_CLASS, DEPTH_M, HAZARD, EXPOSURE, VULNERABILITY)


@dataclass(frozen=True)
class Simulation:
    """A flood; every array has the shape of the terrain and is NaN in the sea and outside.

    ``depth_m`` is the deeper of river water (``river_m``) and ponded rain, ``hazard`` the
    probability that it is deeper than the settings' threshold. ``inputs`` tell what went in, JSON-ready.
    """

    drained: DrainedTerrain
    depth_m: Elevation
    river_m: Elevation
    ponded_m: Elevation
    hazard: Elevation
    exposure: Elevation
    vulnerability: Elevation
    risk_class: Elevation
    inputs: dict[str, Any]
    simulated: bool

    def as_surface(self) -> xr.DataArray:
        """The bands of the flood-risk surface; see ``RasterLayer.build``."""
        terrain = self.drained.terrain
        bands = np.stack([self.risk_class, self.depth_m, self.hazard, self.exposure, self.vulnerability])
        rows, columns = self.depth_m.shape
        return xr.DataArray(
            np.where(np.isnan(bands), np.float32(NODATA), bands),
            dims=("band", "y", "x"),
            coords={
                "band": list(BANDS),
                "y": terrain.transform.f - (np.arange(rows) + 0.5) * terrain.cell_m,
                "x": terrain.transform.c + (np.arange(columns) + 0.5) * terrain.cell_m,
            },
            attrs={
                "crs": terrain.crs.to_wkt(),
                "transform": terrain.transform,
                "inputs": self.inputs,
                "simulated": self.simulated,
            },
        )


def simulate(
    drained: DrainedTerrain,
    rise_of: Callable[[FloatArray], FloatArray],
    gauges: int,
    *,
    rain_mm: FloatArray | None,
    inputs: dict[str, Any],
    simulated: bool,
) -> Simulation:
    """Flood a terrain.

    Args:
        drained: the terrain.
        rise_of: rise along the streams by the error of each gauge in m, shape (gauges,).
        gauges: how many gauges there are.
        rain_mm: rain of the event on the terrain's cells; None for none.
        inputs: what the rise and the rain were made from, JSON-ready.
        simulated: whether any of that is simulated.
    """
    plain = flood_plain(drained.drainage, streams_of(drained))
    ponded_m = _ponded(plain, rain_mm)
    level_m = water_levels(plain.drainage, plain.streams, rise_of(np.zeros(gauges)))
    river_m = plain.depth(level_m)
    depth_m = np.maximum(river_m, ponded_m)
    section = get_settings().flood
    ensemble = flood_ensemble(
        plain,
        rise_of,
        gauges,
        Errors(
            section.errors.gauge_sigma_m,
            section.errors.terrain_sigma_m,
            section.errors.terrain_correlation_m,
            section.errors.roughness_sigma,
        ),
        members=section.errors.members,
        seed=section.errors.seed,
        threshold_m=section.probable_depth_m,
        damage=(np.array(section.damage)[:, 0], np.array(section.damage)[:, 1]),
        ponded_m=ponded_m,
    )
    with writing() as connection:
        exposure, exposed, exposure_simulated = exposure_on(connection, drained.terrain)
    exposure = np.where(np.isnan(depth_m), np.float32(np.nan), exposure)
    share_lost = vulnerability(ensemble)
    risk = ensemble.probability * exposure * share_lost
    km2 = drained.terrain.cell_m**2 / 1e6
    found = {
        "terrain_sha256": drained.digest,
        "terrain_notes": list(drained.terrain.notes),
        "exposure": exposed,
        "flooded_km2": round(float((depth_m > 0).sum()) * km2, 1),
        "ponded_km2": round(float((ponded_m > 0).sum()) * km2, 1),
    }
    return Simulation(
        drained=drained,
        depth_m=depth_m,
        river_m=river_m,
        ponded_m=ponded_m,
        hazard=ensemble.probability,
        exposure=exposure,
        vulnerability=share_lost,
        risk_class=composite_class(depth_m, risk, section.risk_classes),
        inputs=inputs | found,
        simulated=simulated or drained.terrain.simulated or exposure_simulated,
    )


def streams_of(drained: DrainedTerrain) -> Any:
    """The stream cells of a terrain by the settings, shape (rows, columns)."""
    return drained.drainage.streams(get_settings().surfaces.flood_risk.stream_area_km2)


def _ponded(plain: FloodPlain, rain_mm: FloatArray | None) -> Elevation:
    if rain_mm is None:
        dry = np.where(plain.drain < 0, np.float32(np.nan), np.float32(0))
        return np.asarray(dry, dtype=np.float32)
    return ponded_depth(plain.drainage, plain.streams, rain_mm, get_settings().flood.runoff_coefficient)
