"""PostgreSQL on this machine: its programs, the account they run as, and its processes."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
import tempfile
from pathlib import Path

from gis_core.errors import DatabaseUnavailableError

_NOT_INSTALLED = (
    "PostgreSQL 15 or later with PostGIS 3 is not installed; on Debian or Ubuntu: "
    "apt-get install postgresql postgresql-postgis."
)


def run_program(name: str, *arguments: str) -> None:
    """Run a PostgreSQL program to its end, as the account of the server.

    Raises:
        DatabaseUnavailableError: it is not installed, or it failed; the sentence has its last line.
    """
    command = [*as_server(), str(server_program(name)), *arguments]
    # A postmaster inherits its starter's files: with pipes, waiting for their end would last for ever.
    with tempfile.TemporaryFile("w+") as output:
        # In a session of its own it does not get the terminal's Ctrl-C, which is meant for us.
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
        try:
            running.wait()
        except BaseException:
            # Cut short, it would leave a server that is about to start and that nobody knows of.
            running.wait()
            raise
        output.seek(0)
        said = output.read().strip().splitlines() or ["no output"]
    if running.returncode != 0:
        raise DatabaseUnavailableError(f"{name} failed: {said[-1]}")


def server_program(name: str) -> Path:
    """The newest PostgreSQL server program of that name on this machine.

    Raises:
        DatabaseUnavailableError: there is none of version 15 or later.
    """
    found = sorted(
        (path for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}") if path.parts[-3].isdigit()),
        key=lambda path: int(path.parts[-3]),
    )
    with_postgis = [path for path in found if has_postgis(int(path.parts[-3]))]
    if with_postgis and int(with_postgis[-1].parts[-3]) >= 15:
        return with_postgis[-1]
    raise DatabaseUnavailableError(_NOT_INSTALLED)


def has_postgis(version: int) -> bool:
    """Whether the PostgreSQL of that major version has the PostGIS extension files."""
    return Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists()


def server_account() -> pwd.struct_passwd:
    """The user that the server programs run as.

    Raises:
        DatabaseUnavailableError: there is no such user on this machine.
    """
    if os.geteuid() != 0:
        try:
            return pwd.getpwuid(os.geteuid())
        except KeyError as error:
            raise DatabaseUnavailableError(
                f"PostgreSQL cannot run as user {os.geteuid()}, whom /etc/passwd does not name; "
                "add an entry for it, or set HUEGIS_DATABASE_URL."
            ) from error
    try:
        return pwd.getpwnam("postgres")
    except KeyError as error:
        raise DatabaseUnavailableError(_NOT_INSTALLED) from error


def as_server() -> list[str]:
    """What goes in front of a command so that it runs as the account of the server."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]


def reachable(folder: Path) -> Path:
    """The folder itself, or one under ``/var/lib`` where ``postgres`` cannot enter it (root's home)."""
    if os.geteuid() != 0:
        return folder
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    probe = subprocess.run(
        [*as_server(), "test", "-x", str(existing)], check=False, stderr=subprocess.DEVNULL
    )
    if existing == folder or probe.returncode == 0:
        return folder
    digest = hashlib.blake2b(str(folder).encode(), digest_size=6).hexdigest()
    return Path("/var/lib/huegis") / digest


def works_in(process: Path, folder: str) -> bool:
    """Whether a ``/proc`` entry is a living process with that working directory."""
    if not process.name.isdigit():
        return False
    try:
        # A process that has ended and waits to be reaped has no working directory any more.
        return os.readlink(process / "cwd") == folder
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def started_at(pid: int) -> str | None:
    """When a process started, in clock ticks since boot; a number may be used again, a start may not."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else rest[18]
