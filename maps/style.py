"""Drawing: features with the style of their layer become one layer of a folium map.

The page carries geometry, the number of a style and the texts of a popup, all as data.
``assets/map.js`` builds every popup from text nodes, so a name that looks like HTML is
shown as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.template import Template
from sqlalchemy import Column, Enum

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, to_metric
from gis_core.georeference import error_ellipses
from gis_core.solutions import Title
from gis_core.types import BoolArray, Text
from layers.base import Layer, Style
from maps import texts
from maps.overlay import Picture
from maps.words import Language, amount, moment, pick

Path = Mapping[str, float | str | bool]
"""Options of a Leaflet path: radius, weight, color, fillColor, fillOpacity and the like."""

Row = tuple[Text, Text | str | None]
"""One line of a popup: what it is, and its value; a value of None is left out."""

_DECIMALS, _DECIMALS_OF_SMALL = 5, 6
"""Of a degree: about a metre, and about a decimetre, which the ellipse of a near thing needs."""

_SMALL_M = 400.0
"""Way around a shape below which it is small."""

_FINEST_PART = 200
"""Of the way around a shape: what is left of a circle has a dozen corners or more."""

_MOST_VERTICES = 40_000

_FOR_MACHINES = ("cov_", "anchor_", "frame_width", "frame_height", "calibration_id")
"""How columns begin that say nothing to people; the error of a position is told in metres."""
_SOLUTIONS = ("solutions", "ai_solutions")


@dataclass(frozen=True, slots=True)
class Popup:
    """What opens on a click: a heading, lines, and a label that is always shown.

    ``origin`` is where the service tells what the numbers are made of (``/maps/origin``), as a
    query of that address.
    """

    title: Text | str
    rows: tuple[Row, ...] = ()
    label: Text | str | None = None
    simulated: bool = False
    origin: str | None = None


class Drawn(folium.map.Layer):
    """One entry of the layer control, drawn from data by ``assets/map.js``."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = huegis.features({{ this.data|tojson }}, {{ this.settings|tojson }});"
        "{% endmacro %}"
    )

    def __init__(
        self, name: str, data: dict[str, Any], settings: dict[str, Any], *, show: bool, control: bool
    ) -> None:
        super().__init__(name=name, overlay=True, control=control, show=show)
        self._name = "Drawn"
        self.data = data
        self.settings = settings


class Pictured(folium.map.Layer):
    """A picture as one entry of the layer control, painted by ``assets/map.js``."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = huegis.picture("
        "{{ this.uri|tojson }}, {{ this.corners|tojson }}, {{ this.settings|tojson }});"
        "{% endmacro %}"
    )

    def __init__(
        self, name: str, picture: Picture, *, opacity: float, pane: str = "surfaces", show: bool = True
    ) -> None:
        super().__init__(name=name, overlay=True, control=True, show=show)
        self._name = "Pictured"
        west, south, east, north = picture.bounds
        self.uri = picture.uri
        self.corners = [[south, west], [north, east]]
        # The relief is a continuous tone; a surface has classes, whose edges are meant.
        self.settings = {"opacity": opacity, "pane": pane, "smooth": pane != "surfaces"}


def draw(
    name: str,
    features: gpd.GeoDataFrame,
    path_of: Callable[[Any], Path],
    language: Language,
    popup_of: Callable[[Any], Popup] | None = None,
    *,
    tolerance_m: float = 20.0,
    pane: str | None = None,
    show: bool = True,
    control: bool = True,
) -> Drawn:
    """Features of one geometry type as a layer of a map.

    Args:
        name: how the layer control names it.
        features: geometry in EPSG:4326.
        path_of: how one row (a named tuple) is drawn.
        language: of the popups.
        popup_of: what opens on one row; without it the layer does not react.
        tolerance_m: how far a simplified line may leave the true one; coarser where
            the layer has too many vertices for a page.
        pane: ``surfaces``, ``areas``, ``lines`` or ``points``; by geometry type if None.
        show: whether it is on when the page opens.
        control: whether the layer control lists it.
    """
    shapes = simplified(features.geometry, tolerance_m)
    styles: dict[Hashable, int] = {}
    labels: dict[str, int] = {}
    items = []
    for row, shape in zip(features.itertuples(index=False), shapes, strict=True):
        if shape is None or shape.is_empty:
            continue
        path = dict(path_of(row))
        properties: dict[str, Any] = {"s": styles.setdefault(tuple(path.items()), len(styles))}
        if popup_of is not None:
            properties |= _said(popup_of(row), language, labels)
        items.append(
            {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": properties}
        )
    data = {"styles": [dict(style) for style in styles], "labels": list(labels), "features": items}  # type: ignore[call-overload]
    settings = {"pane": pane or _pane_of(features.geometry), "interactive": popup_of is not None}
    return Drawn(name, data, settings, show=show, control=control)


def _said(popup: Popup, language: Language, labels: dict[str, int]) -> dict[str, Any]:
    """A popup as the page carries it; a label stands once for the whole layer and is named by its number."""
    # A missing text of a data frame is NaN.
    rows = [
        [labels.setdefault(pick(label, language), len(labels)), pick(value, language)]
        for label, value in popup.rows
        if isinstance(value, (str, tuple))
    ]
    said: dict[str, Any] = {"t": pick(popup.title, language), "r": rows}
    if popup.label is not None:
        said["l"] = pick(popup.label, language)
    if popup.simulated:
        said["m"] = 1
    if popup.origin is not None:
        said["o"] = popup.origin
    return said


def simplified(shapes: gpd.GeoSeries, tolerance_m: float) -> list[shapely.Geometry]:
    """Shapes simplified in metres and rounded to about one, within the vertices a page may carry.

    Returns:
        One geometry in EPSG:4326 for each.
    """
    if shapes.empty:
        return []
    if (shapes.geom_type == "Point").all():
        return _rounded(shapes)
    metric = to_metric(shapes)
    size_m = shapely.length(shapely.envelope(metric.to_numpy()))
    # Of what is smaller than the tolerance something must be left that still has its form.
    kept = metric.simplify(np.minimum(tolerance_m, size_m / _FINEST_PART))
    while shapely.get_num_coordinates(kept.to_numpy()).sum() > _MOST_VERTICES and tolerance_m < 2_000:
        tolerance_m *= 2
        kept = metric.simplify(np.minimum(tolerance_m, size_m / _FINEST_PART))
    return _rounded(kept.to_crs(STORAGE_SRID), size_m < _SMALL_M)


def _rounded(shapes: gpd.GeoSeries, small: BoolArray | None = None) -> list[shapely.Geometry]:
    rounded = shapely.transform(shapes.to_numpy(), lambda degrees: np.round(degrees, _DECIMALS))
    if small is not None and small.any():
        fine = shapes.to_numpy()[small]
        rounded[small] = shapely.transform(fine, lambda degrees: np.round(degrees, _DECIMALS_OF_SMALL))
    return list(rounded)


def path_of_style(style: Style, geometry_type: str) -> Callable[[Any], Path]:
    """How a layer's own style draws one of its rows."""

    def path(row: Any) -> Path:
        color = style.color_of(getattr(row, style.column)) if style.column else style.color
        return path_options(color, style.size_px, style.fill_opacity, geometry_type)

    return path


