"""MMEngine's runner, with the moving average of the weights kept after every epoch."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from detectors.mmdet import framework, quiet

_AVERAGED_SHARE = 0.013
"""The part of the run over which the moving average forgets, as RTMDet was published: 5,000 of
375,000 iterations. A longer one mixes weights that are too far apart for the statistics of batch
normalisation, averaged likewise, to fit them."""

Keep = Callable[[Mapping[str, Any], int, float], None]
"""Gets the averaged weights by name, the number of the epoch that ended, and its mean loss."""


def run(config: Mapping[str, Any], model: Any, keep: Keep, *, bfloat16: bool = False) -> None:
    """Train a model that has its starting weights.

    Args:
        config: see ``detectors.training.config.run_config``.
        model: to be trained, in place.
        keep: called after every epoch.
        bfloat16: compute the network in bfloat16, which a GPU, or a processor with such
            operations, does one and a quarter to two times as fast; the losses stay in single
            precision.

    It runs on CUDA where there is one.
    """
    torch = framework()
    from mmengine.config import Config
    from mmengine.runner import Runner

    # The runner would otherwise begin from random weights again.
    model.init_weights = lambda: None
    model.to(memory_format=torch.channels_last)
    settings = Config({**config, "optim_wrapper": _optim_wrapper(config["optim_wrapper"], model, bfloat16)})
    out = sys.stdout

    def keep_aloud(weights: Mapping[str, Any], epoch: int, loss: float) -> None:
        with redirect_stdout(out):
            keep(weights, epoch, loss)

    # The reader of labels prints what it does.
    with quiet(), redirect_stdout(io.StringIO()):
        runner = Runner(model=model, **settings)
        runner.register_hook(_averaging(keep_aloud), priority="LOW")
        runner.train()


def _optim_wrapper(config: Mapping[str, Any], model: Any, bfloat16: bool) -> Any:
    from mmengine.optim import OptimWrapper, build_optim_wrapper

    torch = framework()
    wrapper = build_optim_wrapper(model, dict(config))
    if not bfloat16:
        return wrapper

    device = "cuda" if torch.cuda.is_available() else "cpu"

    class BrainFloats(OptimWrapper):  # type: ignore[misc]
        """Runs the network, but not its losses, in bfloat16."""

        @contextmanager
        def optim_context(self, module: Any) -> Iterator[None]:
            with super().optim_context(module), torch.autocast(device, torch.bfloat16):
                yield

    def in_single(_module: Any, _inputs: Any, outputs: Any) -> Any:
        return tuple(tuple(level.float() for level in part) for part in outputs)

    model.bbox_head.register_forward_hook(in_single)
    return BrainFloats(wrapper.optimizer, clip_grad=config.get("clip_grad"))


def _averaging(keep: Keep) -> Any:
    from mmengine.hooks import Hook

    torch = framework()

    class Averaging(Hook):  # type: ignore[misc]
        """An exponential moving average of weights and statistics, as RTMDet is published with."""

        def before_train(self, runner: Any) -> None:
            self._average = {key: value.clone() for key, value in runner.model.state_dict().items()}
            self._memory = max(1.0, _AVERAGED_SHARE * runner.max_iters)
            self._losses: list[float] = []

        def after_train_iter(
            self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            self._losses.append(float(outputs["loss"]))
            # Short at first, so that the random start is soon forgotten.
            step = max(1 / self._memory, 1 / (runner.iter + 2))
            with torch.no_grad():
                for key, value in runner.model.state_dict().items():
                    if value.is_floating_point():
                        self._average[key].lerp_(value, step)
                    else:
                        self._average[key].copy_(value)

        def after_train_epoch(self, runner: Any) -> None:
            keep(self._average, runner.epoch + 1, sum(self._losses) / max(1, len(self._losses)))
            self._losses.clear()

    return Averaging()
