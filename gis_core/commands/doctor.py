"""``huegis doctor``: what is installed, running and reachable, and what to do about what is not."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gis_core.cluster import Cluster
from gis_core.config import Settings, config_file, get_settings
from gis_core.errors import GisError
from gis_core.health import Check, check_all
from gis_core.postgres import server_program


@click.command()
def doctor() -> None:
    """Look at every part of the service and say what to do about what is not well."""
    settings = get_settings()
    checks = [*_installed(settings), *_running(settings), *check_all()]
    for check in checks:
        mark = click.style("ok  ", fg="green") if check.well else click.style("FAIL", fg="red")
        click.echo(f"{mark} {check.name}: {check.detail}")
    wrong = sum(not check.well for check in checks)
    if wrong:
        raise GisError(f"{wrong} of {len(checks)} checks failed; each line above says what to do.")


def _installed(settings: Settings) -> Iterator[Check]:
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield Check("configuration", True, str(config_file() or "defaults, there is no config.yml here"))
    scripts = settings.static_dir / "leaflet"
    yield Check(
        "map scripts",
        scripts.is_dir(),
        str(settings.static_dir) if scripts.is_dir() else "not installed; run 'make setup', or npm ci",
    )
    free_gib = shutil.disk_usage(_nearest(settings.var_dir)).free / 2**30
    yield Check("disk", free_gib > 1, f"{free_gib:.1f} GiB free where {settings.var_dir} lies")
    if settings.database_url:
        return
    try:
        yield Check("postgresql", True, str(server_program("postgres")))
    except GisError as error:
        yield Check("postgresql", False, str(error))


def _running(settings: Settings) -> Iterator[Check]:
    if not settings.database_url:
        cluster = Cluster.of(settings)
        running = cluster.is_running()
        yield Check(
            "private database",
            running,
            f"running at {cluster.socket_dir}"
            if running
            else "not running; start it with 'huegis db start' or 'up'",
        )
    answers = _answers(settings.host, settings.port)
    where = f"{settings.host}:{settings.port}"
    yield Check(
        "service", answers, f"answers on {where}" if answers else f"nothing on {where}; run 'make run'"
    )


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except (OSError, UnicodeError):  # the latter for a host that can be no name
        return False


def _nearest(folder: Path) -> Path:
    """The folder itself or the closest parent that exists."""
    absolute = folder.absolute()
    return next(path for path in (absolute, *absolute.parents) if path.exists())