def path_options(color: str, size_px: float, fill_opacity: float, geometry_type: str) -> Path:
    """Leaflet's options for a colour and a size, by geometry type."""
    if geometry_type == "POINT":
        return dot(color, size_px)
    if geometry_type.endswith("LINESTRING"):
        return {"color": color, "weight": size_px, "opacity": 0.9, "fill": False}
    return {
        "color": color,
        "weight": size_px,
        "opacity": 0.8,
        "fillColor": color,
        "fillOpacity": fill_opacity,
    }


def dot(
    color: str, radius_px: float, *, opacity: float = 0.9, ring: str = "#ffffff", ring_px: float = 1
) -> Path:
    """Leaflet's options for a point: a disc with a ring around it."""
    return {
        "radius": radius_px,
        "color": ring,
        "weight": ring_px,
        "opacity": opacity,
        "fillColor": color,
        "fillOpacity": opacity,
    }


def popup_of_layer(layer: Layer) -> Callable[[Any], Popup]:
    """A popup with every property of a layer, named in the reader's language."""
    hidden = ("origin_key", "simulated", "terrain_digest", "inputs_digest", layer.label_column)
    columns = [
        column
        for column in layer.properties
        if column.name not in hidden and not column.name.startswith(_FOR_MACHINES)
    ]
    labels = [Text(column.info.get("vi") or column.name, column.comment or column.name) for column in columns]
    located = "cov_xx_m2" in layer.table.columns

    def popup(row: Any) -> Popup:
        values = (_value_text(column, layer.style, getattr(row, column.name)) for column in columns)
        named = getattr(row, layer.label_column) if layer.label_column else None
        error = (texts.POSITION_ERROR, amount(position_error_m(row), "m", 1)) if located else None
        return Popup(
            named if isinstance(named, str) else layer.title,
            (*zip(labels, values, strict=True), *([error] if error else [])),
            simulated=row.simulated,
        )

    return popup


def position_error_m(row: Any) -> float | None:
    """Longer half-axis of the ellipse that holds the true position with 95 %, in metres."""
    terms = (row.cov_xx_m2, row.cov_xy_m2, row.cov_yy_m2)
    if any(pd.isna(term) for term in terms):
        return None
    xx, xy, yy = terms
    return float(error_ellipses(np.array([[[xx, xy], [xy, yy]]])).semi_major_m[0])


def solution_titles(names: Any) -> Text | None:
    """AI solutions by their titles in the settings; one that is not there any more says its name."""
    if not isinstance(names, list) or not names:
        return None
    known = get_settings().solutions
    titles = [known[name].title if name in known else Title(vi=name, en=name) for name in names]
    return Text(", ".join(title.vi for title in titles), ", ".join(title.en for title in titles))


def _value_text(column: Column[Any], style: Style, value: Any) -> Text | str | None:
    """A value as people read it: classes by their name, numbers with their unit, times in local time."""
    if isinstance(value, list):
        listed = ", ".join(str(item) for item in value) or None
        return solution_titles(value) if column.name in _SOLUTIONS else listed
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return moment(value.to_pydatetime())
    if isinstance(value, (bool, np.bool_)):
        return texts.YES if value else texts.NO
    if isinstance(value, (int, float, np.number)):
        return amount(float(value), column.info.get("unit") or "", 0 if float(value).is_integer() else 2)
    return _word(column, style, str(value))


def _word(column: Column[Any], style: Style, value: str) -> Text | str:
    if column.name == style.column:
        return next((entry.label for entry in style.classes if entry.value == value), texts.code(value))
    return texts.code(value) if isinstance(column.type, Enum) or column.name == "class_name" else value


def simulated_in(*frames: gpd.GeoDataFrame | pd.DataFrame) -> bool:
    """Whether any row of these is marked as simulated."""
    return any(bool(frame["simulated"].any()) for frame in frames if "simulated" in frame.columns)


def _pane_of(shapes: gpd.GeoSeries) -> str:
    kinds: Sequence[str] = list(shapes.geom_type.unique())
    if any("Polygon" in kind for kind in kinds):
        return "areas"
    return "lines" if any("Line" in kind for kind in kinds) else "points"
