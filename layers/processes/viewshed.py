"""Process ``viewshed``: which ground is seen from a place of some height, or by a camera."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, lonlat_to_metric
from gis_core.db import reading
from gis_core.errors import GeoreferenceError, InvalidParameterError, SurfaceNotBuiltError
from gis_core.georeference import Pose, focal_length_px
from gis_core.types import Text
from layers.georeferencing import terrain_of
from layers.processes.base import GEOJSON_TYPE, Input, Output, Process, Progress, Values
from layers.processes.words import check_place, feature, place

_FACE_PX = 1000
_FACES = ((0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (270.0, 0.0), (0.0, 90.0))
"""Heading and tilt of square pictures of 90° each that together show all around and below."""


def _inputs() -> Mapping[str, Input]:
    return {
        "camera": Input(
            Text("Mã camera", "Code of a camera"),
            Text("Của lớp cameras; hoặc dùng place.", "Of layer cameras; or else place."),
            {"type": "string", "minLength": 1, "maxLength": 100},
            optional=True,
        ),
        "place": place("Vị trí", "Place", optional=True),
        "height_m": Input(
            Text("Độ cao so với mặt đất (m)", "Height above the ground (m)"),
            Text("Của mắt nhìn tại place.", "Of the eye at place."),
            {"type": "number", "minimum": 0.5, "maximum": 500, "default": 20, "x-unit": "m"},
        ),
        "range_m": Input(
            Text("Tầm nhìn (m)", "Range (m)"),
            Text("Xa hơn thì không tính.", "Nothing counts as seen beyond."),
            {"type": "number", "minimum": 100, "maximum": 30000, "default": 10000, "x-unit": "m"},
        ),
    }


def _check(values: Values) -> None:
    check_place(values, "place")
    if ("camera" in values) == ("place" in values):
        raise InvalidParameterError("camera", "give one of 'camera' and 'place'.")


def _run(values: Values, progress: Progress) -> Values:
    """See ``gis_core.viewshed`` and ``layers.viewsheds``.

    Raises:
        SurfaceNotBuiltError: no terrain is known.
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: it stands outside the terrain, or below it.
    """
    progress(5, "Looking around")
    shape, told = _of_camera(values["camera"]) if "camera" in values else _of_place(values)
    area_km2 = round(shape.area / 1e6, 4)
    degrees = gpd.GeoSeries([shape], crs=METRIC_SRID).to_crs(STORAGE_SRID).iloc[0]
    return {"viewshed": feature(degrees, {**told, "area_km2": area_km2})}


def _of_camera(code: str) -> tuple[shapely.MultiPolygon, Values]:
    # Its compiled parts take a second to load, and only a run needs them.
    from layers.viewsheds import look  # noqa: PLC0415

    with reading() as connection:
        seen = look(connection, get_settings(), code)
    return seen.ground, {"camera": code, "basis": seen.basis}


def _of_place(values: Values) -> tuple[shapely.MultiPolygon, Values]:
    from gis_core.viewshed import VisibleCells, outlines, visible_cells  # noqa: PLC0415

    terrain = terrain_of(get_settings())
    if terrain is None:
        raise SurfaceNotBuiltError("No terrain is known, so nobody can tell what hides what.")
    east, north = (float(part[0]) for part in lonlat_to_metric(*np.array(values["place"], float)[:, None]))
    ground_m = float(terrain.sample(np.array([east]), np.array([north]))[0])
    if not np.isfinite(ground_m):
        raise GeoreferenceError("The place lies where no terrain is known.")
    faces = [
        visible_cells(
            Pose(
                east, north, ground_m + values["height_m"], heading_deg, tilt_deg, 0.0,
                focal_length_px(90.0, _FACE_PX), _FACE_PX, _FACE_PX,
            ),
            terrain,
            values["range_m"],
        )
        for heading_deg, tilt_deg in _FACES
    ]  # fmt: skip
    seen = np.logical_or.reduce([face.seen for face in faces])
    told = {"height_m": values["height_m"], "range_m": values["range_m"], "ground_m": round(ground_m, 1)}
    return outlines(VisibleCells(seen, faces[0].transform)), {**told, "basis": "terrain"}


PROCESS = Process(
    id="viewshed",
    version="1.0.0",
    title=Text("Vùng nhìn thấy", "Viewshed"),
    description=Text(
        "Mặt đất nhìn thấy được từ một vị trí và độ cao, hoặc bởi một camera, qua địa hình, có xét độ cong "
        "Trái Đất và khúc xạ.",
        "The ground that is seen from a place of some height, or by a camera, over the terrain, with the "
        "Earth's curvature and refraction.",
    ),
    keywords=("tầm nhìn", "camera", "viewshed"),
    inputs=_inputs,
    outputs={
        "viewshed": Output(
            Text("Vùng nhìn thấy", "The ground seen"),
            Text("Đa giác và diện tích.", "Its outline and area."),
            GEOJSON_TYPE,
        )
    },
    check=_check,
    run=_run,
    example={"place": [107.58, 16.43], "height_m": 30, "range_m": 5000},
)
