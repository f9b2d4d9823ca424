"""``huegis detectors``: train models, measure them, and make them fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detectors.training.scene_commands import scenes

if TYPE_CHECKING:
    from detectors.training.evaluate import Scores
    from detectors.training.labels import Labels

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def detectors() -> None:
    """Train detection models, measure them, and export them."""


detectors.add_command(scenes)


@detectors.command()
@click.option("--data", type=_FILE, help="Labels to learn from: a COCO file of boxes.")
@click.option("--images", type=_FOLDER, help="Folder of the pictures; by default that of the labels.")
@click.option(
    "--drawn", type=click.IntRange(min=1), help="Learn from so many drawn scenes in place of --data."
)
@click.option("--from", "start", type=_FILE, help="Weights to begin with; by default the shipped ones.")
@click.option("--fresh", is_flag=True, help="Begin from nothing.")
@click.option(
    "--width",
    default=0.125,
    show_default=True,
    type=click.FloatRange(0.05, 2),
    help="Of a fresh network, as a part of RTMDet-l's.",
)
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--batch", default=16, show_default=True, type=click.IntRange(min=2), help="Pictures a step.")
@click.option(
    "--crop",
    default=320,
    show_default=True,
    type=click.IntRange(64, 2048),
    help="Side of the training crops, px.",
)
@click.option(
    "--size", default=640, show_default=True, type=click.IntRange(64, 4096), help="As for detection, px."
)
@click.option(
    "--rate", default=4e-3, show_default=True, type=click.FloatRange(1e-9, 1), help="Highest learning rate."
)
@click.option(
    "--seed", default=2710, show_default=True, type=click.IntRange(0), help="Of everything that is random."
)
@click.option(
    "--workers",
    default=0,
    show_default=True,
    type=click.IntRange(0, 64),
    help="Processes that read pictures; some with a GPU.",
)
@click.option("--bfloat16", is_flag=True, help="Compute in bfloat16: faster on processors that can.")
@click.option("--output", required=True, type=_FILE, help="Checkpoint to write, such as agency.pth.")
def train(
    *,
    data: Path | None,
    images: Path | None,
    drawn: int | None,
    start: Path | None,
    fresh: bool,
    width: float,
    epochs: int,
    batch: int,
    crop: int,
    size: int,
    rate: float,
    seed: int,
    workers: int,
    bfloat16: bool,
    output: Path,
) -> None:
    """Train on an agency's own labels, or on drawn scenes, and write a checkpoint.

    The classes are those of the labels. What the starting weights know of a class of the
    same name is kept; other classes begin afresh. After every epoch the checkpoint is
    written; ``huegis detectors export`` makes the fast form of it.
    """
    from detectors.models import SHIPPED
    from detectors.rtmdet import Shape
    from detectors.training.config import Schedule
    from detectors.training.train import starting_weights
    from detectors.training.train import train as run
    from gis_core.config import get_settings
    from gis_core.errors import DetectorError

    if fresh and start is not None:
        raise DetectorError("Give --from or --fresh, not both.")
    _writable(output)
    with _labels(data, images, drawn, seed, "train") as labels:
        given = None if fresh else start or SHIPPED["torch"]
        begin = starting_weights(labels.classes, given, Shape(width), seed)
        click.echo(f"{len(labels.pictures)} pictures, {len(labels.annotations)} boxes.")
        if begin.known:
            click.echo(f"The starting weights know: {', '.join(begin.known)}.")
        if begin.new:
            click.echo(f"Beginning afresh: {', '.join(begin.new)}.")
        schedule = Schedule(epochs, batch, size, crop, rate, seed=seed, workers=workers, bfloat16=bfloat16)
        threads = get_settings().detectors.threads
        run(labels, output, begin, labels.classes, schedule, threads=threads, say=click.echo)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB).")


@detectors.command()
@click.option("--data", type=_FILE, help="Labels to judge by: a COCO file of boxes.")
@click.option("--images", type=_FOLDER, help="Folder of the pictures; by default that of the labels.")
@click.option(
    "--drawn", type=click.IntRange(min=1), help="Judge by so many drawn scenes that no training saw."
)
@click.option("--model", default="hue", show_default=True, help="A model of the settings.")
@click.option("--weights", type=_FILE, help="Weights of the project's network (.pth or .onnx) instead.")
@click.option("--size", type=click.IntRange(64, 4096), help="Longer side of the input, px.")
@click.option("--seed", default=2710, show_default=True, type=click.IntRange(0), help="Of the drawn scenes.")
def evaluate(
    *,
    data: Path | None,
    images: Path | None,
    drawn: int | None,
    model: str,
    weights: Path | None,
    size: int | None,
    seed: int,
) -> None:
    """Print COCO metrics of a model, by class.

    AP is the average precision over overlaps from 0.50 to 0.95, AP50 that at 0.50, recall the
    average recall with a hundred findings a picture.
    """
    from detectors.models import make_detector, open_detector
    from detectors.training.evaluate import evaluate as judge
    from gis_core.config import get_settings
    from gis_core.detector_settings import DetectorModel

    settings = get_settings()
    # Every finding counts in a precision-recall curve, however unsure.
    if weights is not None:
        runtime = "onnx" if weights.suffix == ".onnx" else "torch"
        chosen = DetectorModel.model_validate(
            {"runtime": runtime, "min_confidence": 0.05, "size_px": size or 640}
        )
        detector = open_detector(chosen, weights, settings)
    else:
        detector = make_detector(model, settings, min_confidence=0.05, size_px=size)
    with (
        _labels(data, images, drawn, seed, "test") as labels,
        _progress("Evaluating", len(labels.pictures)) as after,
    ):
        scores = judge(detector, labels, after=after)
    _print(scores)


@detectors.command()
@click.argument("checkpoint", type=_FILE)
@click.argument("output", type=_FILE)
def export(checkpoint: Path, output: Path) -> None:
    """Write CHECKPOINT, of the project's own network, as the ONNX file OUTPUT."""
    from detectors.training.export import export as write

    _writable(output)
    classes = write(checkpoint, output)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB): {', '.join(classes)}.")


