"""Polling over HTTP: an address that is asked at its times, and gives JSON, NDJSON, GeoJSON or CSV.

What was read, and when the source is due again, is saved in the transaction of the rows. Whoever
is killed at any moment asks again for what was not committed, and knows what was. An answer of
304, or one with the body of the last, is a success with nothing new.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from threading import Event

from sqlalchemy import Connection

from gis_core.collect_settings import HttpSource
from gis_core.config import Settings
from gis_core.db import reading, writing
from gis_core.errors import GisError, SourceUnavailableError
from gis_core.time import parse_duration
from layers.collect.answer import TYPES, is_cut_off, take_answer
from layers.collect.base import Connector, Delivery
from layers.collect.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from layers.collect.claims import Claims
from layers.collect.fetch import Answer, Limits, NotThereError, Question, StoppedError, fetch
from layers.collect.intake import Receipt
from layers.collect.schedule import Schedule, back_off_s
from layers.collect.shape import layer_of
from layers.collect.status import record_success, set_due, standing
from layers.collect.template import Address, Template

_OTHERS_PAUSE = timedelta(seconds=30)
"""How soon to look again at a source that another collector is polling."""


def connectors(settings: Settings, claims: Claims) -> list[HttpConnector]:
    """One for each source of the settings that is polled over HTTP."""
    return [HttpConnector(source, claims) for source in settings.collect.http]


class HttpConnector(Connector):
    """Polls one address.

    Raises:
        ConfigError: a secret is missing, or the settings do not fit the layer.
        LayerNotFoundError: there is no such layer.
    """

    def __init__(self, source: HttpSource, claims: Claims) -> None:
        self._source = source
        self._claims = claims
        self._layer = layer_of(source)
        self._template = Template(source)
        self._schedule = Schedule(source.name, every=source.every, cron=source.cron, jitter_s=source.jitter_s)
        self._limits = Limits(source.timeout_s, source.max_body_mib, source.max_redirects, source.ca_file)
        self._due_at = datetime.now(UTC)

    @property
    def name(self) -> str:
        """As the settings name the source."""
        return self._source.name

    def next_at(self) -> datetime:
        """When it is due, as far as this process knows."""
        return self._due_at

    def retry_at(self, failures: int, error: GisError) -> datetime | None:
        """After a pause that grows with the failures, and not before the server allows."""
        asked = error.retry_after_s if isinstance(error, SourceUnavailableError) else None
        pause_s = max(
            back_off_s(failures, self._source.retry_first_s, self._source.retry_most_s), asked or 0.0
        )
        self._due_at = datetime.now(UTC) + timedelta(seconds=pause_s)
        return self._due_at

    def check(self, stop: Event) -> str:
        """Ask once, and say how much came back."""
        now = datetime.now(UTC)
        *_, latest = self._template.addresses(now, now)
        try:
            answer = self._fetch(latest, None, stop)
        except StoppedError:
            return "was not reached"
        return "answers" if answer is None else f"answers with {len(answer.content):,} bytes"

    def poll(self, stop: Event, *, due_only: bool = True) -> Generator[Delivery, None, None]:
        """The answers to what is to be asked now, each as one delivery."""
        with self._claims.held(self.name) as ours:
            if not ours:
                self._due_at = datetime.now(UTC) + _OTHERS_PAUSE
                return
            with reading() as connection:
                stands = standing(connection, self.name)
                last = load_checkpoint(connection, self.name)
            put_off = stands.next_due_at if due_only or stands.failures_in_a_row else None
            if put_off is not None and put_off > datetime.now(UTC):
                self._due_at = put_off.astimezone(UTC)
                return
            yield from self._ask_all(last, stop)

    def _ask_all(self, last: Checkpoint | None, stop: Event) -> Generator[Delivery, None, None]:
        now = datetime.now(UTC)
        since = last.since if last is not None else None
        begin = (since or now - parse_duration(self._source.backfill)) - parse_duration(self._source.overlap)
        for address in self._template.addresses(begin, now):
            request = self._digest_of(address)
            known = last if last is not None and last.request == request else Checkpoint(request)
            try:
                answer = self._fetch(address, known, stop)
            except StoppedError:
                return
            except NotThereError:
                if address.until is None:
                    raise
                # Nothing was ever put there for a day that is over.
                answer = None
            until = _latest(since, address.until)
            if answer is None or _digest(answer.content) == known.content:
                last = self._nothing_new(known, answer, until)
            else:
                saved = yield from self._deliver(address, answer, request, until)
                if saved is None:
                    return
                last = saved
            since = last.since

    def _deliver(
        self, address: Address, answer: Answer, request: str, since: datetime | None
    ) -> Generator[Delivery, None, Checkpoint | None]:
        """One answer as a delivery; gives the checkpoint that was saved with its rows, None if refused."""
        saved: Checkpoint | None = None

        def take(connection: Connection) -> Receipt:
            nonlocal saved
            content = self._template.scrub(answer.content)
            receipt = take_answer(connection, self._source, self._layer, content, address.shown)
            newest = None if receipt.latest_at is None else min(receipt.latest_at, datetime.now(UTC))
            digest = _digest(answer.content)
            saved = Checkpoint(request, answer.etag, answer.last_modified, digest, _latest(since, newest))
            self._save(connection, saved)
            return receipt

        def settle(refused: str | None) -> None:
            nonlocal saved
            saved = saved if refused is None else None

        yield Delivery(
            address.shown, self._layer, take, settle, keep_good=self._source.keep_good, keep_bad=True
        )
        return saved

    def _fetch(self, address: Address, known: Checkpoint | None, stop: Event) -> Answer | None:
        question = Question(
            address.url,
            self._template.headers,
            TYPES[self._source.format],
            known.etag if known else None,
            known.last_modified if known else None,
        )
        try:
            answer = fetch(question, self._limits, stop)
        except SourceUnavailableError as error:
            error.args = (f"{address.shown}: {self._template.scrub_text(str(error))}",)
            raise
        if answer is not None and is_cut_off(answer, self._source.format):
            raise SourceUnavailableError(f"{address.shown}: its answer is cut off.")
        return answer

    def _digest_of(self, address: Address) -> str:
        """What a condition holds for: the same address, meant in the same way."""
        return _digest(f"{self._source.model_dump_json()} {address.shown}".encode())

    def _nothing_new(self, known: Checkpoint, answer: Answer | None, since: datetime | None) -> Checkpoint:
        saved = known._replace(since=since)
        if answer is not None:
            saved = saved._replace(etag=answer.etag, last_modified=answer.last_modified)
        with writing() as connection:
            record_success(connection, self.name, rows_in=0, rows_refused=0, latest_at=None)
            self._save(connection, saved)
        return saved

    def _save(self, connection: Connection, checkpoint: Checkpoint) -> None:
        """Note how far the source was read and when it is due again, in the caller's transaction."""
        save_checkpoint(connection, self.name, checkpoint)
        self._due_at = self._schedule.next_at(datetime.now(UTC))
        set_due(connection, self.name, self._due_at)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
