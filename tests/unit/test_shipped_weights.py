"""The weights in the repository: the right classes, small, described, and of some use on drawn scenes."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.mmdet import read_weights
from detectors.models import SHIPPED, make_detector
from detectors.onnx import OnnxDetector
from detectors.training.dataset import write
from detectors.training.evaluate import evaluate
from detectors.training.labels import read_labels
from detectors.training.scenes import CLASSES
from gis_core.config import Settings
from gis_core.detector_settings import DetectorModel, Detectors
from gis_core.errors import DetectorError


def test_both_forms_tell_the_drawn_classes_apart() -> None:
    assert read_weights(SHIPPED["torch"]).classes == CLASSES
    assert OnnxDetector(SHIPPED["onnx"]).classes == CLASSES


def test_they_are_small_and_described() -> None:
    assert all(file.stat().st_size < 5e6 for file in SHIPPED.values())
    card = SHIPPED["onnx"].with_name("MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in card for name in CLASSES)


def test_they_see_something_in_scenes_that_no_training_saw(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, 24, 99, split="test"))
    scores = evaluate(OnnxDetector(SHIPPED["onnx"]), labels)
    by_name = {score.name: score for score in scores.classes}
    assert by_name["motorcycle"].ap50 > 0.2
    assert scores.mean_ap50 > 0.1


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_the_settings_name_them(runtime: str) -> None:
    model = DetectorModel.model_validate({"runtime": runtime})
    settings = Settings(detectors=Detectors(models={"hue": model}))
    assert make_detector("hue", settings).detect([]) == []
    with pytest.raises(DetectorError, match=r"There is no model 'sky'; .* has: hue"):
        make_detector("sky", settings)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"config": "yolox.py"}, "needs runtime: torch and a checkpoint"),
        ({"runtime": "torch", "config": "yolox.py"}, "needs runtime: torch and a checkpoint"),
        ({"checkpoint": "https://example.org/fire.pth"}, "needs its sha256"),
    ],
)
def test_settings_that_cannot_work_are_refused(stated: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DetectorModel.model_validate(stated)
