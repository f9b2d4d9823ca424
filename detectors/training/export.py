"""From the project's checkpoint to an ONNX file: the network up to its head, half as large as it computes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from detectors.mmdet import agreed_classes, build, fill, framework, quiet, read_weights
from detectors.onnx import CLASSES_KEY
from detectors.rtmdet import MEAN_RGB, STD_RGB, STRIDES_PX, network
from gis_core.errors import DetectorError

OPSET = 17
_EXAMPLE_PX = (64, 96)
_AXES = {0: "pictures", 2: "rows", 3: "cols"}


def export(checkpoint: Path, output: Path) -> tuple[str, ...]:
    """Write the ONNX file of a checkpoint of the project's own network.

    The input ``pictures`` is uint8 of shape (n, rows, cols, 3), RGB, rows and cols in whole
    multiples of 32; the outputs are the logits and then the distances in pixels of every
    level. Weights are stored in half precision and computed in single.

    Returns:
        The classes, in order.

    Raises:
        DetectorError: the checkpoint does not hold the project's own network.
    """
    torch = framework()
    weights = read_weights(checkpoint)
    if weights.shape is None:
        raise DetectorError(f"Checkpoint {weights.source} is not of the project's own network.")
    classes = agreed_classes(weights.source, (), weights.classes)
    model = build(network(len(classes), weights.shape))
    fill(model, weights)
    names = [f"{kind}_{stride}" for kind in ("logits", "distances") for stride in STRIDES_PX]
    axes = {"pictures": {0: "pictures", 1: "rows", 2: "cols"}} | {name: dict(_AXES) for name in names}
    whole = io.BytesIO()
    with quiet():
        torch.onnx.export(
            _with_raw_head(model), (torch.zeros(1, *_EXAMPLE_PX, 3, dtype=torch.uint8),), whole,
            input_names=["pictures"], output_names=names, dynamic_axes=axes, opset_version=OPSET,
            dynamo=False,
        )  # fmt: skip
    _write_halved(whole.getvalue(), output, classes)
    return classes


def _with_raw_head(model: Any) -> Any:
    """The network from RGB bytes to the head's answers."""
    torch = framework()

    class RawHead(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()
            self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1))
            self.register_buffer("std", torch.tensor(STD_RGB).view(1, 3, 1, 1))

        def forward(self, pictures: Any) -> Any:
            scaled = (pictures.permute(0, 3, 1, 2).float() - self.mean) / self.std
            logits, distances = self.model.bbox_head(self.model.extract_feat(scaled))
            return (*logits, *distances)

    return RawHead()


def _write_halved(whole: bytes, output: Path, classes: tuple[str, ...]) -> None:
    """Store large weights as halves, each followed by a cast that ONNX Runtime does once at the start."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(whole)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= 1024:
            name = tensor.name
            halves = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for number, cast in enumerate(casts):
        model.graph.node.insert(number, cast)
    helper.set_model_props(model, {CLASSES_KEY: json.dumps(list(classes))})
    onnx.checker.check_model(model)
    part = output.with_suffix(".part")
    part.write_bytes(model.SerializeToString())
    part.replace(output)
