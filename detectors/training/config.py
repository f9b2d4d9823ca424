"""What a training run is, in the words of MMEngine's runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from detectors.rtmdet import PAD_VALUE
from detectors.training.labels import Labels


class Schedule(NamedTuple):
    """How long and how hard to train.

    Pictures are scaled to about the ``size_px`` that detection will scale them to, and cut to
    squares of ``crop_px``: smaller ones are faster, but never show a large thing whole.
    ``learning_rate`` rises over the first ``warmup`` iterations, or the first tenth of a short
    run, and falls as a cosine to a twentieth. ``workers`` are processes that
    read pictures; with none, training reads them itself.
    """

    epochs: int = 20
    batch: int = 16
    size_px: int = 640
    crop_px: int = 320
    learning_rate: float = 4e-3
    warmup: int = 200
    seed: int = 2710
    workers: int = 0
    bfloat16: bool = False


def run_config(
    labels: Labels, label_file: Path, classes: tuple[str, ...], schedule: Schedule
) -> dict[str, Any]:
    """The whole run: data, steps, optimiser and schedule.

    Args:
        labels: what to learn from.
        label_file: the labels as a complete COCO file; MMEngine writes its log beside it.
        classes: what to tell apart, in the order of the head; other labels are left out.
        schedule: length and strength.
    """
    batch = min(schedule.batch, len(labels.pictures))
    iterations = schedule.epochs * (len(labels.pictures) // batch)
    warmup = min(schedule.warmup, max(1, iterations // 10))
    end = max(iterations, warmup + 1)
    rate = schedule.learning_rate
    return {
        "default_scope": "mmdet",
        "work_dir": str(label_file.parent),
        "log_level": "ERROR",
        "randomness": {"seed": schedule.seed},
        "train_cfg": {"type": "EpochBasedTrainLoop", "max_epochs": schedule.epochs},
        "train_dataloader": {
            "batch_size": batch,
            "num_workers": schedule.workers,
            "persistent_workers": schedule.workers > 0,
            "drop_last": True,
            "sampler": {"type": "DefaultSampler", "shuffle": True},
            "dataset": {
                "type": "CocoDataset",
                "ann_file": str(label_file),
                "data_prefix": {"img": str(labels.folder.resolve())},
                "metainfo": {"classes": classes},
                # Pictures without anything are what teaches not to see smoke in a cloud.
                "filter_cfg": {"filter_empty_gt": False},
                "pipeline": _train_pipeline(schedule.size_px, schedule.crop_px),
            },
        },
        "optim_wrapper": {
            "type": "OptimWrapper",
            "optimizer": {"type": "AdamW", "lr": rate, "weight_decay": 0.05},
            "clip_grad": {"max_norm": 35.0},
            # The head's levels share their convolutions, so a parameter is met more than once.
            "paramwise_cfg": {"norm_decay_mult": 0, "bias_decay_mult": 0, "bypass_duplicate": True},
        },
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 1e-3, "by_epoch": False, "begin": 0, "end": warmup},
            {
                "type": "CosineAnnealingLR",
                "by_epoch": False,
                "begin": warmup,
                "end": end,
                "T_max": end - warmup,
                "eta_min": rate / 20,
            },
        ],
        "default_hooks": {"checkpoint": None, "logger": None, "timer": None},
    }


def _train_pipeline(size_px: int, crop_px: int) -> list[dict[str, Any]]:
    """Steps from file to input: another scale, another part, other colours, mirrored or not."""
    grey = {"img": (PAD_VALUE,) * 3}
    return [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {
            "type": "RandomResize",
            "scale": (size_px, size_px),
            "ratio_range": (0.65, 1.45),
            "keep_ratio": True,
        },
        {"type": "RandomCrop", "crop_size": (crop_px, crop_px), "allow_negative_crop": True},
        {"type": "FilterAnnotations", "min_gt_bbox_wh": (5, 5), "keep_empty": False},
        {"type": "YOLOXHSVRandomAug"},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "Pad", "size": (crop_px, crop_px), "pad_val": grey},
        {"type": "PackDetInputs"},
    ]
