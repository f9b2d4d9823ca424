"""AI solutions: the 27 of the province, and one of one's own by configuration alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Detections, Frame
from detectors.findings import Finding, findings_of
from detectors.looking import Lookout, Turns
from detectors.solutions import catalogue, named, running_on, state_of
from detectors.training.scenes import CLASSES
from gis_core.config import Settings
from gis_core.errors import ConfigError, DetectorError
from gis_core.solutions import CATALOGUE, Solution, Title
from layers.sample import cameras
from layers.subjects import SUBJECTS

AT = datetime(2025, 10, 27, 1, tzinfo=UTC)
FRAME = Frame("CAM-1", AT, 200, 100)


def solution(**given: object) -> Solution:
    usual = {"title": Title(vi="Thử", en="Trial"), "classes": ("car",), "subject": "vehicle", "steward": "A"}
    return Solution.model_validate(usual | given)


def detections(*boxes: tuple[str, float], at: int = 10) -> Detections:
    """Things in a row from the left, each ``at`` pixels from the last one."""
    edges = [[at * n, 20, at * n + 8, 60] for n in range(len(boxes))]
    return Detections(
        FRAME,
        np.array(edges, float).reshape(-1, 4),
        tuple(name for name, _ in boxes),
        np.array([confidence for _, confidence in boxes]),
    )


def found(seen: Detections, **solutions: Solution) -> list[Finding]:
    return findings_of(seen, "hue", solutions)


def test_there_are_27_and_the_cameras_of_the_sample_run_no_others() -> None:
    assert len(CATALOGUE) == 27
    assert set(CATALOGUE) == {name for names in cameras._AI.values() for name in names}


def test_each_has_a_subject_and_what_the_shipped_weights_do_not_tell_waits_for_a_model() -> None:
    for name, one in CATALOGUE.items():
        assert one.subject in SUBJECTS, name
        told = set(one.classes) <= set(CLASSES)
        assert told == (one.detector is not None), name


def test_a_solution_that_waits_for_a_model_is_refused_with_a_sentence() -> None:
    with pytest.raises(DetectorError, match=r"Solution red-light needs a model that tells red_light, which"):
        named(Settings(), ["vehicle-count", "red-light"])
    assert state_of(CATALOGUE["accident"], Settings()) == (
        "waits for a model that tells crash, stalled_vehicle and fallen_tree"
    )


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="There is no solution 'vehicle-counting'"):
        named(Settings(), ["vehicle-counting"])


def test_adding_a_solution_is_configuration_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yml").write_text(
        "solutions:\n"
        "  stray-dogs:\n"
        "    title: {vi: Chó thả rông, en: Stray dogs}\n"
        "    classes: [animal]\n"
        "    subject: incident\n"
        "    steward: Công an phường\n"
        "    cameras: {purposes: [security]}\n"
    )
    monkeypatch.setenv("HUEGIS_CONFIG", str(tmp_path / "config.yml"))
    settings = Settings()
    chosen = running_on(catalogue(settings), "CAM-9", "security", [])
    seen = findings_of(detections(("animal", 0.8)), "hue", chosen)
    assert [(one.subject, one.class_name, one.steward, one.solutions) for one in seen] == [
        ("incident", "animal", "Công an phường", ("stray-dogs",))
    ]
    assert running_on(catalogue(settings), "CAM-9", "traffic", []) == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subject": "dragons"}, "Solution own: there is no subject 'dragons'"),
        ({"detector": "other"}, "Solution own: there is no model 'other'"),
        ({"cameras": {"purposes": ["weather"]}}, "Solution own: cameras have no purpose 'weather'"),
    ],
)
def test_a_solution_that_names_what_is_not_there_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        catalogue(Settings(solutions={"own": solution(**changed)}))


@pytest.mark.parametrize(
    "changed", [{"retention": "soon"}, {"min_confidence": 1.5}, {"classes": []}, {"anchor": "top"}]
)
def test_a_setting_of_a_solution_out_of_its_range_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        solution(**changed)


def test_which_cameras_run_a_solution() -> None:
    choices = {
        "stated": solution(),
        "all": solution(cameras="all"),
        "purposes": solution(cameras={"purposes": ["flood"]}),
        "codes": solution(cameras={"codes": ["CAM-2"]}),
        "waiting": solution(cameras="all", detector=None),
    }
    assert set(running_on(choices, "CAM-1", "traffic", ["stated"])) == {"stated", "all"}
    assert set(running_on(choices, "CAM-1", "flood", [])) == {"all", "purposes"}
    assert set(running_on(choices, "CAM-2", "forest", ["purposes"])) == {"all", "codes"}


def test_classes_that_the_model_does_not_tell_are_refused_before_the_first_frame() -> None:
    class Fires:
        classes = ("smoke", "flame")

        def detect(self, frames: object) -> list[Detections]:
            raise AssertionError("no frame comes this far")

    lookout = Lookout(Settings(), lambda name: Fires())
    with pytest.raises(DetectorError, match=r"takes car, but model hue tells apart smoke, flame"):
        lookout.prepare({"vehicles": solution()})


def test_what_several_solutions_notice_alike_is_one_finding() -> None:
    seen = detections(("car", 0.9), ("car", 0.4), ("bus", 0.9))
    sure = solution(min_confidence=0.5)
    every = found(seen, sure=sure, unsure=solution(min_confidence=0.3), parking=solution(subject="incident"))
    assert Counter((one.subject, one.solutions) for one in every) == {
        ("vehicle", ("sure", "unsure")): 1,
        ("vehicle", ("unsure",)): 1,
        ("incident", ("parking",)): 2,
    }
    assert len({one.key for one in every}) == 4


def test_a_thing_that_the_model_takes_for_two_classes_is_one_finding() -> None:
    seen = Detections(
        FRAME,
        np.array([[0, 0, 40, 40], [1, 0, 41, 40], [30, 0, 70, 40]], float),
        ("car", "truck", "car"),
        np.array([0.5, 0.6, 0.5]),
    )
    every = found(seen, one=solution(classes=("car", "truck")))
    assert [(one.class_name, one.box_px[0]) for one in every] == [("truck", 1), ("car", 30)]


def test_what_only_counts_together_is_one_finding_in_the_middle() -> None:
    crowd = solution(classes=("person",), subject="crowding", group={"at_least": 3, "class_name": "crowd"})
    few = [("person", 0.9), ("person", 0.5), ("car", 0.9)]
    assert found(detections(*few), crowd=crowd) == []
    (one,) = found(detections(*few, ("person", 0.7), ("person", 0.2)), crowd=crowd)
    assert (one.class_name, one.members, one.confidence) == ("crowd", 3, pytest.approx(0.7))
    # The middle one of the three stands second from the left.
    assert one.anchor_px.tolist() == [14, 60]
    assert one.box_px.tolist() == [0, 20, 38, 60]


def test_the_anchor_is_part_of_the_solution() -> None:
    seen = detections(("car", 0.9))
    (bottom,) = found(seen, one=solution(anchor_sigma=[0.1, 0.1]))
    (centre,) = found(seen, one=solution(anchor="centre"))
    assert (bottom.anchor_px.tolist(), centre.anchor_px.tolist()) == ([4, 60], [4, 40])
    # A tenth of 8 px is below a pixel, which is the least; a tenth of 40 px is 4 px.
    assert bottom.anchor_sigma_px.tolist() == [1, 4]


@given(st.lists(st.sampled_from(["car", "bus", "person", "smoke"]), max_size=12), st.data())
def test_every_box_is_found_once_by_those_that_take_it_and_never_by_others(
    names: list[str], data: st.DataObject
) -> None:
    confidences = data.draw(st.lists(st.floats(0, 1), min_size=len(names), max_size=len(names)))
    least = data.draw(st.floats(0.01, 0.99))
    seen = detections(*zip(names, confidences, strict=True))
    one = solution(classes=("car", "bus"), min_confidence=least)
    every = found(seen, first=one, second=one)
    expected = sum(
        name in ("car", "bus") and confidence >= least
        for name, confidence in zip(names, confidences, strict=True)
    )
    assert len(every) == len({finding.key for finding in every}) == expected
    assert all(finding.solutions == ("first", "second") for finding in every)


def test_each_solution_looks_at_its_own_interval() -> None:
    turns = Turns({"often": solution(interval_s=1.0), "rarely": solution(interval_s=5.0)})
    assert turns.interval_s == 1.0
    due = [set(turns.due(AT + timedelta(seconds=n))) for n in range(7)]
    assert [("often" in names, "rarely" in names) for names in due] == [(True, n in (0, 5)) for n in range(7)]
    assert set(turns.due(AT - timedelta(hours=1))) == {"often", "rarely"}
