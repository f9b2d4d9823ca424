"""Every source at its own times: one job each under one scheduler, until the whole is stopped."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from gis_core.config import get_settings
from gis_core.errors import GisError
from gis_core.time import LOCAL_ZONE
from layers.collect.base import Connector
from layers.collect.run import Complain, Fared, Tell, attempt
from layers.partitions import ensure_ahead

_MOST_THREADS = 32
_PAUSE_WITHOUT_DATABASE = timedelta(seconds=5)
_SHORTEST_PAUSE = timedelta(milliseconds=50)


class Collector:
    """Polls connectors side by side, each by one thread at a time."""

    def __init__(self, connectors: Iterable[Connector], tell: Tell, complain: Complain) -> None:
        self._connectors = list(connectors)
        self._tell = tell
        self._complain = complain
        self._said: dict[str, str] = {}
        self._stop = Event()
        self._closing = Lock()
        # Bugs only: how sources fare is said here and kept in the status.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        threads = min(len(self._connectors) + 1, _MOST_THREADS)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads)},
            # However late a thread comes free, once is enough.
            job_defaults={"misfire_grace_time": None, "coalesce": True},
        )

    def run(self, stop: Event) -> None:
        """Collect until ``stop`` is set; what is under way then is finished, or breaks off where it waits."""
        self._scheduler.add_job(self._make_room, CronTrigger(hour=1, timezone=LOCAL_ZONE))
        self._scheduler.add_job(self._make_room)
        for connector in self._connectors:
            self._arm(connector, datetime.now(UTC))
        self._scheduler.start()
        try:
            stop.wait()
        finally:
            # A job that armed itself anew while the scheduler waits for it would wait for the scheduler.
            with self._closing:
                self._stop.set()
            self._scheduler.shutdown()
            for connector in self._connectors:
                connector.close()

    def _arm(self, connector: Connector, at: datetime) -> None:
        """Let a connector be polled once, at a time; so no source is ever polled twice at once."""
        self._scheduler.add_job(self._poll, "date", run_date=at, args=(connector,))

    def _poll(self, connector: Connector) -> None:
        next_at = datetime.now(UTC) + _PAUSE_WITHOUT_DATABASE
        try:
            fared = attempt(connector, self._tell, self._complain_anew, self._stop)
            if fared is Fared.WELL:
                self._said.pop(connector.name, None)
            if fared is not Fared.NO_DATABASE:
                next_at = connector.next_at()
        finally:
            with self._closing:
                if not self._stop.is_set():
                    self._arm(connector, max(next_at, datetime.now(UTC) + _SHORTEST_PAUSE))

    def _complain_anew(self, name: str, sentence: str) -> None:
        """Say what is wrong with a source once, until it is well again or something else is wrong."""
        if self._said.get(name) != sentence:
            self._said[name] = sentence
            self._complain(name, sentence)

    def _make_room(self) -> None:
        """Make the monthly tables of the time to come, before rows need them."""
        try:
            ensure_ahead(datetime.now(UTC), get_settings().database.partitions_ahead_months)
        except GisError as error:
            self._complain("partitions", str(error))
