"""The models that the settings name, ready to detect."""

from __future__ import annotations

from pathlib import Path

from detectors.base import Detector
from detectors.checkpoints import local_file
from gis_core.config import Settings
from gis_core.detector_settings import DetectorModel
from gis_core.errors import DetectorError, quoted

SHIPPED = {
    "onnx": Path(__file__).parent / "weights" / "hue-rtmdet.onnx",
    "torch": Path(__file__).parent / "weights" / "hue-rtmdet.pth",
}
"""The project's own weights, by the runtime that reads them."""


def make_detector(
    name: str, settings: Settings, *, min_confidence: float | None = None, size_px: int | None = None
) -> Detector:
    """The model of that name in the setting ``detectors.models``.

    It takes from a tenth of a second (ONNX Runtime) to some seconds (torch).

    Args:
        name: of the model.
        settings: those in force.
        min_confidence: in place of the model's own.
        size_px: in place of the model's own.

    Raises:
        DetectorError: there is no model of that name, or its weights are missing or unfit.
    """
    models = settings.detectors.models
    if name not in models:
        raise DetectorError(
            f"There is no model {quoted(name)}; the setting detectors.models has: {', '.join(models)}."
        )
    instead = {"min_confidence": min_confidence, "size_px": size_px}
    model = models[name].model_copy(
        update={key: value for key, value in instead.items() if value is not None}
    )
    return open_detector(model, _file(model, settings), settings)


def open_detector(model: DetectorModel, file: Path, settings: Settings) -> Detector:
    """A model with the weights in a local file.

    Raises:
        DetectorError: the weights are missing or unfit.
    """
    how = settings.detectors
    if model.runtime == "onnx":
        from detectors.onnx import OnnxDetector

        return OnnxDetector(
            file,
            classes=model.classes,
            threads=how.threads,
            batch=how.batch,
            size_px=model.size_px,
            min_confidence=model.min_confidence,
        )
    from detectors.mmdet import MmdetDetector

    return MmdetDetector(
        file,
        config=model.config,
        classes=model.classes,
        device=how.device,
        threads=how.threads,
        batch=how.batch,
        size_px=model.size_px,
        min_confidence=model.min_confidence,
    )


def _file(model: DetectorModel, settings: Settings) -> Path:
    if model.checkpoint is None:
        return SHIPPED[model.runtime]
    limit = settings.detectors.max_checkpoint_mib
    return local_file(model.checkpoint, model.sha256, settings.var_dir / "weights", limit)
