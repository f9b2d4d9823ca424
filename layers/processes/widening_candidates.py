"""Process ``widening-candidates``: which roads a widening would relieve."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd

from gis_core.analysis.traffic import HANOI_UNITS
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID
from gis_core.db import reading
from gis_core.types import Text
from layers import road_segments
from layers.corridors import last_day
from layers.passenger_cars import chosen_units
from layers.processes.base import GEOJSON_TYPE, Input, Output, Process, Progress, Values
from layers.processes.words import check_window, feature_collection, window_inputs, window_of
from layers.read import read
from layers.widening import rank, watched_hours


def _inputs() -> Mapping[str, Input]:
    return {
        **window_inputs(),
        "min_hours": Input(
            Text("Số giờ quan sát tối thiểu", "Fewest hours observed"),
            Text("Đoạn có ít giờ hơn thì bỏ qua.", "A segment with fewer is left out."),
            {"type": "integer", "minimum": 1, "maximum": 8784, "default": 6, "x-unit": "h"},
        ),
        "limit": Input(
            Text("Số đoạn", "How many"),
            Text("Nhiều nhất bấy nhiêu đoạn.", "At most so many segments."),
            {"type": "integer", "minimum": 1, "maximum": 500, "default": 20},
        ),
        "units": Input(
            Text("Bảng quy đổi xe", "Table of passenger-car units"),
            Text("Một xe mỗi loại bằng mấy xe con.", "How many cars a vehicle of a class stands for."),
            {
                "type": "string",
                "enum": [HANOI_UNITS.name, *get_settings().traffic.unit_tables],
                "default": get_settings().traffic.units,
            },
        ),
    }


def _run(values: Values, progress: Progress) -> Values:
    """See ``layers.widening``.

    Raises:
        GisError: no camera has counted a vehicle yet.
    """
    with reading() as connection:
        window = window_of(values, last_day(connection))
        progress(10, "Counting vehicles on every watched segment")
        hourly = watched_hours(connection, window, chosen_units(get_settings(), values["units"]))
        progress(80, "Ranking segments")
        ranked = rank(hourly, values["min_hours"]).head(values["limit"])
        codes = ranked["segment_code"].tolist()
        roads = read(
            connection,
            road_segments.LAYER,
            road_segments.LAYER.table.c.code.in_(codes),
            columns=("road_class", "corridor"),
        ).set_index("code")
    found = gpd.GeoDataFrame(
        ranked.join(roads[["road_class", "corridor"]], on="segment_code"),
        geometry=[roads.geometry[code] for code in codes],
        crs=STORAGE_SRID,
    )
    told = {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "segmentsObserved": int(hourly.loc[hourly["level"].notna(), "segment_code"].nunique()),
        "units": values["units"],
    }
    return {"candidates": feature_collection(found, **told)}


PROCESS = Process(
    id="widening-candidates",
    version="1.0.0",
    title=Text("Đoạn đường nên xem xét mở rộng", "Candidates for widening"),
    description=Text(
        "Xếp hạng đoạn đường theo tỷ lệ giờ ở mức phục vụ E hoặc F (HCM, theo mật độ mỗi làn), nhu cầu "
        "phân vị 95 % và số làn cần để trở về mức D. Là danh sách sàng lọc, không phải thiết kế.",
        "Ranks road segments by the share of hours at level of service E or F (HCM, by density per lane), "
        "the 95th percentile of demand, and the lanes that would bring it back to level D. A screening, "
        "and no design.",
    ),
    keywords=("giao thông", "mở rộng đường", "traffic", "level of service"),
    inputs=_inputs,
    outputs={
        "candidates": Output(
            Text("Các đoạn đường", "The segments"),
            Text("Xếp theo thứ hạng.", "In the order of their rank."),
            GEOJSON_TYPE,
        )
    },
    check=check_window,
    run=_run,
    example={"min_hours": 6, "limit": 10},
)
