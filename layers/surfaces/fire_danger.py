"""Fire danger: the modified Nesterov index, its level and FWI between the weather stations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from rasterio.transform import from_origin

from gis_core.analysis.fire_danger import danger_level, inverse_distance
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import writing
from gis_core.time import Window
from gis_core.types import Text
from layers import themes
from layers.fire_danger import LEVEL_COLORS, LEVEL_LABELS
from layers.raster import NODATA, Band, RasterLayer, Stop
from layers.surfaces.vehicle_density import metric_grid


def default_window(at: datetime | None) -> Window:
    """The record up to ``at``, or up to the latest weather; the surface is of its last day.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and air temperature was never observed.
    """
    from layers.fire_weather import danger_window  # noqa: PLC0415  the surface's list imports no analysis

    with writing() as connection:
        return danger_window(connection, at, get_settings().fire.danger)


def build(window: Window) -> xr.DataArray:
    """Level, index and FWI of the window's last day; see ``RasterLayer.build``.

    Raises:
        SurfaceNotBuiltError: no station reported the weather of 13 h in the window.
    """
    from layers.fire_weather import stations_danger  # noqa: PLC0415

    settings = get_settings()
    danger_settings = settings.fire.danger
    with writing() as connection:
        danger = stations_danger(connection, window, danger_settings)
    cell_m = danger_settings.cell_m
    bounds = metric_grid(settings.province.bounds, cell_m)
    x = np.arange(bounds.west + cell_m / 2, bounds.east, cell_m)
    y = np.arange(bounds.north - cell_m / 2, bounds.south, -cell_m)
    at_x, at_y = np.meshgrid(x, y)
    index, fwi = (
        inverse_distance(danger.x_m, danger.y_m, values[-1], at_x, at_y, power=danger_settings.power)
        for values in (danger.spell.nesterov, danger.fwi)
    )
    bands = np.stack([danger_level(index, danger_settings.level_thresholds), index, fwi])
    return xr.DataArray(
        np.where(np.isnan(bands), NODATA, bands).astype(np.float32),
        dims=("band", "y", "x"),
        coords={"band": [band.name for band in SURFACE.bands], "y": y, "x": x},
        attrs={
            "crs": f"EPSG:{METRIC_SRID}",
            "transform": from_origin(bounds.west, bounds.north, cell_m, cell_m),
            "inputs": {
                "day": danger.days[-1].isoformat(),
                "days_of_record": len(danger.days),
                "stations": list(danger.reporting),
                "stations_without_index": sorted(set(danger.codes) - set(danger.reporting)),
                "spells_since_rain": bool(danger.spell.since_rain[-1].all()),
                **basis(),
            },
            "simulated": danger.simulated,
        },
    )


def basis() -> dict[str, Any]:
    """The parameters of a build; see ``RasterLayer.basis``."""
    return {"parameters": get_settings().fire.danger.model_dump(mode="json")}


SURFACE = RasterLayer(
    name="fire-danger",
    title=Text("Nguy cơ cháy rừng theo thời tiết", "Fire danger by the weather"),
    description=Text(
        "Cấp dự báo cháy rừng I–V theo chỉ tiêu P (Nesterov cải tiến) và chỉ số FWI của ngày gần nhất.",
        "Danger levels I–V by the modified Nesterov index P, and FWI, of the latest day.",
    ),
    steward=Text("Chi cục Kiểm lâm", "Forest protection department"),
    method=Text(
        "P = K·Σ t13·d13 từ ngày mưa gần nhất (Nesterov cải tiến); độ chênh lệch bão hòa theo công thức "
        "Magnus (Alduchov & Eskridge 1996); FWI theo Van Wagner 1987 (xclim); nội suy nghịch đảo khoảng cách "
        "giữa các trạm khí tượng, chưa xét độ cao và loại rừng.",
        "P = K·Σ t13·d13 since the last rain (modified Nesterov); saturation deficit by Magnus's form "
        "(Alduchov & Eskridge 1996); FWI after Van Wagner 1987 (xclim); inverse distance between the weather "
        "stations, without elevation or kind of forest.",
    ),
    bands=(
        Band(
            "danger_level",
            Text("Cấp dự báo cháy rừng", "Fire danger level"),
            "1",
            tuple(
                Stop(level, color, label)
                for level, (color, label) in enumerate(zip(LEVEL_COLORS, LEVEL_LABELS, strict=True), 1)
            ),
        ),
        Band(
            "nesterov_index",
            Text("Chỉ tiêu P", "Index P"),
            "1",
            (
                Stop(0, "#4caf50", Text("dưới 5.000", "below 5,000")),
                Stop(5_000, "#fdd835", Text("5.000–10.000", "5,000–10,000")),
                Stop(10_000, "#fb8c00", Text("10.000–15.000", "10,000–15,000")),
                Stop(15_000, "#e53935", Text("15.000–20.000", "15,000–20,000")),
                Stop(20_000, "#7b1fa2", Text("từ 20.000", "20,000 and more")),
            ),
        ),
        Band(
            "fwi",
            Text("Chỉ số FWI", "FWI"),
            "1",
            (
                Stop(0, "#4caf50", Text("dưới 5", "below 5")),
                Stop(5, "#fdd835", Text("5–12", "5–12")),
                Stop(12, "#fb8c00", Text("12–20", "12–20")),
                Stop(20, "#e53935", Text("20–30", "20–30")),
                Stop(30, "#7b1fa2", Text("từ 30", "30 and more")),
            ),
        ),
    ),
    build=build,
    default_window=default_window,
    basis=basis,
    overviews="nearest",
    keywords=("cháy rừng", "Nesterov", "FWI", "fire danger"),
    follows=("climate_stations", "observations"),
    theme=themes.FOREST,
)
