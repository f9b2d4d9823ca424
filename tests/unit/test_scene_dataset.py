"""Data sets of drawn scenes: COCO labels that hold, the same bytes each time, no scene in two splits."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from detectors.training import dataset
from detectors.training.scene_commands import scenes
from detectors.training.scenes import CLASSES, draw
from gis_core.errors import DetectorError

SIZE = (160, 96)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def test_the_same_arguments_give_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    for name, workers in (("one", 1), ("again", 1), ("two", 2)):
        dataset.write(tmp_path / name, 5, 7, size=SIZE, workers=workers)
    assert _digest(tmp_path / "one") == _digest(tmp_path / "again") == _digest(tmp_path / "two")
    dataset.write(tmp_path / "other", 5, 8, size=SIZE)
    assert _digest(tmp_path / "one") != _digest(tmp_path / "other")


def test_labels_are_coco_and_are_those_of_the_scenes(tmp_path: Path) -> None:
    labels = dataset.write(tmp_path, 6, 3, split="val", size=SIZE)
    document = json.loads(labels.read_text(encoding="utf-8"))
    assert [row["name"] for row in document["categories"]] == list(CLASSES)
    assert [row["id"] for row in document["categories"]] == list(range(1, len(CLASSES) + 1))
    assert len({row["id"] for row in document["annotations"]}) == len(document["annotations"])
    names = {row["id"]: row["name"] for row in document["categories"]}
    for index, image in enumerate(document["images"]):
        picture = cv2.imread(str(labels.parent / image["file_name"]))
        assert picture is not None
        assert picture.shape == (image["height"], image["width"], 3)
        scene = draw(dataset.scene_seed(3, "val", index), size=SIZE)
        mine = [row for row in document["annotations"] if row["image_id"] == image["id"]]
        asked = [row for row in mine if not row["iscrowd"]]
        assert [names[row["category_id"]] for row in asked] == list(scene.class_names)
        assert len(mine) - len(asked) == len(scene.ignored_names)
        for row, (left, top, right, bottom) in zip(asked, scene.boxes_px, strict=True):
            assert row["bbox"] == pytest.approx([left, top, right - left, bottom - top], abs=0.01)
            assert row["area"] == pytest.approx((right - left) * (bottom - top), abs=0.01)
        # JPEG is lossy, but the file shows the scene and not another, in red, green and blue.
        assert abs(picture[..., ::-1].astype(int) - scene.image).mean() < 6


def test_no_scene_is_in_two_splits() -> None:
    last = dataset.SCENES_PER_SPLIT - 1
    ranges = [
        (dataset.scene_seed(seed, split, 0), dataset.scene_seed(seed, split, last))
        for seed in range(3)
        for split in dataset.SPLITS
    ]
    ordered = sorted(ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ordered))


@pytest.mark.parametrize(("seed", "split", "index"), [(0, "exam", 0), (-1, "train", 0), (0, "train", 10**9)])
def test_what_is_no_scene_of_a_data_set_is_refused(seed: int, split: str, index: int) -> None:
    with pytest.raises(DetectorError):
        dataset.scene_seed(seed, split, index)


def test_the_command_writes_a_sheet_and_a_data_set(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    options = ["--sheet", str(sheet), "--kind", "flood", "--kind", "hills_smoke", "--columns", "2"]
    shown = CliRunner().invoke(scenes, [*options, "--data", str(tmp_path / "set"), "--count", "2"])
    assert shown.exit_code == 0, shown.output
    picture = cv2.imread(str(sheet))
    assert picture is not None
    assert picture.shape == (2 * 384, 2 * 640, 3)
    assert len(json.loads((tmp_path / "set/train/annotations.json").read_text())["images"]) == 2


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    nothing = CliRunner().invoke(scenes, [])
    assert nothing.exit_code == 2
    assert "--sheet or --data" in nothing.output
    unknown = CliRunner().invoke(scenes, ["--sheet", str(tmp_path / "a.png"), "--kind", "opera"])
    assert isinstance(unknown.exception, DetectorError)
    nowhere = CliRunner().invoke(scenes, ["--sheet", str(tmp_path / "no/a.png"), "--kind", "flood"])
    assert isinstance(nowhere.exception, DetectorError)
