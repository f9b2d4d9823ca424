"""Names of features that came without one."""

from __future__ import annotations

import geopandas as gpd


def with_names(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Call every feature that brings no ``name`` by its ``code``: many registers have numbers only."""
    if "name" not in features:
        return features.assign(name=features["code"])
    names = features["name"].astype(object)
    absent = names.isna() | (names.map(str).str.strip() == "")
    return features.assign(name=names.where(~absent, features["code"].astype(object)))
