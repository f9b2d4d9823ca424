"""Bringing events, their probabilities and the danger of the zones up to date."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection

from gis_core.config import Settings, get_settings
from gis_core.db import writing
from gis_core.errors import GisError, SurfaceNotBuiltError
from gis_core.time import Window, parse_duration
from layers.fire_calibration import TooFewFiresError, calibrate, tell_probabilities
from layers.fire_tracking import Built, build_events, latest_window
from layers.fire_weather import build_latest


def rebuild(connection: Connection, settings: Settings, window: Window | None = None) -> Built:
    """Build the events of a window, by default the settings' own, and tell their probabilities."""
    if window is None:
        window = latest_window(connection, parse_duration(settings.fire.events.window, "fire.events.window"))
    if window is None:
        return Built(0, 0, 0, ())
    built = build_events(connection, window, settings.fire.events)
    tell_probabilities(connection, settings)
    return built


def prepare(say: Callable[[str], None]) -> None:
    """Build the events and the danger of the zones; silent where there is nothing to build them from."""
    settings = get_settings()
    started = time.monotonic()
    with writing() as connection:
        built = rebuild(connection, settings)
    if built.codes:
        try:
            with writing() as connection:
                calibrate(connection, settings)
                tell_probabilities(connection, settings)
        except TooFewFiresError as error:
            say(f"Probability of forest fires: {error}")
        say(f"{len(built.codes)} fire events in {time.monotonic() - started:.1f} s, {built.new} of them new.")
    try:
        with writing() as connection:
            zones = build_latest(connection)
    except SurfaceNotBuiltError:
        return
    except GisError as error:
        say(f"Fire danger is not computed: {error}")
        return
    say(f"Fire danger of {len(zones)} forest zones.")
