"""The one adapter to MMDetection: torch, mmdet and mmcv are imported here and nowhere else.

They are imported when a model is first made, since that takes seconds. mmcv without
compiled operators (``mmcv-lite``) is enough: a stand-in then gives non-maximum
suppression, and says of every other operator that it is missing.

MMDetection's config files are Python that runs when it is read. Only the project's own
network, and a config that the operator names in ``config.yml``, ever get here; nothing
that comes in by a request or a data file does.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import pickle
import sys
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from detectors.base import Detections, Frame
from detectors.batching import BatchingDetector, picture_of
from detectors.nms import nms
from detectors.rtmdet import Shape, network, test_pipeline
from gis_core.errors import DetectorError, quoted

_EXTENSION = "mmcv._ext"
_LARGEST = 2.0
"""No network of the project is wider or deeper; a file that says so would only fill the memory."""
_BROKEN_CONFIG = (
    OSError,
    SyntaxError,
    ImportError,
    NameError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)
"""What reading a config, or building what it says, raises when the config is wrong."""


@cache
def framework() -> types.ModuleType:
    """torch, with MMDetection ready to build models by name.

    Raises:
        DetectorError: the packages are not installed.
    """
    try:
        import torch

        if importlib.util.find_spec(_EXTENSION) is None:
            sys.modules[_EXTENSION] = _StandIn(_EXTENSION)
        with quiet():
            import mmdet.utils
            from mmengine.logging import MMLogger

            mmdet.utils.register_all_modules(init_default_scope=True)
            # Otherwise it prints every tensor that it initialises, and every one that levels share.
            MMLogger.get_current_instance().setLevel("ERROR")
    except ImportError as error:
        raise DetectorError(
            f"The packages that run MMDetection models are not installed: {error}."
        ) from error
    return torch


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of old spellings inside the pinned packages, which nobody here can mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _StandIn(types.ModuleType):
    """In place of mmcv's compiled operators: non-maximum suppression, and a clear no to the rest."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Without one, a later search for the module fails.
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)

    @staticmethod
    def nms(boxes: Any, scores: Any, iou_threshold: float, offset: int) -> Any:
        """As mmcv's operator: tensors (n, 4) and (n,) to the indices that stay."""
        import torch

        kept = nms(_array(boxes), _array(scores), iou_threshold, offset=offset)
        return torch.from_numpy(kept).to(boxes.device)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_: object, **__: object) -> NoReturn:
            raise DetectorError(
                f"The model needs the operator '{name}', which only mmcv with compiled operators has; "
                "install the full mmcv in place of mmcv-lite."
            )

        return missing


class MmdetDetector(BatchingDetector):
    """Any model of MMDetection as a ``Detector``.

    Args:
        checkpoint: a file of weights.
        config: an MMDetection config that describes the model; None for the project's own
            network, whose checkpoints say how large they are.
        classes: what the model tells apart, in its order; empty takes the checkpoint's word.
        device: ``auto``, ``cpu`` or ``cuda``; ``auto`` takes CUDA where it is there.
        threads: threads of the CPU.
        batch: frames that go through the network together.
        size_px: the longer side of the input; a config of one's own says its own size.
        min_confidence: findings below it are left out.

    Raises:
        DetectorError: the checkpoint cannot be read, holds more than weights, or does not
            fit the config or the classes.
    """

    def __init__(
        self,
        checkpoint: Path,
        *,
        config: Path | None = None,
        classes: Sequence[str] = (),
        device: str = "auto",
        threads: int = 1,
        batch: int = 1,
        size_px: int = 640,
        min_confidence: float = 0.05,
    ) -> None:
        torch = framework()
        torch.set_num_threads(threads)
        weights = read_weights(checkpoint)
        self.classes = agreed_classes(checkpoint.name, classes, weights.classes)
        model_config, pipeline = _described(config, weights, len(self.classes), size_px)
        self.model = build(model_config)
        fill(self.model, weights)
        self.model.to(_device(device)).eval().to(memory_format=torch.channels_last)
        self._pipeline = _compose(pipeline)
        super().__init__(batch)
        self._min_confidence = min_confidence

    def _detect_together(self, frames: Sequence[Frame]) -> list[Detections]:
        inputs = [self._pipeline(_as_loaded(frame)) for frame in frames]
        together = {key: [item[key] for item in inputs] for key in ("inputs", "data_samples")}
        with quiet(), framework().inference_mode():
            results = self.model.test_step(together)
        return [
            self._detections(frame, result.pred_instances)
            for frame, result in zip(frames, results, strict=True)
        ]

    def _detections(self, frame: Frame, instances: Any) -> Detections:
        confidence = _array(instances.scores)
        sure = confidence >= self._min_confidence
        labels = _array(instances.labels)[sure].astype(int)
        # MMDetection lets boxes reach into the grey that pads a picture.
        boxes = _array(instances.bboxes)[sure].clip(0, [frame.width_px, frame.height_px] * 2)
        return Detections(frame, boxes, tuple(self.classes[i] for i in labels), confidence[sure])


