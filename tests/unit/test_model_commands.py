"""``huegis detectors``: a whole small life of a model, through its commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from detectors.mmdet import read_weights
from detectors.model_commands import detectors
from gis_core.errors import DetectorError
from tests.detecting import HEIGHT_PX, WIDTH_PX, write_labelled


def run(*arguments: str | Path) -> str:
    """What the command prints; its error, if it ends with one."""
    result = CliRunner().invoke(detectors, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled(tmp_path_factory.mktemp("labelled"))


SHORT = ("--epochs", "1", "--batch", "4", "--crop", "96", "--size", "192")


def test_train_export_and_evaluate(labels: Path, tmp_path: Path) -> None:
    trained, exported = tmp_path / "agency.pth", tmp_path / "agency.onnx"
    told = run("train", "--data", labels, *SHORT, "--fresh", "--width", "0.125", "--output", trained)
    assert "8 pictures, 16 boxes" in told
    assert "Beginning afresh: car, boat" in told
    assert "epoch 1 of 1: loss" in told
    assert read_weights(trained).classes == ("car", "boat")
    assert "car, boat" in run("export", trained, exported)
    for weights in (trained, exported):
        table = run("evaluate", "--data", labels, "--weights", weights, "--size", "96").splitlines()
        assert [line.split()[:2] for line in table[-4:]] == [
            ["car", "8"], ["boat", "8"], ["mean", "16"], ["8", "pictures"],
        ]  # fmt: skip


def test_fine_tuning_keeps_what_the_shipped_weights_know(labels: Path, tmp_path: Path) -> None:
    told = run("train", "--data", labels, *SHORT, "--rate", "1e-9", "--output", tmp_path / "tuned.pth")
    assert "The starting weights know: car." in told
    assert "Beginning afresh: boat." in told


def test_the_same_seed_trains_the_same_weights(labels: Path, tmp_path: Path) -> None:
    for name in ("a.pth", "b.pth"):
        run("train", "--data", labels, *SHORT, "--fresh", "--width", "0.125", "--output", tmp_path / name)
    first, second = (read_weights(tmp_path / name).tensors for name in ("a.pth", "b.pth"))
    assert all((value == second[key]).all() for key, value in first.items())


def test_training_learns(labels: Path, tmp_path: Path) -> None:
    """Sixteen flat boxes are learnt by heart, from drawn streets to coloured rectangles."""
    tuned = tmp_path / "tuned.pth"
    run(
        "train",
        "--data",
        labels,
        "--epochs",
        "40",
        "--batch",
        "4",
        "--crop",
        "160",
        "--size",
        "320",
        "--output",
        tuned,
    )
    table = run("evaluate", "--data", labels, "--weights", tuned, "--size", "320").splitlines()
    assert float(table[-2].split()[3]) > 0.5


@pytest.mark.parametrize("seed", [1])
def test_drawn_scenes_can_be_asked_for(tmp_path: Path, seed: int) -> None:
    told = run("train", "--drawn", "4", *SHORT, "--seed", str(seed), "--output", tmp_path / "drawn.pth")
    assert "4 pictures" in told
    assert "The starting weights know: car, motorcycle, bus" in told


def test_options_that_contradict_are_a_sentence(labels: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.pth"
    with pytest.raises(DetectorError, match="--data, or have scenes drawn"):
        run("train", "--output", output)
    with pytest.raises(DetectorError, match="--data, or have scenes drawn"):
        run("evaluate", "--data", labels, "--drawn", "3")
    with pytest.raises(DetectorError, match="not both"):
        run("train", "--data", labels, "--fresh", "--from", labels, "--output", output)
    with pytest.raises(DetectorError, match="There is no folder"):
        run("train", "--data", labels, "--output", tmp_path / "none" / "x.pth")
    with pytest.raises(DetectorError, match="There is no model 'sky'"):
        run("evaluate", "--data", labels, "--model", "sky")
    assert not output.exists()


def picture(**changes: object) -> dict[str, object]:
    return {"id": 1, "file_name": "0.png", "width": WIDTH_PX, "height": HEIGHT_PX} | changes


BOX = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
CAR = {"id": 1, "name": "car"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not json", "is no COCO file of boxes"),
        ({"images": []}, "is no COCO file of boxes"),
        ({"images": [picture()], "categories": [CAR], "annotations": [BOX | {"bbox": [1, 2, 3]}]}, "bbox"),
        (
            {"images": [picture()], "categories": [CAR], "annotations": [BOX | {"image_id": 7}]},
            "does not list",
        ),
        (
            {"images": [picture()], "categories": [CAR, CAR | {"id": 2}], "annotations": []},
            "names a class twice",
        ),
        (
            {"images": [picture(file_name="no.png")], "categories": [CAR], "annotations": []},
            "no picture no.png",
        ),
        (
            {"images": [picture(file_name="../up.png")], "categories": [CAR], "annotations": []},
            "lies outside",
        ),
        ({"images": [picture()], "categories": [CAR], "annotations": []}, "nothing to score"),
    ],
)
def test_labels_that_are_none_are_a_sentence(labels: Path, content: object, reason: str) -> None:
    bad = labels.with_name("bad.json")
    bad.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DetectorError, match=reason):
        run("evaluate", "--data", bad)


def test_a_broken_picture_is_named(labels: Path) -> None:
    bad = labels.with_name("broken.json")
    labels.with_name("broken.png").write_bytes(labels.with_name("0.png").read_bytes()[:200])
    bad.write_text(
        json.dumps({"images": [picture(file_name="broken.png")], "categories": [CAR], "annotations": [BOX]})
    )
    with pytest.raises(DetectorError, match=r"The picture broken\.png cannot be read"):
        run("evaluate", "--data", bad)
