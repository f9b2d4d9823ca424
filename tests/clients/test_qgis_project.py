"""QGIS opens the served project: every layer valid, in its group, in its colours; and takes the SLD."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES, BandStyle, LayerStyle
from layers.themes import THEMES
from tests.conftest import RunningService

SYSTEM_PYTHON = Path("/usr/bin/python3")

BEGIN = """
import json, os, sys
from qgis.core import *
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

application = QgsApplication([], True)
application.initQgis()
folder = sys.argv[1]

def finish(said):
    print(json.dumps(said), flush=True)
    os._exit(0)  # Debian's QGIS 3.22 may crash while it is torn down.

def draw(layers, crs, extent, picture, size=QSize(600, 400)):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setExtent(extent)
    settings.setOutputSize(size)
    settings.setFlag(QgsMapSettings.Antialiasing, False)
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(os.path.join(folder, picture))
    return [error.message for error in job.errors()]
"""

OPEN = """
project = QgsProject.instance()
read = project.read(os.path.join(folder, "hue.qgs"))
layers = {}
for key, layer in project.mapLayers().items():
    vector = layer.type() == 0
    layers[key.removeprefix("hue-layer-")] = {
        "valid": layer.isValid(), "name": layer.name(), "crs": layer.crs().authid(),
        "timed": layer.temporalProperties().isActive(),
        "renderer": layer.renderer().type() if layer.renderer() else None,
        "count": layer.featureCount() if vector else None,
        "alias": layer.attributeDisplayName(layer.fields().indexOf("simulated")) if vector else None,
    }
tree = project.layerTreeRoot()
shown = [layer for layer in tree.layerOrder() if tree.findLayer(layer.id()).isVisible()]
for layer in shown:
    sum(1 for _ in layer.getFeatures())
extent = QgsRectangle(project.viewSettings().defaultViewExtent())
errors = draw(shown, project.crs(), extent, "hue.png", QSize(1200, 800))
times = project.timeSettings().temporalRange()
finish({
    "read": read, "title": project.title(), "crs": project.crs().authid(), "layers": layers, "errors": errors,
    "groups": [group.name() for group in tree.children()], "shown": [layer.id() for layer in shown],
    "times": [times.begin().isValid(), times.end().isValid()],
})
"""

PROBE = """
project = QgsProject.instance()
project.read(os.path.join(folder, "hue.qgs"))
extent = QgsRectangle(560000, 1812000, 578000, 1824000)
errors, points = [], []
for name in sys.argv[2:]:
    layer = project.mapLayer("hue-layer-" + name)
    features = list(layer.getFeatures()) if layer.type() == 0 else []
    errors += draw([layer], project.crs(), extent, name + ".png")
    if name == "cameras":
        transform = QgsCoordinateTransform(layer.crs(), project.crs(), project)
        for feature in features:
            at = transform.transform(feature.geometry().asPoint())
            place = [(at.x() - extent.xMinimum()) / 30, (extent.yMaximum() - at.y()) / 30]
            points.append([feature["purpose"], *place])
finish({"errors": errors, "points": points})
"""

SLD = """
said = {}
for name in sys.argv[2:]:
    kind = open(os.path.join(folder, name + ".kind")).read()
    layer = QgsVectorLayer(kind, name, "memory")
    message, loaded = layer.loadSldStyle(os.path.join(folder, name + ".sld"))
    symbols = layer.renderer().symbols(QgsRenderContext())
    said[name] = {"loaded": loaded, "message": message, "colors": [s.color().name() for s in symbols]}
finish(said)
"""

LOAD_CONNECTIONS = """
from qgis.gui import QgsManageConnectionsDialog
from qgis.PyQt.QtCore import QSettings
from qgis.PyQt.QtWidgets import QListWidget

dialog = QgsManageConnectionsDialog(
    None,
    QgsManageConnectionsDialog.Import,
    QgsManageConnectionsDialog.WFS,
    os.path.join(folder, "connections.xml"),
)
dialog.findChild(QListWidget).selectAll()
dialog.doExportImport()
settings = QgsSettings()
settings.beginGroup("qgis/connections-wfs/Huế GIS")
finish({key: settings.value(key) for key in settings.childKeys()})
"""


def qgis(script: str, folder: Path, *arguments: str) -> Any:
    """What a script says that QGIS's own interpreter runs."""
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("QGIS is not installed: apt-get install python3-qgis")
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", BEGIN + script, folder, *arguments],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def folder(service: RunningService, tmp_path: Path) -> Path:
    """A folder with the served project."""
    answer = httpx.get(f"{service.base_url}/qgis/hue.qgs", timeout=60)
    (tmp_path / "hue.qgs").write_bytes(answer.content)
    return tmp_path


