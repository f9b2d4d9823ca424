"""From a pixel to the ground, with the covariance of the position.

Three forms of one seam: a homography fitted to ground control points, a pinhole camera with
pose and lens above a plane, and the same with its rays intersected with terrain.
"""

from gis_core.georeference.base import Georeferencer, GroundPositions, Reason, Resized
from gis_core.georeference.ellipse import Ellipses, ellipse_polygons, error_ellipses
from gis_core.georeference.homography import Homography
from gis_core.georeference.homography_fit import HomographyFit, fit_homography
from gis_core.georeference.pinhole import PinholeCamera
from gis_core.georeference.pose import Lens, Pose, focal_length_px, pose_covariance

__all__ = [
    "Ellipses",
    "Georeferencer",
    "GroundPositions",
    "Homography",
    "HomographyFit",
    "Lens",
    "PinholeCamera",
    "Pose",
    "Reason",
    "Resized",
    "ellipse_polygons",
    "error_ellipses",
    "fit_homography",
    "focal_length_px",
    "pose_covariance",
]
