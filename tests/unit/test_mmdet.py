"""MMDetection behind its fence: any config and checkpoint, and a sentence for each that is unfit."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Detections, Frame
from detectors.mmdet import MmdetDetector, build, fill, framework, quiet, read_weights, save_weights
from detectors.models import SHIPPED
from detectors.onnx import OnnxDetector
from detectors.rtmdet import NMS_IOU, Shape, network
from detectors.training.export import export
from detectors.training.scenes import draw
from gis_core.errors import DetectorError
from gis_core.types import FloatArray
from tests.detecting import frame_of

CLASSES = ("car", "boat")
TINY = Shape(width=0.125)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network with random weights that finds things of many sizes everywhere."""
    torch = framework()
    torch.manual_seed(1)
    model = build(network(len(CLASSES), TINY))
    for layer in model.bbox_head.rtm_reg:
        torch.nn.init.constant_(layer.bias, 2.0)
    # One look at noise, so that the signal neither dies away nor grows without bound.
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with quiet(), torch.no_grad():
        model.train()(torch.randn(8, 3, 128, 160), mode="tensor")
    file = tmp_path_factory.mktemp("weights") / "tiny.pth"
    save_weights(file, model.state_dict(), CLASSES, TINY)
    return file


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    sizes = [(96, 160), (100, 150), (160, 90), (96, 160)]
    return [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]


def test_boxes_are_in_pixels_of_the_frame(checkpoint: Path, pictures: list[np.ndarray]) -> None:
    detector = MmdetDetector(checkpoint, size_px=128)
    found = detector.detect([frame_of(picture) for picture in pictures])
    assert len(found) == len(pictures)
    for detections in found:
        assert len(detections)
        frame = detections.frame
        assert detections.boxes_px.min() >= 0
        assert (detections.boxes_px.max(axis=0) <= np.tile([frame.width_px, frame.height_px], 2) + 0.01).all()
        assert set(detections.class_names) <= set(CLASSES)


@pytest.fixture(scope="module")
def scenes() -> list[Frame]:
    """Frames with something in them."""
    kinds = ["street_day", "street_night", "flood", "fields_fire", "animals", "hills_smoke"]
    return [frame_of(draw(seed, kind).image) for seed, kind in enumerate(kinds, 40)]


@pytest.mark.parametrize("size_px", [320, 640])
def test_onnx_and_torch_find_the_same(scenes: list[Frame], size_px: int) -> None:
    fast = OnnxDetector(SHIPPED["onnx"], size_px=size_px).detect(scenes)
    slow = MmdetDetector(SHIPPED["torch"], size_px=size_px).detect(scenes)
    check_same(fast, slow)


@pytest.mark.parametrize("kind", [MmdetDetector, OnnxDetector])
def test_batches_find_what_single_frames_do(
    scenes: list[Frame], kind: type[MmdetDetector] | type[OnnxDetector]
) -> None:
    weights = SHIPPED["torch" if kind is MmdetDetector else "onnx"]
    upright = frame_of(np.ascontiguousarray(scenes[0].image.transpose(1, 0, 2)))
    frames = [*scenes[:2], upright, *scenes[2:]]
    single = kind(weights, size_px=320).detect(frames)
    same_size = [i for i, frame in enumerate(frames) if frame is not upright]
    check_same(
        kind(weights, size_px=320, batch=4).detect([frames[i] for i in same_size]),
        [single[i] for i in same_size],
    )
    assert [found.frame for found in kind(weights, size_px=320, batch=4).detect(frames)] == frames


