"""What solutions make of a detector's boxes: findings, each with its subject and its place in the frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from detectors.base import Detections, Frame
from detectors.nms import nms
from detectors.solutions import Solutions
from gis_core.solutions import Solution
from gis_core.types import FloatArray

_SAME_IOU = 0.7
"""Boxes of different classes that overlap more show one thing, about which the model is in two minds."""


class Finding(NamedTuple):
    """One thing that solutions noticed in a frame.

    ``key`` tells it from every other finding of its frame. ``box_px`` (4,) is left, top, right
    and bottom; ``anchor_px`` (2,) is the pixel that stands for its place, with standard errors
    ``anchor_sigma_px`` (2,). ``members`` is how many things it stands for where they only count
    together.
    """

    key: str
    subject: str
    class_name: str
    confidence: float
    steward: str
    violation_kind: str | None
    solutions: tuple[str, ...]
    box_px: FloatArray
    anchor_px: FloatArray
    anchor_sigma_px: FloatArray
    members: int | None = None


class Looked(NamedTuple):
    """A frame that was analysed, what was noticed in it, and all boxes of its detectors."""

    frame: Frame
    findings: tuple[Finding, ...]
    detections: tuple[Detections, ...]


def findings_of(detections: Detections, model: str, solutions: Solutions) -> list[Finding]:
    """The findings of one detector in one frame.

    A thing that several solutions notice as the same subject and class is one finding: it
    stands on the ground once, and is counted once.

    Args:
        detections: of the frame.
        model: the detector's name.
        solutions: those that take its boxes; the first one decides anchor and steward.
    """
    found: dict[str, Finding] = {}
    for name, solution in solutions.items():
        for finding in _of_solution(detections, model, name, solution):
            first = found.setdefault(finding.key, finding)
            if first is not finding:
                found[finding.key] = first._replace(solutions=(*first.solutions, name))
    return list(found.values())


class _Box(NamedTuple):
    """A box, or what stands for many of them, as one solution takes it."""

    key: str
    class_name: str
    confidence: float
    px: FloatArray


def _of_solution(detections: Detections, model: str, name: str, solution: Solution) -> Iterable[Finding]:
    taken = [
        _Box(
            f"{solution.subject}/{class_name}/{model}/{index}",
            class_name,
            float(detections.confidence[index]),
            detections.boxes_px[index],
        )
        for index, class_name in _taken(detections, solution)
    ]
    if solution.group is None:
        return [_finding(box, name, solution) for box in taken]
    if len(taken) < solution.group.at_least:
        return []
    # Many things as one: it stands where the one in their middle stands, and covers them all.
    anchors = np.array([anchor_of(box.px, solution.anchor) for box in taken])
    middle = taken[int(np.argmin(np.hypot(*(anchors - np.median(anchors, axis=0)).T)))]
    together = middle._replace(
        key=f"{solution.subject}/{solution.group.class_name}/{model}/together",
        class_name=solution.group.class_name,
        confidence=float(np.mean([box.confidence for box in taken])),
    )
    edges = np.array([box.px for box in taken])
    around = np.concatenate([edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)])
    finding = _finding(together, name, solution)
    return [finding._replace(box_px=around, members=len(taken))]


def _taken(detections: Detections, solution: Solution) -> list[tuple[int, str]]:
    """The boxes that a solution takes, by number and class; of two classes for one thing the surer one."""
    sure = detections.confidence >= solution.min_confidence
    ours = np.array([name in solution.classes for name in detections.class_names], bool)
    candidates = np.flatnonzero(ours & sure)
    kept = candidates[nms(detections.boxes_px[candidates], detections.confidence[candidates], _SAME_IOU)]
    return [(int(index), detections.class_names[index]) for index in np.sort(kept)]


def _finding(box: _Box, name: str, solution: Solution) -> Finding:
    return Finding(
        box.key,
        solution.subject,
        box.class_name,
        box.confidence,
        solution.steward,
        solution.violation_kind,
        (name,),
        box.px,
        anchor_of(box.px, solution.anchor),
        # A box cannot be known better than its pixels.
        np.maximum(np.array(solution.anchor_sigma) * (box.px[2:] - box.px[:2]), 1.0),
    )


def anchor_of(box_px: FloatArray, anchor: str) -> FloatArray:
    """The pixel of a box that stands for its place: the middle of its lower edge, or its centre; (2,)."""
    left, top, right, bottom = box_px
    return np.array([(left + right) / 2, bottom if anchor == "bottom" else (top + bottom) / 2])
