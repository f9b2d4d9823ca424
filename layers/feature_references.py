"""Which layers name features of others by a code, so that none of those is removed under them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gis_core.errors import FeatureConflictError, quoted
from layers import bearings, calibrations, cameras, detections, flood_spots, observations
from layers.base import Layer

_NAMED_IN: dict[str, tuple[tuple[Layer, str], ...]] = {
    "cameras": (
        (flood_spots.LAYER, "camera_code"),
        (calibrations.LAYER, "camera_code"),
        (detections.LAYER, "camera_code"),
        (bearings.LAYER, "camera_code"),
    ),
    "road_segments": ((cameras.LAYER, "road_segment_code"),),
}
"""Columns that hold codes of a layer's features; what enrichment sets is set anew and does not count."""


def refuse_if_named(connection: Connection, layer: Layer, feature_id: str) -> None:
    """Refuse to remove a feature that others name.

    Raises:
        FeatureConflictError: says which layer names it.
    """
    named_in = _NAMED_IN.get(layer.name, ())
    if layer.stations_of is not None:
        named_in = (*named_in, (observations.LAYER, "station_code"))
    for other, column in named_in:
        query = select(other.id_column).where(other.table.c[column] == feature_id).limit(1)
        if connection.execute(query).first() is not None:
            raise FeatureConflictError(
                f"Feature {quoted(feature_id)} of layer '{layer.name}' is named by {column} of layer "
                f"'{other.name}'; it cannot be removed while that is so."
            )
