"""The one door through which the status of a detection changes.

Every change is a row of layer ``status_changes``; adding it changes the detection too, in
the same transaction (triggers of migration 0002). So the two never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from gis_core.errors import FeatureNotFoundError, StatusChangeError, quoted
from gis_core.ids import event_id as identifier_of
from gis_core.time import local_text
from layers import detections, status_history
from layers.subjects import STATUSES

TRANSITIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "observed": ("suspected", "verified", "refuted"),
        "suspected": ("verified", "refuted"),
        "verified": ("refuted", "resolved"),
        "refuted": ("suspected", "verified"),
        "resolved": ("verified",),
    }
)
"""Which status may follow which. Only what was verified is resolved, and it may be opened again."""

LONGEST_NAME, LONGEST_NOTE = 200, 2_000
_ORIGIN = "detections"
_STEP = timedelta(milliseconds=1)
"""Times are kept to the millisecond, as in identifiers; two changes of one detection differ by that."""

_SEEN = detections.LAYER.table.c
_CHANGED = status_history.LAYER.table.c


class Change(NamedTuple):
    """One change of a detection's status; ``changed_at`` is aware UTC."""

    changed_at: datetime
    from_status: str
    to_status: str
    changed_by: str
    note: str | None


def change_status(
    connection: Connection,
    event_id: UUID,
    to: str,
    by: str,
    *,
    at: datetime | None = None,
    note: str | None = None,
) -> Change:
    """Change the status of a detection inside the caller's transaction, and keep the change on record.

    Two changes of one detection wait for each other, and the second judges by the first.

    Args:
        connection: an open transaction; nothing is committed here.
        event_id: the detection.
        to: the new status.
        by: the agency or account that decided.
        at: when it was decided, aware; now by default.
        note: why, in a sentence.

    Raises:
        FeatureNotFoundError: there is no such detection.
        StatusChangeError: the status may not follow, the time does not fit, or a text is unusable.
    """
    by = _plain(by, "name", LONGEST_NAME)
    note = None if note is None or not note.strip() else _plain(note, "note", LONGEST_NOTE)
    seen = connection.execute(
        select(_SEEN.detected_at, _SEEN.subject, _SEEN.status, _SEEN.simulated, _SEEN.geom)
        .where(_SEEN.id == event_id)
        .with_for_update()
    ).one_or_none()
    if seen is None:
        raise FeatureNotFoundError(detections.LAYER.name, str(event_id))
    _check_transition(seen.status, to)
    changed_at = _moment(connection, event_id, seen.detected_at, at)
    change = Change(changed_at, seen.status, to, by, note)
    connection.execute(
        insert(status_history.LAYER.table).values(
            id=identifier_of(changed_at, _ORIGIN, str(event_id)),
            event_id=event_id,
            detected_at=seen.detected_at,
            subject=seen.subject,
            geom=seen.geom,
            origin=_ORIGIN,
            simulated=seen.simulated,
            **change._asdict(),
        )
    )
    return change


def status_of(connection: Connection, event_id: UUID) -> str:
    """The status of a detection now.

    Raises:
        FeatureNotFoundError: there is no such detection.
    """
    status: str | None = connection.execute(select(_SEEN.status).where(_SEEN.id == event_id)).scalar()
    if status is None:
        raise FeatureNotFoundError(detections.LAYER.name, str(event_id))
    return status


def history(connection: Connection, event_id: UUID) -> list[Change]:
    """The changes of a detection's status from the first on; none where it was never changed."""
    query = select(*(_CHANGED[name] for name in Change._fields)).where(_CHANGED.event_id == event_id)
    rows = connection.execute(query.order_by(_CHANGED.changed_at))
    return [Change(row[0].astimezone(UTC), *row[1:]) for row in rows]


def _check_transition(before: str, to: str) -> None:
    if to not in STATUSES:
        raise StatusChangeError(f"{quoted(to)} is no status; the statuses are: {', '.join(STATUSES)}.")
    if to == before:
        raise StatusChangeError(f"The detection is {before} already.")
    if to not in TRANSITIONS[before]:
        allowed = " or ".join(TRANSITIONS[before])
        raise StatusChangeError(f"A detection that is {before} cannot become {to}; it can become {allowed}.")


def _moment(connection: Connection, event_id: UUID, detected_at: datetime, at: datetime | None) -> datetime:
    """When the change takes place: always after the one before it, and never in the future."""
    now = connection.execute(select(func.clock_timestamp())).scalar_one()
    last = connection.execute(
        select(func.max(_CHANGED.changed_at)).where(_CHANGED.event_id == event_id)
    ).scalar()
    if at is None:
        moment = _to_millisecond(now)
        return moment if last is None or moment > last else last.astimezone(UTC) + _STEP
    if at.tzinfo is None:
        raise StatusChangeError("The time of a change needs a zone; write for example +07:00 after it.")
    moment = _to_millisecond(at)
    if moment > now:
        raise StatusChangeError(f"The change cannot be in the future, at {local_text(moment)}.")
    if moment < _to_millisecond(detected_at):
        raise StatusChangeError(f"The change cannot precede the detection, at {local_text(detected_at)}.")
    if last is not None and moment <= last:
        raise StatusChangeError(f"The change must come after the last one, at {local_text(last)}.")
    return moment


def _to_millisecond(moment: datetime) -> datetime:
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _plain(text: str, what: str, longest: int) -> str:
    """A text that is there, not too long, and free of control characters."""
    trimmed = text.strip()
    if not trimmed:
        raise StatusChangeError(f"A change of status needs a {what}.")
    if len(trimmed) > longest:
        raise StatusChangeError(f"The {what} is longer than {longest:,} characters.")
    if not trimmed.isprintable():
        raise StatusChangeError(f"The {what} holds a line break or another character that cannot be printed.")
    return trimmed
