"""The way of a frame to the map, gone once when the sample is set up.

Frames are drawn for a few cameras of the sample, detected by the shipped weights, put on
the ground and stored, all of them marked as simulated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, select

from detectors.drawn_frames import DrawnFrame, draw_frames
from detectors.looking import Lookout
from detectors.pipeline import Placed, place, store
from detectors.solutions import Solutions, catalogue, running_on
from detectors.watched import WatchedCamera, read_camera
from gis_core.config import Settings, get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.errors import DetectorError
from gis_core.georeference.ellipse import CHI2_95
from gis_core.time import LOCAL_ZONE
from layers import cameras, detections
from layers.journal import LoadEntry, record_load
from layers.read import read
from layers.registry import LAYERS
from layers.sample import SOURCE_PREFIX
from layers.store import latest

SOURCE = "drawn frames"
_CAMERAS = {"traffic": 4, "flood": 2, "environment": 2, "forest": 2}
_FRAMES = 2
_HOUR, _MINUTE = 16, 10
"""Local time of the first frame by day, which is at none of the sample's own frames."""
_BY_DAY = ("environment", "forest")
_AFTER = timedelta(seconds=20)


def prepare(say: Callable[[str], None]) -> None:
    """Draw, detect and store, once for each load of the sample; silent where it is done.

    A machine without the weights or their runtime goes without.
    """
    settings = get_settings()
    if not settings.wants_sample:
        return
    with reading() as connection:
        if _is_done(connection):
            return
        newest = latest(connection, detections.LAYER)
        watched = _chosen(connection, settings)
        roads = read(connection, LAYERS["road_segments"])
    if newest is None or not watched:
        return
    began_s = time.monotonic()
    lookout = Lookout(settings)
    seed = settings.sample.seed
    looked, drawn, by_code = [], [], {camera.stand.code: camera for camera, _ in watched}
    try:
        for camera, solutions in watched:
            lookout.prepare(solutions)
            first_at = _first_at(camera.purpose, newest)
            frames = draw_frames(camera, roads, settings, seed=seed, first_at=first_at, count=_FRAMES)
            drawn += frames
            looked += [lookout.look(one.frame, solutions) for one in frames]
    except DetectorError as error:
        say(f"No drawn frames: {error}")
        return
    placed = place(looked, by_code.__getitem__, simulated=True)
    with writing() as connection:
        stored = store(connection, placed, [one.frame for one in drawn], simulated=True)
        record_load(connection, SOURCE, detections.LAYER.name, stored.detections)
    inside, compared = covered(placed, drawn)
    say(
        f"{len(drawn)} frames drawn for {len(watched)} cameras: {stored.detections.inserted} findings "
        f"placed, {stored.bearings.inserted} with a direction only, in {time.monotonic() - began_s:.0f} s; "
        f"{inside} of {compared} have what was drawn within their 95 % ellipse."
    )


def covered(placed: Placed, drawn: list[DrawnFrame]) -> tuple[int, int]:
    """How many of the placed findings have a thing that was drawn within their 95 % ellipse, and of how many.

    What covers the ground, such as water, has no one place and is not compared.
    """
    truths = {(one.frame.camera_code, one.frame.taken_at): one for one in drawn}
    inside = compared = 0
    found = placed.detections.to_crs(METRIC_SRID)
    for row, shape in zip(found.itertuples(index=False), found.geometry, strict=True):
        truth = truths[row.camera_code, row.detected_at]
        if row.class_name == "flood" or not len(truth.positions_m):
            continue
        away_m = truth.positions_m - np.array([shape.x, shape.y])
        covariance = np.array([[row.cov_xx_m2, row.cov_xy_m2], [row.cov_xy_m2, row.cov_yy_m2]])
        square = np.einsum("ni,ni->n", away_m, np.linalg.solve(covariance, away_m.T).T).min()
        compared += 1
        inside += bool(square <= CHI2_95)
    return inside, compared


def _is_done(connection: Connection) -> bool:
    """Whether this was done since the sample was last loaded, which takes its rows away."""
    last = {
        kind: connection.scalar(select(LoadEntry.id).where(condition).order_by(LoadEntry.id.desc()).limit(1))
        for kind, condition in (
            ("sample", LoadEntry.source.startswith(SOURCE_PREFIX)),
            ("done", LoadEntry.source == SOURCE),
        )
    }
    return last["done"] is not None and (last["sample"] or 0) < last["done"]


def _first_at(purpose: str, newest: datetime) -> datetime:
    """When a camera's first frame was taken: what the maps show when they open at the newest detection.

    Of vehicles and water they show the newest; smoke is seen by day.
    """
    if purpose not in _BY_DAY:
        return newest + _AFTER
    local = newest.astimezone(LOCAL_ZONE)
    afternoon = local.replace(hour=_HOUR, minute=_MINUTE, second=0, microsecond=0)
    return (afternoon if afternoon <= local else afternoon - timedelta(days=1)).astimezone(UTC)


def _chosen(connection: Connection, settings: Settings) -> list[tuple[WatchedCamera, Solutions]]:
    """The first working cameras of each purpose that a solution runs on."""
    known = catalogue(settings)
    table = cameras.LAYER.table.c
    chosen = []
    for purpose, count in _CAMERAS.items():
        codes = connection.scalars(
            select(table.code)
            .where(table.purpose == purpose, table.status == "active", table.simulated)
            .order_by(table.code)
        )
        running = []
        for code in codes:
            camera = read_camera(connection, code, settings)
            solutions = running_on(known, code, purpose, camera.stated_solutions)
            if solutions:
                running.append((camera, solutions))
            if len(running) == count:
                break
        chosen += running
    return chosen
