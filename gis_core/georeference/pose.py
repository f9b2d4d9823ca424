"""A pinhole camera: where it stands, how it looks, and what its lens does to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gis_core.errors import GeoreferenceError
from gis_core.types import FloatArray

PARAMETERS = ("x_m", "y_m", "z_m", "heading_deg", "tilt_deg", "roll_deg", "focal_px", "k1")
"""The order and units of the rows of a pose's covariance."""


class Lens(NamedTuple):
    """Distortion by the model of Brown and Conrady, with coefficients as OpenCV defines them.

    Source: D. C. Brown, Decentering Distortion of Lenses, Photogrammetric Engineering 32 (1966).
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0


NO_DISTORTION = Lens()


@dataclass(frozen=True, slots=True)
class Pose:
    """A camera's place, direction and optics.

    ``x_m``, ``y_m`` and ``z_m`` are the lens in the grid and datum of the ground. The optical
    axis points to ``heading_deg`` clockwise from grid north and ``tilt_deg`` below the
    horizontal; seen from behind, the camera is turned clockwise about it by ``roll_deg``.
    Pixels are square; ``centre_px`` is the principal point, by default the frame's middle.
    """

    x_m: float
    y_m: float
    z_m: float
    heading_deg: float
    tilt_deg: float
    roll_deg: float
    focal_px: float
    width_px: int
    height_px: int
    lens: Lens = NO_DISTORTION
    centre_px: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        numbers = (self.x_m, self.y_m, self.z_m, self.heading_deg, self.tilt_deg, self.roll_deg)
        if not all(map(math.isfinite, (*numbers, *self.lens))):
            raise GeoreferenceError("The camera's pose lacks a number: it needs a place and three angles.")
        if not (math.isfinite(self.focal_px) and self.focal_px > 0):
            raise GeoreferenceError("The focal length must be above 0 pixels.")
        if self.width_px < 1 or self.height_px < 1:
            raise GeoreferenceError("A frame has at least one pixel each way.")

    @property
    def field_of_view_deg(self) -> float:
        """Horizontal field of view of the lens without its distortion."""
        return math.degrees(2 * math.atan(self.width_px / 2 / self.focal_px))

    @property
    def centre(self) -> tuple[float, float]:
        """The principal point in pixels."""
        return self.centre_px or (self.width_px / 2, self.height_px / 2)

    @property
    def place(self) -> FloatArray:
        """The lens, shape (3,)."""
        return np.array([self.x_m, self.y_m, self.z_m])

    @property
    def rotation(self) -> FloatArray:
        """Columns are right, down and ahead of the camera as east, north, up; shape (3, 3)."""
        heading, tilt, roll = np.radians([self.heading_deg, self.tilt_deg, self.roll_deg])
        right = np.array([np.cos(heading), -np.sin(heading), 0.0])
        ahead = np.array(
            [np.sin(heading) * np.cos(tilt), np.cos(heading) * np.cos(tilt), -np.sin(tilt)]
        )  # fmt: skip
        down = np.cross(ahead, right)
        turned = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
        return np.column_stack([*turned, ahead])

    def project(self, x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pixels of points in space, shape (n,) each; NaN for what lies behind the camera."""
        ahead = (np.column_stack([x, y, z]) - self.place) @ self.rotation
        with np.errstate(divide="ignore", invalid="ignore"):
            flat = ahead[:, :2] / np.where(ahead[:, 2:] > 0, ahead[:, 2:], np.nan)
        seen = distorted(flat, self.lens) * self.focal_px + self.centre
        return seen[:, 0], seen[:, 1]


def focal_length_px(field_of_view_deg: float, width_px: int) -> float:
    """Focal length of a lens without distortion that sees so much of the horizon.

    Raises:
        GeoreferenceError: no flat picture holds such an angle.
    """
    if not 0 < field_of_view_deg < 180:
        raise GeoreferenceError("The horizontal field of view must lie between 0° and 180°.")
    return width_px / 2 / math.tan(math.radians(field_of_view_deg) / 2)


def distorted(flat: FloatArray, lens: Lens) -> FloatArray:
    """Where the lens puts points of the ideal picture at distance 1; shape (n, 2) in and out."""
    a, b = flat.T
    square = a * a + b * b
    radial = 1 + square * (lens.k1 + square * (lens.k2 + square * lens.k3))
    return np.column_stack(
        [
            a * radial + 2 * lens.p1 * a * b + lens.p2 * (square + 2 * a * a),
            b * radial + lens.p1 * (square + 2 * b * b) + 2 * lens.p2 * a * b,
        ]
    )


def pose_covariance(
    pose: Pose,
    *,
    position_sigma_m: float = 0.0,
    height_sigma_m: float = 0.0,
    heading_sigma_deg: float = 0.0,
    tilt_sigma_deg: float = 0.0,
    roll_sigma_deg: float = 0.0,
    field_of_view_sigma_deg: float = 0.0,
) -> FloatArray:
    """Covariance (8, 8) of independent errors of a pose, in the order and units of ``PARAMETERS``."""
    # From focal = width / (2 tan(view / 2)).
    half = math.radians(pose.field_of_view_deg) / 2
    focal_sigma_px = pose.width_px / 4 / math.sin(half) ** 2 * math.radians(field_of_view_sigma_deg)
    place = (position_sigma_m, position_sigma_m, height_sigma_m)
    angles = (heading_sigma_deg, tilt_sigma_deg, roll_sigma_deg)
    return np.diag(np.square([*place, *angles, focal_sigma_px, 0.0]))


def with_parameters(pose: Pose, values: FloatArray) -> Pose:
    """The pose with new values in the order of ``PARAMETERS``."""
    x_m, y_m, z_m, heading_deg, tilt_deg, roll_deg, focal_px, k1 = map(float, values)
    return replace(
        pose,
        x_m=x_m,
        y_m=y_m,
        z_m=z_m,
        heading_deg=heading_deg,
        tilt_deg=tilt_deg,
        roll_deg=roll_deg,
        focal_px=focal_px,
        lens=pose.lens._replace(k1=k1),
    )


def parameters_of(pose: Pose) -> FloatArray:
    """The values of a pose in the order of ``PARAMETERS``."""
    return np.array([*(getattr(pose, name) for name in PARAMETERS[:-1]), pose.lens.k1])
