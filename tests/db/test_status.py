"""The status of detections: what may follow what, and a history that is whole and cannot be bent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import Queue
from uuid import UUID, uuid4

import geopandas as gpd
import pytest
from click.testing import CliRunner
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from shapely import Point
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from gis_core.config import get_settings
from gis_core.db import reading, working_engine, writing
from gis_core.errors import FeatureNotFoundError, GisError, StatusChangeError
from layers.read import read
from layers.registry import LAYERS
from layers.status import TRANSITIONS, Change, change_status, history, status_of
from layers.status_commands import group
from layers.store import forget_simulated, load
from layers.subjects import STATUSES
from maps.overview import read_overview
from maps.request import Ask

SEEN_AT = datetime(2025, 10, 20, 8, tzinfo=UTC)
RANGERS = "Hạt Kiểm lâm Phong Điền"

pytestmark = pytest.mark.usefixtures("database")


def put(status: str = "suspected", *, simulated: bool = False) -> UUID:
    """A detection of smoke with that status; its identifier."""
    rows = gpd.GeoDataFrame(
        {
            "detected_at": [SEEN_AT], "subject": ["forest_fire"], "class_name": ["smoke"], "status": [status],
            "origin": ["test"], "origin_key": [uuid4().hex], "simulated": [simulated],
        },
        geometry=[Point(107.5, 16.3)], crs=4326,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["detections"], rows)
        query = text("SELECT id FROM gis.detections WHERE origin_key = :key")
        return UUID(str(connection.execute(query, {"key": rows["origin_key"].iloc[0]}).scalar_one()))


def change(
    event: UUID, to: str, by: str = RANGERS, at: datetime | None = None, note: str | None = None
) -> Change:
    with writing() as connection:
        return change_status(connection, event, to, by, at=at, note=note)


def changes(event: UUID) -> list[Change]:
    with reading() as connection:
        return history(connection, event)


def state(event: UUID) -> tuple[str, str | None, datetime | None]:
    query = text("SELECT status, verified_by, verified_at FROM gis.detections WHERE id = :id")
    with reading() as connection:
        return tuple(connection.execute(query, {"id": event}).one())


def test_a_change_is_on_record_and_says_who_verified_when() -> None:
    event = put()
    done = change(event, "verified", note="  Cháy 0,3 ha thông  ")
    assert done == changes(event)[0]
    assert done[1:] == ("suspected", "verified", RANGERS, "Cháy 0,3 ha thông")
    assert state(event) == ("verified", RANGERS, done.changed_at)
    assert change(event, "resolved", "Trực ban").changed_at > done.changed_at
    assert state(event) == ("resolved", RANGERS, done.changed_at)
    assert [one.to_status for one in changes(event)] == ["verified", "resolved"]


def test_what_is_suspected_again_is_verified_by_nobody() -> None:
    event = put()
    change(event, "refuted")
    change(event, "suspected")
    assert state(event) == ("suspected", None, None)
    assert [one.to_status for one in changes(event)] == ["refuted", "suspected"]


@pytest.mark.parametrize("before", STATUSES)
def test_only_the_statuses_of_the_table_may_follow(before: str) -> None:
    for to in STATUSES:
        event = put(before)
        if to in TRANSITIONS[before]:
            assert change(event, to).from_status == before
        else:
            with pytest.raises(
                StatusChangeError, match="already" if to == before else f"{before} cannot become {to}"
            ):
                change(event, to)
            assert state(event)[0] == before
            assert changes(event) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"to": "burnt"}, "'burnt' is no status; the statuses are: observed, suspected"),
        ({"by": "  "}, "needs a name"),
        ({"by": "a\x00b"}, "cannot be printed"),
        ({"by": "x" * 201}, "longer than 200"),
        ({"note": "x" * 2001}, "longer than 2,000"),
        ({"at": datetime(2025, 10, 21)}, "needs a zone"),  # noqa: DTZ001
        ({"at": datetime(2125, 1, 1, tzinfo=UTC)}, "in the future"),
        ({"at": SEEN_AT - timedelta(hours=1)}, "precede the detection"),
    ],
)
def test_what_cannot_be_recorded_is_refused(words: dict[str, str], sentence: str) -> None:
    event = put()
    with pytest.raises(StatusChangeError, match=sentence):
        change(event, **({"to": "verified"} | words))
    assert state(event) == ("suspected", None, None)


def test_changes_come_one_after_the_other() -> None:
    event = put()
    first = change(event, "refuted", at=SEEN_AT + timedelta(hours=2))
    assert first.changed_at == SEEN_AT + timedelta(hours=2)
    with pytest.raises(StatusChangeError, match="after the last one"):
        change(event, "verified", at=first.changed_at)
    change(event, "verified", at=first.changed_at + timedelta(milliseconds=1))
    assert [one.to_status for one in changes(event)] == ["refuted", "verified"]


def test_an_unknown_detection_is_named() -> None:
    unknown = uuid4()
    with pytest.raises(FeatureNotFoundError, match=str(unknown)):
        change(unknown, "verified")


def test_what_is_rolled_back_was_never_on_record() -> None:
    event = put()
    with working_engine().connect() as connection:
        change_status(connection, event, "verified", RANGERS)
        connection.rollback()
    assert (state(event)[0], changes(event)) == ("suspected", [])


def test_many_changes_in_one_transaction_keep_their_order() -> None:
    event = put()
    turns = ["verified", "refuted"] * 20
    with writing() as connection:
        for to in turns:
            change_status(connection, event, to, RANGERS)
    assert [one.to_status for one in changes(event)] == turns


class Dossier(RuleBasedStateMachine):
    """Any order of changes, allowed or not, against a list of what was acknowledged."""

    @initialize(first=st.sampled_from(STATUSES))
    def begin(self, first: str) -> None:
        self.event, self.first = put(first), first
        self.acknowledged: list[Change] = []

    @property
    def status(self) -> str:
        return self.acknowledged[-1].to_status if self.acknowledged else self.first

    @rule(to=st.sampled_from(STATUSES), by=st.sampled_from(["A", "B"]), note=st.none() | st.just("vì sao"))
    def try_to_change(self, to: str, by: str, note: str | None) -> None:
        if to in TRANSITIONS[self.status]:
            self.acknowledged.append(change(self.event, to, by, note=note))
        else:
            with pytest.raises(StatusChangeError):
                change(self.event, to, by, note=note)

    @invariant()
    def the_history_is_what_was_acknowledged(self) -> None:
        assert changes(self.event) == self.acknowledged
        chain = [self.first, *(one.to_status for one in self.acknowledged)]
        assert [one.from_status for one in self.acknowledged] == chain[:-1]
        decided = [one for one in self.acknowledged if one.to_status in ("verified", "refuted")]
        status, verified_by, verified_at = state(self.event)
        assert status == self.status
        if status == "suspected" or not decided:
            assert (verified_by, verified_at) == (None, None)
        else:
            assert (verified_by, verified_at) == (decided[-1].changed_by, decided[-1].changed_at)


def test_the_history_is_whole_after_any_changes() -> None:
    run_state_machine_as_test(
        Dossier, settings=settings(max_examples=15, stateful_step_count=15, deadline=None)
    )


def test_of_two_changes_at_once_the_second_judges_by_the_first() -> None:
    event = put()
    answers: Queue[Change | GisError] = Queue()

    def refute() -> None:
        try:
            answers.put(change(event, "resolved", "B"))
        except GisError as error:
            answers.put(error)

    with writing() as connection:
        change_status(connection, event, "verified", "A")
        other = threading.Thread(target=refute)
        other.start()
        assert _someone_waits(), "the second change did not wait for the first"
        assert answers.empty()
    other.join(timeout=30)
    # Resolved may follow verified, which only the first change made it.
    answer = answers.get_nowait()
    assert isinstance(answer, Change)
    assert (answer.from_status, answer.to_status) == ("verified", "resolved")
    assert [one.changed_by for one in changes(event)] == ["A", "B"]


def _someone_waits() -> bool:
    """Wait until a session stands in the queue for a lock; False if none ever does."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = datetime.now(UTC) + timedelta(seconds=30)
    while datetime.now(UTC) < deadline:
        with reading() as connection:
            if connection.execute(query).scalar_one():
                return True
    return False


