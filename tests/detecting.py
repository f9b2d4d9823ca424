"""A tiny labelled set of pictures that no model knows, and a detector's frames of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from detectors.base import Frame

SIZES_PX = {"car": (48, 28), "boat": (30, 60)}
COLOURS = {"car": (230, 40, 40), "boat": (40, 60, 230)}
WIDTH_PX, HEIGHT_PX = 192, 128


def write_labelled(folder: Path, pictures: int = 8, seed: int = 5) -> Path:
    """Flat boxes on noise, with a COCO file that leaves out what it may; gives that file."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(pictures):
        image = rng.integers(80, 150, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.uint8)
        for category, name in enumerate(SIZES_PX, 1):
            width, height = SIZES_PX[name]
            left, top = int(rng.integers(0, WIDTH_PX - width)), int(rng.integers(0, HEIGHT_PX - height))
            image[top : top + height, left : left + width] = COLOURS[name]
            annotations.append(
                {"image_id": number, "category_id": category, "bbox": [left, top, width, height]}
            )
        Image.fromarray(image).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": WIDTH_PX, "height": HEIGHT_PX})
    categories = [{"id": category, "name": name} for category, name in enumerate(SIZES_PX, 1)]
    file = folder / "labels.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return file


def frame_of(image: np.ndarray) -> Frame:
    """A frame of some camera that shows the picture."""
    return Frame("CAM-0001", datetime(2025, 10, 27, 1, tzinfo=UTC), image.shape[1], image.shape[0], image)