class Weights:
    """What a checkpoint holds: its tensors by name, its classes, and the size of the project's network."""

    def __init__(self, source: str, tensors: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        self.source = source
        self.tensors = tensors
        stated = meta.get("dataset_meta")
        classes = stated.get("classes") if isinstance(stated, dict) else meta.get("CLASSES")
        self.classes = tuple(str(name) for name in classes or ())
        self.shape = _shape(meta.get("network"))


def _shape(stated: object) -> Shape | None:
    """The size of the project's network as its checkpoint states it; a size beyond reason is none."""
    if not isinstance(stated, dict):
        return None
    width, depth = (stated.get(key) for key in Shape._fields)
    if not isinstance(width, float) or not isinstance(depth, float):
        return None
    return Shape(width, depth) if 0 < width <= _LARGEST and 0 < depth <= _LARGEST else None


def read_weights(checkpoint: Path) -> Weights:
    """Read a checkpoint as weights only: a pickle that holds code is refused, never run.

    Raises:
        DetectorError: the file is missing, broken, or holds more than weights.
    """
    torch = framework()
    name = checkpoint.name
    try:
        with quiet():
            content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise DetectorError(f"There is no checkpoint {checkpoint}.") from error
    except pickle.UnpicklingError as error:
        raise DetectorError(
            f"Checkpoint {name} is refused: it holds more than weights, and that could be code."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise DetectorError(f"Checkpoint {name} cannot be read: it is cut short or no checkpoint.") from error
    tensors = content.get("state_dict", content) if isinstance(content, dict) else None
    if not tensors or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise DetectorError(f"Checkpoint {name} holds no weights of a model.")
    meta = content.get("meta")
    return Weights(name, tensors, meta if isinstance(meta, dict) else {})


def save_weights(file: Path, tensors: Mapping[str, Any], classes: Sequence[str], shape: Shape) -> None:
    """Write weights in half precision, whole or not at all, so that MMDetection loads them too."""
    torch = framework()
    halves = {key: _halved(value.detach().cpu().contiguous()) for key, value in tensors.items()}
    # The levels of the head share convolutions; equal tensors are written once.
    once: dict[tuple[Any, ...], Any] = {}
    for key, value in halves.items():
        halves[key] = once.setdefault((value.dtype, value.shape, value.numpy().tobytes()), value)
    meta = {"dataset_meta": {"classes": list(classes)}, "network": shape._asdict()}
    part = file.with_suffix(".part")
    torch.save({"state_dict": halves, "meta": meta}, part)
    part.replace(file)


def _halved(tensor: Any) -> Any:
    return tensor.half() if tensor.is_floating_point() else tensor


def build(model_config: Mapping[str, Any]) -> Any:
    """The model that a description says, with weights not yet set.

    Raises:
        DetectorError: MMDetection cannot build it.
    """
    framework()
    from mmdet.registry import MODELS
    from mmengine import ConfigDict

    try:
        with quiet():
            return MODELS.build(ConfigDict(model_config))
    except _BROKEN_CONFIG as error:
        raise DetectorError(
            f"MMDetection cannot build the model that the config describes: {error}."
        ) from error


def fill(model: Any, weights: Weights) -> None:
    """Put weights into a model, every one of them.

    Raises:
        DetectorError: the model wants other weights, or weights of other shapes.
    """
    wanted = model.state_dict()
    for key, value in wanted.items():
        given = weights.tensors.get(key)
        if given is None:
            raise DetectorError(f"Checkpoint {weights.source} does not fit the model: it lacks '{key}'.")
        if given.shape != value.shape:
            raise DetectorError(
                f"Checkpoint {weights.source} does not fit the model: '{key}' has the shape "
                f"{tuple(given.shape)} where {tuple(value.shape)} is wanted."
            )
    more = sorted(set(weights.tensors) - set(wanted))
    if more:
        raise DetectorError(
            f"Checkpoint {weights.source} does not fit the model: it has '{more[0]}' too many."
        )
    model.load_state_dict(weights.tensors)


def agreed_classes(source: str, wanted: Sequence[str], stated: Sequence[str]) -> tuple[str, ...]:
    """The classes of a model, where configuration and checkpoint agree.

    Raises:
        DetectorError: they differ, or neither states any.
    """
    if wanted and stated and tuple(wanted) != tuple(stated):
        raise DetectorError(
            f"Checkpoint {source} tells apart {', '.join(stated)}, "
            f"but the configuration says {', '.join(wanted)}."
        )
    classes = tuple(wanted) or tuple(stated)
    if not classes:
        raise DetectorError(
            f"Checkpoint {source} does not state its classes; name them in the configuration."
        )
    return classes


def _described(
    config: Path | None, weights: Weights, classes: int, size_px: int
) -> tuple[Mapping[str, Any], list[Any]]:
    """The model and its steps from picture to input."""
    if config is None:
        if weights.shape is None:
            raise DetectorError(
                f"Checkpoint {weights.source} is not of the project's own network; "
                "name its MMDetection config."
            )
        return network(classes, weights.shape), test_pipeline(size_px)
    framework()
    from mmdet.utils import get_test_pipeline_cfg
    from mmengine import Config

    try:
        read = Config.fromfile(config)
        steps = [step for step in get_test_pipeline_cfg(read) if not str(step["type"]).startswith("Load")]
        model = read.model
        if model.get("backbone"):
            # The checkpoint brings every weight: nothing is to be fetched for the backbone.
            model.backbone.init_cfg = None
    except _BROKEN_CONFIG as error:
        raise DetectorError(
            f"The MMDetection config {quoted(str(config))} cannot be used: {error}."
        ) from error
    return model, steps


def _compose(steps: list[Any]) -> Any:
    from mmcv.transforms import Compose

    return Compose(steps)


def _as_loaded(frame: Frame) -> dict[str, Any]:
    """What MMDetection's loading step would give of the frame: blue first."""
    image = picture_of(frame)
    size = image.shape[:2]
    return {"img": np.ascontiguousarray(image[..., ::-1]), "img_shape": size, "ori_shape": size}


def _device(name: str) -> str:
    available = bool(framework().cuda.is_available())
    if name == "cuda" and not available:
        raise DetectorError("The setting detectors.device asks for CUDA, but there is none here.")
    return "cuda" if available and name != "cpu" else "cpu"


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy().astype(np.float64)
