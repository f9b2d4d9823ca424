"""Over HTTP a restored month is what it was before it was archived: pages, filters, maps and surfaces."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from gis_core.cli import cli
from gis_core.cluster import Cluster
from tests.conftest import Place, at, serving

MONTH = "2025-10"
LAYERS = ("detections", "observations")
DAY = "2025-10-26T00:00:00Z/2025-10-27T00:00:00Z"
ITEMS = (
    "detections/items?limit=500",
    f"detections/items?limit=300&datetime={DAY}&bbox=107.55,16.4,107.65,16.5",
    "detections/items?limit=100&subject=forest_fire&crs=http://www.opengis.net/def/crs/EPSG/0/9214",
    f"observations/items?limit=400&observed_property=stage_m&datetime={DAY}",
)
PAGES = (
    "/maps/traffic?at=2025-10-26T18:00:00%2B07:00&window=6h",
    "/maps/fire?at=2025-10-20T18:00:00%2B07:00",
)
SURFACES = ("vehicle-density", "flood-risk")


@pytest.fixture(scope="module")
def own_province(cluster: Cluster, migrated_template: str, scratch: Path) -> Iterator[Place]:
    """A province that may be taken apart."""
    name = f"archived_{secrets.token_hex(6)}"
    made = Place(cluster.create_database(name, migrated_template), scratch / name)
    made.var_dir.mkdir()
    with at(made):
        for step in sorted(entry_points(group="huegis.setup"), key=lambda entry: entry.name):
            step.load()(print)
    yield made
    cluster.drop_database(name)
    shutil.rmtree(made.var_dir)


def run(*command: str) -> str:
    done = CliRunner().invoke(cli, command)
    if done.exception is not None:
        raise done.exception
    return done.output


def features(client: httpx.Client) -> list[list[dict[str, Any]]]:
    return [client.get(f"/ogc/collections/{path}").raise_for_status().json()["features"] for path in ITEMS]


def pages(client: httpx.Client) -> list[str]:
    """The pages without what is new in each: names of elements, and when a surface was built."""
    texts = [client.get(path).raise_for_status().text for path in PAGES]
    return [re.sub(r"[0-9a-f]{32}|\d\d:\d\d \d\d-\d\d-\d{4}", "", text) for text in texts]


def surfaces(client: httpx.Client) -> list[NDArray[np.float32]]:
    cells = []
    for name in SURFACES:
        answer = client.get(f"/ogc/collections/{name}/coverage").raise_for_status()
        with MemoryFile(answer.content) as memory, memory.open() as dataset:
            cells.append(dataset.read())
    return cells


def test_a_month_that_was_archived_and_restored_answers_as_before(own_province: Place) -> None:
    with (
        at(own_province),
        serving(own_province) as service,
        httpx.Client(base_url=service.base_url, timeout=60) as client,
    ):
        items_before, pages_before, surfaces_before = features(client), pages(client), surfaces(client)
        assert [len(page) for page in items_before[:2]] == [500, 300]
        assert all(items_before)
        assert pages(client) == pages_before

        assert "2 months archived" in run("archive", "run", "--before", "2025-11")
        assert features(client) == [[], [], [], []]
        assert pages(client) != pages_before

        for layer in LAYERS:
            run("archive", "restore", layer, MONTH)
        for name in SURFACES:
            (own_province.var_dir / "surfaces" / f"{name}.tif").unlink()
            run("surfaces", "build", name)
        assert features(client) == items_before
        assert pages(client) == pages_before
        for before, after in zip(surfaces_before, surfaces(client), strict=True):
            assert before.max() > 0
            np.testing.assert_array_equal(after, before)

        for layer in LAYERS:
            run("archive", "release", layer, MONTH)
        assert features(client) == [[], [], [], []]
