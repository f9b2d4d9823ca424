"""Tracks of vehicles whose motion is known, seen by a known camera with noise in the pixels."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.base import Detections, Frame
from detectors.tracking import GroundTrack, count_across, on_ground, track
from gis_core.errors import DetectorError
from gis_core.georeference import PinholeCamera, Pose, focal_length_px, pose_covariance
from gis_core.georeference.pose import parameters_of, with_parameters
from gis_core.terrain import PlaneTerrain
from gis_core.types import FloatArray

START = datetime(2025, 10, 27, 7, 0, tzinfo=UTC)
RATE_HZ = 12.5
FOOT = np.array([560_000.0, 1_820_000.0])
POSE = Pose(*FOOT, 8.0, 0.0, 14.0, 0.0, focal_length_px(65, 1280), 1280, 720)
NOISE_PX = 1.5
LINE = FOOT + np.array([[-20.0, 40.0], [20.0, 40.0]])
"""Across the road, 40 m ahead; a vehicle that comes nearer goes from its left to its right."""


class Vehicle:
    """A box on a straight way: offset to the side, where it begins ahead of the camera, and its speed."""

    def __init__(self, aside_m: float, ahead_m: float, speed_m_s: float, name: str = "car") -> None:
        self.aside_m, self.ahead_m, self.speed_m_s, self.name = aside_m, ahead_m, speed_m_s, name

    def place(self, at_s: float) -> FloatArray:
        return FOOT + np.array([self.aside_m, self.ahead_m + self.speed_m_s * at_s])

    def box(self, at_s: float, pose: Pose) -> FloatArray | None:
        """Left, top, right, bottom; its lower middle is the place on the ground."""
        x, y = self.place(at_s)
        u, v = (float(one[0]) for one in pose.project(np.array([x]), np.array([y]), np.zeros(1)))
        if math.isnan(u) or not (0 < u < pose.width_px and 0 < v < pose.height_px):
            return None
        per_m = pose.focal_px / math.hypot(*(self.place(at_s) - FOOT))
        return np.array([u - 0.9 * per_m, v - 1.5 * per_m, u + 0.9 * per_m, v])


ROAD = (
    Vehicle(-3.0, 75.0, -9.0),
    Vehicle(-3.0, 95.0, -9.5, "truck"),
    Vehicle(3.0, 18.0, 11.0),
    Vehicle(5.0, 14.0, 6.0, "motorcycle"),
    Vehicle(-5.5, 60.0, -5.0, "bicycle"),
)


def film(
    vehicles: tuple[Vehicle, ...], pose: Pose, seconds: float, seed: int, *, missed: float = 0.0
) -> list[Detections]:
    """What a detector would find: noisy boxes, some of them missed."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(int(seconds * RATE_HZ)):
        at_s = number / RATE_HZ
        frame = Frame("CAM", START + timedelta(seconds=at_s), pose.width_px, pose.height_px)
        seen = [(one, one.box(at_s, pose)) for one in vehicles]
        kept = [(one, box) for one, box in seen if box is not None and draw.random() >= missed]
        boxes = np.array([box for _, box in kept]).reshape(-1, 4)
        # The anchor's error, with a box that otherwise keeps its size.
        moved = draw.normal(0, NOISE_PX, (len(kept), 2))
        boxes += np.hstack([moved, moved])
        names = tuple(one.name for one, _ in kept)
        found.append(Detections(frame, boxes, names, draw.uniform(0.4, 0.95, len(kept))))
    return found


def camera(pose: Pose = POSE, **sigmas: float) -> PinholeCamera:
    return PinholeCamera(pose, PlaneTerrain(), pose_covariance(pose, **sigmas), range_m=200.0)


def ground_tracks(found: list[Detections], **sigmas: float) -> list[GroundTrack]:
    return on_ground(track(found, RATE_HZ), camera(**sigmas), (NOISE_PX, NOISE_PX))


@pytest.mark.parametrize("missed", [0.0, 0.1])
def test_speeds_are_right_within_five_per_cent_and_counts_are_exact(missed: float) -> None:
    crossings = count_across(ground_tracks(film(ROAD, POSE, 6.0, 3, missed=missed)), LINE)
    truth = {"car": (-9.0, 11.0), "truck": (-9.5,), "motorcycle": (6.0,), "bicycle": (-5.0,)}
    assert sorted(crossings["class_name"]) == sorted(name for name, speeds in truth.items() for _ in speeds)
    for row in crossings.itertuples(index=False):
        toward = 1 if row.direction == 1 else -1
        expected = next(one for one in truth[row.class_name] if (one < 0) == (toward == 1))
        assert row.speed_kmh == pytest.approx(3.6 * abs(expected), rel=0.05)
        assert row.heading_deg == pytest.approx(180.0, abs=3) or toward == -1
    assert (crossings["direction"] == 1).sum() == 3


def test_the_error_of_a_speed_covers_noise_in_the_pixels() -> None:
    vehicle = Vehicle(-3.0, 60.0, -9.0)
    motions = [ground_tracks(film((vehicle,), POSE, 3.0, seed))[0].motion for seed in range(150)]
    error = np.array([(one.speed_m_s - 9.0) / one.speed_sigma_m_s for one in motions])
    assert 0.88 < (np.abs(error) < 1.96).mean() <= 1.0
    assert 0.7 < error.std() < 1.2


def test_the_error_of_a_speed_covers_errors_of_the_pose() -> None:
    sigmas = {"height_sigma_m": 0.3, "tilt_sigma_deg": 0.3, "heading_sigma_deg": 0.5}
    draw = np.random.default_rng(11)
    spread = np.sqrt(np.diag(pose_covariance(POSE, **sigmas)))
    vehicle = Vehicle(-3.0, 60.0, -9.0)
    error = []
    for seed in range(150):
        truth = with_parameters(POSE, parameters_of(POSE) + draw.normal(size=8) * spread)
        motion = ground_tracks(film((vehicle,), truth, 3.0, seed), **sigmas)[0].motion
        error.append((motion.speed_m_s - 9.0) / motion.speed_sigma_m_s)
    assert 0.88 < (np.abs(error) < 1.96).mean() <= 1.0


def test_one_vehicle_is_one_track_with_the_class_it_was_mostly_given() -> None:
    found = film((Vehicle(2.0, 20.0, 8.0),), POSE, 3.0, 1)
    found[5] = Detections(found[5].frame, found[5].boxes_px, ("truck",), found[5].confidence)
    tracks = track(found, RATE_HZ)
    assert [one.class_name for one in tracks] == ["car"]
    assert len(tracks[0].at_s) >= len(found) - 2


def test_an_empty_video_has_no_tracks() -> None:
    assert track(film((), POSE, 2.0, 1), RATE_HZ) == []
    assert count_across([], LINE).empty


def test_frames_out_of_order_are_refused() -> None:
    with pytest.raises(DetectorError, match="not in the order of time"):
        track(film(ROAD, POSE, 1.0, 1)[::-1], RATE_HZ)
