"""A server under uvicorn, in processes of its own, for as long as it is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

WORKERS = 2
OWN = Path(sys.executable)
PUBLISHED = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
"""The interpreter that has pygeoapi and tipg, which ``scripts/setup-bench`` makes."""
_READY_WITHIN_S = 180.0


@contextmanager
def served(
    python: Path, app: str, *options: str, environment: Mapping[str, str], folder: Path, ready: str
) -> Iterator[str]:
    """The address of an ASGI application with ``WORKERS`` processes, once ``ready`` answers.

    Raises:
        RuntimeError: it does not start; what it said is in ``server.log`` of the folder.
    """
    if not python.exists():
        raise RuntimeError(f"{python} is missing; scripts/setup-bench makes it")
    command = [
        str(python), "-m", "uvicorn", app, *options, "--host", "127.0.0.1", "--port", "0",
        "--workers", str(WORKERS), "--no-access-log",
    ]  # fmt: skip
    with running(command, environment=environment, folder=folder, ready=ready) as address:
        yield address


@contextmanager
def running(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, ready: str
) -> Iterator[str]:
    """The address that a command says that it serves, once ``ready`` answers there.

    Raises:
        RuntimeError: it does not start; what it said is in ``server.log`` of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    with log.open("w") as written:
        process = subprocess.Popen(
            command, env=inherited | environment, stdout=written, stderr=subprocess.STDOUT
        )
    try:
        yield _address(process, log, ready)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], log: Path, ready: str) -> str:
    give_up_at = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < give_up_at and process.poll() is None:
        found = re.search(r"(http://[^/\s]+)", log.read_text())
        if found and _answers(found[1] + ready):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"it does not serve: {log.read_text()[-2000:]}")


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=30).is_success
    except httpx.TransportError:
        return False
