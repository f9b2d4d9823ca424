"""The flood that river gauges, or a stage that someone asks about, make on a terrain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from gis_core.analysis.flood import MAX_DEPTH_M, rise_along_streams
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, transformer
from gis_core.db import writing
from gis_core.errors import InvalidParameterError, SurfaceNotBuiltError
from gis_core.time import Window, local_text
from gis_core.types import BoolArray, FloatArray
from layers import observations, river_gauges
from layers.surfaces.drainage import DrainedTerrain, drained_terrain
from layers.surfaces.flood_basis import basis_on
from layers.surfaces.flood_model import Simulation, simulate, streams_of
from layers.surfaces.flood_parameters import model_parameters
from layers.surfaces.rain_on import RainField, rain_on

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
    """The flood of the gauges' latest stage in the window, its end included, and of the last day's rain.

    Args:
        window: a reading counts if it was taken in it.
        terrain_file: terrain, reprojected to metres where needed.
        keep_drainage: whether the terrain's drainage is kept for the next build.

    Raises:
        SurfaceNotBuiltError: there is no terrain, or no gauge on it has a reading.
    """
    with writing() as connection:
        readings = latest_readings(connection, window)
    if all(reading.stage_m is None for reading in readings):
        raise SurfaceNotBuiltError(
            f"No river gauge reported a stage from {local_text(window.start)} to {local_text(window.end)}."
        )
    drained = drained_on(terrain_file, keep=keep_drainage)
    return flood_of(readings, drained, terrain_file, rain_on(drained.terrain, window.end)).as_surface()


def from_stages(
    stages_m: Mapping[str, float], at: datetime, terrain_file: Path, rain: RainField | None
) -> Simulation:
    """The flood that stages at gauges would make.

    Args:
        stages_m: stage by gauge's code; gauges that are not named do not count.
        at: the time that it is for.
        terrain_file: terrain.
        rain: rain on the terrain's cells; None for none.

    Raises:
        InvalidParameterError: there is no such gauge.
        SurfaceNotBuiltError: there is no terrain, or none of the gauges stands on its streams.
    """
    with writing() as connection:
        known = {reading.code: reading for reading in latest_readings(connection, Window(at, at))}
    for code in stages_m:
        if code not in known:
            raise InvalidParameterError(
                f"--{code}", f"the layer river_gauges has no gauge '{code}'; load it, or the sample."
            )
    told = [replace(known[code], stage_m=stage, observed_at=at) for code, stage in stages_m.items()]
    return flood_of(told, drained_on(terrain_file, keep=True), terrain_file, rain)


def drained_on(terrain_file: Path, *, keep: bool) -> DrainedTerrain:
    """A terrain file with its drainage, which may be kept for the next time."""
    return drained_terrain(terrain_file, get_settings().var_dir / "terrain" if keep else None)


def flood_of(
    readings: list[Reading], drained: DrainedTerrain, terrain_file: Path, rain: RainField | None
) -> Simulation:
    """The flood of readings, those without a stage left out.

    Raises:
        SurfaceNotBuiltError: no gauge with a reading stands on a stream of the terrain.
    """
    streams = streams_of(drained)
    reporting = [reading for reading in readings if reading.stage_m is not None]
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

    def rise_of(errors_m: FloatArray) -> FloatArray:
        # A river that keeps to its bed does so whatever its gauge is wrong by.
        told = np.where(rises > 0, np.maximum(rises + errors_m, 0.0), 0.0)
        return rise_along_streams(drained.drainage, streams, cells, told)

    inputs = {
        "gauges": [
            _gauge_input(reading, rise) for (reading, _), rise in zip(used, rises.tolist(), strict=True)
        ],
        "gauges_without_reading": [reading.name for reading in readings if reading.stage_m is None],
        "gauges_off_the_streams": [reading.name for reading, cell in placed if cell is None],
    }
    simulated = any(reading.simulated for reading, _ in used)
    return _simulate(drained, terrain_file, rise_of, len(used), inputs=inputs, simulated=simulated, rain=rain)


def from_uniform_rise(stage_m: float, terrain_file: Path) -> xr.DataArray:
    """The flood of water that stands ``stage_m`` above the drainage in every stream of a terrain.

    Raises:
        InvalidParameterError: the stage is negative or beyond any flood.
        SurfaceNotBuiltError: there is no terrain.
    """
    if not 0 <= stage_m <= MAX_DEPTH_M:
        raise InvalidParameterError("stage-m", f"{stage_m:g} m is not between 0 and {MAX_DEPTH_M:g} m.")
    drained = drained_terrain(terrain_file)
    streams = streams_of(drained)

    def rise_of(errors_m: FloatArray) -> FloatArray:
        rise_m = max(0.0, stage_m + float(errors_m[0])) if stage_m > 0 else 0.0
        return np.where(streams, rise_m, 0.0)

    inputs = {"uniform_rise_m": stage_m}
    flood = _simulate(drained, terrain_file, rise_of, 1, inputs=inputs, simulated=False, rain=None)
    return flood.as_surface()


def _simulate(
    drained: DrainedTerrain,
    terrain_file: Path,
    rise_of: Callable[[FloatArray], FloatArray],
    gauges: int,
    *,
    inputs: dict[str, Any],
    simulated: bool,
    rain: RainField | None,
) -> Simulation:
    told = {} if rain is None else {"rain": rain.inputs}
    return simulate(
        drained,
        rise_of,
        gauges,
        rain_mm=None if rain is None else rain.rain_mm,
        inputs=inputs | told | basis_on(terrain_file) | model_parameters(),
        simulated=simulated or (rain is not None and rain.simulated),
    )


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
