"""One style in every format: the same colours, thresholds that mean the same, nothing unescaped."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gis_core.errors import ConfigError
from gis_core.types import Bounds, Text
from layers.base import Style, StyleClass
from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES, BandStyle, LayerStyle, styles_of
from layers.styles.legend import legend_png
from layers.styles.maplibre import maplibre
from layers.styles.painting import png
from layers.styles.qml import qml
from layers.styles.sld import sld
from layers.styles.xml import document, node
from layers.themes import THEMES
from ogc_api.qgis.project import connections, project

SE = "{http://www.opengis.net/se}"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc", "Cn")), max_size=40)
"""Texts that XML 1.0 can hold."""


def vietnamese(text: Text) -> str:
    return text.vi


def english(text: Text) -> str:
    return text.en


def test_every_layer_and_every_band_has_one_style_of_its_own_name() -> None:
    bands = sum(len(surface.bands) for surface in SURFACES.values())
    assert len(STYLES) == len(LAYERS) + bands
    for name in (*LAYERS, *SURFACES):
        assert styles_of(name)[0].name == name
    assert [style.name for style in styles_of("flood-risk")][:2] == ["flood-risk", "flood-risk.depth_m"]


def test_every_layer_and_surface_stands_in_a_known_theme() -> None:
    assert all(declared.theme in THEMES for declared in (*LAYERS.values(), *SURFACES.values()))


@pytest.mark.parametrize("style", STYLES.values(), ids=list(STYLES))
def test_every_format_names_every_colour_and_label(style: LayerStyle | BandStyle) -> None:
    as_sld = sld(style, vietnamese).decode()
    as_qml = fromstring(qml(style, vietnamese))
    written = {element.get("value") for element in as_qml.iter("Option")}
    written |= {element.get("color") for element in as_qml.iter("item")}
    labels = {element.get("label") for element in (*as_qml.iter("category"), *as_qml.iter("item"))}
    for color, label in style.legend():
        assert color in as_sld
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        assert written & {f"{red},{green},{blue},{alpha}" for alpha in range(256)} or color in written
        assert label.vi in labels or len(style.legend()) == 1
    fromstring(as_sld)


@pytest.mark.parametrize(
    "style", [style for style in STYLES.values() if isinstance(style, BandStyle)], ids=lambda one: one.name
)
@given(value=st.floats(-10, 100, width=32))
def test_qgis_and_sld_put_a_cell_into_the_step_that_the_ramp_gives_it(style: BandStyle, value: float) -> None:
    stops = style.band.stops
    reached = [stop.color for stop in stops if np.float32(value) >= np.float32(stop.value)]
    expected = reached[-1] if reached else None
    # QGIS's discrete ramp takes the first entry whose value is not below the cell's.
    items = list(fromstring(qml(style, english)).iter("item"))
    item = next(item for item in items if value <= float(item.get("value", "nan")))
    assert (item.get("color") if item.get("alpha") != "0" else None) == expected
    # Categorize takes the value after the last threshold that the cell has reached.
    (categorize,) = fromstring(sld(style, english)).iter(f"{SE}Categorize")
    assert categorize.get("thresholdsBelongTo") == "succeeding"
    values = [one.text for one in categorize.iter(f"{SE}Value")]
    passed = sum(np.float32(value) >= np.float32(one.text) for one in categorize.iter(f"{SE}Threshold"))
    assert values[passed] == (expected or "#00000000")


@given(label=PRINTABLE, value=PRINTABLE)
def test_texts_that_look_like_markup_come_back_as_they_were(label: str, value: str) -> None:
    said = Text(label, label)
    entry = StyleClass(value, "#123456", said)
    layer = replace(LAYERS["cameras"], style=Style("#000000", column="purpose", classes=(entry,)))
    style = LayerStyle(layer)
    category = next(fromstring(qml(style, vietnamese)).iter("category"))
    assert (category.get("value"), category.get("label")) == (value, label)
    rule = next(fromstring(sld(style, vietnamese)).iter(f"{SE}Rule"))
    assert (rule.findtext(f"{SE}Name"), rule.findtext(f"{SE}Description/{SE}Title")) == (value, label)


@pytest.mark.parametrize("base", ["http://a/o'b\\c/ogc", 'http://a/"<&>/ogc'])
def test_the_address_in_the_project_and_the_connections_is_quoted(base: str) -> None:
    area = Bounds(107.0, 15.95, 108.25, 16.8)
    made = fromstring(project(base, vietnamese, area, None, {"flood-risk": 9214}))
    sources = {layer.findtext("id"): layer.findtext("datasource") for layer in made.iter("maplayer")}
    assert sources["hue-layer-flood-risk"] == f"/vsicurl/{base}/collections/flood-risk/coverage?f=GTiff"
    quoted = base.replace("\\", "\\\\").replace("'", "\\'")
    assert f"url='{quoted}' " in (sources["hue-layer-cameras"] or "")
    assert len(sources) == len(LAYERS) + len(SURFACES["flood-risk"].bands)
    assert fromstring(connections(base))[0].get("url") == base


def test_the_project_lists_each_layer_once_in_a_theme_and_once_in_the_order_of_drawing() -> None:
    area = Bounds(107.0, 15.95, 108.25, 16.8)
    made = fromstring(project("http://a/ogc", english, area, None, dict.fromkeys(SURFACES, 9214)))
    expected = sorted(f"hue-layer-{name}" for name in STYLES)
    listed = [layer.get("id") for layer in made.findall("layer-tree-group/layer-tree-group/layer-tree-layer")]
    order = [item.text for item in made.findall("layer-tree-group/custom-order/item")]
    assert sorted(map(str, listed)) == expected
    assert sorted(map(str, order)) == expected
    # Points above lines above areas above surfaces.
    places = [order.index(f"hue-layer-{name}") for name in ("cameras", "rivers", "wards", "flood-risk")]
    assert places == sorted(places)


def test_a_maplibre_style_draws_from_the_address_that_it_is_given() -> None:
    made = maplibre(STYLES["road_segments"], english, "http://a/{z}/{y}/{x}", Bounds(107, 16, 108, 17))
    assert made["sources"]["road_segments"]["tiles"] == ["http://a/{z}/{y}/{x}"]
    (line,) = made["layers"]
    assert line["paint"]["line-color"][:4] == ["match", ["get", "road_class"], "motorway", "#e65100"]


def test_a_picture_has_the_colours_of_its_steps_and_is_transparent_at_zero() -> None:
    picture = Image.open(BytesIO(png(np.array([[0, 1], [2, 0]], np.uint8), ["#ff0000", "#00ff80"])))
    pixels = np.asarray(picture.convert("RGBA"))
    assert pixels[0, 1].tolist() == [255, 0, 0, 255]
    assert pixels[1, 0].tolist() == [0, 255, 128, 255]
    assert pixels[0, 0, 3] == pixels[1, 1, 3] == 0


def test_a_legend_without_its_typeface_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make setup"):
        legend_png(STYLES["cameras"], vietnamese, tmp_path)


def test_xml_has_its_declaration_and_its_doctype() -> None:
    written = document(node("a", node("b", text="Huế & <c>")), "<!DOCTYPE a>\n").decode()
    assert written.startswith("<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE a>\n<a>")
    assert "<b>Huế &amp; &lt;c&gt;</b>" in written
