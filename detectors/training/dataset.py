"""Data sets of drawn scenes: pictures and their labels in the COCO format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from detectors.training.scenes import CLASSES, draw
from gis_core.errors import DetectorError

SPLITS = ("train", "val", "test")
SCENES_PER_SPLIT = 10_000_000
"""Each split of a data set draws from its own range of seeds, this long: no scene is in two splits."""
_LABELS = "annotations.json"

Row = tuple[dict[str, Any], list[dict[str, Any]]]
"""A COCO image and its annotations."""


def scene_seed(seed: int, split: str, index: int) -> int:
    """The seed of scene ``index`` of a split of the data set ``seed``.

    Raises:
        DetectorError: the split is unknown, or a number is out of its range.
    """
    if split not in SPLITS:
        raise DetectorError(f"There is no split '{split}'; the splits are: {', '.join(SPLITS)}.")
    if seed < 0 or not 0 <= index < SCENES_PER_SPLIT:
        raise DetectorError(
            f"A data set has a seed of 0 or above and up to {SCENES_PER_SPLIT} scenes a split."
        )
    return (seed * len(SPLITS) + SPLITS.index(split)) * SCENES_PER_SPLIT + index


def write(
    folder: Path,
    count: int,
    seed: int,
    *,
    split: str = "train",
    size: tuple[int, int] = (640, 384),
    workers: int = 1,
    quality: int = 92,
    each: Callable[[], None] = lambda: None,
) -> Path:
    """Draw ``count`` scenes into ``folder``/``split`` and label them.

    The same arguments give the same bytes, whatever the number of workers.

    Args:
        folder: where the split's folder is made.
        count: number of scenes.
        seed: of the data set; each scene has its own, disjoint between splits.
        split: one of ``SPLITS``.
        size: width and height of the pictures in pixels.
        workers: processes that draw.
        quality: of the JPEG files, 1 to 100.
        each: called after each picture.

    Returns:
        The labels, COCO JSON with ``file_name`` relative to their folder. Things too small or too
        hidden to be asked of a detector stand there as ``iscrowd``.

    Raises:
        DetectorError: a picture cannot be drawn or written.
    """
    target = folder / split
    target.mkdir(parents=True, exist_ok=True)
    seeds = [scene_seed(seed, split, index) for index in range(count)]
    task = partial(_write_scene, target, size, quality)
    if workers == 1:
        rows = _collect(map(task, range(count), seeds), each)
    else:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            rows = _collect(pool.map(task, range(count), seeds, chunksize=8), each)
    annotations = list(chain.from_iterable(row[1] for row in rows))
    document = {
        "info": {
            "description": "Scenes drawn by huegis; none of them is a photograph.",
            "seed": seed,
            "split": split,
        },
        "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)],
        "images": [row[0] for row in rows],
        "annotations": [{"id": number, **row} for number, row in enumerate(annotations, 1)],
    }
    labels = target / _LABELS
    part = labels.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    part.replace(labels)
    return labels


def _collect(rows: Iterable[Row], each: Callable[[], None]) -> list[Row]:
    collected = []
    for row in rows:
        collected.append(row)
        each()
    return collected


def _write_scene(target: Path, size: tuple[int, int], quality: int, index: int, seed: int) -> Row:
    """Draw and write one scene; its COCO image and annotations."""
    # Pictures are small, and workers run side by side.
    cv2.setNumThreads(1)
    scene = draw(seed, size=size)
    name = f"{index:07d}.jpg"
    coded, data = cv2.imencode(
        ".jpg", cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not coded:
        raise DetectorError(f"Picture {name} cannot be written as JPEG.")
    part = target / f"{name}.{os.getpid()}.part"
    part.write_bytes(data.tobytes())
    part.replace(target / name)
    image = {
        "id": index + 1,
        "file_name": name,
        "width": size[0],
        "height": size[1],
        "kind": scene.kind,
        "mood": scene.conditions["mood"],
    }
    asked = zip(scene.class_names, scene.boxes_px, strict=True)
    ignored = zip(scene.ignored_names, scene.ignored_px, strict=True)
    return image, [
        *(_annotation(index + 1, class_name, box, 0) for class_name, box in asked),
        *(_annotation(index + 1, class_name, box, 1) for class_name, box in ignored),
    ]


def _annotation(image_id: int, class_name: str, box_px: Any, crowd: int) -> dict[str, Any]:
    left, top, right, bottom = (float(edge) for edge in box_px)
    return {
        "image_id": image_id,
        "category_id": CLASSES.index(class_name) + 1,
        "bbox": [round(left, 2), round(top, 2), round(right - left, 2), round(bottom - top, 2)],
        "area": round((right - left) * (bottom - top), 2),
        "iscrowd": crowd,
    }
