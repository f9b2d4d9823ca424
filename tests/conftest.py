"""Fixtures: a private PostGIS for the tests alone, databases with random names, a running service."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import settings

from gis_core.cluster import Cluster
from gis_core.config import get_settings
from gis_core.db import dispose, make_engine
from layers.added import known as added_layers
from tests.editing import EDITING_SETTINGS

ROOT = Path(__file__).parent.parent

# Whoever works here gets new examples with every run; CI judges one version always alike. No example is
# judged by the time that it takes, which is the machine's.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@dataclass(frozen=True)
class Place:
    """A database and the folder that goes with it."""

    url: str
    var_dir: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "HUEGIS_CONFIG": str(ROOT / "config.yml"),
            "HUEGIS_DATABASE_URL": self.url,
            "HUEGIS_VAR_DIR": str(self.var_dir),
            "HUEGIS_STATIC_DIR": str(ROOT / "node_modules"),
            "HUEGIS_SAMPLE__ENABLED": "true",
        }


@dataclass(frozen=True)
class RunningService:
    """A service of its own process, and where it answers."""

    base_url: str
    pid: int
    place: Place


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Let this process work on ``place``: environment set, caches of settings and engines fresh."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HUEGIS_")]:
            patch.delenv(name)
        for name, value in place.env.items():
            patch.setenv(name, value)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    dispose()
    get_settings.cache_clear()
    added_layers.forget()


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that the database's own account may enter too (pytest's is closed to it)."""
    folder = Path(tempfile.mkdtemp(prefix="huegis-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(scratch: Path) -> Iterator[Cluster]:
    """A private PostgreSQL that exists for this run alone: own folder, own socket, no port."""
    private = Cluster(scratch / "postgres")
    private.start()
    yield private
    private.stop()


@pytest.fixture(scope="session")
def migrated_template(cluster: Cluster) -> str:
    """The name of a database with the newest schema, to be copied."""
    import migrations

    name = f"template_{secrets.token_hex(6)}"
    url = cluster.create_database(name)
    assert cluster.is_its_own(url)
    engine = make_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture
def place(cluster: Cluster, migrated_template: str, scratch: Path) -> Iterator[Place]:
    """A fresh, migrated, empty database and a folder, in force for one test."""
    name = f"test_{secrets.token_hex(6)}"
    url = cluster.create_database(name, migrated_template)
    assert cluster.is_its_own(url)
    made = Place(url, scratch / name)
    made.var_dir.mkdir()
    with at(made):
        yield made
    cluster.drop_database(name)
    shutil.rmtree(made.var_dir)


@pytest.fixture
def database(place: Place) -> str:
    """The URL of a fresh, migrated, empty database that is in force for one test."""
    return place.url


@pytest.fixture(scope="session")
def prepared_province(cluster: Cluster, migrated_template: str, scratch: Path) -> Place:
    """The whole simulated province, loaded once, with its surfaces."""
    name = f"province_{secrets.token_hex(6)}"
    made = Place(cluster.create_database(name, migrated_template), scratch / name)
    made.var_dir.mkdir()
    with at(made):
        for step in sorted(entry_points(group="huegis.setup"), key=lambda entry: entry.name):
            step.load()(print)
    return made


@pytest.fixture
def province(prepared_province: Place) -> Iterator[Place]:
    """The whole simulated province, in force for one test, which leaves it as it was."""
    with at(prepared_province):
        yield prepared_province


@contextmanager
def serving(place: Place, **settings: str) -> Iterator[RunningService]:
    """``huegis serve`` over a place, on a free port of the loopback, with further settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    environment |= place.env | {"HUEGIS_PORT": "0"} | settings
    log = place.var_dir / f"service-{secrets.token_hex(4)}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gis_core", "serve"],
            env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        try:
            yield RunningService(_announced_url(process, log), process.pid, place)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _announced_url(process: subprocess.Popen[str], log: Path) -> str:
    """The address that the service prints once it answers there; its end is an error."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"(http://\S+?)/\s", line)
        if found:
            return found[1]
    raise RuntimeError(f"the service ended without serving: {log.read_text()}")


@pytest.fixture(scope="session")
def service(prepared_province: Place) -> Iterator[RunningService]:
    """The running service over the whole simulated province."""
    with serving(prepared_province) as running:
        yield running


@pytest.fixture(scope="session")
def edited_service(cluster: Cluster, migrated_template: str, scratch: Path) -> Iterator[RunningService]:
    """A running service whose accounts may edit; its database is empty but for what tests put in."""
    name = f"edited_{secrets.token_hex(6)}"
    place = Place(cluster.create_database(name, migrated_template), scratch / name)
    place.var_dir.mkdir()
    with serving(place, **EDITING_SETTINGS) as running:
        yield running
    cluster.drop_database(name)
    shutil.rmtree(place.var_dir)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files for trying the service on; they are no part of the repository."""
    folder = Path(os.environ.get("HUEGIS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the folder of real data is not at {folder}; set HUEGIS_SHARED_DATA to try it")
    return folder
