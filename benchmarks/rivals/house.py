"""The service itself, as ``huegis serve`` makes it, in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from benchmarks.rivals.process import OWN, served
from gis_core.config import get_settings
from gis_core.service import create_app


def app() -> Starlette:
    """The application by the settings of its environment."""
    return create_app(get_settings())


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Its address over a database."""
    environment = {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": str(folder)}
    with served(
        OWN, "benchmarks.rivals.house:app", "--factory", environment=environment, folder=folder, ready="/ogc"
    ) as address:
        yield f"{address}/ogc"