def colors(path: Path) -> dict[str, int]:
    """How many pixels have each colour."""
    pixels: NDArray[np.uint8] = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    found, counts = np.unique(pixels, axis=0, return_counts=True)
    return {"#{:02x}{:02x}{:02x}".format(*color): int(n) for color, n in zip(found, counts, strict=True)}


def test_every_layer_of_the_project_is_valid_named_grouped_and_timed(folder: Path) -> None:
    said = qgis(OPEN, folder)
    assert (said["read"], said["crs"], said["errors"]) == (True, "EPSG:9214", [])
    assert "Huế GIS" in said["title"]
    assert said["times"] == [True, True]
    layers = said["layers"]
    assert set(layers) == set(STYLES)
    for name, style in STYLES.items():
        layer = layers[name]
        assert layer["valid"], name
        assert layer["name"] == style.title.vi
        if isinstance(style, BandStyle):
            assert layer["renderer"] == "singlebandpseudocolor"
            continue
        assert layer["crs"] == "EPSG:4326"
        assert layer["timed"] == (style.layer.time_column is not None), name
        if layer["count"]:
            expected = "categorizedSymbol" if style.layer.style.column else "singleSymbol"
            assert layer["renderer"] == expected, name
            assert layer["alias"].startswith("Dữ liệu mô phỏng"), name
    assert layers["cameras"]["count"] == 642
    used = {declared.theme for declared in (*LAYERS.values(), *SURFACES.values())}
    assert said["groups"] == [theme.vi for theme in THEMES if theme in used]
    drawn = colors(folder / "hue.png")
    assert drawn["#4fc3f7"] > 500, "the rivers"
    assert len(drawn) > 20


def test_what_is_drawn_has_the_colours_of_the_style(folder: Path) -> None:
    names = ("rivers", "road_segments", "flood-risk", "flood-risk.depth_m")
    said = qgis(PROBE, folder, "cameras", *names)
    assert said["errors"] == []
    for name in names:
        drawn = set(colors(folder / f"{name}.png"))
        declared = {color for color, _ in STYLES[name].legend()}
        assert drawn <= declared | {"#ffffff"}, name
        assert len(drawn & declared) >= min(len(declared), 2), name
    # Of points, whose edges are smooth, the middle is looked at, where no other one lies above it.
    pixels = np.asarray(Image.open(folder / "cameras.png").convert("RGB"))
    style = LAYERS["cameras"].style
    alone = 0
    for purpose, x, y in said["points"]:
        near = sum(abs(x - other_x) < 10 and abs(y - other_y) < 10 for _, other_x, other_y in said["points"])
        if near == 1 and 1 < x < 599 and 1 < y < 399:
            alone += 1
            assert "#{:02x}{:02x}{:02x}".format(*pixels[int(y), int(x)]) == style.color_of(purpose)
    assert alone > 10


def test_qgis_takes_every_sld_without_a_message(service: RunningService, folder: Path) -> None:
    kinds = {"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon"}
    styles = [style for style in STYLES.values() if isinstance(style, LayerStyle)]
    for style in styles:
        sld = httpx.get(f"{service.base_url}/ogc/styles/{style.name}", params={"f": "sld11"}, timeout=60)
        (folder / f"{style.name}.sld").write_bytes(sld.content)
        kind = kinds[style.layer.geometry_type.removeprefix("MULTI")]
        column = style.layer.style.column
        field = f"&field={column}:string" if column else ""
        (folder / f"{style.name}.kind").write_text(f"{kind}?crs=EPSG:4326{field}")
    said = qgis(SLD, folder, *(style.name for style in styles))
    for style in styles:
        assert said[style.name]["loaded"], style.name
        assert said[style.name]["message"] == "", style.name
        assert said[style.name]["colors"] == [color for color, _ in style.legend()], style.name


def test_qgis_loads_the_connections(service: RunningService, folder: Path) -> None:
    answer = httpx.get(f"{service.base_url}/qgis/connections.xml", timeout=60)
    (folder / "connections.xml").write_bytes(answer.content)
    said = qgis(LOAD_CONNECTIONS, folder)
    assert said["url"] == f"{service.base_url}/ogc"
    assert said["version"] == "OGC_API_FEATURES"
