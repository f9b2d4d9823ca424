"""Tracks of things through the frames of a video, on the ground: how many pass, which way, how fast.

Boxes are joined to tracks by ByteTrack (Zhang et al., ECCV 2022) as the library ``trackers``
implements it. It needs frames so close that the boxes of a thing overlap from one to the next.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from detectors.base import Detections
from gis_core.analysis.motion import Motion, crossings, mean_motion
from gis_core.crs import metric_to_lonlat
from gis_core.errors import DetectorError
from gis_core.georeference import Georeferencer
from gis_core.types import FloatArray

_LOST_S = 1.0
"""A track goes on after its thing was hidden for so long."""
_LEAST_OVERLAP = 0.1
_FRAMES_PER_BUFFER_SECOND = 30
"""``trackers`` counts its buffer of lost tracks in frames of this rate, whatever the video's."""


class Track(NamedTuple):
    """One thing in the frames: when it was seen (seconds, ascending), and its anchors in pixels, (n, 2)."""

    number: int
    class_name: str
    at_s: FloatArray
    anchor_px: FloatArray


class GroundTrack(NamedTuple):
    """A track on the ground in EPSG:9214, where it has positions.

    ``noise_m2`` (n, 2, 2) are the covariances of what is new in every frame, ``shared_m2`` of
    what all positions of a camera share.
    """

    number: int
    class_name: str
    at_s: FloatArray
    xy: FloatArray
    noise_m2: FloatArray
    shared_m2: FloatArray

    @property
    def motion(self) -> Motion:
        """Mean speed with its error, and heading."""
        return mean_motion(self.at_s, self.xy, self.noise_m2, self.shared_m2)


def track(found: Iterable[Detections], frame_rate_hz: float, *, min_confidence: float = 0.25) -> list[Track]:
    """Join the boxes of a camera's consecutive frames to tracks.

    Args:
        found: what a detector found, one for each frame in the order of time, frames without
            findings among them.
        frame_rate_hz: of the frames that were looked at.
        min_confidence: no track begins with less; it goes on with half of it.

    Returns:
        Tracks of at least two frames, in the order of their beginning. The class is the one
        that the detector gave with the most confidence in all.

    Raises:
        DetectorError: the frames are not in the order of time.
    """
    import supervision as sv
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(
        lost_track_buffer=round(_LOST_S * _FRAMES_PER_BUFFER_SECOND),
        frame_rate=frame_rate_hz,
        track_activation_threshold=min_confidence,
        high_conf_det_threshold=min_confidence,
        minimum_consecutive_frames=2,
        minimum_iou_threshold=_LEAST_OVERLAP,
    )
    seen: dict[int, list[tuple[float, Any]]] = defaultdict(list)
    votes: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    last = -math.inf
    for one in found:
        at_s = one.frame.taken_at.timestamp()
        if at_s <= last:
            raise DetectorError(
                f"The frames of camera {one.frame.camera_code} are not in the order of time: "
                f"{one.frame.taken_at.isoformat()} comes too late."
            )
        last = at_s
        usable = np.flatnonzero(one.confidence >= min_confidence / 2)
        boxes = sv.Detections(
            xyxy=one.boxes_px[usable],
            confidence=one.confidence[usable],
            class_id=usable.astype(int),
        )
        joined = tracker.update(boxes)
        anchors = one.ground_anchor_px
        for number, index in zip(np.asarray(joined.tracker_id), np.asarray(joined.class_id), strict=True):
            if number >= 0:
                seen[int(number)].append((at_s, anchors[index]))
                votes[int(number)][one.class_names[index]] += float(one.confidence[index])
    return [
        Track(
            number,
            max(votes[number], key=lambda name, of=votes[number]: of[name]),  # type: ignore[misc]
            np.array([moment for moment, _ in points]),
            np.array([anchor for _, anchor in points]),
        )
        for number, points in sorted(seen.items(), key=lambda item: item[1][0][0])
    ]


def on_ground(
    tracks: Sequence[Track], georeferencer: Georeferencer, sigma_px: tuple[float, float]
) -> list[GroundTrack]:
    """Tracks on the ground, without the frames that gave no position.

    Args:
        tracks: of one camera.
        georeferencer: of that camera.
        sigma_px: standard errors of an anchor across and down the frame.
    """
    placed = []
    for one in tracks:
        u, v = one.anchor_px.T
        whole = georeferencer.locate(u, v, np.tile(sigma_px, (len(u), 1)).astype(float))
        # Without any error of the pixel there is left what pose and terrain bring to all frames.
        shared = georeferencer.locate(u, v, np.zeros((len(u), 2)))
        known = np.isfinite(whole.x) & np.isfinite(shared.x)
        shared_m2 = shared.covariance_m2[known]
        placed.append(
            GroundTrack(
                one.number,
                one.class_name,
                one.at_s[known],
                np.column_stack([whole.x, whole.y])[known],
                whole.covariance_m2[known] - shared_m2,
                shared_m2,
            )
        )
    return placed


def count_across(tracks: Sequence[GroundTrack], line: FloatArray) -> pd.DataFrame:
    """Every crossing of a line on the ground.

    Args:
        tracks: on the ground.
        line: its two ends in EPSG:9214, shape (2, 2).

    Returns:
        ``track``, ``class_name``, ``at_s``, ``direction`` (1 from the line's left to its right
        as seen from its first end, -1 back), ``speed_kmh``, ``speed_sigma_kmh`` and
        ``heading_deg`` of the whole track; in the order of time.
    """
    rows = []
    for one in tracks:
        passed = crossings(one.at_s, one.xy, one.noise_m2, line)
        motion = one.motion if passed else None
        rows += [
            (
                one.number, one.class_name, crossing.at_s, crossing.direction,
                3.6 * motion.speed_m_s, 3.6 * motion.speed_sigma_m_s, motion.heading_deg,
            )
            for crossing in passed
            if motion is not None
        ]  # fmt: skip
    names = ("track", "class_name", "at_s", "direction", "speed_kmh", "speed_sigma_kmh", "heading_deg")
    return pd.DataFrame(rows, columns=list(names)).sort_values("at_s", ignore_index=True)


def positions(tracks: Sequence[GroundTrack], camera_code: str) -> pd.DataFrame:
    """Where and when each thing was, as ``huegis corridors tracks`` takes it in.

    Returns:
        ``camera_code``, ``track``, ``class_name``, ``seen_at`` (aware UTC), ``lon`` and ``lat``
        (EPSG:4326); a row for each position, track by track.
    """
    lengths = [len(one.at_s) for one in tracks]
    xy = np.concatenate([one.xy for one in tracks]) if tracks else np.empty((0, 2))
    at_s = np.concatenate([one.at_s for one in tracks]) if tracks else np.empty(0)
    lon, lat = metric_to_lonlat(*xy.T)
    return pd.DataFrame(
        {
            "camera_code": camera_code,
            "track": np.repeat([one.number for one in tracks], lengths),
            "class_name": np.repeat([one.class_name for one in tracks], lengths),
            "seen_at": pd.to_datetime(at_s, unit="s", utc=True).round("ms"),
            "lon": lon.round(7),
            "lat": lat.round(7),
        }
    )
