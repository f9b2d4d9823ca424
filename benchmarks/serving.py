"""The service beside raw SQL, stock pygeoapi and stock tipg, on 1,000,000 detections.

All have the same database. Each server has two processes under uvicorn and is asked by wrk over
four connections; raw SQL is asked over four connections to the database, without HTTP. They take
turns in several rounds, and what is compared is the medians, so that whatever else the machine
does meets all alike. A run takes about a quarter of an hour.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import httpx
import psycopg

from benchmarks.enriching import load_reference, write_vehicles
from benchmarks.load import http_rate, sql_rate
from benchmarks.loading import write_detections
from benchmarks.private import private_database
from benchmarks.rivals import house, plain, pygeoapi, tipg
from benchmarks.rivals.questions import NUMBER, Question, questions
from layers.sample import generate

_ANYWHERE, _ON_ROADS = 850_000, 150_000
_FRAME_S = 900.0
"""Far enough apart for those on roads to last some days."""
_ROUNDS = 3
_EACH_S = 4.0
_WARM_UP_S = 1.0
_SLOW_PER_S, _SLOW_TAKE = 5.0, 3
"""Who gives fewer answers a second is asked for so many times as long."""
_PATIENCE_S = 60.0
_SERVERS = {"house": house.serving, "tipg": tipg.serving, "pygeoapi": pygeoapi.serving}
_TARGETS = {"raw SQL": 1.5, "pygeoapi": 50.0}
_TARGET_TIPG = {"tile-cold": 2.0, "tile-cold-as-is": 2.0, "tile-kept": 2.0}


def run(rounds: int = _ROUNDS, each_s: float = _EACH_S, only: tuple[str, ...] = ()) -> None:
    """Print for each question how many answers a second each gives, and how they compare."""
    with ExitStack() as open_ones:
        url = open_ones.enter_context(stored_detections())
        folder = Path(open_ones.enter_context(tempfile.TemporaryDirectory()))
        addresses = {
            name: open_ones.enter_context(serving(url, folder / name)) for name, serving in _SERVERS.items()
        }
        with psycopg.connect(url, autocommit=True) as connection:
            asked = questions(connection, addresses["house"])
        numbers = count(0, 1_000)
        asked = [question for question in asked if not only or question.name in only]
        statements = {question.name: question.statement for question in asked}
        addresses["plain"] = open_ones.enter_context(plain.serving(url, folder / "plain", statements))
        for question in asked:
            _report(question, *_measured(question, url, addresses, numbers, rounds=rounds, each_s=each_s))


@contextmanager
def stored_detections() -> Iterator[str]:
    """The URL of a database of its own into which ``huegis layers load`` put the detections."""
    sample = generate(2710)
    with private_database() as url, tempfile.TemporaryDirectory() as folder:
        load_reference(url, sample)
        anywhere, on_roads = Path(folder) / "anywhere.csv", Path(folder) / "on-roads.csv"
        write_detections(anywhere, _ANYWHERE)
        write_vehicles(on_roads, sample, _ON_ROADS, _FRAME_S)
        for file, options in ((anywhere, ["--no-enrichment"]), (on_roads, [])):
            subprocess.run(
                [sys.executable, "-m", "gis_core", "layers", "load", "detections", *options, str(file)],
                env=os.environ | {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": folder},
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        yield url


def _measured(
    question: Question,
    url: str,
    addresses: dict[str, str],
    numbers: Iterator[int],
    *,
    rounds: int,
    each_s: float,
) -> tuple[dict[str, float], dict[str, str]]:
    """Answers a second of each, medians of all rounds; and why some have none."""
    calls: dict[str, Callable[[float], float]] = {
        "raw SQL": lambda seconds: sql_rate(url, question.statement, seconds)
    }
    silent = {}
    for name, path in {"plain": f"/{question.name}", **question.paths}.items():
        address = addresses[name] + path
        why = _refusal(address, question.features)
        if why is not None:
            silent[name] = why
            _cancel_all(url)
            continue
        calls[name] = lambda seconds, address=address: http_rate(address, seconds, first=next(numbers))
    rates: dict[str, list[float]] = {name: [] for name in calls}
    longer = {name: _SLOW_TAKE if call(_WARM_UP_S) < _SLOW_PER_S else 1 for name, call in calls.items()}
    for _ in range(rounds):
        for name, call in calls.items():
            rates[name].append(call(each_s * longer[name]))
    return {name: statistics.median(some) for name, some in rates.items()}, silent


def _refusal(address: str, features: int | None) -> str | None:
    """Why this answer is not to be compared; None where it is what is asked for."""
    try:
        answer = httpx.get(address.replace(NUMBER, "999999"), timeout=_PATIENCE_S)
    except httpx.TimeoutException:
        return f"no answer within {_PATIENCE_S:.0f} s"
    if not answer.is_success:
        return f"status {answer.status_code}"
    if features is not None and len(answer.json()["features"]) != features:
        return f"{len(answer.json()['features'])} features and not {features}"
    return None


def _cancel_all(url: str) -> None:
    """End what runs for somebody who no longer waits, so that it slows nobody else down."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'"
        )


def _report(question: Question, rates: dict[str, float], silent: dict[str, str]) -> None:
    ours = rates.pop("house", None)
    if ours is None:
        raise RuntimeError(f"the service does not answer {question.name}: {silent['house']}")
    raw = rates.pop("raw SQL")
    target = f"target={_TARGETS['raw SQL']} (at most)"
    told = [f"raw SQL {raw:.1f}/s ratio={raw / ours:.2f} {target}"]
    behind_http = rates.pop("plain")
    told.append(f"raw SQL behind HTTP {behind_http:.1f}/s ratio={behind_http / ours:.2f}")
    for name, rate in rates.items():
        target_of = _TARGETS.get(name) or _TARGET_TIPG.get(question.name, 1.0)
        compared = f"ratio={ours / rate:.1f} target={target_of:g}" if rate else "not one answer in time"
        told.append(f"{name} {rate:.1f}/s {compared}")
    told += [f"{name}: {why}" for name, why in silent.items()]
    print(f"BENCH serving-{question.name} {question.meaning}: {ours:.1f}/s; {'; '.join(told)}", flush=True)