def check_same(ours: list[Detections], theirs: list[Detections]) -> None:
    """Every finding that one is sure of, the other has too: half a pixel and half a percent.

    Of two boxes on one thing with nearly the same confidence, rounding decides which one
    suppresses the other: then the other's stands for it, and that must be rare.
    """
    near, instead = 0, 0
    for first, second in [*zip(ours, theirs, strict=True), *zip(theirs, ours, strict=True)]:
        for i in np.flatnonzero(second.confidence > 0.2):
            alike = (np.array(first.class_names) == second.class_names[i]) & (
                np.abs(first.confidence - second.confidence[i]) < 0.005
            )
            if (alike & (np.abs(first.boxes_px - second.boxes_px[i]).max(axis=1) < 0.5)).any():
                near += 1
            else:
                assert (alike & (overlaps(first.boxes_px, second.boxes_px[i]) > NMS_IOU)).any()
                instead += 1
    assert near > 50 * instead


def overlaps(boxes: FloatArray, box: FloatArray) -> FloatArray:
    """Area in common with one box, divided by the area of both together."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    common = sides.clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return common / (areas + (box[2:] - box[:2]).prod() - common)


def test_a_frame_without_picture_is_said_so(checkpoint: Path) -> None:
    frame = frame_of(np.zeros((64, 64, 3), np.uint8))
    empty = type(frame)(frame.camera_code, frame.taken_at, 64, 64)
    with pytest.raises(DetectorError, match="comes without its picture"):
        MmdetDetector(checkpoint, size_px=64).detect([empty])


def test_wrong_classes_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="tells apart car, boat, but the configuration says smoke"):
        MmdetDetector(checkpoint, classes=["smoke"])
    export(checkpoint, tmp_path / "tiny.onnx")
    with pytest.raises(DetectorError, match="tells apart car, boat, but the configuration says smoke"):
        OnnxDetector(tmp_path / "tiny.onnx", classes=["smoke"])


def test_weights_of_other_shapes_are_refused(checkpoint: Path) -> None:
    weights = read_weights(checkpoint)
    with pytest.raises(DetectorError, match="has the shape"):
        fill(build(network(3, TINY)), weights)
    with pytest.raises(DetectorError, match="it lacks 'bbox_head"):
        fill(
            build(
                {**network(2, TINY), "bbox_head": {**network(2, TINY)["bbox_head"], "with_objectness": True}}
            ),
            weights,
        )


class Malicious:
    """Unpickling it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("raw", [True, False])
def test_a_pickle_with_code_is_refused_and_never_run(tmp_path: Path, raw: bool) -> None:
    trace, file = tmp_path / "ran", tmp_path / "bad.pth"
    if raw:
        file.write_bytes(pickle.dumps({"state_dict": Malicious(trace)}))
    else:
        framework().save({"state_dict": {"a": Malicious(trace)}}, file)
    with pytest.raises(DetectorError, match=r"bad\.pth (is refused|cannot be read)"):
        MmdetDetector(file)
    assert not trace.exists()


