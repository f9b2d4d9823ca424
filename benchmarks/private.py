"""A migrated database in a cluster of its own, for one benchmark alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import migrations
from gis_core.cluster import Cluster
from gis_core.db import make_engine


@contextmanager
def private_database() -> Iterator[str]:
    """The URL of an empty database with the newest schema; the cluster is gone afterwards."""
    with private_cluster() as cluster:
        engine = make_engine(cluster.url)
        migrations.upgrade(engine)
        engine.dispose()
        yield cluster.url


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A running cluster of its own, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="huegis-bench-"))
    folder.chmod(0o755)  # the database runs under another account where we are root
    cluster = Cluster(folder / "postgres")
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)
        shutil.rmtree(folder)
