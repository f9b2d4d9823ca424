"""Flood risk: how deep water stands at the rivers' present stage, and a class from 1 to 5."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import xarray as xr
from sqlalchemy import func, select

from gis_core.config import get_settings
from gis_core.db import writing
from gis_core.errors import SurfaceNotBuiltError
from gis_core.time import Window, parse_duration
from gis_core.types import Text
from layers import observations
from layers.raster import Band, RasterLayer, Stop
from layers.surfaces.flood_basis import DEPTH_M, RISK_CLASS, basis_on

READING_AGE = parse_duration("6h")
"""An older stage says nothing of the river's present one."""


def default_window(at: datetime | None) -> Window:
    """The time from the oldest reading that still counts until ``at``, or until the latest reading.

    The surface shows the state at the window's end.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and no gauge has ever reported.
    """
    if at is None:
        table = observations.LAYER.table.c
        with writing() as connection:
            at = connection.execute(
                select(func.max(table.observed_at)).where(table.observed_property == "stage_m")
            ).scalar()
        if at is None:
            raise SurfaceNotBuiltError(
                "No river gauge has reported a stage yet, so there is no flood to compute."
            )
    return window_at(at)


def window_at(at: datetime | None) -> Window:
    """The window that ends at ``at``, or now."""
    end = datetime.now(UTC) if at is None else at.astimezone(UTC)
    return Window(end - READING_AGE, end)


def build(window: Window) -> xr.DataArray:
    """Depth and class of the flood at the window's end; see ``RasterLayer.build``.

    Raises:
        SurfaceNotBuiltError: there is no terrain, or no gauge on it has a reading.
        GisError: the terrain cannot be used.
    """
    # Its compiled parts take a second to load, and only a build needs them.
    from layers.surfaces.inundation import from_gauges  # noqa: PLC0415

    return from_gauges(window, get_settings().terrain_file, keep_drainage=True)


def basis() -> dict[str, Any]:
    """The terrain file and the parameters of a build; see ``RasterLayer.basis``."""
    return basis_on(get_settings().terrain_file)


SURFACE = RasterLayer(
    name="flood-risk",
    title=Text("Nguy cơ ngập lụt", "Flood risk"),
    description=Text(
        "Độ sâu ngập ước tính và cấp nguy cơ 1–5 theo mực nước sông hiện tại và địa hình.",
        "Estimated depth of water and a risk class 1–5 from the present river stage and the terrain.",
    ),
    steward=Text("Ban Chỉ huy Phòng thủ dân sự thành phố Huế", "Huế city civil defence command"),
    method=Text(
        "Chiều cao so với dòng thoát nước gần nhất (HAND: Rennó 2008, Nobre 2011) và mực nước tại các trạm "
        "thủy văn; ở đồng bằng nước tràn sang lưu vực bên cạnh. Sông không có trạm đo không được tính; "
        "chưa xét đê, cống và mưa tại chỗ. Kém chính xác ở đồng bằng thấp.",
        "Height above nearest drainage (HAND: Rennó 2008, Nobre 2011) and the stage at the river gauges; on "
        "the plain water runs over into neighbouring catchments. Rivers without a gauge are left out; dykes, "
        "sluices and local rain are not considered. Less certain on the low plain.",
    ),
    bands=(
        Band(
            RISK_CLASS,
            Text("Cấp nguy cơ ngập", "Flood risk class"),
            "1",
            (
                Stop(1, "#ffffb2", Text("1 – Rất thấp", "1 – Very low")),
                Stop(2, "#fecc5c", Text("2 – Thấp", "2 – Low")),
                Stop(3, "#fd8d3c", Text("3 – Trung bình", "3 – Moderate")),
                Stop(4, "#f03b20", Text("4 – Cao", "4 – High")),
                Stop(5, "#bd0026", Text("5 – Rất cao", "5 – Very high")),
            ),
        ),
        Band(
            DEPTH_M,
            Text("Độ sâu ngập", "Depth of water"),
            "m",
            (
                Stop(0.01, "#deebf7", Text("dưới 0,15 m", "below 0.15 m")),
                Stop(0.15, "#9ecae1", Text("0,15–0,3 m", "0.15–0.3 m")),
                Stop(0.3, "#6baed6", Text("0,3–0,8 m", "0.3–0.8 m")),
                Stop(0.8, "#2171b5", Text("0,8–1,5 m", "0.8–1.5 m")),
                Stop(1.5, "#08306b", Text("từ 1,5 m", "1.5 m and more")),
            ),
        ),
    ),
    build=build,
    default_window=default_window,
    basis=basis,
    follows=("river_gauges",),
    overviews="nearest",
    keywords=("ngập lụt", "lũ", "HAND", "flood"),
)
