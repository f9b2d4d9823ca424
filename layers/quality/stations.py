"""Stations that stand in a layer twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
from scipy.spatial import KDTree
from sqlalchemy import Connection

from gis_core.crs import lonlat_to_metric
from layers.quality.base import Check, Finding, Scope, said
from layers.read import read
from layers.registry import LAYERS

STATIONS = ("rain_stations", "river_gauges", "climate_stations")
"""Count stations are not among them: every lane of a road has one, at the same place."""


def read_stations(connection: Connection, scope: Scope) -> Mapping[str, gpd.GeoDataFrame]:
    """The stations of each kind: ``code``, ``name``, ``simulated`` and the position."""
    return {
        name: read(connection, LAYERS[name], columns=("name", "simulated"))
        for name in STATIONS
        if name in scope.layers
    }


def normalised(name: str) -> str:
    """A name in NFC, without differences of case and of white space; its marks stay."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def find_duplicates(stations: Mapping[str, gpd.GeoDataFrame], scope: Scope) -> Iterator[Finding]:
    """One finding for each station that repeats one of a smaller code; distances in EPSG:9214."""
    near_m, same_name_m = scope.rules.duplicate_within_m, scope.rules.same_name_within_m
    for layer, found in stations.items():
        placed = found[~found.geometry.is_empty].sort_values("code", ignore_index=True)
        x, y = lonlat_to_metric(placed.geometry.x.to_numpy(), placed.geometry.y.to_numpy())
        names = placed["name"].map(normalised).to_numpy()
        positions = np.column_stack([x, y])[np.isfinite(x)]
        placed, names = placed[np.isfinite(x)], names[np.isfinite(x)]
        repeated = set()
        for first, second in sorted(KDTree(positions).query_pairs(max(near_m, same_name_m))):
            distance_m = float(np.hypot(*(positions[first] - positions[second])))
            same = names[first] == names[second] and distance_m <= same_name_m
            if second in repeated or not (same or distance_m <= near_m):
                continue
            repeated.add(second)
            one, other = placed.iloc[second], placed.iloc[first]
            sentence = said(
                "Trạm {name} cách trạm {other} ({code}) {distance} m{same}; có lẽ là cùng một trạm.",
                "Station {name} is {distance} m from {other} ({code}){same}; they may be one station.",
                name=one["name"],
                other=other["name"],
                code=other["code"],
                distance=round(distance_m),
                same=said(" và cùng tên", " and has its name") if same else "",
            )
            yield Finding(layer, one["code"], sentence, one.geometry, bool(one["simulated"]))


DUPLICATE = Check("duplicate_station", "warning", frozenset(STATIONS), read_stations, find_duplicates)
