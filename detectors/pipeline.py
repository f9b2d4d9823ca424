"""From what a detector found in frames to rows of layer ``detections``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from detectors.base import Detections
from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.errors import DetectorError
from gis_core.georeference import GroundPlaneCamera
from layers.subjects import SUBJECTS

CLASSES_OF_SUBJECT = {
    "vehicle": ("car", "motorcycle", "bus", "truck", "bicycle"),
    "traffic_violation": ("red_light", "wrong_way", "no_helmet", "illegal_parking", "speeding"),
    "environmental_violation": ("litter", "waste_dumping", "black_smoke", "wastewater"),
    "wildlife": ("animal", "monkey", "wild_boar", "deer"),
    "forest_fire": ("smoke", "flame"),
    "straw_burning": ("straw_fire",),
    "flooding": ("flood",),
    "crowding": ("crowd",),
    "incident": ("crash", "stalled_vehicle", "fallen_tree", "landslide"),
}
"""The classes that detectors may give, by what they are seen as."""
SUBJECT_OF_CLASS = {name: subject for subject, names in CLASSES_OF_SUBJECT.items() for name in names}


class Placed(NamedTuple):
    """Rows for the layer, and how many findings had no position on the ground."""

    rows: gpd.GeoDataFrame
    without_position: int


def place(found: Iterable[Detections], cameras: gpd.GeoDataFrame, *, simulated: bool = False) -> Placed:
    """Put detections on flat ground by the pose of their cameras.

    Args:
        found: detections of any number of frames.
        cameras: rows of layer ``cameras``, EPSG:4326.
        simulated: whether the frames were drawn rather than taken.

    Raises:
        DetectorError: a frame names a camera that is not there, or a class without a subject.
    """
    known = cameras.to_crs(METRIC_SRID).set_index("code")
    parts = [_place_frame(detections, known) for detections in found if len(detections)]
    if not parts:
        return Placed(gpd.GeoDataFrame(geometry=[], crs=STORAGE_SRID), 0)
    every = pd.concat(parts, ignore_index=True).assign(simulated=simulated)
    seen = every[every["x"].notna()]
    points = gpd.GeoSeries(gpd.points_from_xy(seen["x"], seen["y"]), index=seen.index, crs=METRIC_SRID)
    rows = gpd.GeoDataFrame(seen.drop(columns=["x", "y"]), geometry=points.to_crs(STORAGE_SRID))
    return Placed(rows, len(every) - len(seen))


def _place_frame(detections: Detections, cameras: gpd.GeoDataFrame) -> pd.DataFrame:
    frame = detections.frame
    if frame.camera_code not in cameras.index:
        raise DetectorError(f"There is no camera '{frame.camera_code}' in layer cameras.")
    unknown = sorted(set(detections.class_names) - set(SUBJECT_OF_CLASS))
    if unknown:
        raise DetectorError(f"No subject is known for the classes: {', '.join(unknown)}.")
    camera = cameras.loc[frame.camera_code]
    pose = GroundPlaneCamera(
        x=camera.geometry.x,
        y=camera.geometry.y,
        mast_height_m=camera["mast_height_m"],
        azimuth_deg=camera["azimuth_deg"],
        tilt_deg=camera["tilt_deg"],
        field_of_view_deg=camera["field_of_view_deg"],
        width_px=frame.width_px,
        height_px=frame.height_px,
        max_distance_m=camera["range_m"],
    )
    anchor = detections.ground_anchor_px
    ground = pose.locate(anchor[:, 0], anchor[:, 1])
    subjects = [SUBJECT_OF_CLASS[name] for name in detections.class_names]
    return pd.DataFrame(
        {
            "x": ground.x,
            "y": ground.y,
            "detected_at": frame.taken_at,
            "camera_code": frame.camera_code,
            "subject": subjects,
            "class_name": detections.class_names,
            "confidence": detections.confidence,
            "status": [SUBJECTS[subject].first_status for subject in subjects],
            "steward_agency": [SUBJECTS[subject].steward for subject in subjects],
            "cov_xx_m2": ground.covariance_m2[:, 0, 0],
            "cov_xy_m2": ground.covariance_m2[:, 0, 1],
            "cov_yy_m2": ground.covariance_m2[:, 1, 1],
            "origin": f"camera {frame.camera_code}",
            "origin_key": [f"{frame.taken_at.isoformat()}/{index}" for index in np.arange(len(detections))],
        }
    )
