"""A private PostGIS under ``var/``: made, started and stopped by the service alone.

It listens on a Unix socket in a folder that only its owner can enter, and on no TCP
port, so there is nothing to collide with and nothing to guess. PostgreSQL refuses to
run as root; then every server program goes through ``setpriv`` to ``postgres``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from gis_core.config import Settings
from gis_core.errors import DatabaseUnavailableError
from gis_core.postgres import reachable, run_program, server_account, started_at, works_in

DATABASE = "huegis"
SUPERUSER = "postgres"
_SOCKET_PATH_LIMIT = 90
"""Unix sockets have at most 107 bytes of path; PostgreSQL adds its own name."""

_ORPHANS_LEAVE_WITHIN_S = 30

_SERVER_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "60",
    # A load of decades makes a partition a month, and each takes about ten locks until the end.
    "max_locks_per_transaction": "512",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}


class Cluster:
    """One PostgreSQL cluster in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = reachable(folder.absolute())
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.socket_dir = self._socket_dir()
        self._keeper = self.folder / "keeper"

    @classmethod
    def of(cls, settings: Settings) -> Cluster:
        """The cluster that the embedded default uses."""
        return cls(settings.var_dir / "postgres")

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the service's database."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The URL of any database of this cluster."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}"

    def exists(self) -> bool:
        """Whether the data folder was initialised to its end."""
        return (self.data / "global" / "pg_control").exists() and (self.data / "huegis.conf").exists()

    def is_running(self) -> bool:
        """Whether a postmaster of this very data folder is alive.

        ``pg_ctl status`` is not asked: it takes a dead postmaster that nobody has reaped, as
        happens in containers without an init, for a living one.
        """
        return self._postmaster() in self._processes()

    def start(self, *, keep: bool = False) -> bool:
        """Make the cluster if needed and start it; False if it was running already.

        Whatever ends the start early, a signal too, leaves no server behind.

        Args:
            keep: whether this process answers for the cluster that it starts.

        Raises:
            DatabaseUnavailableError: PostgreSQL is missing, or does not start.
        """
        with self._locked():
            if not self.exists():
                self._initialise()
            if self.is_running():
                return False
            self._own(self.socket_dir)
            self._clear_after_crash()
            # The settings are written at each start, so that a folder that was moved gets its new socket.
            self._write_settings()
            # A keeper that was killed is not the one who asks now.
            self._keeper.unlink(missing_ok=True)
            try:
                run_program("pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log))
                self._ensure_database(DATABASE)
                if keep:
                    self.keep()
            except BaseException:
                self.stop()
                raise
        return True

    def stop(self) -> bool:
        """Stop the cluster and wait for it; False where it was not running."""
        if not self.is_running():
            return False
        run_program("pg_ctl", "stop", "-w", "-m", "fast", "-t", "60", "-D", str(self.data))
        self._keeper.unlink(missing_ok=True)
        return True

    def keep(self) -> None:
        """Note that this process answers for the running cluster and will stop it."""
        self._keeper.write_text(f"{os.getpid()} {started_at(os.getpid())}")

    def is_kept_here(self) -> bool:
        """Whether this very process answers for the cluster."""
        return self._kept_by() == os.getpid()

    def is_abandoned(self) -> bool:
        """Whether the process that answered for the cluster is gone without stopping it."""
        return self._keeper.exists() and self._kept_by() is None

    def _kept_by(self) -> int | None:
        """The living process that answers for the cluster."""
        try:
            pid, began = self._keeper.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if started_at(int(pid)) == began else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time make and start the cluster."""
        self._own(self.folder)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database as a copy of another one of this cluster, and return its URL."""
        with self._admin() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a database of this cluster, ending its sessions."""
        with self._admin() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def is_its_own(self, url: str) -> bool:
        """Whether the server behind ``url`` is this cluster: asked before any destructive DDL."""
        with psycopg.connect(url) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        return row is not None and Path(row[0]).resolve() == self.data.resolve()

    def _postmaster(self) -> int | None:
        """The process number that the data folder names as its server, alive or not."""
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _processes(self) -> set[int]:
        """The living server processes of this data folder: each has it as working directory."""
        data = os.path.realpath(self.data)
        return {int(entry.name) for entry in Path("/proc").iterdir() if works_in(entry, data)}

    def _clear_after_crash(self) -> None:
        """Remove what a killed server left in the way, once its last process is gone.

        Raises:
            DatabaseUnavailableError: processes of the killed server live on; starting beside
                them would damage the data.
        """
        if self._postmaster() is None:
            return
        deadline = time.monotonic() + _ORPHANS_LEAVE_WITHIN_S
        while orphans := self._processes():
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError(
                    f"Processes {sorted(orphans)} of a killed PostgreSQL still use {self.data}; end them."
                )
            time.sleep(0.1)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.socket_dir.glob(".s.PGSQL.*"):
            lock.unlink()

    def _ensure_database(self, name: str) -> None:
        with self._admin() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8'").format(sql.Identifier(name)))

    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url_of("postgres"), autocommit=True)

    def _initialise(self) -> None:
        if self.data.exists():
            # An initdb that was killed leaves a folder that PostgreSQL can never start from.
            shutil.rmtree(self.data)
        run_program(
            "initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("include 'huegis.conf'\n")
        self._write_settings()

    def _write_settings(self) -> None:
        lines = [f"{name} = {value}" for name, value in _SERVER_SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.socket_dir}'")
        target = self.data / "huegis.conf"
        target.write_text("\n".join(lines) + "\n")
        self._give(target)

    def _socket_dir(self) -> Path:
        inside = self.folder / "run"
        if len(str(inside)) <= _SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.blake2b(str(self.folder).encode(), digest_size=6).hexdigest()
        return Path(tempfile.gettempdir()) / f"huegis-{os.getuid()}-{digest}"

    def _own(self, folder: Path) -> None:
        account = server_account()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # What root has just made is root's until it is given away.
            if folder.stat().st_uid not in (account.pw_uid, os.geteuid()):
                raise DatabaseUnavailableError(
                    f"{folder} belongs to another user; remove it or set HUEGIS_VAR_DIR."
                )
            folder.chmod(0o700)
            self._give(folder)
        except OSError as error:
            raise DatabaseUnavailableError(
                f"The private database cannot lie in {folder} ({error.strerror}); set HUEGIS_VAR_DIR."
            ) from error

    @staticmethod
    def _give(path: Path) -> None:
        if os.geteuid() == 0:
            account = server_account()
            os.chown(path, account.pw_uid, account.pw_gid)
