"""Many cameras at once: a pool of processes, each with its models and its share of the streams."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event as SharedEvent
from queue import Empty
from threading import Event
from typing import Any, NamedTuple

from detectors.crops import expire
from detectors.looking import Lookout, Turns
from detectors.running import CameraRun
from detectors.solutions import Solutions, catalogue, running_on
from detectors.sources import Asked
from detectors.sources.opening import open_stream
from detectors.sources.streams import Stream
from detectors.watched import WatchedCamera, read_camera
from gis_core.config import Settings, get_settings
from gis_core.db import reading
from gis_core.errors import ConfigError, GisError

_REPORT_S = 1.0
_GRACE_S = 30.0
_AGAIN_S = 5.0
_EXPIRE_S = 3_600.0
_REFRESH_S = 60.0


class Report(NamedTuple):
    """How one camera stands: counts since the start, ``lag_s`` of the last frame that was analysed."""

    camera_code: str
    is_connected: bool
    frames: int
    frames_per_s: float
    findings: int
    dropped: int
    lag_s: float | None


class Plan(NamedTuple):
    """A camera to watch, where its stream is, and which solutions run on it."""

    camera: WatchedCamera
    url: str
    solutions: Solutions


def plans(settings: Settings, complain: Callable[[str], None]) -> dict[str, Plan]:
    """The cameras of the settings with what runs on them; a camera that cannot be watched is complained of.

    Raises:
        ConfigError: none can be watched.
    """
    known, found = catalogue(settings), {}
    for code, url in settings.detect.cameras.items():
        try:
            with reading() as connection:
                camera = read_camera(connection, code, settings)
            open_stream(url, Asked(code), settings.detect)
            solutions = running_on(known, code, camera.purpose, camera.stated_solutions)
            if not solutions:
                raise ConfigError(f"Camera {code}: no solution of the settings that can run does so on it.")
            found[code] = Plan(camera, url, solutions)
        except GisError as error:
            complain(str(error))
    if not found:
        raise ConfigError("No camera can be watched: list their streams under detect.cameras in config.yml.")
    return found


class Pool:
    """Processes that watch cameras until ``stop``; one that ends by itself is started again.

    Every hour the kept pictures that have become too old are removed.

    Args:
        settings: those in force; the processes read the same ones.
        codes: the cameras to watch.
        tell: hears of every camera about once a second.
        complain: hears one sentence of whatever goes wrong.
    """

    def __init__(
        self,
        settings: Settings,
        codes: list[str],
        tell: Callable[[Report], None],
        complain: Callable[[str], None],
    ) -> None:
        # Forked processes would share the parent's database connections and threads.
        self._context = multiprocessing.get_context("spawn")
        self._settings = settings
        self._tell = tell
        self._complain = complain
        self._stop = self._context.Event()
        self._said: Queue[Any] = self._context.Queue()
        count = min(settings.detect.workers or multiprocessing.cpu_count(), len(codes))
        self._shares = [codes[number::count] for number in range(count)]
        self._processes: list[BaseProcess] = []

    def watch(self, stop: Event) -> None:
        """Watch until ``stop`` is set; what was analysed by then is stored first."""
        self._processes = [self._start(share) for share in self._shares]
        revive_at_s, expire_at_s = time.monotonic() + _AGAIN_S, 0.0
        try:
            while not stop.is_set():
                self._listen(0.2)
                if time.monotonic() >= revive_at_s:
                    self._revive()
                    revive_at_s = time.monotonic() + _AGAIN_S
                if time.monotonic() >= expire_at_s:
                    expire(self._settings.solutions, self._settings.var_dir)
                    expire_at_s = time.monotonic() + _EXPIRE_S
        finally:
            self._end()

    def _start(self, codes: list[str]) -> BaseProcess:
        process = self._context.Process(
            target=watch_share, args=(codes, self._stop, self._said), name=f"watch {codes[0]}", daemon=True
        )
        process.start()
        return process

    def _revive(self) -> None:
        for number, process in enumerate(self._processes):
            if not process.is_alive():
                self._complain(
                    f"The process of {', '.join(self._shares[number])} has ended ({process.exitcode}); "
                    "it is started again."
                )
                self._processes[number] = self._start(self._shares[number])

    def _end(self) -> None:
        self._stop.set()
        until_s = time.monotonic() + _GRACE_S
        # A process ends only when what it has said is taken from it.
        while any(process.is_alive() for process in self._processes) and time.monotonic() < until_s:
            self._listen(0.1)
        self._listen(0.0)
        for process in self._processes:
            if process.is_alive():
                process.terminate()
            process.join()

    def _listen(self, timeout_s: float) -> None:
        try:
            said = self._said.get(timeout=timeout_s)
            while True:
                (self._tell if isinstance(said, Report) else self._complain)(said)
                said = self._said.get_nowait()
        except Empty:
            return


def watch_share(codes: list[str], stop: SharedEvent, said: Queue[Any]) -> None:
    """The life of one process: its cameras in turn, the newest frame of each, until ``stop``."""
    # Ctrl-C reaches every process of the terminal; the parent decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = get_settings()
    try:
        _watch(plans(_only(settings, codes), said.put), settings, stop, said)
    except GisError as error:
        said.put(str(error))


def _watch(chosen: Mapping[str, Plan], settings: Settings, stop: SharedEvent, said: Queue[Any]) -> None:
    lookout = Lookout(settings)
    arrived, ended = Event(), Event()
    runs: dict[str, CameraRun] = {}
    streams: dict[str, Stream] = {}
    for code, plan in chosen.items():
        lookout.prepare(plan.solutions)
        runs[code] = CameraRun(plan.camera, plan.solutions, lookout, settings, said.put)
        streams[code] = Stream(
            plan.url,
            Asked(code, Turns(plan.solutions).interval_s, complain=said.put, stop=ended),
            timeout_s=settings.detect.timeout_s,
            longest_pause_s=settings.detect.longest_pause_s,
            arrived=arrived,
        )
    for stream in streams.values():
        stream.start()
    report_at_s, refresh_at_s = time.monotonic(), time.monotonic() + _REFRESH_S
    try:
        while not stop.is_set():
            arrived.wait(0.2)
            arrived.clear()
            for code, stream in streams.items():
                frame = stream.newest.take()
                if frame is not None:
                    runs[code].look(frame)
                runs[code].store_when_due()
            if time.monotonic() >= report_at_s:
                _report(runs, streams, said)
                report_at_s = time.monotonic() + _REPORT_S
            if time.monotonic() >= refresh_at_s:
                _refresh(runs, settings, said)
                refresh_at_s = time.monotonic() + _REFRESH_S
    finally:
        ended.set()
        for camera_run in runs.values():
            camera_run.store()
        _report(runs, streams, said)


def _refresh(runs: Mapping[str, CameraRun], settings: Settings, said: Queue[Any]) -> None:
    """Read the cameras again: one may have been moved or calibrated."""
    for code, camera_run in runs.items():
        try:
            with reading() as connection:
                camera_run.camera = read_camera(connection, code, settings)
        except GisError as error:
            said.put(str(error))


def _report(runs: Mapping[str, CameraRun], streams: Mapping[str, Stream], said: Queue[Any]) -> None:
    for code, stream in streams.items():
        tally = runs[code].tally
        findings = tally.stored.detections.inserted + tally.stored.bearings.inserted
        said.put(
            Report(
                code,
                stream.is_connected,
                tally.frames,
                tally.frames_per_s,
                findings,
                stream.dropped,
                tally.lag_s,
            )
        )


def _only(settings: Settings, codes: list[str]) -> Settings:
    cameras = {code: settings.detect.cameras[code] for code in codes}
    return settings.model_copy(update={"detect": settings.detect.model_copy(update={"cameras": cameras})})
