"""Answers as CoverageJSON (OGC 21-069r2): times in UTC, null for what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pyproj import CRS

from gis_core.crs import STORAGE_SRID, OutputCRS, crs_uri, is_y_first, transformer
from gis_core.types import FloatArray, Text
from layers.edr.base import Coverage, Grid, Parameter, PointSeries, Trajectory
from ogc_api.described import Document
from ogc_api.edr.moments import iso

COVERAGE_JSON_TYPE = "application/prs.coverage+json"
UCUM = "http://www.opengis.net/def/uom/UCUM/"
_TIME = {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}}
_DOMAIN_TYPES = {PointSeries: "PointSeries", Trajectory: "Trajectory", Grid: "Grid"}


def coverage_collection(
    coverages: Sequence[Coverage], parameters: Sequence[Parameter], crs: OutputCRS, domain_type: str
) -> Document:
    """All coverages of an answer; grids are in their own CRS, all else in ``crs``."""
    grid = next((one.domain for one in coverages if isinstance(one.domain, Grid)), None)
    return {
        "type": "CoverageCollection",
        "domainType": _DOMAIN_TYPES[type(coverages[0].domain)] if coverages else domain_type,
        "parameters": {one.name: parameter_object(one) for one in parameters},
        "referencing": [_space(crs) if grid is None else _space_of_grid(grid, crs), _TIME],
        "coverages": [_coverage(one, parameters, crs) for one in coverages],
    }


def parameter_object(parameter: Parameter) -> Document:
    """A parameter with its unit, or with the categories that its numbers stand for."""
    observed: Document = {"id": parameter.definition, "label": _both(parameter.title)}
    described: Document = {"type": "Parameter", "description": _both(parameter.title)}
    if parameter.categories:
        ids = {one.name: f"{parameter.definition}:{one.name}" for one in parameter.categories}
        observed["categories"] = [
            {"id": ids[one.name], "label": {**_both(one.title)}} for one in parameter.categories
        ]
        encoding = {ids[one.name]: one.number for one in parameter.categories}
        return {**described, "observedProperty": observed, "categoryEncoding": encoding}
    unit = {"label": {"en": parameter.unit}, "symbol": {"value": parameter.code, "type": UCUM}}
    return {**described, "unit": unit, "observedProperty": observed}


def _coverage(coverage: Coverage, parameters: Sequence[Parameter], crs: OutputCRS) -> Document:
    domain, names, shape = _domain(coverage.domain, crs)
    return {
        "type": "Coverage",
        "id": coverage.id,
        "huegis:label": coverage.label,
        "huegis:simulated": coverage.simulated,
        "domain": domain,
        "ranges": {
            one.name: _range(coverage.values[one.name], names, shape, is_category=bool(one.categories))
            for one in parameters
        },
    }


def _domain(domain: PointSeries | Trajectory | Grid, crs: OutputCRS) -> tuple[Document, list[str], list[int]]:
    times = [iso(one) for one in domain.times]
    if isinstance(domain, Grid):
        axes: Document = {"x": {"values": domain.x.tolist()}, "y": {"values": domain.y.tolist()}}
        shape = [len(times), len(domain.y), len(domain.x)]
        return _named("Grid", {**axes, "t": {"values": times}}), ["t", "y", "x"], shape
    x, y = projected(domain.lon, domain.lat, crs)
    if isinstance(domain, PointSeries):
        axes = {"x": {"values": [float(x)]}, "y": {"values": [float(y)]}, "t": {"values": times}}
        return _named("PointSeries", axes), ["t"], [len(times)]
    tuples = [
        list(place) for place in zip(times, np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)
    ]
    composite = {"dataType": "tuple", "coordinates": ["t", "x", "y"], "values": tuples}
    return _named("Trajectory", {"composite": composite}), ["composite"], [len(tuples)]


def projected(lon: Any, lat: Any, crs: OutputCRS) -> tuple[Any, Any]:
    """Places of EPSG:4326 in a CRS, x first."""
    if crs.srid == STORAGE_SRID:
        return lon, lat
    x, y = transformer(STORAGE_SRID, crs.srid).transform(lon, lat)
    return x, y


def _named(domain_type: str, axes: Document) -> Document:
    return {"type": "Domain", "domainType": domain_type, "axes": axes}


def _range(values: FloatArray, names: list[str], shape: list[int], *, is_category: bool) -> Document:
    known = ~np.isnan(values.ravel())
    listed = np.full(known.shape, None, dtype=object)
    listed[known] = (
        values.ravel()[known].astype(int).tolist() if is_category else values.ravel()[known].tolist()
    )
    return {
        "type": "NdArray",
        "dataType": "integer" if is_category else "float",
        "axisNames": names,
        "shape": shape,
        "values": listed.tolist(),
    }


def _space_of_grid(grid: Grid, crs: OutputCRS) -> Document:
    if grid.srid == crs.srid:
        return _space(crs)
    return _space(OutputCRS(crs_uri(grid.srid), grid.srid, y_first=is_y_first(grid.srid)))


def _space(crs: OutputCRS) -> Document:
    geographic = CRS(crs.srid).is_geographic
    return {
        "coordinates": ["y", "x"] if crs.y_first else ["x", "y"],
        "system": {"type": "GeographicCRS" if geographic else "ProjectedCRS", "id": crs.uri},
    }


def _both(text: Text) -> Mapping[str, str]:
    return text._asdict()
