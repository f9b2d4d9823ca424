"""The flood that river gauges, or a stage that someone asks about, make on a terrain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from gis_core.analysis.flood import (
    MAX_DEPTH_M,
    inundation_depth,
    rise_along_streams,
    risk_class,
    water_levels,
)
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, transformer
from gis_core.db import writing
from gis_core.errors import InvalidParameterError, SurfaceNotBuiltError
from gis_core.time import Window, local_text
from gis_core.types import BoolArray, FloatArray
from layers import observations, river_gauges
from layers.raster import NODATA
from layers.surfaces.drainage import DrainedTerrain, drained_terrain
from layers.surfaces.flood_basis import DEPTH_M, RISK_CLASS, basis_on

BED_DEPTH_M = 1.0
"""What a river without alarm levels holds in its bed: alarm level I of the Hương at Kim Long."""

SNAP_M = 1000.0
"""A gauge belongs to the largest stream within this distance; terrain models shift rivers about so far."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A gauge with its latest stage; both ``stage_m`` and ``observed_at`` are None where it has none."""

    code: str
    name: str
    zero_elevation_m: float
    alarm_1_m: float | None
    lon: float
    lat: float
    stage_m: float | None
    observed_at: datetime | None
    simulated: bool

    def rise_m(self, drainage_m: float) -> float:
        """How far the water stands above the drainage of the terrain, 0 while it keeps to its bed.

        That is below alarm level I; where none is set, below ``BED_DEPTH_M``.

        Args:
            drainage_m: elevation of the drainage at the gauge.
        """
        if self.stage_m is None:
            return 0.0
        rise_m = self.zero_elevation_m + self.stage_m - drainage_m
        in_bed = rise_m < BED_DEPTH_M if self.alarm_1_m is None else self.stage_m < self.alarm_1_m
        return 0.0 if in_bed else max(0.0, rise_m)


def from_gauges(window: Window, terrain_file: Path, *, keep_drainage: bool) -> xr.DataArray:
    """The flood of the gauges' latest stage in the window, its end included.

    Args:
        window: a reading counts if it was taken in it.
        terrain_file: terrain, reprojected to metres where needed.
        keep_drainage: whether the terrain's drainage is kept for the next build.

    Raises:
        SurfaceNotBuiltError: there is no terrain, or no gauge on it has a reading.
    """
    with writing() as connection:
        readings = latest_readings(connection, window)
    reporting = [reading for reading in readings if reading.stage_m is not None]
    if not reporting:
        raise SurfaceNotBuiltError(
            f"No river gauge reported a stage from {local_text(window.start)} to {local_text(window.end)}."
        )
    drained = drained_terrain(terrain_file, get_settings().var_dir / "terrain" if keep_drainage else None)
    streams = _streams(drained)
    placed = [(reading, _stream_cell(drained, streams, reading)) for reading in reporting]
    used = [(reading, cell) for reading, cell in placed if cell is not None]
    if not used:
        raise SurfaceNotBuiltError(
            f"No river gauge with a reading stands on a stream of {terrain_file.name}; "
            "for a terrain without gauges give a uniform rise with --stage-m."
        )
    cells = np.array([cell for _, cell in used], dtype=np.int64)
    bed_m = drained.drainage.filled_m.ravel()[cells]
    rises = np.array([reading.rise_m(float(bed)) for (reading, _), bed in zip(used, bed_m, strict=True)])
    inputs = {
        "gauges": [
            _gauge_input(reading, rise) for (reading, _), rise in zip(used, rises.tolist(), strict=True)
        ],
        "gauges_without_reading": [reading.name for reading in readings if reading.stage_m is None],
        "gauges_off_the_streams": [reading.name for reading, cell in placed if cell is None],
    }
    rise_m = rise_along_streams(drained.drainage, streams, cells, rises)
    simulated = drained.terrain.simulated or any(reading.simulated for reading, _ in used)
    return _surface(drained, rise_m, inputs=inputs | basis_on(terrain_file), simulated=simulated)


