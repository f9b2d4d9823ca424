"""``huegis detectors scenes``: look at what is drawn for training, or write it as a data set."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--sheet", type=click.Path(path_type=Path), help="Picture (PNG) of one row a kind to make.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder to write pictures and COCO labels to.")
@click.option(
    "--count", default=100, show_default=True, type=click.IntRange(1, 1_000_000), help="Scenes of --data."
)
@click.option("--split", default="train", show_default=True, type=click.Choice(["train", "val", "test"]))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that draw."
)
@click.option(
    "--columns", default=4, show_default=True, type=click.IntRange(1, 20), help="Scenes a row of --sheet."
)
@click.option("--kind", "kinds", multiple=True, help="Kinds for --sheet; all where none is named.")
def scenes(
    *,
    sheet: Path | None,
    data: Path | None,
    count: int,
    split: str,
    seed: int,
    workers: int,
    columns: int,
    kinds: tuple[str, ...],
) -> None:
    """Draw training scenes: a contact sheet to look at, a data set to learn from, or both."""
    from rich.progress import Progress

    from detectors.training import dataset
    from detectors.training import sheet as contact_sheet
    from detectors.training.scenes import KINDS

    if sheet is None and data is None:
        raise click.UsageError("Say --sheet or --data.")
    if sheet is not None:
        contact_sheet.write(sheet, kinds or KINDS, columns, seed)
        click.echo(f"{sheet}: {len(kinds or KINDS)} kinds, {columns} scenes each.")
    if data is not None:
        with Progress(disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("Drawing scenes", total=count)
            labels = dataset.write(
                data, count, seed, split=split, workers=workers, each=lambda: progress.advance(task)
            )
        click.echo(f"{labels}: {count} scenes.")
