"""Non-maximum suppression: of boxes that overlap, the most confident one stays.

Greedy suppression as in Felzenszwalb et al., "Object Detection with Discriminatively Trained
Part-Based Models" (PAMI 2010), section 5.1, the same that the compiled operators of mmcv do.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.types import FloatArray, IntArray


def nms(boxes: FloatArray, scores: FloatArray, iou_threshold: float, *, offset: int = 0) -> IntArray:
    """Which boxes stay.

    Args:
        boxes: shape (n, 4): left, top, right, bottom.
        scores: shape (n,); of equal scores the earlier box goes first.
        iou_threshold: a box that overlaps a kept one by more than this is dropped; the
            overlap is the area in common divided by the area of both together.
        offset: 1 where a box from 3 to 5 is three pixels wide, 0 where it is two.

    Returns:
        Indices of the boxes that stay, the most confident first; shape (k,).
    """
    order = np.argsort(-scores, kind="stable")
    kept = _suppress(np.ascontiguousarray(boxes[order], np.float64), float(iou_threshold), float(offset))
    return order[kept]


def nms_by_class(
    boxes: FloatArray, scores: FloatArray, labels: NDArray[np.integer], iou_threshold: float
) -> IntArray:
    """Which boxes stay where only boxes of the same class suppress each other.

    Classes are kept apart by moving each one's boxes to a place of its own.

    Args:
        boxes: shape (n, 4).
        scores: shape (n,).
        labels: shape (n,), the number of each box's class.
        iou_threshold: as for ``nms``.

    Returns:
        Indices of the boxes that stay, the most confident first; shape (k,).
    """
    if not len(boxes):
        return np.empty(0, np.int64)
    apart = float(boxes.max() - boxes.min()) + 1.0
    return nms(boxes + (labels * apart)[:, None], scores, iou_threshold)


def _suppress_sorted(boxes: FloatArray, iou_threshold: float, offset: float) -> NDArray[np.bool_]:
    count = len(boxes)
    kept = np.ones(count, np.bool_)
    area = (boxes[:, 2] - boxes[:, 0] + offset) * (boxes[:, 3] - boxes[:, 1] + offset)
    for first in range(count):
        if not kept[first]:
            continue
        for second in range(first + 1, count):
            if not kept[second]:
                continue
            width = min(boxes[first, 2], boxes[second, 2]) - max(boxes[first, 0], boxes[second, 0]) + offset
            height = min(boxes[first, 3], boxes[second, 3]) - max(boxes[first, 1], boxes[second, 1]) + offset
            if width > 0 and height > 0:
                common = width * height
                # Multiplied out: two boxes without area have no quotient.
                if common > iou_threshold * (area[first] + area[second] - common):
                    kept[second] = False
    return kept


_suppress = njit(cache=True)(_suppress_sorted)
