"""``huegis detect``: findings of detectors into layer ``detections``."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def detect() -> None:
    """Turn what detectors find in frames into features on the ground."""


@detect.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--simulated", is_flag=True, help="Mark the findings as simulated: the frames were drawn.")
def replay(recording: Path, simulated: bool) -> None:
    """Load recorded detections (JSON lines, one a frame) through the cameras' poses."""
    from detectors.pipeline import place
    from detectors.replay import ReplayDetector
    from gis_core.db import writing
    from layers.journal import record_load
    from layers.read import read
    from layers.registry import LAYERS
    from layers.rollup import record_frames
    from layers.store import load

    detector = ReplayDetector(recording)
    layer = LAYERS["detections"]
    with writing() as connection:
        cameras = read(connection, LAYERS["cameras"])
        placed = place(detector.detect(detector.frames), cameras, simulated=simulated)
        report = load(connection, layer, placed.rows)
        record_frames(
            connection,
            [frame.camera_code for frame in detector.frames],
            [frame.taken_at for frame in detector.frames],
            simulated=simulated,
        )
        record_load(connection, recording.name, layer.name, report)
    click.echo(
        f"{recording.name}: {len(detector.frames)} frames, {report.inserted} new findings, "
        f"{report.unchanged} known already, {placed.without_position} without a position on the ground."
    )
