"""Rain: sums of 1, 3, 6, 24 and 72 hours between the stations, each with its variance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import xarray as xr
from rasterio.transform import from_origin
from sqlalchemy import func, select

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import writing
from gis_core.errors import RasterError, SurfaceNotBuiltError
from gis_core.time import Window, local_text
from gis_core.types import Text
from layers import observations, themes
from layers.raster import NODATA, Band, RasterLayer, Stop

HOURS = (1, 3, 6, 24, 72)


def default_window(at: datetime | None) -> Window:
    """The longest sum's hours until ``at``, or until the latest reading of rain.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and no station has ever reported.
    """
    if at is None:
        table = observations.LAYER.table.c
        with writing() as connection:
            at = connection.execute(
                select(func.max(table.observed_at)).where(table.observed_property == "rain_1h_mm")
            ).scalar()
        if at is None:
            raise SurfaceNotBuiltError("No rain station has reported yet, so there is no rain to compute.")
    return Window(at - timedelta(hours=max(HOURS)), at)


def build(window: Window) -> xr.DataArray:
    """The sums of rain at the window's end; see ``RasterLayer.build``.

    A sum that no station reported in full is NoData, and ``inputs`` say so.

    Raises:
        SurfaceNotBuiltError: no station reported so much as the last hour.
    """
    # PyKrige and the terrain take a second to load, and only a build needs them.
    from layers.surfaces.rain_on import rain_grid, rain_inputs, rain_of  # noqa: PLC0415

    grid = rain_grid()
    shape = grid.elevation_m.shape
    bands: list[np.ndarray] = []
    inputs: dict[str, Any] = {}
    simulated = False
    with writing() as connection:
        for hours in HOURS:
            try:
                found, told = rain_of(connection, window.end, hours, grid)
            except RasterError as error:
                inputs[f"{hours}h"] = {"not_built": str(error)}
                bands += [np.full(shape, NODATA), np.full(shape, NODATA)]
                continue
            inputs[f"{hours}h"] = rain_inputs(found, told)
            simulated |= told.simulated
            bands += [
                found.estimate.rain_mm.reshape(shape),
                found.estimate.variance_mm2.reshape(shape),
            ]
    if all("not_built" in entry for entry in inputs.values()):
        raise SurfaceNotBuiltError(
            f"No rain station reported the hour until {local_text(window.end)}; there is no rain to compute."
        )
    rows, columns = shape
    return xr.DataArray(
        np.stack(bands).astype(np.float32),
        dims=("band", "y", "x"),
        coords={
            "band": [band.name for band in SURFACE.bands],
            "y": grid.bounds.north - (np.arange(rows) + 0.5) * grid.cell_m,
            "x": grid.bounds.west + (np.arange(columns) + 0.5) * grid.cell_m,
        },
        attrs={
            "crs": f"EPSG:{METRIC_SRID}",
            "transform": from_origin(grid.bounds.west, grid.bounds.north, grid.cell_m, grid.cell_m),
            "inputs": {"sums": inputs, **basis()},
            "simulated": simulated,
        },
    )


def basis() -> dict[str, Any]:
    """The parameters of a build; see ``RasterLayer.basis``."""
    settings = get_settings()
    return {"parameters": {"cell_m": settings.flood.rain_cell_m, "terrain": settings.terrain_file.name}}


def _bands(hours: int) -> tuple[Band, Band]:
    return (
        Band(
            f"rain_{hours}h_mm",
            Text(f"Mưa {hours} giờ", f"Rain of {hours} h"),
            "mm",
            (
                Stop(1, "#e3f2fd", Text("1–16", "1–16")),
                Stop(16, "#90caf9", Text("16–50", "16–50")),
                Stop(50, "#1e88e5", Text("50–100", "50–100")),
                Stop(100, "#3949ab", Text("100–200", "100–200")),
                Stop(200, "#6a1b9a", Text("200–400", "200–400")),
                Stop(400, "#ad1457", Text("từ 400", "400 and more")),
            ),
        ),
        Band(
            f"variance_{hours}h_mm2",
            Text(f"Phương sai của mưa {hours} giờ", f"Variance of the rain of {hours} h"),
            "mm²",
            (
                Stop(1, "#fee5d9", Text("1–100 (đến ±10 mm)", "1–100 (up to ±10 mm)")),
                Stop(100, "#fcae91", Text("100–900 (±30 mm)", "100–900 (±30 mm)")),
                Stop(900, "#fb6a4a", Text("900–2.500 (±50 mm)", "900–2,500 (±50 mm)")),
                Stop(2500, "#de2d26", Text("2.500–10.000 (±100 mm)", "2,500–10,000 (±100 mm)")),
                Stop(10_000, "#a50f15", Text("từ 10.000", "10,000 and more")),
            ),
        ),
    )


SURFACE = RasterLayer(
    name="rain",
    title=Text("Lượng mưa", "Rainfall"),
    description=Text(
        "Lượng mưa tích lũy 1, 3, 6, 24 và 72 giờ nội suy từ các trạm, kèm phương sai.",
        "Rain summed over 1, 3, 6, 24 and 72 hours, interpolated between the stations, with its variance.",
    ),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    method=Text(
        "Kriging thường, kriging với độ cao, nghịch đảo khoảng cách và Thiessen; với mỗi tổng lấy phương "
        "pháp có "
        "sai số nhỏ nhất khi lần lượt bỏ từng trạm. Phương sai là của kriging, hoặc bình phương sai số đó. "
        "Trạm "
        "thiếu giờ nào trong tổng thì không tính và được nêu tên.",
        "Ordinary kriging, kriging with elevation drift, inverse distance and Thiessen; each sum takes the "
        "method "
        "with the smallest leave-one-out error. The variance is that of kriging, or the square of that "
        "error. "
        "Stations that miss an hour of a sum are left out of it and named.",
    ),
    bands=tuple(band for hours in HOURS for band in _bands(hours)),
    build=build,
    default_window=default_window,
    basis=basis,
    follows=("rain_stations", "observations"),
    keywords=("mưa", "kriging", "rain"),
    theme=themes.WATER,
)
