"""Keeping the surfaces up to date: which ones to build anew, and why."""

from __future__ import annotations

import time
from collections.abc import Callable

from gis_core import __version__
from gis_core.config import Settings, get_settings
from gis_core.db import writing
from gis_core.errors import GisError, SurfaceNotBuiltError
from gis_core.time import Window
from layers.raster import RasterLayer, read_record
from layers.registry import LAYERS, SURFACES
from layers.surfaces.series import publish
from layers.tiles.changes import state_of

_STATES = "layer_states"


def prepare(say: Callable[[str], None]) -> None:
    """Build every surface that is not built yet or is older than what it is built from.

    A surface that cannot be built is told in one sentence and keeps no other from being built.
    """
    settings = get_settings()
    for surface in SURFACES.values():
        try:
            window = surface.default_window(None)
            reason = why_to_build(surface, window, settings)
            if reason is None:
                continue
            say(f"Building surface {surface.name}: {reason} ...")
            started = time.monotonic()
            build(surface, window, settings)
        except GisError as error:
            say(f"Surface {surface.name} is not built: {error}")
        else:
            say(f"Surface {surface.name} built in {time.monotonic() - started:.1f} s.")


def build(surface: RasterLayer, window: Window, settings: Settings) -> None:
    """Build a surface and publish it, with the states of the layers that it follows."""
    # Before the build: what changes while it runs is a reason to build again.
    known = _states_of(surface)
    array = surface.build(window)
    array.attrs["inputs"] = {**array.attrs["inputs"], _STATES: known}
    publish(surface, window, array, settings)


def why_to_build(surface: RasterLayer, window: Window, settings: Settings) -> str | None:
    """Why the surface has to be built for ``window``, None where the built one is up to date."""
    try:
        record = read_record(surface, surface.path(settings))
    except SurfaceNotBuiltError:
        return "there is none yet"
    if record.version != __version__:
        return f"it was built by version {record.version}"
    if window.end > record.window.end:
        return "there are later data"
    changed = [name for name, value in surface.basis().items() if record.inputs.get(name) != value]
    before = record.inputs.get(_STATES, {})
    changed += [name for name, state in _states_of(surface).items() if before.get(name, state) != state]
    return f"changed {' and '.join(changed)}" if changed else None


def _states_of(surface: RasterLayer) -> dict[str, str]:
    """A text for each layer that the surface follows, another one after every change of its rows."""
    if not surface.follows:
        return {}
    with writing() as connection:
        states = {name: state_of(connection, LAYERS[name].table) for name in surface.follows}
    return {name: state for name, state in states.items() if state is not None}
