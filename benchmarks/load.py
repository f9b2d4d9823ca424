"""Requests a second, by wrk over HTTP and by as many connections straight to the database."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import psycopg

CONNECTIONS = 4
_THREADS = 2
_SCRIPT = Path(__file__).with_name("load.lua")


def http_rate(address: str, seconds: float, *, first: int = 0) -> float:
    """Answers a second that ``CONNECTIONS`` connections get of an address.

    ``NUMBER`` in the address is another number in each request, from ``first`` on.

    Raises:
        RuntimeError: wrk is missing, or an answer was none that is wanted.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is missing; scripts/setup-bench installs it")
    told = subprocess.run(
        [
            program, f"-t{_THREADS}", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "60s",
            "-H", "Accept-Encoding: gzip", "-s", str(_SCRIPT), address, "--", str(first),
        ],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"answers=(\d+) us=(\d+) failed=(\d+)", told)
    if found is None:
        raise RuntimeError(f"wrk says: {told.strip()}")
    answers, taken_us, failed = map(int, found.groups())
    if failed:
        raise RuntimeError(f"{failed} of {answers} answers of {address} failed")
    return answers / (taken_us / 1e6)


def sql_rate(url: str, statement: str, seconds: float) -> float:
    """Answers a second of one statement that ``CONNECTIONS`` connections get of the database."""
    counts = [0] * CONNECTIONS
    ready, stop = threading.Barrier(CONNECTIONS + 1), threading.Event()

    def ask(number: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement, prepare=True).fetchone()
            ready.wait()
            while not stop.is_set():
                connection.execute(statement, prepare=True).fetchone()
                counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    taken_s = time.perf_counter() - begun
    answers = sum(counts)
    for thread in threads:
        thread.join()
    return answers / taken_s
