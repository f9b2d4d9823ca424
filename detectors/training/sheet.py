"""A contact sheet of drawn scenes with their boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from detectors.training.scenes import CLASSES, Scene, draw
from detectors.training.scenes.scene import Image
from gis_core.errors import DetectorError

_COLOURS = tuple(
    tuple(int(part) for part in colour)
    for colour in cv2.cvtColor(
        np.array([[(number * 180 // len(CLASSES), 200, 255) for number in range(len(CLASSES))]], np.uint8),
        cv2.COLOR_HSV2RGB,
    )[0]
)


def write(path: Path, kinds: Sequence[str], columns: int, seed: int) -> None:
    """Write a picture with one row for each kind and ``columns`` scenes in it, from ``seed`` on.

    Raises:
        DetectorError: a kind is unknown, or the picture cannot be written.
    """
    rows = [np.hstack([labelled(draw(seed + at, kind)) for at in range(columns)]) for kind in kinds]
    coded, data = cv2.imencode(path.suffix or ".png", cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    if not coded:
        raise DetectorError(f"The sheet cannot be written as '{path.name}'.")
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise DetectorError(f"The sheet '{path.name}' cannot be written: {error.strerror}.") from error


def labelled(scene: Scene) -> Image:
    """The picture of a scene with its boxes and class names; ignored boxes are grey."""
    picture = scene.image.copy()
    for left, top, right, bottom in scene.ignored_px.astype(int):
        cv2.rectangle(picture, (left, top), (right, bottom), (128, 128, 128), 1)
    for name, (left, top, right, bottom) in zip(scene.class_names, scene.boxes_px.astype(int), strict=True):
        colour = _COLOURS[CLASSES.index(name)]
        cv2.rectangle(picture, (left, top), (right, bottom), colour, 1)
        cv2.putText(picture, name, (left, top - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1, cv2.LINE_AA)
    return picture