def from_uniform_rise(stage_m: float, terrain_file: Path) -> xr.DataArray:
    """The flood of water that stands ``stage_m`` above the drainage in every stream of a terrain.

    Raises:
        InvalidParameterError: the stage is negative or beyond any flood.
        SurfaceNotBuiltError: there is no terrain.
    """
    if not 0 <= stage_m <= MAX_DEPTH_M:
        raise InvalidParameterError("stage-m", f"{stage_m:g} m is not between 0 and {MAX_DEPTH_M:g} m.")
    drained = drained_terrain(terrain_file)
    rise_m = np.where(_streams(drained), stage_m, 0.0)
    inputs = {"uniform_rise_m": stage_m} | basis_on(terrain_file)
    return _surface(drained, rise_m, inputs=inputs, simulated=drained.terrain.simulated)


def latest_readings(connection: Connection, window: Window) -> list[Reading]:
    """Every gauge with its latest stage in the window, both ends included, in the order of codes."""
    seen, gauge = observations.LAYER.table.c, river_gauges.LAYER.table.c
    latest = (
        select(seen.station_code, seen.value, seen.observed_at, seen.simulated)
        .ext(distinct_on(seen.station_code))
        .where(seen.observed_property == "stage_m", seen.observed_at.between(window.start, window.end))
        .order_by(seen.station_code, seen.observed_at.desc())
        .subquery()
    )
    query = (
        select(
            gauge.code, gauge.name, gauge.zero_elevation_m, gauge.alarm_1_m,
            func.ST_X(gauge.geom), func.ST_Y(gauge.geom), latest.c.value, latest.c.observed_at,
            gauge.simulated | func.coalesce(latest.c.simulated, False),
        )
        .join_from(river_gauges.LAYER.table, latest, gauge.code == latest.c.station_code, isouter=True)
        .order_by(gauge.code)
    )  # fmt: skip
    return [Reading(*row) for row in connection.execute(query)]


def _stream_cell(drained: DrainedTerrain, streams: BoolArray, reading: Reading) -> int | None:
    """Flat index of the stream cell that a gauge stands for, None off the terrain and its streams."""
    to_terrain = transformer(STORAGE_SRID, drained.terrain.crs.to_wkt())
    cell = drained.terrain.cell_of(*to_terrain.transform(reading.lon, reading.lat))
    snapped = None if cell is None else drained.drainage.snap(*cell, SNAP_M)
    if snapped is None or not streams[snapped]:
        return None
    return int(np.ravel_multi_index(snapped, drained.drainage.shape))


def _gauge_input(reading: Reading, rise_m: float) -> dict[str, Any]:
    return {
        "code": reading.code,
        "name": reading.name,
        "stage_m": reading.stage_m,
        "observed_at": None if reading.observed_at is None else reading.observed_at.isoformat(),
        "rise_above_drainage_m": round(rise_m, 2),
    }


def _streams(drained: DrainedTerrain) -> BoolArray:
    return drained.drainage.streams(get_settings().surfaces.flood_risk.stream_area_km2)


def _surface(
    drained: DrainedTerrain, rise_m: FloatArray, *, inputs: dict[str, Any], simulated: bool
) -> xr.DataArray:
    drainage, terrain, streams = drained.drainage, drained.terrain, _streams(drained)
    depth_m = inundation_depth(drainage, streams, water_levels(drainage, streams, rise_m))
    classes = risk_class(depth_m, get_settings().surfaces.flood_risk.depth_classes_m)
    bands = np.stack([classes, depth_m])
    rows, columns = drainage.shape
    found = {
        "terrain_sha256": drained.digest,
        "terrain_notes": list(terrain.notes),
        "flooded_km2": round(float((depth_m > 0).sum()) * terrain.cell_m**2 / 1e6, 1),
    }
    return xr.DataArray(
        np.where(np.isnan(bands), np.float32(NODATA), bands),
        dims=("band", "y", "x"),
        coords={
            "band": [RISK_CLASS, DEPTH_M],
            "y": terrain.transform.f - (np.arange(rows) + 0.5) * terrain.cell_m,
            "x": terrain.transform.c + (np.arange(columns) + 0.5) * terrain.cell_m,
        },
        attrs={
            "crs": terrain.crs.to_wkt(),
            "transform": terrain.transform,
            "inputs": inputs | found,
            "simulated": simulated,
        },
    )
