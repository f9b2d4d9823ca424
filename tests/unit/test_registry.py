"""The list of layers: complete, bilingual, without duplicates."""

from __future__ import annotations

import pytest

from gis_core.errors import ConfigError, LayerNotFoundError
from layers.base import Layer
from layers.registry import LAYERS, SURFACES, Registry


def test_a_name_declared_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="cameras"):
        Registry(LAYERS["cameras"], LAYERS["wards"], LAYERS["cameras"])


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LayerNotFoundError, match="camera_views, cameras"):
        LAYERS["camera"]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_every_layer_and_column_says_what_it_is_in_both_languages(layer: Layer) -> None:
    texts = [layer.title, layer.description, layer.steward]
    assert all(text.vi and text.en for text in texts)
    for column in (layer.id_column, *layer.properties):
        assert column.comment, column
        assert column.info["vi"], column


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_a_style_names_a_column_and_values_that_exist(layer: Layer) -> None:
    if layer.style.column is None:
        return
    column = layer.table.columns[layer.style.column]
    allowed = set(column.type.enums)
    assert {entry.value for entry in layer.style.classes} <= allowed


def test_surfaces_are_said_in_both_languages_and_their_ramps_ascend() -> None:
    assert set(SURFACES) >= {"vehicle-density", "flood-risk"}
    for surface in SURFACES.values():
        assert all(text.vi and text.en for text in (surface.title, surface.description, surface.method))
        for band in surface.bands:
            values = [stop.value for stop in band.stops]
            assert values == sorted(values)
