"""Adding a layer is one file and one line: table, command, collection, map and export follow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Place

ROOMS = ("gis_core", "layers", "detectors", "ogc_api", "maps", "migrations")

HOSPITALS = '''"""Hospitals: a layer that the house has never heard of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers.base import Feature, Layer, Style, described, geometry


class Hospital(Feature):
    __tablename__ = "hospitals"

    code: Mapped[str] = described(SqlText, "Mã", "Code", primary_key=True)
    name: Mapped[str] = described(SqlText, "Tên", "Name", nullable=False)
    beds: Mapped[int] = described(Integer, "Số giường", "Beds", nullable=False, minimum=0)
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="hospitals",
    model=Hospital,
    title=Text("Bệnh viện", "Hospitals"),
    description=Text("Các bệnh viện.", "The hospitals."),
    steward=Text("Sở Y tế", "Department of Health"),
    style=Style(color="#c62828"),
)
'''


@pytest.fixture
def house_with_hospitals(tmp_path: Path) -> Path:
    """A copy of the rooms with one more file in ``layers`` and one more line in the list."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "layers" / "hospitals.py").write_text(HOSPITALS, encoding="utf-8")
    registry = tmp_path / "layers" / "registry.py"
    before = registry.read_text(encoding="utf-8")
    after = before.replace('        "detections",\n', '        "detections",\n        "hospitals",\n')
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    registry.write_text(after, encoding="utf-8")
    return tmp_path


def test_a_new_layer_needs_one_file_and_one_line(house_with_hospitals: Path, place: Place) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    environment |= place.env | {"HUEGIS_PORT": "0", "PYTHONPATH": str(house_with_hospitals)}

    def huegis(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gis_core", *arguments],
            env=environment, cwd=house_with_hospitals,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    file = house_with_hospitals / "hospitals.csv"
    file.write_text(
        "code,name,beds,lon,lat\nBV1,Bệnh viện Trung ương Huế,2500,107.5906,16.4632\n", encoding="utf-8"
    )
    assert "hospitals" in huegis("db", "upgrade")
    assert "Bệnh viện" in huegis("layers", "list")
    assert "Beds" in huegis("layers", "describe", "hospitals")
    huegis("layers", "load", "hospitals", str(file))
    exported = house_with_hospitals / "out.geojson"
    huegis("layers", "export", "hospitals", str(exported))
    assert "2500" in exported.read_text(encoding="utf-8")

    process = subprocess.Popen(
        [sys.executable, "-m", "gis_core", "serve"],
        env=environment, cwd=house_with_hospitals, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        base_url = next(
            found[1] for line in process.stdout if (found := re.search(r"(http://\S+?)/\s", line))
        )
        listed = httpx.get(f"{base_url}/ogc/collections?f=json").json()["collections"]
        assert "hospitals" in {collection["id"] for collection in listed}
        page = httpx.get(f"{base_url}/ogc/collections/hospitals/items", params={"beds": "2500"}).json()
        assert [feature["properties"]["name"] for feature in page["features"]] == ["Bệnh viện Trung ương Huế"]
        queryables = httpx.get(f"{base_url}/ogc/collections/hospitals/queryables?f=json").json()
        assert "beds" in queryables["properties"]
        assert "Bệnh viện" in httpx.get(f"{base_url}/maps/all").text
        assert "#c62828" in httpx.get(f"{base_url}/ogc/styles/hospitals", params={"f": "sld11"}).text
        assert "hue-layer-hospitals" in httpx.get(f"{base_url}/qgis/hue.qgs").text
    finally:
        process.terminate()
        process.communicate(timeout=30)
