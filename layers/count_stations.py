"""Count stations: loops and other sensors in the road that count what passes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry
from layers.names import with_names


class CountStation(Feature):
    __tablename__ = "count_stations"

    code: Mapped[str] = described(
        SqlText,
        "Mã trạm",
        "Station code",
        primary_key=True,
        aliases=("id", "station", "sensor", "sensor_id", "detector", "detector_id", "ma_tram"),
    )
    name: Mapped[str] = described(
        SqlText,
        "Tên trạm; mã trạm nếu không có tên",
        "Station name; the code where it has none",
        nullable=False,
        aliases=("ten", "ten_tram"),
    )
    method: Mapped[str] = described(
        choice("method", "loop", "tube", "radar", "camera", "manual"),
        "Cách đếm",
        "How it counts",
        nullable=False,
        server_default="loop",
        aliases=("cach_dem",),
    )
    road_segment_code: Mapped[str | None] = described(
        SqlText, "Mã đoạn đường được đếm", "Code of the road segment it counts on"
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="count_stations",
    model=CountStation,
    stations_of="observations",
    derive=with_names,
    derived=("name",),
    title=Text("Trạm đếm xe", "Count stations"),
    description=Text(
        "Vòng từ và các thiết bị khác đếm lượt xe đi qua một mặt cắt của đường.",
        "Loop detectors and other sensors that count the vehicles passing a section of road.",
    ),
    steward=Text("Sở Xây dựng", "Department of Construction"),
    keywords=("đếm xe", "giao thông", "traffic count", "loop detector"),
    theme=themes.TRAFFIC,
    label_column="name",
    style=Style(
        color="#6a1b9a",
        size_px=4,
        column="method",
        classes=(
            StyleClass("loop", "#6a1b9a", Text("Vòng từ", "Loop detector")),
            StyleClass("tube", "#8e24aa", Text("Ống hơi", "Pneumatic tube")),
            StyleClass("radar", "#5e35b1", Text("Ra-đa", "Radar")),
            StyleClass("camera", "#3949ab", Text("Camera", "Camera")),
            StyleClass("manual", "#78909c", Text("Đếm tay", "Counted by hand")),
        ),
    ),
)
