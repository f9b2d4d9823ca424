"""tipg, as it is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.rivals.process import PUBLISHED, served


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Its address over a database, with the schema of the service alone."""
    at = make_url(url)
    socket = str(at.query["host"]).replace("/", "%2F")
    environment = {
        "DATABASE_URL": f"postgresql://{at.username}@{socket}:5432/{at.database}",
        "TIPG_DB_SCHEMAS": '["gis"]',
        "TIPG_DB_TABLES": '["gis.detections"]',
        # As many features of a tile as the service gives.
        "TIPG_MAX_FEATURES_PER_TILE": "20000",
    }
    ready = "/collections/gis.detections"
    with served(PUBLISHED, "tipg.main:app", environment=environment, folder=folder, ready=ready) as address:
        yield address
