"""A small still picture of the province for the portal: relief, boundary, rivers."""

from __future__ import annotations

import shapely
from markupsafe import Markup

from gis_core.crs import STORAGE_SRID, transformer
from gis_core.types import Bounds
from layers import rivers
from maps.base import LAND, Ground, ground_bounds
from maps.page import environment
from maps.style import simplified

_WIDTH = 1000.0
_WEB_MERCATOR = 3857
_MARGIN = 0.03


def sketch(ground: Ground) -> Markup | None:
    """The province as SVG, None where there are no wards to draw."""
    area = ground_bounds(ground)
    if area is None:
        return None
    frame = _Frame(area)
    return Markup(  # noqa: S704  the template escapes its values
        environment()
        .get_template("sketch.svg")
        .render(
            width=_WIDTH,
            height=round(frame.height),
            relief=ground.relief,
            box=frame.box(ground.relief.bounds) if ground.relief else None,
            land=" ".join(frame.paths(simplified(ground.wards.geometry, 150))),
            water=" ".join(frame.paths(simplified(ground.rivers.geometry, 100))),
            land_color=LAND,
            water_color=rivers.LAYER.style.color,
        )
    )


class _Frame:
    """Web Mercator scaled to the picture, y downwards."""

    def __init__(self, area: Bounds) -> None:
        west, south, east, north = _mercator(area)
        margin = _MARGIN * (east - west)
        self._west, self._north = west - margin, north + margin
        self._scale = _WIDTH / (east - west + 2 * margin)
        self.height = (north - south + 2 * margin) * self._scale

    def box(self, area: Bounds) -> tuple[float, float, float, float]:
        """Left, top, width and height of limits in degrees."""
        west, south, east, north = _mercator(area)
        left, top = self._point(west, north)
        return left, top, round((east - west) * self._scale, 1), round((north - south) * self._scale, 1)

    def paths(self, shapes: list[shapely.Geometry]) -> list[str]:
        """Every line or ring of the shapes as SVG path data."""
        lines = shapely.get_parts(shapely.get_parts([_lines(shape) for shape in shapes]))
        return [self._path(line) for line in lines]

    def _path(self, line: shapely.LineString) -> str:
        x, y = transformer(STORAGE_SRID, _WEB_MERCATOR).transform(*line.xy)
        points = [self._point(*point) for point in zip(x, y, strict=True)]
        return "M" + "L".join(f"{left:g} {top:g}" for left, top in points)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return round((x - self._west) * self._scale, 1), round((self._north - y) * self._scale, 1)


def _lines(shape: shapely.Geometry) -> shapely.Geometry:
    return shape if "Line" in shape.geom_type else shape.boundary


def _mercator(area: Bounds) -> tuple[float, float, float, float]:
    west, south, east, north = transformer(STORAGE_SRID, _WEB_MERCATOR).transform_bounds(*area)
    return west, south, east, north
