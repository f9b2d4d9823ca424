"""Past floods simulated again, scored against flood-spot cameras and observed polygons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyogrio.errors import DataSourceError
from rasterio.features import rasterize
from sqlalchemy import Connection, func, select

from gis_core import __version__
from gis_core.analysis.scores import Contingency, brier, contingency, edge_distance_m
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, transformer
from gis_core.db import writing
from gis_core.errors import CRSMismatchError, IngestError, InvalidParameterError, quoted
from gis_core.flood_settings import FloodEvent
from gis_core.terrain import RasterTerrain
from gis_core.time import parse_duration
from gis_core.types import BoolArray, FloatArray
from layers import cameras, detections, flood_scores, flood_spots
from layers.flood_effects import permanent_water
from layers.flood_scenario import METHOD, Scenario, run_scenario
from layers.read import read
from layers.store import load
from layers.surfaces.flood_exposure import cells_at

RIVER, RIVER_AND_RAIN = "river", "river-and-rain"
SPOTS = "flood_spots"


@dataclass(frozen=True)
class Reference:
    """What was seen of a flood, on cells or at places; the arrays have one shape.

    ``cells`` are flat indices of the terrain, ``judged`` those that count, ``edges`` whether the cells are
    the whole terrain in its shape, so that the floods have edges to compare.
    """

    name: str
    cells: np.ndarray
    flooded: BoolArray
    judged: BoolArray
    area: shapely.Polygon
    simulated: bool
    edges: bool


def replay(name: str, observed: Path | None) -> tuple[Scenario, list[dict[str, Any]]]:
    """Simulate an event of the settings again, score it, and keep the scores in the layer ``flood_scores``.

    Args:
        name: of the event.
        observed: file of polygons that were seen flooded, in any format of GDAL, with a CRS.

    Raises:
        InvalidParameterError: there is no such event.
        GisError: the file cannot be used.
    """
    event = find_event(name)
    # Before the long part, so that a wrong file is told at once.
    polygons = None if observed is None else read_polygons(observed)
    scenario = run_scenario(event.stages_m, event.at, observed_rain=True)
    terrain = scenario.flood.drained.terrain
    with writing() as connection:
        water = permanent_water(connection, terrain) | np.isnan(scenario.flood.depth_m)
        references = [seen_at_spots(connection, event.at, terrain, water)]
        if observed is not None and polygons is not None:
            references.append(_seen_in(observed.name, polygons, terrain, water))
        rows = [row for one in references if one is not None for row in _scores(name, event, scenario, one)]
        if rows:
            frame = gpd.GeoDataFrame(rows, geometry="geom", crs=STORAGE_SRID)
            load(connection, flood_scores.LAYER, frame)
    return scenario, [{key: value for key, value in row.items() if key != "geom"} for row in rows]


def find_event(name: str) -> FloodEvent:
    """An event of the settings.

    Raises:
        InvalidParameterError: there is none of that name.
    """
    events = get_settings().flood.events
    if name not in events:
        raise InvalidParameterError(
            "EVENT", f"there is no flood {quoted(name)} to replay; there are: {', '.join(events)}."
        )
    return events[name]


def seen_at_spots(
    connection: Connection, at: datetime, terrain: RasterTerrain, water: BoolArray
) -> Reference | None:
    """What the cameras of the flood spots saw around an instant; None where none of them saw water.

    A working camera that reported no water near the instant saw none, as long as others did report.
    """
    settings = get_settings().flood
    within = parse_duration(settings.observed_within, "flood.observed_within")
    seen = detections.LAYER.table.c
    query = (
        select(seen.camera_code, func.max(seen.water_depth_m), func.bool_or(seen.simulated))
        .where(
            seen.subject == "flooding",
            seen.status != "refuted",
            seen.water_depth_m.is_not(None),
            seen.camera_code.is_not(None),
            seen.detected_at.between(at - within, at + within),
        )
        .group_by(seen.camera_code)
    )
    depths = {row[0]: (row[1], row[2]) for row in connection.execute(query)}
    working = read(connection, cameras.LAYER, cameras.LAYER.table.c.status == "active", columns=())["code"]
    spots = read(connection, flood_spots.LAYER).to_crs(terrain.crs)
    spots = spots[spots["camera_code"].isin({*working, *depths})]
    reported = spots["camera_code"].isin(depths)
    if not reported.any():
        return None
    cells = cells_at(shapely.get_coordinates(spots.geometry.to_numpy()), terrain)
    depth = np.array([depths.get(code, (0.0, False))[0] for code in spots["camera_code"]])
    simulated = bool(spots["simulated"].any() or any(flag for _, flag in depths.values()))
    return Reference(
        SPOTS,
        np.maximum(cells, 0),
        depth > settings.probable_depth_m,
        (cells >= 0) & ~water.ravel()[np.maximum(cells, 0)],
        _area(spots.geometry.union_all().convex_hull.buffer(terrain.cell_m), terrain),
        simulated,
        edges=False,
    )


def read_polygons(path: Path) -> gpd.GeoSeries:
    """Polygons that were seen flooded, in EPSG:4326.

    Raises:
        IngestError: the file cannot be read, or holds no polygon.
        CRSMismatchError: it does not say its CRS.
    """
    if not path.is_file():
        raise IngestError(path.name, None, f"there is no such file ({path}).")
    try:
        shapes = gpd.read_file(path).geometry
    except (DataSourceError, AttributeError) as error:
        raise IngestError(path.name, None, "is no file of geometries that can be read.") from error
    if shapes.crs is None:
        raise CRSMismatchError(f"{path.name}: the file has no coordinate reference system; give it one.")
    polygons = shapes[shapes.geom_type.isin(("Polygon", "MultiPolygon")) & ~shapes.is_empty]
    if polygons.empty:
        raise IngestError(path.name, None, "holds no polygon.")
    return polygons.to_crs(STORAGE_SRID).make_valid()


def _seen_in(name: str, polygons: gpd.GeoSeries, terrain: RasterTerrain, water: BoolArray) -> Reference:
    """Polygons on the cells of a terrain; judged within their limits, as nobody looked beyond."""
    local = polygons.to_crs(terrain.crs)
    shape = terrain.elevation_m.shape
    flooded = rasterize(local, out_shape=shape, transform=terrain.transform, dtype="uint8").astype(bool)
    limits = shapely.box(*local.total_bounds)
    looked = rasterize([limits], out_shape=shape, transform=terrain.transform, dtype="uint8").astype(bool)
    if not (looked & ~water).any():
        raise IngestError(name, None, "its polygons lie outside the terrain, or in permanent water.")
    cells = np.arange(terrain.elevation_m.size).reshape(shape)
    # Whether a survey was simulated its file does not say.
    return Reference(
        name, cells, flooded, looked & ~water, _area(limits, terrain), simulated=False, edges=True
    )


def _scores(name: str, event: FloodEvent, scenario: Scenario, seen: Reference) -> list[dict[str, Any]]:
    flood, threshold_m = scenario.flood, get_settings().flood.probable_depth_m
    river = (flood.river_m > threshold_m).astype(float)
    tried = ((RIVER, flood.river_m, river), (RIVER_AND_RAIN, flood.depth_m, flood.hazard.astype(np.float64)))
    return [
        {
            "code": f"{name}/{method}/{seen.name}",
            "event": name,
            "method": method,
            "reference": seen.name,
            "flood_at": event.at,
            "threshold_m": threshold_m,
            **_compared(depth_m > threshold_m, probability, seen, flood.drained.terrain.cell_m),
            "terrain_sha256": flood.drained.digest,
            "version": __version__,
            "origin": METHOD,
            "simulated": flood.simulated or seen.simulated,
            "geom": seen.area,
        }
        for method, depth_m, probability in tried
    ]


def _compared(flooded: BoolArray, probability: FloatArray, seen: Reference, cell_m: float) -> dict[str, Any]:
    wet = flooded.ravel()[seen.cells]
    chance = np.asarray(probability, dtype=float).ravel()[seen.cells]
    counted: Contingency = contingency(wet, seen.flooded, seen.judged)
    return {
        "hits": counted.hits,
        "misses": counted.misses,
        "false_alarms": counted.false_alarms,
        "correct_negatives": counted.correct_negatives,
        "csi": _rounded(counted.csi, 4),
        "pod": _rounded(counted.pod, 4),
        "far": _rounded(counted.far, 4),
        "brier": _rounded(brier(chance, seen.flooded, seen.judged), 4),
        "edge_distance_m": _rounded(
            edge_distance_m(wet, seen.flooded, cell_m, seen.judged) if seen.edges else None, 1
        ),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _area(shape: shapely.Geometry, terrain: RasterTerrain) -> shapely.Polygon:
    """A polygon in the terrain's CRS as one in EPSG:4326."""
    to_degrees = transformer(terrain.crs.to_wkt(), STORAGE_SRID)
    return shapely.transform(shape, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
