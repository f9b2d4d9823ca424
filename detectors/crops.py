"""Pictures of findings, with heads and number plates made unreadable, for as long as they may be kept.

Nothing is kept unless a solution says so. A crop shows the box of one finding; what lies
around it, and within it the upper part of every person and rider and the lower part of
every vehicle, is replaced by a few blocks of mean colour. Where heads and plates are is
taken from the detector's own boxes: a person whom it does not see in the box of another
thing stays as the camera shows them. So crops are for the eyes of agencies, and the
service offers no way to them. Originals are whole frames, unchanged, in a folder that only
the account of the service may enter, one for each agency.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import Frame
from detectors.findings import Finding, Looked
from detectors.pipeline import finding_key, finding_origin
from detectors.solutions import Solutions
from gis_core.files import replacing
from gis_core.ids import event_id
from gis_core.time import parse_duration
from gis_core.types import FloatArray

Picture = NDArray[np.uint8]

_MARGIN = 0.15
_BLOCKS = 3
"""A zone keeps so many blocks of colour each way: enough to see what it is, too few for who."""
_ZONES = {
    "person": (0.0, 0.4),
    "motorcycle": (0.0, 1.0),
    "bicycle": (0.0, 0.6),
    "car": (0.4, 1.0),
    "bus": (0.4, 1.0),
    "truck": (0.4, 1.0),
}
"""What is hidden of a box, from which share of its height to which: heads, and plates."""
_HARMLESS = frozenset({"smoke", "flame", "straw_fire", "flood", "rubbish", "animal"})
"""Classes whose own boxes hide nobody; of a class that is not known the whole box is hidden."""
_WIDER = 0.1
"""Zones are so much wider and higher than the box, which may be a little off."""
_QUALITY = 85
_NAME = re.compile(r"^(\d{8}T\d{9})Z_[0-9a-f-]{36}\.jpg$")


class Expired(NamedTuple):
    """How many pictures were removed and are left, and those whose solution is not configured any more."""

    removed: int
    kept: int
    unknown: tuple[Path, ...]


def keep(looked: Looked, solutions: Solutions, var_dir: Path) -> int:
    """Keep what the solutions of a frame's findings say is to be kept, and nothing else.

    Returns:
        How many files were written.
    """
    written = 0
    frames_kept = set()
    for finding in looked.findings:
        for name in finding.solutions:
            solution = solutions[name]
            target = _file_name(looked.frame, finding)
            if solution.crops:
                crop = hidden_crop(looked, finding)
                written += _write(_folder(crops_dir(var_dir) / name), target, crop)
            if solution.originals is not None and looked.frame.image is not None and name not in frames_kept:
                frames_kept.add(name)
                folder = _folder(originals_dir(var_dir) / agency_folder(solution.steward), name)
                written += _write(folder, target, looked.frame.image)
    return written


def keeps_pictures(solutions: Solutions) -> bool:
    """Whether any of these solutions keeps anything of a frame."""
    return any(solution.crops or solution.originals is not None for solution in solutions.values())


def crops_dir(var_dir: Path) -> Path:
    """Where crops lie, by solution."""
    return var_dir / "crops"


def originals_dir(var_dir: Path) -> Path:
    """Where originals lie, by agency and solution."""
    return var_dir / "originals"


def agency_folder(agency: str) -> str:
    """An agency's name as the name of a folder: without signs that mean something in a path."""
    plain = unicodedata.normalize("NFKD", agency.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")[:80] or "agency"


def hidden_crop(looked: Looked, finding: Finding) -> Picture:
    """The finding's box with a margin, everything hidden that could tell who it is; (h, w, 3) RGB."""
    frame = looked.frame
    if frame.image is None:
        raise ValueError("a frame without a picture has no crop")
    picture = frame.image.copy()
    around = _inside(_grown(finding.box_px, _MARGIN), frame)
    left, top, right, bottom = _inside(finding.box_px, frame)
    shown = picture[top:bottom, left:right].copy()
    _hide(picture, around)
    picture[top:bottom, left:right] = shown
    for zone in _zones(looked, finding):
        _hide(picture, _inside(_grown(zone, _WIDER), frame))
    left, top, right, bottom = around
    return picture[top:bottom, left:right]


def expire(solutions: Solutions, var_dir: Path, now: datetime | None = None) -> Expired:
    """Remove the pictures that are older than their solution keeps them.

    What belongs to no solution of the settings is left and told: no rule says how long it may stay.
    """
    moment = now or datetime.now(UTC)
    removed = kept = 0
    unknown: list[Path] = []
    for folder in _solution_folders(var_dir):
        if folder.name not in solutions:
            unknown.append(folder)
            continue
        oldest = moment - parse_duration(solutions[folder.name].retention, "retention")
        for file in folder.glob("*.jpg"):
            taken_at = _time_of(file)
            if taken_at is not None and taken_at < oldest:
                file.unlink(missing_ok=True)
                removed += 1
            else:
                kept += 1
    return Expired(removed, kept, tuple(unknown))


def _solution_folders(var_dir: Path) -> Iterator[Path]:
    for pattern in (crops_dir(var_dir).glob("*"), originals_dir(var_dir).glob("*/*")):
        yield from sorted(path for path in pattern if path.is_dir())


def _zones(looked: Looked, finding: Finding) -> Iterable[FloatArray]:
    """Parts of boxes that may tell who is there: of the finding's own, and of all others in the frame."""
    if finding.members is None and finding.class_name not in _HARMLESS:
        yield _zone(finding.box_px, finding.class_name)
    for detections in looked.detections:
        for box, name in zip(detections.boxes_px, detections.class_names, strict=True):
            if name in _ZONES:
                yield _zone(box, name)


def _zone(box_px: FloatArray, class_name: str) -> FloatArray:
    begin, end = _ZONES.get(class_name, (0.0, 1.0))
    left, top, right, bottom = box_px
    height = bottom - top
    return np.array([left, top + begin * height, right, top + end * height])


def _hide(picture: Picture, zone: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = zone
    if right <= left or bottom <= top:
        return
    part = picture[top:bottom, left:right]
    blocks = (min(_BLOCKS, right - left), min(_BLOCKS, bottom - top))
    coarse = cv2.resize(part, blocks, interpolation=cv2.INTER_AREA)
    picture[top:bottom, left:right] = cv2.resize(
        coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
    )


def _grown(box_px: FloatArray, share: float) -> FloatArray:
    left, top, right, bottom = box_px
    width, height = share * (right - left), share * (bottom - top)
    if height <= 0 or width <= 0:
        return np.asarray(box_px)
    return np.array([left - width, top - height, right + width, bottom + height])


def _inside(box_px: FloatArray, frame: Frame) -> tuple[int, int, int, int]:
    """A box in whole pixels of the frame, rounded outwards."""
    left, top = np.floor(box_px[:2]).astype(int)
    right, bottom = np.ceil(box_px[2:]).astype(int)
    width, height = frame.width_px, frame.height_px
    return (
        min(max(int(left), 0), width),
        min(max(int(top), 0), height),
        min(max(int(right), 0), width),
        min(max(int(bottom), 0), height),
    )


def _file_name(frame: Frame, finding: Finding) -> str:
    """Time and identifier of the detection; nothing from outside is in it."""
    identifier: UUID = event_id(frame.taken_at, finding_origin(frame), finding_key(frame, finding))
    at = frame.taken_at
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z_{identifier}.jpg"


def _time_of(file: Path) -> datetime | None:
    found = _NAME.match(file.name)
    if found is None:
        return None
    return datetime.strptime(f"{found[1]}000+0000", "%Y%m%dT%H%M%S%f%z")


def _folder(base: Path, *below: str) -> Path:
    """A folder that only the account of the service may enter, and its parent the same."""
    for folder in (base.parent, base, *(base / name for name in below)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    return base.joinpath(*below)


def _write(folder: Path, name: str, picture: Picture) -> bool:
    target = folder / name
    if target.exists() or not picture.size:
        return False
    done, encoded = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        return False
    with replacing(target) as written:
        written.write_bytes(encoded.tobytes())
        os.chmod(written, 0o600)
    return True
