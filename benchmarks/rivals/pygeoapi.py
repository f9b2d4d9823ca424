"""pygeoapi with its own providers of PostgreSQL, as it is published."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import make_url

from benchmarks.rivals.process import PUBLISHED, served


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Its address over a database."""
    folder.mkdir(parents=True, exist_ok=True)
    config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
    config.write_text(yaml.safe_dump(_config(url)))
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    program = PUBLISHED.with_name("pygeoapi")
    subprocess.run(
        [str(program), "openapi", "generate", str(config), "--output-file", str(openapi)],
        check=True, capture_output=True,
    )  # fmt: skip
    with served(
        PUBLISHED, "pygeoapi.starlette_app:APP", environment=environment, folder=folder, ready="/?f=json"
    ) as address:
        yield address


def _config(url: str) -> dict[str, Any]:
    at = make_url(url)
    source = {
        "data": {
            "host": str(at.query["host"]),
            "dbname": at.database,
            "user": at.username,
            "password": "",
            "search_path": ["gis"],
        },
        "id_field": "id",
        "table": "detections",
        "geom_field": "geom",
        "time_field": "detected_at",
    }
    link = {"type": "text/html", "rel": "canonical", "title": "benchmark", "href": "http://127.0.0.1"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 80},
            "url": "http://127.0.0.1",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "language": "en-US",
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "benchmark",
                "description": "benchmark",
                "keywords": ["benchmark"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "http://127.0.0.1",
            },
            "license": {"name": "none", "url": "http://127.0.0.1"},
            "provider": {"name": "benchmark", "url": "http://127.0.0.1"},
            "contact": {"name": "benchmark", "email": "benchmark@example.org"},
        },
        "resources": {
            "detections": {
                "type": "collection",
                "title": "Detections",
                "description": "Detections",
                "keywords": ["detections"],
                "links": [link],
                "extents": {"spatial": {"bbox": [107.0, 15.9, 108.3, 16.8]}},
                "providers": [
                    {"type": "feature", "name": "PostgreSQL", **source},
                    {
                        "type": "tile",
                        "name": "MVT-postgresql",
                        **source,
                        "options": {"zoom": {"min": 0, "max": 16}},
                        "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
                        "storage_crs": "http://www.opengis.net/def/crs/EPSG/0/4326",
                    },
                ],
            }
        },
    }