def test_broken_files_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pth"
    cut.write_bytes(checkpoint.read_bytes()[: checkpoint.stat().st_size // 2])
    with pytest.raises(DetectorError, match=r"cut\.pth cannot be read"):
        MmdetDetector(cut)
    empty = tmp_path / "empty.pth"
    empty.write_bytes(b"")
    with pytest.raises(DetectorError, match=r"empty\.pth cannot be read"):
        MmdetDetector(empty)
    other = tmp_path / "other.pth"
    framework().save({"state_dict": {"epoch": 3}}, other)
    with pytest.raises(DetectorError, match=r"other\.pth holds no weights"):
        MmdetDetector(other)
    with pytest.raises(DetectorError, match="There is no checkpoint"):
        MmdetDetector(tmp_path / "none.pth")
    for content in (b"not onnx", b""):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(DetectorError, match=r"bad\.onnx cannot be read"):
            OnnxDetector(tmp_path / "bad.onnx")
    with pytest.raises(DetectorError, match="There is no model"):
        OnnxDetector(tmp_path / "none.onnx")


def test_a_strange_onnx_file_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    one = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    two = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "strange", [one], [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "strange.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DetectorError, match="was not made by 'huegis detectors export'"):
        OnnxDetector(tmp_path / "strange.onnx")


OPERATORS_CONFIG = """
model = dict(
    type='YOLOX',
    data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
    backbone=dict(type='CSPDarknet', deepen_factor=0.33, widen_factor=0.125, out_indices=(2, 3, 4),
                  init_cfg=dict(type='Pretrained', checkpoint='https://example.invalid/backbone.pth')),
    neck=dict(type='YOLOXPAFPN', in_channels=[32, 64, 128], out_channels=32, num_csp_blocks=1),
    bbox_head=dict(type='YOLOXHead', num_classes=len(('car', 'boat')), in_channels=32, feat_channels=32),
    test_cfg=dict(score_thr=0.0001, nms=dict(type='nms', iou_threshold=0.65), max_per_img=20))
test_dataloader = dict(dataset=dict(pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('ori_shape', 'img_shape', 'scale_factor'))]))
"""


def test_any_config_of_mmdetection_can_be_named(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    from mmengine import Config

    config = tmp_path / "yolox.py"
    config.write_text(OPERATORS_CONFIG)
    described = Config.fromfile(config).model
    described.backbone.init_cfg = None
    framework().manual_seed(1)
    model = build(described)
    file = tmp_path / "yolox.pth"
    framework().save({"state_dict": model.state_dict(), "meta": {"CLASSES": CLASSES}}, file)
    detector = MmdetDetector(file, config=config, min_confidence=0.0001)
    found = detector.detect([frame_of(pictures[0])])
    assert 0 < len(found[0]) <= 60
    assert set(found[0].class_names) <= set(CLASSES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("model = (", "cannot be used"),
        ("x = 1", "cannot be used"),
        (OPERATORS_CONFIG.replace("'YOLOX'", "'Nothing'"), "cannot build"),
    ],
)
def test_a_wrong_config_is_a_sentence(checkpoint: Path, tmp_path: Path, content: str, reason: str) -> None:
    config = tmp_path / "wrong.py"
    config.write_text(content)
    with pytest.raises(DetectorError, match=reason):
        MmdetDetector(checkpoint, config=config)


def test_a_config_without_its_checkpoint_does_not_fit(checkpoint: Path, tmp_path: Path) -> None:
    config = tmp_path / "yolox.py"
    config.write_text(OPERATORS_CONFIG)
    with pytest.raises(DetectorError, match=r"tiny\.pth does not fit the model"):
        MmdetDetector(checkpoint, config=config)


def test_other_compiled_operators_say_that_they_are_missing() -> None:
    torch = framework()
    from mmcv.ops import RoIPool

    with pytest.raises(DetectorError, match="needs the operator 'roi_pool_forward'"):
        RoIPool(2)(torch.zeros(1, 1, 8, 8), torch.tensor([[0.0, 0, 0, 4, 4]]))


def test_no_cuda_is_a_sentence(checkpoint: Path) -> None:
    if framework().cuda.is_available():
        pytest.skip("CUDA is there")
    with pytest.raises(DetectorError, match="asks for CUDA"):
        MmdetDetector(checkpoint, device="cuda")


def test_equal_tensors_are_written_once(checkpoint: Path) -> None:
    """The levels of the head share their convolutions, and the file does so too."""
    halves = sum(value.numel() * 2 for value in read_weights(checkpoint).tensors.values())
    with zipfile.ZipFile(io.BytesIO(checkpoint.read_bytes())) as archive:
        written = sum(entry.file_size for entry in archive.infolist() if "/data/" in entry.filename)
    assert 0.5 * halves < written < 0.95 * halves


def test_compiled_operators_are_used_where_they_are(tmp_path: Path) -> None:
    """A module in the place of the compiled one is taken as it is, without the stand-in."""
    (tmp_path / "_ext.py").write_text("def __getattr__(name):\n    return lambda *_, **__: name\n")
    program = (
        "import sys, mmcv; mmcv.__path__.append(sys.argv[1]);"
        "from detectors.mmdet import framework; framework();"
        "from mmcv.ops.nms import ext_module; print(ext_module.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split()[-1] == str(tmp_path / "_ext.py")
