"""Helpers of the tests of polling: sources, what servers say, and a poll that is counted."""

from __future__ import annotations

import json
from threading import Event
from typing import Any

import psycopg

from gis_core.collect_settings import HttpSource
from layers.collect.claims import Claims
from layers.collect.http import HttpConnector
from layers.collect.run import Outcome, attempt
from tests.answering import Server

SECRET = "0123456789abcdef-firms"  # noqa: S105 - opens nothing
FIRMS = """latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version
16.1,107.4,330.1,0.4,0.4,2025-03-01,18,N,VIIRS,n,2.0NRT
16.2,107.5,330.1,0.4,0.4,2025-03-01,0619,N,VIIRS,h,2.0NRT
"""
STATION = {"ma_tram": "KL", "at": "2025-10-27 13:00", "reading": {"level": 5.05, "rain": None}}


GAUGE = (
    "INSERT INTO gis.river_gauges (code, name, river, datum, geom, origin) VALUES "
    "('KL', 'Kim Long', 'Hương', 'VN-2000', ST_SetSRID(ST_Point(107.56, 16.45), 4326), 'test')"
)
"""The gauge that the telemetry is of."""


def source(server: Server, **changes: Any) -> HttpSource:
    """Telemetry of stations, but for what is changed."""
    usual = {
        "name": "telemetry", "url": f"{server.url}/latest", "layer": "observations", "format": "json",
        "records": "data.stations", "every": "10min", "jitter_s": 0, "times": "utc", "timeout_s": 5,
        "columns": {"at": "observed_at"},
        "measures": {"reading.level": "stage_m", "reading.rain": "rain_1h_mm"},
    }  # fmt: skip
    return HttpSource.model_validate(usual | changes)


def fires(server: Server, **changes: Any) -> HttpSource:
    return source(
        server, url=f"{server.url}/fires.csv", layer="detections", format="csv", records="",
        columns={}, measures={}, times="local", **changes,
    )  # fmt: skip


def telemetry(*records: dict[str, Any]) -> str:
    return json.dumps({"data": {"stations": records}})


class Polled:
    """What polls brought: counts of the receipts, refusals, and complaints."""

    def __init__(self, settings: HttpSource) -> None:
        self.settings = settings
        self.refused: list[str] = []
        self.complaints: list[str] = []

    def __call__(self, *, due_only: bool = False) -> list[tuple[int, int, int]]:
        """A poll by a collector of its own, as after a restart."""
        told: list[Outcome] = []
        claims = Claims()
        self.connector = HttpConnector(self.settings, claims)
        self.fared = attempt(
            self.connector,
            told.append,
            lambda _, said: self.complaints.append(said),
            Event(),
            due_only=due_only,
        )
        claims.close()
        self.refused += [outcome.refused for outcome in told if outcome.refused]
        receipts = [outcome.receipt for outcome in told if outcome.receipt]
        return [(one.accepted, one.known_already, one.quarantined) for one in receipts]


def query(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [tuple(found) if len(found) > 1 else found[0] for found in connection.execute(sql)]


def status(url: str) -> Any:
    (row,) = query(
        url, "SELECT rows_in, rows_refused, failures_in_a_row, last_error, last_success_at, next_due_at "
        "FROM gis.collect_status"
    )  # fmt: skip
    return row


def let_be_tried(url: str) -> None:
    """As if the pause after a failure were over."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE gis.collect_status SET next_due_at = now()")
