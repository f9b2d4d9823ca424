"""Which level ground a frame shows: its outline mapped onto the plane, below the horizon."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely

from gis_core.errors import GeoreferenceError
from gis_core.georeference import Homography, Pose
from gis_core.georeference.pinhole import fold_square
from gis_core.georeference.rays import undistort
from gis_core.types import FloatArray
from gis_core.viewshed import as_multipolygon

_PARTS_OF_SIDE = 32
"""A side of the frame is cut into so many parts where a lens bends it."""
_ARC_PARTS = 32
"""Of a quarter of the circle of the range."""


def pose_footprint(pose: Pose, range_m: float) -> shapely.MultiPolygon:
    """Level ground that a camera's frame shows, in the grid of its pose; empty where it shows none.

    Args:
        pose: the camera, with ``z_m`` its height above the ground.
        range_m: horizontal distance from which on nothing counts as seen.

    Raises:
        GeoreferenceError: the lens is not above the ground.
    """
    if not pose.z_m > 0:
        raise GeoreferenceError("The lens is not above the ground.")
    rotation = pose.rotation
    # A direction d of the ideal picture meets the ground at place + z * d / -d_up.
    to_ground = np.vstack([pose.z_m * rotation[0], pose.z_m * rotation[1], -rotation[2]])
    # Directions are at least 1 long: any that falls by less meets the ground beyond the range.
    least = pose.z_m / (2 * math.hypot(range_m, pose.z_m))
    return _within(_ideal_outline(pose), to_ground, least, (pose.x_m, pose.y_m), range_m)


def homography_footprint(
    homography: Homography, size_px: tuple[int, int], place: tuple[float, float], range_m: float
) -> shapely.MultiPolygon:
    """Level ground that frames of a size show by a homography, in the grid that it was fitted in.

    Args:
        homography: from pixels to the ground.
        size_px: width and height of the frames.
        place: the camera's own, from which ``range_m`` counts.
        range_m: horizontal distance from which on nothing counts as seen.
    """
    corners = np.array([[0, 0], [size_px[0], 0], size_px, [0, size_px[1]]], float)
    outline = (corners - homography.pixel_origin) / homography.pixel_scale
    scale = np.array([homography.ground_scale_m, homography.ground_scale_m, 1.0])
    to_ground = scale[:, None] * homography.matrix
    # Relative to the camera, so that millions of metres cost no precision.
    offset = np.subtract(homography.ground_origin, place)
    to_ground[:2] += offset[:, None] * to_ground[2]
    reach = np.abs(_homogeneous(outline) @ to_ground[:2].T).max()
    return _within(outline, to_ground, reach / (1e4 * range_m), place, range_m)


def _ideal_outline(pose: Pose) -> FloatArray:
    """The frame's outline in the picture of a lens without distortion, at distance 1; shape (n, 2)."""
    width, height = pose.width_px, pose.height_px
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height], [0, 0]], float)
    flat = (corners - pose.centre) / pose.focal_px
    if not any(pose.lens):
        return flat[:-1]
    steps = np.linspace(0, 1, _PARTS_OF_SIDE, endpoint=False)[:, None]
    bent = np.vstack([start + steps * (end - start) for start, end in pairwise(flat)])
    lens = (*map(float, pose.lens), fold_square(pose.lens))
    ideal = [undistort(a, b, lens) for a, b in bent]
    return np.array([one[:2] for one in ideal if one[-1]]).reshape(-1, 2)


def _within(
    outline: FloatArray, to_ground: FloatArray, least: float, place: tuple[float, float], range_m: float
) -> shapely.MultiPolygon:
    """The ground of an outline whose third homogeneous coordinate is at least ``least``, within range."""
    points = _below_horizon(_homogeneous(outline) @ to_ground.T, least)
    if len(points) < 3:
        return shapely.MultiPolygon()
    ground = shapely.Polygon(points[:, :2] / points[:, 2:])
    circle = shapely.Point(0, 0).buffer(range_m, quad_segs=_ARC_PARTS)
    seen = shapely.make_valid(ground).intersection(circle)
    return as_multipolygon(shapely.transform(seen, lambda xy: xy + place))


def _homogeneous(points: FloatArray) -> FloatArray:
    return np.column_stack([points, np.ones(len(points))])


def _below_horizon(points: FloatArray, least: float) -> FloatArray:
    """A ring of homogeneous points cut along where the third coordinate is ``least``.

    Source: I. Sutherland, G. Hodgman, Reentrant polygon clipping, CACM 17 (1974).
    """
    kept: list[FloatArray] = []
    for before, point in zip(np.roll(points, 1, axis=0), points, strict=True):
        if (before[2] >= least) != (point[2] >= least):
            kept.append(before + (least - before[2]) / (point[2] - before[2]) * (point - before))
        if point[2] >= least:
            kept.append(point)
    return np.array(kept).reshape(-1, 3)
