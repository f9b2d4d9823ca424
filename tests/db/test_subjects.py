"""Every subject has a home: its rows load from a file, with its own attributes and its agency."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from gis_core.config import Settings
from gis_core.db import reading
from layers.commands import layers
from layers.read import read
from layers.registry import LAYERS
from layers.subjects import STATUSES, SUBJECTS
from maps import texts
from maps.fire import KINDS

OWN = {
    "traffic_violation": {"violation_kind": "Vượt đèn đỏ"},
    "environmental_violation": {"violation_kind": "Đổ rác không đúng nơi quy định"},
    "wildlife": {"species": "Pygathrix nemaeus", "individual_count": "7"},
    "flooding": {"water_depth_m": "0.45"},
    "forest_fire": {"frp_mw": "12.5"},
    "crowding": {"individual_count": "350"},
}
"""What only some subjects have, as a file says it."""
COLUMNS = (
    "lon", "lat", "time", "camera", "subject", "class", "status", "steward_agency",
    "violation_kind", "species", "individual_count", "water_depth_m", "frp_mw", "verified_by", "verified_at",
)  # fmt: skip


def write(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for number, row in enumerate(rows):
            place = {
                "lon": "107.58",
                "lat": "16.46",
                "time": f"2025-10-20T08:00:{number:02d}Z",
                "class": "seen",
            }
            table.writerow(place | row)
    return path


def load(*files: Path) -> str:
    done = CliRunner().invoke(layers, ["load", "detections", *map(str, files)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("database")
def test_every_subject_loads_with_its_attributes_its_agency_and_its_first_status(tmp_path: Path) -> None:
    said = load(write(tmp_path / "a.csv", *({"subject": name, **OWN.get(name, {})} for name in SUBJECTS)))
    assert "9" in said
    with reading() as connection:
        rows = read(connection, LAYERS["detections"]).set_index("subject")
    assert set(rows.index) == set(SUBJECTS)
    for name, subject in SUBJECTS.items():
        assert rows.at[name, "steward_agency"] == subject.steward
        assert rows.at[name, "status"] == subject.first_status
        for column, value in OWN.get(name, {}).items():
            assert str(rows.at[name, column]).removesuffix(".0") == value
    assert rows["violation_kind"].notna().sum() == 2
    assert rows["species"].notna().sum() == 1
    assert rows["individual_count"].notna().sum() == 2


@pytest.mark.usefixtures("database")
def test_what_a_file_says_itself_stays(tmp_path: Path) -> None:
    said = {
        "subject": "forest_fire", "status": "verified", "steward_agency": "Vườn quốc gia Bạch Mã",
        "verified_by": "Hạt Kiểm lâm", "verified_at": "2025-10-20T16:30:00+07:00",
    }  # fmt: skip
    load(write(tmp_path / "a.csv", said, {"subject": "Cháy rừng"}))
    with reading() as connection:
        rows = read(connection, LAYERS["detections"]).sort_values("detected_at")
    assert rows["steward_agency"].tolist() == [said["steward_agency"], SUBJECTS["forest_fire"].steward]
    assert rows["status"].tolist() == ["verified", "suspected"]
    assert rows["verified_by"].iloc[0] == said["verified_by"]
    assert rows["verified_at"].iloc[0].isoformat() == "2025-10-20T09:30:00+00:00"
    assert rows["subject"].tolist() == ["forest_fire", "forest_fire"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"subject": "ufo"}, "subject 'ufo'"),
        ({"subject": "wildlife", "individual_count": "0"}, "individual_count 0 is below 1"),
        ({"subject": "wildlife", "individual_count": "2.5"}, "individual_count 2.5 is not a whole number"),
        ({"subject": "incident", "status": "perhaps"}, "status 'perhaps'"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    done = CliRunner().invoke(layers, ["load", "detections", str(write(tmp_path / "a.csv", cells))])
    assert done.exit_code == 1
    assert reason in done.output


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("column", "values"), [("subject", tuple(SUBJECTS)), ("status", STATUSES)])
def test_the_database_allows_exactly_what_is_declared(column: str, values: tuple[str, ...]) -> None:
    query = text(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name AND conparentid = 0"
    )
    with reading() as connection:
        stated = connection.execute(query, {"name": f"ck_detections_{column}"}).scalar_one()
    assert set(re.findall(r"'(\w+)'", stated)) == set(values)


def test_some_solution_notices_every_subject() -> None:
    assert {solution.subject for solution in Settings().solutions.values()} == set(SUBJECTS)


def test_every_subject_is_said_in_both_languages_and_has_its_own_colour() -> None:
    assert all(subject.label.vi and subject.label.en and subject.steward for subject in SUBJECTS.values())
    assert len({subject.color for subject in SUBJECTS.values()}) == len(SUBJECTS)
    assert {subject.first_status for subject in SUBJECTS.values()} <= set(STATUSES)


def test_the_maps_know_every_status() -> None:
    assert {kind.name for kind in KINDS} == {*STATUSES, "straw_burning"}
    assert set(texts.CODES) >= set(STATUSES)
