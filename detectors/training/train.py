"""Train the project's network on labelled pictures, from the start or from weights there are."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from detectors.mmdet import build, framework, read_weights, save_weights
from detectors.rtmdet import Shape, network
from detectors.training.config import Schedule, run_config
from detectors.training.engine import run
from detectors.training.labels import Labels
from gis_core.errors import DetectorError

_HEAD = "bbox_head.rtm_cls."
"""The last layer for classes: one row of each of its tensors for each class."""


class Start(NamedTuple):
    """Weights to begin with, and which classes' knowledge came along."""

    tensors: Mapping[str, Any]
    shape: Shape
    known: tuple[str, ...]
    new: tuple[str, ...]


def starting_weights(classes: tuple[str, ...], given: Path | None, shape: Shape, seed: int) -> Start:
    """Fresh weights, with everything taken over from given ones that can be.

    The rows of the head are taken over class by class by name; a class that the given
    weights do not know begins afresh.

    Args:
        classes: what is to be told apart.
        given: weights of the project's own network, or None to begin from nothing.
        shape: size of the network where none is given.
        seed: of the random weights.

    Raises:
        DetectorError: the given weights are of another network.
    """
    torch = framework()
    weights = None if given is None else read_weights(given)
    if weights is not None:
        if weights.shape is None:
            raise DetectorError(f"Checkpoint {weights.source} is not of the project's own network.")
        shape = weights.shape
    torch.manual_seed(seed)
    model = build(network(len(classes), shape))
    model.init_weights()
    tensors = model.state_dict()
    if weights is None:
        return Start(tensors, shape, (), classes)
    known = tuple(name for name in classes if name in weights.classes)
    for key, fresh in tensors.items():
        old = weights.tensors.get(key)
        if old is None or (not key.startswith(_HEAD) and old.shape != fresh.shape):
            raise DetectorError(f"Checkpoint {weights.source} does not fit the network: '{key}' differs.")
        if key.startswith(_HEAD):
            for name in known:
                fresh[classes.index(name)] = old[weights.classes.index(name)].to(fresh.dtype)
        else:
            fresh.copy_(old)
    return Start(tensors, shape, known, tuple(name for name in classes if name not in known))


def train(
    labels: Labels,
    output: Path,
    start: Start,
    classes: tuple[str, ...],
    schedule: Schedule,
    *,
    threads: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Train and write the moving average of the weights to ``output``, after every epoch.

    Args:
        labels: what to learn from.
        output: the checkpoint to write, in half precision; a run that is stopped leaves the
            last whole epoch's.
        start: where to begin; see ``starting_weights``.
        classes: the classes of the head, those of ``start``.
        schedule: length and strength.
        threads: threads of the CPU.
        say: gets one line after each epoch.
    """
    framework().set_num_threads(threads)
    model = build(network(len(classes), start.shape))
    model.load_state_dict(start.tensors)

    def keep(tensors: Mapping[str, Any], epoch: int, loss: float) -> None:
        save_weights(output, tensors, classes, start.shape)
        say(f"epoch {epoch} of {schedule.epochs}: loss {loss:.3f}")

    with tempfile.TemporaryDirectory(prefix="huegis-train-") as folder:
        label_file = Path(folder) / "labels.json"
        label_file.write_text(json.dumps(labels.as_coco()), encoding="utf-8")
        run(run_config(labels, label_file, classes, schedule), model, keep, bfloat16=schedule.bfloat16)
