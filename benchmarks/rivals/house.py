"""The service itself, as ``huegis serve`` runs it in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rivals.process import OWN, WORKERS, running


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Its address over a database."""
    environment = {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": str(folder), "HUEGIS_PORT": "0"}
    command = [str(OWN), "-m", "gis_core", "serve", "--workers", str(WORKERS)]
    with running(command, environment=environment, folder=folder, ready="/ogc") as address:
        yield f"{address}/ogc"
