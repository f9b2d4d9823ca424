"""QGIS edits flood spots for those who may, and tells the others that they may not.

QGIS edits OGC API - Features since 3.32; an older one reads with an account's credentials, and the
requests that a newer one sends are those of ``tests/api/test_editing_qgis.py``.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import RunningService
from tests.editing import EDITOR, GUEST, SPOTS, history, new_spot

SYSTEM_PYTHON = Path("/usr/bin/python3")
FIRST_THAT_EDITS = 33200

OPEN = """
import json, sys
from qgis.core import *

application = QgsApplication([], False)
application.initQgis()
base, name, password, code = sys.argv[1:5]
credentials = f" username='{name}' password='{password}'" if name else ""
layer = QgsVectorLayer(f"url='{base}/ogc' typename='flood_spots'{credentials}", "spots", "OAPIF")
found = {"valid": layer.isValid(), "version": Qgis.QGIS_VERSION_INT, "editing": False}
if layer.isValid():
    found["count"] = layer.featureCount()
    found["editing"] = layer.startEditing()
"""

LOOK = """
found["errors"] = layer.dataProvider().errors() if layer.isValid() else []
print(json.dumps(found))
application.exitQgis()
"""

EDIT = """
assert found["editing"], found
feature = QgsFeature(layer.fields())
feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(107.57, 16.45)))
feature["name"] = "Cầu Gia Hội"
if layer.fields().indexOf("code") >= 0:
    feature["code"] = code
layer.addFeature(feature)
found["added"] = layer.commitChanges(False), layer.commitErrors()
layer.reload()
spot = next(one for one in layer.getFeatures() if one["name"] == "Cầu Gia Hội")
layer.changeGeometry(spot.id(), QgsGeometry.fromPointXY(QgsPointXY(107.59, 16.47)))
layer.changeAttributeValue(spot.id(), layer.fields().indexOf("ground_elevation_m"), 4.5)
found["changed"] = layer.commitChanges(False), layer.commitErrors()
layer.reload()
spot = next(one for one in layer.getFeatures() if one["name"] == "Cầu Gia Hội")
found["now"] = [spot.geometry().asPoint().x(), spot.geometry().asPoint().y(), spot["ground_elevation_m"]]
layer.changeAttributeValue(spot.id(), layer.fields().indexOf("ground_elevation_m"), 5000.0)
found["refused"] = layer.commitChanges(False), layer.commitErrors()
layer.rollBack()
layer.startEditing()
layer.deleteFeature(spot.id())
found["removed"] = layer.commitChanges(), layer.commitErrors()
"""


def run(service: RunningService, folder: Path, who: tuple[str, str] | None, script: str) -> dict[str, Any]:
    """What QGIS finds, with a profile of its own: it remembers answers whoever has asked for them."""
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("QGIS is not installed: apt-get install python3-qgis")
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", OPEN + script + LOOK, service.base_url, *(who or ("", "")), "FS-QGIS"],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.fixture
def spots(edited_service: RunningService) -> int:
    """How many flood spots there are, at least one."""
    with httpx.Client(base_url=edited_service.base_url, auth=EDITOR) as client:
        new_spot(client)
        return int(client.get(SPOTS, params={"limit": 1}).json()["numberMatched"])


@pytest.mark.parametrize("who", [None, GUEST], ids=["reader", "guest"])
def test_whoever_may_not_edit_reads(
    edited_service: RunningService, spots: int, tmp_path: Path, who: tuple[str, str] | None
) -> None:
    found = run(edited_service, tmp_path, who, "")
    assert (found["valid"], found["count"], found["editing"]) == (True, spots, False)


def test_wrong_credentials_open_nothing(edited_service: RunningService, spots: int, tmp_path: Path) -> None:
    """Rather than a layer that looks well and refuses the work of an hour when it is saved."""
    assert not run(edited_service, tmp_path, (EDITOR[0], "guess"), "")["valid"]


def test_an_account_opens_the_layer(edited_service: RunningService, spots: int, tmp_path: Path) -> None:
    found = run(edited_service, tmp_path, EDITOR, "")
    assert (found["valid"], found["count"]) == (True, spots)
    assert found["editing"] is (found["version"] >= FIRST_THAT_EDITS)


def test_an_editor_adds_moves_changes_and_removes(
    edited_service: RunningService, spots: int, tmp_path: Path
) -> None:
    version = run(edited_service, tmp_path, EDITOR, "")["version"]
    if version < FIRST_THAT_EDITS:
        pytest.skip(f"QGIS {version} does not edit OGC API - Features yet; 3.32 and later do")
    found = run(edited_service, tmp_path, EDITOR, EDIT)
    assert all(found[step][0] for step in ("added", "changed", "removed")), found
    assert found["now"] == pytest.approx([107.59, 16.47, 4.5], abs=1e-7)
    assert not found["refused"][0]
    kept = history(edited_service.place.url, "FS-QGIS")
    assert [action for action, *_ in kept] == ["create", "update", "update", "delete"]