def test_many_at_once_leave_one_chain() -> None:
    event = put()
    done: Queue[str] = Queue()

    def toggle(name: str) -> None:
        for to in ("verified", "refuted") * 5:
            try:
                change(event, to, name)
            except StatusChangeError:
                done.put("refused")
            else:
                done.put("changed")

    threads = [threading.Thread(target=toggle, args=(f"n{number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    answers = [done.get_nowait() for _ in range(done.qsize())]
    chain = changes(event)
    assert len(answers) == 20
    assert len(chain) == answers.count("changed")
    assert [one.from_status for one in chain[1:]] == [one.to_status for one in chain[:-1]]
    assert state(event)[0] == chain[-1].to_status


@pytest.fixture
def raw() -> Iterator[Connection]:
    """A connection that goes round the door; nothing of it stays."""
    with working_engine().connect() as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    "bypass",
    [
        "UPDATE gis.detections SET status = 'refuted'",
        "UPDATE gis.detections SET status = 'suspected'",
        "UPDATE gis.detections SET verified_by = 'nobody'",
        "UPDATE gis.detections_2025_10 SET status = 'resolved'",
        "UPDATE gis.status_changes SET changed_by = 'nobody'",
        "DELETE FROM gis.status_changes",
        "INSERT INTO gis.status_changes SELECT gen_random_uuid(), now(), event_id, detected_at, subject, "
        "'suspected', 'refuted', 'nobody', NULL, geom, origin, simulated FROM gis.status_changes",
    ],
)
def test_the_database_refuses_what_goes_round_the_door(raw: Connection, bypass: str) -> None:
    event = put()
    done = change(event, "verified")
    with pytest.raises(IntegrityError, match="status"):
        raw.execute(text(bypass))
    raw.rollback()
    assert state(event) == ("verified", RANGERS, done.changed_at)
    assert changes(event) == [done]


def test_a_detection_without_history_cannot_be_changed_directly(raw: Connection) -> None:
    put()
    with pytest.raises(IntegrityError, match="and not otherwise"):
        raw.execute(text("UPDATE gis.detections SET status = 'verified'"))


def test_other_columns_may_be_changed(raw: Connection) -> None:
    put()
    changed = raw.execute(text("UPDATE gis.detections SET confidence = 0.5, status = status"))
    assert changed.rowcount == 1


def test_the_history_of_what_was_simulated_goes_with_it_and_no_other() -> None:
    real, simulated = put(), put(simulated=True)
    change(real, "verified")
    change(simulated, "verified")
    with writing() as connection:
        assert forget_simulated(connection, LAYERS["detections"]) == 1
    assert (len(changes(real)), changes(simulated)) == (1, [])


def test_the_history_is_a_layer_with_the_place_of_the_detection() -> None:
    event = put(simulated=True)
    change(event, "verified")
    with reading() as connection:
        rows = read(connection, LAYERS["status_changes"])
    row = rows.iloc[0]
    assert (row["event_id"], row["subject"], row["simulated"]) == (event, "forest_fire", True)
    assert (row.geometry.x, row.geometry.y) == (107.5, 16.3)
    assert row["detected_at"] == SEEN_AT


def test_a_decision_of_today_does_not_move_the_map_away_from_what_was_seen() -> None:
    event = put()
    with reading() as connection:
        before = read_overview(connection, get_settings(), Ask()).window
    change(event, "verified")
    with reading() as connection:
        assert read_overview(connection, get_settings(), Ask()).window == before
    assert before is not None
    assert before.end == SEEN_AT + timedelta(minutes=1)


def huegis(*arguments: str) -> str:
    return CliRunner().invoke(group, arguments, catch_exceptions=False).output


def test_the_command_changes_and_tells() -> None:
    event = str(put())
    assert huegis("history", event) == "It is suspected, as it came; nobody has changed it.\n"
    said = huegis(
        "set-status", event, "verified", "--by", RANGERS, "--at", "2025-10-20T16:00+07:00", "--note", "0,3 ha"
    )
    assert said.startswith(f"{event}: suspected -> verified by {RANGERS}, ")
    assert "16:00" in said
    lines = huegis("history", event).splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(f"suspected -> verified  {RANGERS}: 0,3 ha")
    assert lines[1] == "It is verified."
    with pytest.raises(StatusChangeError, match="can become refuted or resolved"):
        huegis("set-status", event, "observed", "--by", RANGERS)


@pytest.mark.parametrize("command", [("history",), ("set-status", "--by", "A")])
def test_the_command_names_what_is_not_there(command: tuple[str, ...]) -> None:
    for identifier in ("smoke", str(uuid4())):
        with pytest.raises(FeatureNotFoundError, match=identifier):
            huegis(*command, identifier, *(["verified"] if command[0] == "set-status" else []))


def test_the_status_of_what_is_not_there() -> None:
    with pytest.raises(FeatureNotFoundError), reading() as connection:
        status_of(connection, uuid4())
