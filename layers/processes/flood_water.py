"""The water of a process: of stages that somebody asks about, or as the service's surface has it now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy import select

from gis_core.config import get_settings
from gis_core.db import reading
from gis_core.errors import InvalidParameterError, quoted
from gis_core.terrain import RasterTerrain
from gis_core.types import Text
from layers import river_gauges
from layers.flood_alarms import HIGHEST_M, LOWEST_M
from layers.processes.base import Input, Values
from layers.raster import read_record
from layers.surfaces.flood_basis import DEPTH_M
from layers.surfaces.flood_risk import SURFACE


class Water(NamedTuple):
    """How deep water stands on the cells of a grid, in metres, and what that is known from, JSON-ready."""

    depth_m: NDArray[np.float32]
    grid: RasterTerrain
    known_from: Values


def stages_input(*, optional: bool) -> Input:
    """The input ``stages_m``."""
    stage = {"type": "number", "minimum": LOWEST_M, "maximum": HIGHEST_M, "x-unit": "m"}
    gauges = get_settings().flood.alarms
    absent = Text(" Không có thì lấy mặt ngập hiện tại.", " Without them the present flood surface is taken.")
    vi, en = (absent.vi, absent.en) if optional else ("", "")
    return Input(
        Text("Mực nước tại các trạm (m)", "Stages at the gauges (m)"),
        Text(
            f"Theo mã trạm của lớp river_gauges, ví dụ kim-long, phu-oc.{vi}",
            f"By the code of a gauge of layer river_gauges, such as kim-long, phu-oc.{en}",
        ),
        {
            "type": "object",
            "properties": dict.fromkeys(gauges, stage),
            "additionalProperties": stage,
            "minProperties": 1,
            "maxProperties": 50,
            "x-unit": "m",
        },
        optional,
    )


def check_gauges(stages_m: Mapping[str, float]) -> None:
    """Refuse gauges that are not there.

    Raises:
        InvalidParameterError: one is unknown.
    """
    with reading() as connection:
        known = set(connection.execute(select(river_gauges.LAYER.table.c.code)).scalars())
    for code in stages_m:
        if code not in known:
            raise InvalidParameterError(
                "stages_m", f"there is no gauge {quoted(code)}; there are: {', '.join(sorted(known))}."
            )


def water_of(values: Values) -> Water:
    """The water of ``stages_m``, or that of the flood surface as it is built now.

    Raises:
        SurfaceNotBuiltError: there is no terrain or no surface, or none of the gauges stands on a stream.
    """
    # Its compiled parts take a second to load, and only a scenario needs them.
    from layers.surfaces.inundation import from_stages  # noqa: PLC0415

    stages_m = values.get("stages_m")
    if stages_m is not None:
        flood = from_stages(stages_m, datetime.now(UTC), get_settings().terrain_file, None)
        told = {"stages_m": stages_m, "simulated": flood.simulated}
        return Water(flood.depth_m, flood.drained.terrain, told)
    path = SURFACE.path(get_settings())
    record = read_record(SURFACE, path)
    with rasterio.open(path) as dataset:
        depth_m = dataset.read(dataset.descriptions.index(DEPTH_M) + 1, masked=True).filled(np.nan)
        grid = RasterTerrain(path.name, depth_m, dataset.transform, CRS.from_wkt(dataset.crs.to_wkt()))
    told = {"surface": SURFACE.name, "at": record.window.end.isoformat(), "simulated": record.simulated}
    return Water(depth_m, grid, told)
