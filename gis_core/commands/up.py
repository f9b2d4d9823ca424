"""``huegis up`` and ``huegis serve``: from nothing to a service that answers, and back."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points

import click

from gis_core.cluster import Cluster
from gis_core.config import Settings, get_settings
from gis_core.db import dispose
from gis_core.errors import ConfigError
from gis_core.serving import serve_with
from gis_core.serving_settings import Service
from gis_core.signals import unwind_on_signals

_PAGES = (
    ("/", "the portal"),
    ("/ogc", "the OGC API, for QGIS"),
    ("/maps/fire", "fire hotspots"),
    ("/maps/traffic", "traffic density"),
    ("/maps/flood", "flood risk"),
    ("/maps/all", "every layer"),
    ("/health", "whether all is well"),
)


_workers = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that answer clients; by default those of setting service.workers.",
)


@click.command()
@_workers
def up(workers: int | None) -> None:
    """Set everything up, serve it, and stop it all again at Ctrl-C."""
    settings = _with_workers(get_settings(), workers)
    unwind_on_signals()
    with _listening(settings) as listener, _database(settings, _say):
        for step in sorted(entry_points(group="huegis.setup"), key=lambda entry: entry.name):
            step.load()(_say)
        with _beside(settings, "huegis.background", "huegis.serving"):
            _serve(settings, listener)


@click.command()
@_workers
def serve(workers: int | None) -> None:
    """Serve what is there, without setting anything up."""
    settings = _with_workers(get_settings(), workers)
    unwind_on_signals()
    with _listening(settings) as listener, _beside(settings, "huegis.serving"):
        _serve(settings, listener)


def _with_workers(settings: Settings, workers: int | None) -> Settings:
    return settings if workers is None else settings.model_copy(update={"service": Service(workers=workers)})


def _serve(settings: Settings, listener: socket.socket) -> None:
    reached = settings.model_copy(update={"port": listener.getsockname()[1]})
    try:
        serve_with(reached, listener, lambda: _announce(reached.base_url))
    finally:
        dispose()


def _announce(base_url: str) -> None:
    """Say where to go, at the moment when it answers there."""
    lines = [f"  {base_url}{path:<14} {what}" for path, what in _PAGES]
    click.echo("\n".join(["", "Huế GIS is serving:", *lines, "", "Ctrl-C stops it."]))
    sys.stdout.flush()


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket of the service, taken first so that a port in use is known before any work."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            # Bound but not listening, a second service could still take the port.
            listener.listen()
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "choose another with HUEGIS_HOST and HUEGIS_PORT."
            ) from error
        yield listener


@contextmanager
def _database(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """The private cluster for as long as it is needed; a database of the user's own is left alone."""
    if settings.database_url:
        yield
        return
    cluster = Cluster.of(settings)
    say("Starting the private database." if cluster.exists() else "Making a private database.")
    try:
        if not cluster.start(keep=True) and cluster.is_abandoned():
            cluster.keep()
        yield
    finally:
        if cluster.is_kept_here():
            dispose()
            cluster.stop()
            say("The private database has stopped.")


@contextmanager
def _beside(settings: Settings, *groups: str) -> Iterator[None]:
    """What the rooms run beside the service, each until it has ended.

    What stands in ``huegis.serving`` belongs to every service that answers, the rest to ``up`` alone.
    """
    with ExitStack() as running:
        for group in groups:
            for offered in sorted(entry_points(group=group), key=lambda entry: entry.name):
                running.enter_context(offered.load()(settings, _say))
        yield


_BEGAN = time.monotonic()


def _say(line: str) -> None:
    click.echo(f"[{time.monotonic() - _BEGAN:5.1f} s] {line}")
    sys.stdout.flush()
