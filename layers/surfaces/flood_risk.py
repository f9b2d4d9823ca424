"""Flood risk: how deep water stands at the rivers' present stage, and a class of risk with its factors."""

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
from layers import observations, themes
from layers.raster import Band, RasterLayer, Stop
from layers.surfaces.flood_basis import DEPTH_M, RISK_CLASS, basis_on
from layers.surfaces.flood_parameters import EXPOSURE, HAZARD, VULNERABILITY, model_parameters

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
    return basis_on(get_settings().terrain_file) | model_parameters()


def _shares(*colors: str) -> tuple[Stop, ...]:
    """Five steps of a share between 0 and 1."""
    labels = (
        Text("dưới 20 %", "below 20 %"),
        Text("20–40 %", "20–40 %"),
        Text("40–60 %", "40–60 %"),
        Text("60–80 %", "60–80 %"),
        Text("từ 80 %", "80 % and more"),
    )
    starts = (0.01, 0.2, 0.4, 0.6, 0.8)
    return tuple(Stop(*step) for step in zip(starts, colors, labels, strict=True))


SURFACE = RasterLayer(
    name="flood-risk",
    title=Text("Nguy cơ ngập lụt", "Flood risk"),
    description=Text(
        "Độ sâu ngập ước tính theo mực nước sông, mưa và địa hình; cấp nguy cơ 1–5 là tích của hiểm họa, "
        "mức phơi bày và tính dễ bị tổn thương, mỗi yếu tố là một kênh riêng.",
        "Estimated depth of water from river stage, rain and terrain; the risk class 1–5 is hazard × "
        "exposure "
        "× vulnerability, each of them a band of its own.",
    ),
    steward=Text("Ban Chỉ huy Phòng thủ dân sự thành phố Huế", "Huế city civil defence command"),
    method=Text(
        "Chiều cao so với dòng thoát nước gần nhất (HAND: Rennó 2008, Nobre 2011) và mực nước tại các trạm "
        "thủy văn; ở đồng bằng nước tràn sang lưu vực bên cạnh; mưa 24 giờ đọng ở chỗ trũng. Hiểm họa là "
        "tỷ lệ "
        "các lần mô phỏng ngập sâu hơn 0,3 m khi mực nước, địa hình và độ nhám có sai số; tổn thương theo "
        "đường "
        "cong thiệt hại của JRC (Huizinga 2017). Sông không có trạm đo không được tính; chưa xét đê, cống.",
        "Height above nearest drainage (HAND: Rennó 2008, Nobre 2011) and the stage at the river gauges; on "
        "the plain water runs over into neighbouring catchments; the rain of 24 hours ponds in "
        "depressions. The "
        "hazard is the share of an ensemble, over errors of stage, terrain and roughness, that is deeper "
        "than "
        "0.3 m; vulnerability follows the damage curves of JRC (Huizinga 2017). Rivers without a gauge are "
        "left "
        "out; dykes and sluices are not considered.",
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
        Band(
            HAZARD,
            Text("Hiểm họa: xác suất ngập sâu hơn 0,3 m", "Hazard: probability of water deeper than 0.3 m"),
            "1",
            _shares("#f2f0f7", "#cbc9e2", "#9e9ac8", "#756bb1", "#54278f"),
        ),
        Band(
            EXPOSURE,
            Text("Mức phơi bày: đô thị, dân cư và đường sá", "Exposure: settlement and roads"),
            "1",
            _shares("#ffffd4", "#fed98e", "#fe9929", "#d95f0e", "#993404"),
        ),
        Band(
            VULNERABILITY,
            Text(
                "Tính dễ bị tổn thương: phần thiệt hại khi ngập", "Vulnerability: share lost where it floods"
            ),
            "1",
            _shares("#edf8e9", "#bae4b3", "#74c476", "#31a354", "#006d2c"),
        ),
    ),
    build=build,
    default_window=default_window,
    basis=basis,
    follows=("river_gauges", "observations", "wards", "road_segments", "buildings"),
    overviews="nearest",
    keywords=("ngập lụt", "lũ", "HAND", "flood"),
    theme=themes.WATER,
)
