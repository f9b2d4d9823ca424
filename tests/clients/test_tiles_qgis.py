"""QGIS draws our vector tiles: a run of its own, with the interpreter that Debian's python3-qgis is for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import RunningService

SYSTEM_PYTHON = Path("/usr/bin/python3")

DRAW = """
import json, sys
from qgis.core import *
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

application = QgsApplication([], False)
application.initQgis()
base, picture = sys.argv[1:3]
layers = []
for name in sys.argv[3:]:
    tile = f"{base}/ogc/collections/{name}/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D?f%3Dmvt"
    layers.insert(0, QgsVectorTileLayer(f"type=xyz&url={tile}&zmin=0&zmax=16", name))
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
settings.setExtent(QgsRectangle(11975200, 1857000, 11979200, 1860000))
settings.setOutputSize(QSize(800, 600))
settings.setBackgroundColor(QColor("white"))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
job.renderedImage().save(picture)
print(json.dumps({"valid": [layer.isValid() for layer in layers], "errors": len(job.errors())}))
application.exitQgis()
"""


def draw(service: RunningService, picture: Path, *layers: str) -> np.ndarray:
    """What QGIS draws of layers in the middle of the city, as RGB."""
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("QGIS is not installed: apt-get install python3-qgis")
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", DRAW, service.base_url, picture, *layers],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(picture.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    assert said == {"valid": [True] * len(layers), "errors": 0}
    return np.asarray(Image.open(picture).convert("RGB"))


def test_qgis_draws_roads_and_cameras_from_tiles(service: RunningService, tmp_path: Path) -> None:
    nothing = draw(service, tmp_path / "nothing.png", "bearings")
    roads = draw(service, tmp_path / "roads.png", "road_segments")
    both = draw(service, tmp_path / "both.png", "road_segments", "cameras")
    drawn = [int((picture != 255).any(axis=2).sum()) for picture in (nothing, roads, both)]
    assert drawn[0] == 0
    assert 1_000 < drawn[1] < drawn[2]
    # Lines go on where one tile meets the next: what is drawn is in every quarter of the picture.
    for half in np.array_split(roads, 2, axis=0):
        for quarter in np.array_split(half, 2, axis=1):
            assert (quarter != 255).any()
