"""The SQL of a page that has no value but its size."""

from __future__ import annotations

import pytest

from layers.base import Layer
from layers.page_sql import Shape, page_sql, unbound
from layers.registry import LAYERS


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_only_the_size_of_a_whole_layers_page_is_open(layer: Layer) -> None:
    statement = unbound(page_sql(Shape(layer, 4326, False, None, ())), 17)
    assert "%(" not in statement
    assert "LIMIT 17 + 1" in statement


def test_percent_signs_are_as_sql_has_them() -> None:
    assert unbound("SELECT 7 %% 4 LIMIT %(_limit)s::INTEGER", 3) == "SELECT 7 % 4 LIMIT 3"
