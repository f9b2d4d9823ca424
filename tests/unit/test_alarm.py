"""A stage against its alarm levels, in numbers and in the words of the bulletins."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.alarm import alarm_level, alarm_state
from gis_core.config import get_settings
from gis_core.errors import GisError
from layers.flood_commands import flood

KIM_LONG = (1.0, 2.0, 3.5)


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    get_settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("stage_m", "level", "margin_m", "words"),
    [
        (5.05, 3, 1.55, "trên BĐ3 1,55 m"),
        (4.25, 3, 0.75, "trên BĐ3 0,75 m"),
        (3.5, 3, 0.0, "ở mức BĐ3"),
        (3.49, 2, 1.49, "trên BĐ2 1,49 m"),
        (2.0, 2, 0.0, "ở mức BĐ2"),
        (1.0, 1, 0.0, "ở mức BĐ1"),
        (0.6, 0, -0.4, "dưới BĐ1 0,40 m"),
        (-0.3, 0, -1.3, "dưới BĐ1 1,30 m"),
        (0.1 + 0.2 + 0.7, 1, 0.0, "ở mức BĐ1"),
        (3.501, 3, 0.001, "trên BĐ3 0,001 m"),
    ],
)
def test_a_stage_is_told_as_bulletins_tell_it(
    stage_m: float, level: int, margin_m: float, words: str
) -> None:
    state = alarm_state(stage_m, KIM_LONG)
    assert (state.level, state.margin_m, state.words.vi) == (level, margin_m, words)


def test_levels_that_are_not_set_are_never_reached() -> None:
    assert alarm_level(9.0, (None, None, None)) == 0
    assert alarm_state(9.0, (None, None, None)).margin_m is None
    assert alarm_state(0.5, (None, 2.0, None)).words.en == "1.50 m below alarm level 2"
    assert alarm_state(9.0, (1.0, 2.0, None)).level == 2
    with pytest.raises(ValueError, match="finite"):
        alarm_state(math.nan, KIM_LONG)


@given(low=st.floats(-5, 30), more=st.floats(0, 10))
def test_more_water_is_never_a_lower_alarm(low: float, more: float) -> None:
    assert alarm_level(low + more, KIM_LONG) >= alarm_level(low, KIM_LONG)


def ask(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(flood, ["alarm-level", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def test_the_command_prints_json(fresh_settings: pytest.MonkeyPatch) -> None:
    answer = ask("--gauge", "kim-long", "--stage-m", "5.05", "--at", "2025-10-27T20:00")
    assert (answer["level"], answer["margin_m"], answer["words"]) == (3, 1.55, "trên BĐ3 1,55 m")
    assert answer["alarm_levels_m"] == [1.0, 2.0, 3.5]
    assert answer["at"] == "2025-10-27T13:00:00+00:00"
    assert ask("--gauge", "Phú Ốc", "--stage-m", "5.25")["words"] == "trên BĐ3 0,75 m"


def test_each_time_has_its_own_levels(fresh_settings: pytest.MonkeyPatch) -> None:
    periods = [
        {"since": "1990-01-01", "levels_m": [0.5, 1.5, 3.0], "basis": "old"},
        {"since": "2020-03-15", "levels_m": [1.0, 2.0, 3.5], "basis": "new"},
    ]
    told = {"kim-long": {"name": "Kim Long", "river": "Sông Hương", "periods": periods}}
    fresh_settings.setenv("HUEGIS_FLOOD__ALARMS", json.dumps(told))
    stage = ("--gauge", "kim-long", "--stage-m", "3.2")
    assert ask(*stage, "--at", "1999-11-02")["words"] == "trên BĐ3 0,20 m"
    # A day begins at midnight in Huế.
    assert ask(*stage, "--at", "2020-03-14T16:59:59Z")["basis"] == "old"
    assert ask(*stage, "--at", "2020-03-14T17:00:00Z")["words"] == "trên BĐ2 1,20 m"
    with pytest.raises(GisError, match="are known from 01-01-1990 on, not for 31-12-1989"):
        ask(*stage, "--at", "1989-12-31")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--gauge", "huong", "--stage-m", "1"), "no gauge 'huong' .* there are: kim-long, phu-oc"),
        (("--gauge", "kim-long", "--stage-m", "nan"), "nan is no stage in metres"),
        (("--gauge", "kim-long", "--stage-m", "inf"), "inf is no stage"),
        (("--gauge", "kim-long", "--stage-m", "505"), "505 is no stage .* from -5 to 30"),
        (("--gauge", "kim-long", "--stage-m", "5", "--at", "soon"), "'soon' is not a time"),
        (("--gauge", "kim-long", "--stage-m", "5", "--at", "1999-11-02"), "not for 02-11-1999"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    arguments: tuple[str, ...], said: str, fresh_settings: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GisError, match=said):
        ask(*arguments)
