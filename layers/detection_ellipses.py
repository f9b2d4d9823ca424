"""Detections shown by how sure their position is: the ellipse that holds the true one with 95 %.

The ellipse is made from the covariance when it is read. A box is answered by two indexes: that
of all positions, for those that are known well, and a small one of the few that are not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    Table,
    and_,
    case,
    false,
    func,
    literal_column,
    not_,
    or_,
    true,
)

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.georeference import ellipse_polygons
from gis_core.georeference.ellipse import CHI2_95
from gis_core.types import Text
from layers import detections, themes
from layers.base import ComputedShape

_DEGREES_PER_M = 1e-5
"""At least so many degrees are a metre, in longitude too, up to 25 degrees of latitude."""
_SWELL = 1.003
"""The polygon's corners lie outside the ellipse by less than this factor."""
_WIDE_REACH_M = 50_000.0
"""As far as any camera sees; a box farther away from a position does not find its ellipse."""
_NARROW_REACH_M = _SWELL * (CHI2_95 * detections.WIDE_VARIANCE_M2) ** 0.5
_LEAST_M2 = 1e-6
"""A millimetre: a thinner ellipse would be no polygon."""


def _unit_ellipse() -> str:
    """The 95 % ellipse of the covariance 1 m² each way around (0, 0), as hexadecimal EWKB in EPSG:9214."""
    circle = ellipse_polygons(np.zeros(1), np.zeros(1), np.eye(2)[np.newaxis])[0]
    return str(shapely.to_wkb(shapely.set_srid(circle, METRIC_SRID), hex=True, include_srid=True))


_UNIT_ELLIPSE: ColumnElement[Any] = literal_column(f"'{_unit_ellipse()}'::geometry")


def _number(value: float) -> ColumnElement[float]:
    """A number of this module as SQL text; the statements of pages take no values but those of a request."""
    return literal_column(repr(value), Float)


def ellipse_of(table: Table) -> ColumnElement[Any]:
    """The 95 % ellipse of a row: the unit one stretched by the Cholesky factor of the covariance."""
    seen = table.c
    place = func.ST_Transform(seen.geom, _number(METRIC_SRID))
    east = func.sqrt(func.greatest(seen.cov_xx_m2, _number(_LEAST_M2)), type_=Float)
    shear = seen.cov_xy_m2 / east
    north = func.sqrt(func.greatest(seen.cov_yy_m2 - shear * shear, _number(_LEAST_M2)), type_=Float)
    ellipse = func.ST_Affine(
        _UNIT_ELLIPSE, east, _number(0.0), shear, north, func.ST_X(place), func.ST_Y(place), type_=None
    )
    return func.ST_Transform(ellipse, _number(STORAGE_SRID), type_=None)


def has_ellipse(table: Table) -> ColumnElement[bool]:
    """Whether a row has a covariance."""
    return and_(*(table.c[name].is_not(None) for name in ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2")))


def meets(table: Table, area: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the ellipse of a row meets an area.

    Indexes find the positions near enough; an ellipse is made of those alone that lie outside
    the area and whose ellipse has a box that meets it.
    """
    place = table.c.geom

    def within(reach_m: float) -> ColumnElement[bool]:
        around = func.ST_Expand(area, _number(reach_m * _DEGREES_PER_M), type_=None)
        return place.bool_op("&&")(around)

    def reach(variance_m2: ColumnElement[float]) -> ColumnElement[float]:
        factor = _number(_SWELL * CHI2_95**0.5 * _DEGREES_PER_M)
        return func.sqrt(func.greatest(variance_m2, _number(_LEAST_M2)), type_=Float) * factor

    box = func.ST_Expand(place, reach(table.c.cov_xx_m2), reach(table.c.cov_yy_m2), type_=None)
    wide = literal_column(detections.WIDE, Boolean)
    return and_(
        or_(within(_NARROW_REACH_M), and_(wide, within(_WIDE_REACH_M))),
        # One CASE counts as one condition of unknown outcome; several that each seem to exclude
        # nearly everything would make the planner sort the whole box rather than walk the key.
        case(
            (not_(box.bool_op("&&")(area)), false()),
            (func.ST_Intersects(place, area), true()),
            else_=func.ST_Intersects(ellipse_of(table), area),
        ),
    )


LAYER = replace(
    detections.LAYER,
    name="detection_ellipses",
    title=Text("Sai số vị trí của phát hiện", "Position errors of detections"),
    description=Text(
        "Elip chứa vị trí thật của phát hiện với xác suất 95 %, từ hiệp phương sai vị trí (EPSG:9214); "
        "không gồm phát hiện không rõ sai số.",
        "The ellipse that holds the true position of a detection with a probability of 95 %, from the "
        "covariance of its position (EPSG:9214); detections of unknown error are left out.",
    ),
    keywords=("phát hiện", "sai số", "elip", "error ellipse", "covariance"),
    theme=themes.CAMERAS,
    loadable=False,
    status_set_by=(),
    shape=ComputedShape("POLYGON", ellipse_of, has_ellipse, meets),
    style=replace(detections.LAYER.style, size_px=1, fill_opacity=0.15),
)
