"""The project's own network in MMDetection's words: RTMDet, made small.

Lyu et al., "RTMDet: An Empirical Study of Designing Real-Time Object Detectors" (2022),
with ordinary batch normalisation and a short list of candidates for non-maximum
suppression, so that it trains and runs on one CPU core.
"""

from __future__ import annotations

from typing import Any, NamedTuple

STRIDES_PX = (8, 16, 32)
"""Cell sizes of the three levels that the head answers on."""

PAD_VALUE = 114
"""Grey of what lies beyond the picture, as RTMDet was published."""

MEAN_RGB = (123.675, 116.28, 103.53)
STD_RGB = (58.395, 57.12, 57.375)
"""Mean and spread of natural pictures (ImageNet), in 0 to 255, that inputs are scaled by."""

SCORE_THRESHOLD = 0.05
NMS_IOU = 0.65
CANDIDATES = 300
"""What non-maximum suppression gets: confidences above the threshold, so many of each level at
most; it drops a box that overlaps a better one of its class by more than ``NMS_IOU``."""

_NORM = {"type": "BN"}


class Shape(NamedTuple):
    """How wide and how deep the network is, as fractions of the published large one (RTMDet-l)."""

    width: float = 0.125
    depth: float = 0.167


def network(classes: int, shape: Shape) -> dict[str, Any]:
    """MMDetection's description of the network.

    Args:
        classes: how many classes the head tells apart.
        shape: width and depth.
    """
    channels = [int(base * shape.width) for base in (256, 512, 1024)]
    activation = {"type": "SiLU", "inplace": True}
    return {
        "type": "RTMDet",
        "data_preprocessor": {
            "type": "DetDataPreprocessor",
            "mean": list(MEAN_RGB),
            "std": list(STD_RGB),
            "bgr_to_rgb": True,
            "batch_augments": None,
        },
        "backbone": {
            "type": "CSPNeXt",
            "arch": "P5",
            "expand_ratio": 0.5,
            "deepen_factor": shape.depth,
            "widen_factor": shape.width,
            "channel_attention": True,
            "norm_cfg": _NORM,
            "act_cfg": activation,
            "init_cfg": None,
        },
        "neck": {
            "type": "CSPNeXtPAFPN",
            "in_channels": channels,
            "out_channels": channels[0],
            "num_csp_blocks": 1,
            "expand_ratio": 0.5,
            "norm_cfg": _NORM,
            "act_cfg": activation,
        },
        "bbox_head": {
            "type": "RTMDetSepBNHead",
            "num_classes": classes,
            "in_channels": channels[0],
            "feat_channels": channels[0],
            "stacked_convs": 2,
            "anchor_generator": {"type": "MlvlPointGenerator", "offset": 0, "strides": list(STRIDES_PX)},
            "bbox_coder": {"type": "DistancePointBBoxCoder"},
            "loss_cls": {"type": "QualityFocalLoss", "use_sigmoid": True, "beta": 2.0, "loss_weight": 1.0},
            "loss_bbox": {"type": "GIoULoss", "loss_weight": 2.0},
            "with_objectness": False,
            "exp_on_reg": False,
            "share_conv": True,
            "pred_kernel_size": 1,
            "norm_cfg": _NORM,
            "act_cfg": activation,
        },
        "train_cfg": {
            "assigner": {"type": "DynamicSoftLabelAssigner", "topk": 13},
            "allowed_border": -1,
            "pos_weight": -1,
            "debug": False,
        },
        "test_cfg": {
            "nms_pre": CANDIDATES,
            "min_bbox_size": 0,
            "score_thr": SCORE_THRESHOLD,
            "nms": {"type": "nms", "iou_threshold": NMS_IOU},
            "max_per_img": CANDIDATES,
        },
    }


def test_pipeline(size_px: int) -> list[dict[str, Any]]:
    """MMDetection's steps from a picture to the network's input.

    The longer side becomes ``size_px``, and both sides are padded to whole cells only: a
    wide picture costs no square.
    """
    grey = {"img": (PAD_VALUE,) * 3}
    return [
        {"type": "Resize", "scale": (size_px, size_px), "keep_ratio": True},
        {"type": "Pad", "size_divisor": STRIDES_PX[-1], "pad_val": grey},
        {"type": "PackDetInputs", "meta_keys": ("ori_shape", "img_shape", "scale_factor")},
    ]
