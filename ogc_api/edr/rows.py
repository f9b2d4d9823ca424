"""Answers as rows, one for each place and time: EDR GeoJSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS

from gis_core.crs import STORAGE_SRID, OutputCRS, transformer
from gis_core.errors import InvalidParameterError
from layers.edr.base import Coverage, Grid, Parameter, PointSeries
from ogc_api.edr.coverage_json import projected
from ogc_api.edr.moments import iso

GEOJSON_TYPE = "application/geo+json"
CSV_TYPE = "text/csv; charset=utf-8"
_MOST_FEATURES = 50_000


class Row(NamedTuple):
    """What is known at one place and time; ``x`` and ``y`` in the CRS of the answer."""

    coverage: Coverage
    at: str
    x: float
    y: float
    values: list[float | str | None]


def rows(coverages: Sequence[Coverage], parameters: Sequence[Parameter], crs: OutputCRS) -> Iterator[Row]:
    """Every place and time; cells of which nothing is known are left out, hours of a station are not."""
    for coverage in coverages:
        times = [iso(one) for one in coverage.domain.times]
        columns = [_column(coverage, one) for one in parameters]
        places: Iterator[tuple[str, float, float]]
        if isinstance(coverage.domain, Grid):
            cells = np.meshgrid(coverage.domain.x, coverage.domain.y)
            change = transformer(coverage.domain.srid, crs.srid)
            all_x, all_y = (one.ravel().tolist() for one in change.transform(*cells))
            places = ((at, x, y) for at in times for x, y in zip(all_x, all_y, strict=True))
        else:
            lon, lat = projected(coverage.domain.lon, coverage.domain.lat, crs)
            if isinstance(coverage.domain, PointSeries):
                places = ((at, float(lon), float(lat)) for at in times)
            else:
                places = zip(times, np.asarray(lon).tolist(), np.asarray(lat).tolist(), strict=True)
        is_grid = isinstance(coverage.domain, Grid)
        for (at, x, y), *values in zip(places, *columns, strict=True):
            if not is_grid or any(value is not None for value in values):
                yield Row(coverage, at, x, y, values)


def geojson(
    coverages: Sequence[Coverage],
    parameters: Sequence[Parameter],
    crs: OutputCRS,
    endpoint: Callable[[Coverage], str],
) -> str:
    """EDR GeoJSON: a feature for each place and time, with what is known there among its properties.

    Args:
        coverages: the answer.
        parameters: what was asked for.
        crs: of the coordinates, in its own axis order.
        endpoint: where more can be asked of a coverage.

    Raises:
        InvalidParameterError: these would be too many features.
    """
    features = []
    names = [one.name for one in parameters]
    lines = {
        one.id: json.loads(shapely.to_geojson(_shape(one.shape, crs)))
        for one in coverages
        if one.shape is not None and isinstance(one.domain, PointSeries)
    }
    for number, row in enumerate(rows(coverages, parameters, crs)):
        if number == _MOST_FEATURES:
            raise InvalidParameterError(
                "f",
                f"there would be more than {_MOST_FEATURES:,} features; CoverageJSON and CSV may hold more.",
            )
        point = {"type": "Point", "coordinates": [row.y, row.x] if crs.y_first else [row.x, row.y]}
        features.append(
            {
                "type": "Feature",
                "id": f"{row.coverage.id}/{row.at}" if row.coverage.id in lines else number + 1,
                "geometry": lines.get(row.coverage.id, point),
                "properties": {
                    "label": row.coverage.label,
                    "datetime": row.at,
                    "parameter-name": names,
                    "edrqueryendpoint": endpoint(row.coverage),
                    "location": row.coverage.id,
                    **dict(zip(names, row.values, strict=True)),
                    "simulated": row.coverage.simulated,
                },
            }
        )
    body = {"type": "FeatureCollection", "numberReturned": len(features), "features": features}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def as_csv(coverages: Sequence[Coverage], parameters: Sequence[Parameter], crs: OutputCRS) -> str:
    """A line for each place and time; what is not known is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    axes = ("lon", "lat") if CRS(crs.srid).is_geographic else ("x", "y")
    writer.writerow(["location", "label", "datetime", *axes, *(one.name for one in parameters), "simulated"])
    for row in rows(coverages, parameters, crs):
        simulated = str(row.coverage.simulated).lower()
        writer.writerow([row.coverage.id, row.coverage.label, row.at, row.x, row.y, *row.values, simulated])
    return text.getvalue()


def _column(coverage: Coverage, parameter: Parameter) -> list[float | str | None]:
    values = coverage.values[parameter.name].ravel()
    known = ~np.isnan(values)
    column = np.full(values.shape, None, dtype=object)
    if parameter.categories:
        names = {float(one.number): one.name for one in parameter.categories}
        column[known] = [names[value] for value in values[known].tolist()]
    else:
        column[known] = values[known].tolist()
    listed: list[float | str | None] = column.tolist()
    return listed


def _shape(shape: shapely.Geometry, crs: OutputCRS) -> shapely.Geometry:
    def change(degrees: Any) -> Any:
        x, y = degrees.T
        if crs.srid != STORAGE_SRID:
            x, y = transformer(STORAGE_SRID, crs.srid).transform(x, y)
        return np.column_stack((y, x) if crs.y_first else (x, y))

    return shapely.transform(shapely.force_2d(shape), change)