def _writable(output: Path) -> None:
    """Say before the work, not after it, that its result has no place to go."""
    from gis_core.errors import DetectorError

    if not output.absolute().parent.is_dir():
        raise DetectorError(f"There is no folder {output.parent} to write {output.name} to.")


@contextmanager
def _labels(
    data: Path | None, images: Path | None, drawn: int | None, seed: int, split: str
) -> Iterator[Labels]:
    """The labels that the options name; drawn scenes last as long as they are used."""
    import tempfile

    from detectors.training.dataset import write
    from detectors.training.labels import read_labels
    from gis_core.errors import DetectorError

    if (data is None) == (drawn is None):
        raise DetectorError("Give the labels with --data, or have scenes drawn with --drawn.")
    if data is not None:
        yield read_labels(data, images)
    elif drawn is not None:
        with (
            tempfile.TemporaryDirectory(prefix="huegis-scenes-") as folder,
            _progress("Drawing scenes", drawn) as after,
        ):
            yield read_labels(write(Path(folder), drawn, seed, split=split, each=after))


@contextmanager
def _progress(text: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on the terminal; what it gives is called after each step."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda: bar.advance(task)


def _print(scores: Scores) -> None:
    click.echo(f"{'class':<14}{'boxes':>7}{'AP':>8}{'AP50':>8}{'recall':>8}")
    for score in scores.classes:
        click.echo(f"{score.name:<14}{score.boxes:>7}{score.ap:>8.3f}{score.ap50:>8.3f}{score.recall:>8.3f}")
    click.echo(f"{'mean':<14}{scores.boxes:>7}{scores.mean_ap:>8.3f}{scores.mean_ap50:>8.3f}")
    click.echo(f"{scores.pictures} pictures")
