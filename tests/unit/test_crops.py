"""Kept pictures: nothing by default, nobody to be recognised, and not longer than allowed."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Detections, Frame
from detectors.crops import agency_folder, crops_dir, expire, hidden_crop, keep, originals_dir
from detectors.findings import Looked, findings_of
from gis_core.solutions import Solution, Title

AT = datetime(2025, 10, 27, 1, tzinfo=UTC)
WIDTH, HEIGHT = 200, 160


def solution(**given: object) -> Solution:
    usual = {
        "title": Title(vi="Thử", en="Trial"), "classes": ("car", "person", "rubbish", "no_helmet"),
        "subject": "incident", "steward": "Công an thành phố",
    }  # fmt: skip
    return Solution.model_validate(usual | given)


def looked(solutions: dict[str, Solution], *things: tuple[str, tuple[int, int, int, int]]) -> Looked:
    """A frame of fine noise, in which every pixel tells from its neighbours."""
    image = np.random.default_rng(8).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    frame = Frame("CAM-1/../../etc", AT, WIDTH, HEIGHT, image)
    seen = Detections(
        frame,
        np.array([box for _, box in things], float).reshape(-1, 4),
        tuple(name for name, _ in things),
        np.full(len(things), 0.9),
    )
    return Looked(frame, tuple(findings_of(seen, "hue", solutions)), (seen,))


def is_hidden(part: np.ndarray) -> bool:
    """Whether hardly any of the noise is left: a few blocks have few colours."""
    return len(np.unique(part.reshape(-1, 3), axis=0)) <= 40 and part.std() < 25


def test_nothing_is_kept_by_default(tmp_path: Path) -> None:
    solutions = {"trial": solution()}
    assert keep(looked(solutions, ("person", (20, 20, 40, 80))), solutions, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_head_of_a_person_is_hidden_and_the_feet_are_shown() -> None:
    seen = looked({"trial": solution()}, ("person", (60, 40, 90, 120)))
    crop = hidden_crop(seen, seen.findings[0])
    # The crop begins 15 % outside the box: 4.5 px to the left, 12 px above.
    head, feet = crop[12 : 12 + 28, 5:35], crop[12 + 48 : 12 + 76, 8:32]
    assert is_hidden(head)
    assert not is_hidden(feet)
    assert seen.frame.image is not None
    assert np.array_equal(feet, seen.frame.image[88:116, 63:87])


def test_the_plate_of_a_vehicle_is_hidden_and_its_roof_is_shown() -> None:
    seen = looked({"trial": solution()}, ("car", (60, 40, 120, 100)))
    crop = hidden_crop(seen, seen.findings[0])
    assert is_hidden(crop[9 + 25 : 9 + 60, 9:69])
    assert not is_hidden(crop[9 : 9 + 14, 9:69])


def test_what_lies_around_the_finding_is_hidden() -> None:
    seen = looked({"trial": solution()}, ("rubbish", (60, 40, 120, 100)))
    crop = hidden_crop(seen, seen.findings[0])
    assert crop.shape == (78, 78, 3)
    assert not is_hidden(crop[9:69, 9:69])
    for edge in (crop[:9], crop[69:], crop[:, :9], crop[:, 69:]):
        assert is_hidden(edge)


def test_a_person_in_front_of_another_finding_is_hidden_too() -> None:
    seen = looked({"trial": solution()}, ("rubbish", (20, 20, 180, 150)), ("person", (80, 30, 110, 130)))
    crop = hidden_crop(seen, seen.findings[0])
    left, top = 20 - 24, 20 - 19.5
    row, column = int(30 - max(top, 0)), int(80 - max(left, 0))
    assert is_hidden(crop[row : row + 38, column : column + 30])


def test_of_a_class_that_is_not_known_the_whole_box_is_hidden() -> None:
    seen = looked({"trial": solution()}, ("no_helmet", (60, 40, 120, 100)))
    assert is_hidden(hidden_crop(seen, seen.findings[0]))


def test_a_box_that_reaches_out_of_the_frame_or_has_no_area_does_no_harm() -> None:
    seen = looked({"trial": solution()}, ("car", (-20, -20, 900, 30)), ("person", (50, 50, 50, 50)))
    assert [hidden_crop(seen, finding).ndim for finding in seen.findings] == [3, 3]


def test_kept_pictures_are_for_the_service_alone_and_their_names_say_nothing_from_outside(
    tmp_path: Path,
) -> None:
    solutions = {"trial": solution(crops=True, originals="steward")}
    seen = looked(solutions, ("car", (60, 40, 120, 100)), ("car", (10, 10, 40, 40)))
    assert keep(seen, solutions, tmp_path) == 3
    assert keep(seen, solutions, tmp_path) == 0
    originals = originals_dir(tmp_path) / "cong-an-thanh-pho" / "trial"
    assert len(list(originals.iterdir())) == 1
    assert len(list((crops_dir(tmp_path) / "trial").iterdir())) == 2
    for path in (*tmp_path.rglob("*"),):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
        assert "etc" not in path.name


def test_pictures_are_removed_when_their_solution_says_so(tmp_path: Path) -> None:
    solutions = {
        "short": solution(crops=True, retention="2d"),
        "long": solution(crops=True, originals="steward", retention="30d"),
    }
    for name, one in solutions.items():
        keep(looked({name: one}, ("car", (60, 40, 120, 100))), solutions, tmp_path)
    assert expire(solutions, tmp_path, AT + timedelta(days=2))[:2] == (0, 3)
    assert expire(solutions, tmp_path, AT + timedelta(days=2, seconds=1))[:2] == (1, 2)
    assert list((crops_dir(tmp_path) / "short").iterdir()) == []
    done = expire({"short": solutions["short"]}, tmp_path, AT + timedelta(days=400))
    assert done[:2] == (0, 0)
    assert {path.name for path in done.unknown} == {"long"}
    assert expire(solutions, tmp_path, AT + timedelta(days=31))[:2] == (2, 0)


@pytest.mark.parametrize(
    ("agency", "folder"),
    [("Đồn Công an số 1", "don-cong-an-so-1"), ("../../etc", "etc"), ("…", "agency"), ("Sở Y tế", "so-y-te")],
)
def test_an_agency_is_a_plain_folder(agency: str, folder: str) -> None:
    assert agency_folder(agency) == folder
