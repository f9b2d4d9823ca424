"""What is remembered of a layer, and for how long."""

from __future__ import annotations

import pytest

from gis_core.config import get_settings
from gis_core.errors import DatabaseUnavailableError
from layers.base import Layer
from ogc_api import facts
from ogc_api.facts import FactFinder, Facts


class Clock:
    """A time that moves when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(facts.time, "monotonic", lambda: self.now_s)


def test_a_layer_that_is_mended_soon_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    answers: list[Facts | None] = [None, Facts(simulated=True), Facts()]

    def read(layer: Layer) -> Facts:
        answer = answers.pop(0)
        if answer is None:
            raise DatabaseUnavailableError("The database does not answer.")
        return answer

    monkeypatch.setattr(facts, "read_layer_facts", read)
    finder = FactFinder(get_settings())
    assert finder.of("cameras").remark is not None
    assert finder.of("cameras").remark is not None, "a dead database is not asked for every layer and request"
    clock.now_s += 3
    assert finder.of("cameras") == Facts(simulated=True)
    clock.now_s += 20
    assert finder.of("cameras") == Facts(simulated=True)
    clock.now_s += 20
    assert finder.of("cameras") == Facts()
