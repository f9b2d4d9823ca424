"""Network density: how many vehicles are on each kilometre of road at a time, on average.

The kernel runs along the roads alone (``gis_core.analysis.network_density``); the raster tells
for each cell the density on the road in it and how much road that is, so that vehicles per km
times road is vehicles, whatever cells are added.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from rasterio.transform import from_origin
from sqlalchemy import Connection, and_, func, or_, select

from gis_core.analysis.density import grid_shape
from gis_core.analysis.network_density import Lixels, RoadGraph, cut, network_density, road_graph
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, to_metric
from gis_core.db import writing
from gis_core.errors import SurfaceNotBuiltError
from gis_core.time import Window, local_text
from gis_core.types import BoolArray, FloatArray, IntArray, Text
from layers import cameras, detections, road_segments, segment_views, themes
from layers.frames import read_frame
from layers.raster import NODATA, Band, RasterLayer, Stop
from layers.read import read
from layers.surfaces.vehicle_density import metric_grid, window_until

_SEEN = detections.LAYER.table.c
_CAMERA = cameras.LAYER.table.c
_VIEW = segment_views.LAYER.table.c
_PLACES_OF_VIEW = 5


class RoadDensity(NamedTuple):
    """Densities on pieces of road; all of shape (pieces,).

    ``x``, ``y`` are the middles of the pieces in EPSG:9214, ``road`` the index of the road that
    each is of; ``veh_km`` is NaN where no camera looks within the bandwidth along the roads.
    """

    x: FloatArray
    y: FloatArray
    road: IntArray
    length_m: FloatArray
    veh_km: FloatArray


def default_window(at: datetime | None) -> Window:
    """The settings' stretch of time that ends at ``at``, or just after the latest vehicle seen.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and no vehicle has ever been seen.
    """
    return window_until(at, get_settings().surfaces.network_density.window)


def build(window: Window) -> xr.DataArray:
    """Mean number of vehicles per km of road in the window; see ``RasterLayer.build``.

    Raises:
        SurfaceNotBuiltError: no vehicle on any road was seen in the window.
    """
    section = get_settings().surfaces.network_density
    with writing() as connection:  # a client's statement timeout would be too short for a busy month
        roads = read(connection, road_segments.LAYER, columns=("simulated",))
        seen = _vehicles(connection, window)
        views = read_frame(connection, select(_VIEW.segment_code, _VIEW.from_fraction, _VIEW.to_fraction))
    roads = roads[shapely.length(roads.geometry.to_numpy()) > 0]
    codes = pd.Index(roads[road_segments.LAYER.id_column.name])
    seen = seen.assign(road=codes.get_indexer(seen["segment_code"]))
    on_road = seen[seen["road"] >= 0]
    if on_road.empty:
        raise SurfaceNotBuiltError(
            "No camera reported a vehicle on a road between "
            f"{local_text(window.start)} and {local_text(window.end)}."
        )
    views = views.assign(road=codes.get_indexer(views["segment_code"]))
    density = densities_on(roads, on_road, views[views["road"] >= 0], window)
    inputs = {
        "detections": int(on_road["frames"].sum()),
        "detections_off_road": int(seen["frames"].sum() - on_road["frames"].sum()),
        "cameras": int(on_road["camera_code"].nunique()),
        "road_km": round(float(density.length_m.sum()) / 1000, 3),
        "vehicles_present": float(np.nansum(density.veh_km * density.length_m) / 1000),
        **basis(),
    }
    simulated = bool(on_road["simulated"].any() or roads["simulated"].any())
    return _as_surface(density, section.cell_m, {"inputs": inputs, "simulated": simulated})


def densities_on(
    roads: gpd.GeoDataFrame, seen: pd.DataFrame, views: pd.DataFrame, window: Window
) -> RoadDensity:
    """The density on every piece of road.

    Args:
        roads: segments in EPSG:4326, cut where they meet.
        seen: ``road`` (index into ``roads``), ``fraction`` along it, ``frames`` in which a
            vehicle was there, and ``interval_s``, the time that each frame stands for.
        views: ``road``, ``from_fraction`` and ``to_fraction`` of what cameras see.
        window: the stretch of time that is averaged.
    """
    section = get_settings().surfaces.network_density
    lines = to_metric(roads.geometry).to_numpy()
    graph = road_graph(lines)
    lixels = cut(graph, section.step_m)
    present = (seen["frames"] * seen["interval_s"]).to_numpy(float) / window.duration_s
    veh_km = network_density(
        graph, lixels, seen["road"].to_numpy(np.int64), seen["fraction"].to_numpy(float), present,
        bandwidth_m=section.bandwidth_m,
    )  # fmt: skip
    known = (veh_km != 0.0) | _watched(graph, lixels, views, section.bandwidth_m)
    places = shapely.line_interpolate_point(lines[lixels.edge], lixels.fraction, normalized=True)
    return RoadDensity(
        shapely.get_x(places),
        shapely.get_y(places),
        lixels.edge,
        lixels.length_m,
        # Where arms cancel, rounding may leave a little less than nothing.
        np.where(known, np.maximum(veh_km, 0.0), np.nan),
    )


def basis() -> dict[str, Any]:
    """The parameters of a build; see ``RasterLayer.basis``."""
    section = get_settings().surfaces.network_density
    return {
        "parameters": {
            "cell_m": section.cell_m, "bandwidth_m": section.bandwidth_m, "step_m": section.step_m,
        }
    }  # fmt: skip


def _watched(graph: RoadGraph, lixels: Lixels, views: pd.DataFrame, bandwidth_m: float) -> BoolArray:
    """Pieces of road that a vehicle in view of a camera could reach with its kernel."""
    part = np.linspace(0.0, 1.0, _PLACES_OF_VIEW)
    start, end = (views[name].to_numpy(float)[:, None] for name in ("from_fraction", "to_fraction"))
    fraction = (start + part * (end - start)).ravel()
    edge = np.repeat(views["road"].to_numpy(np.int64), _PLACES_OF_VIEW)
    reached = network_density(graph, lixels, edge, fraction, np.ones(len(edge)), bandwidth_m=bandwidth_m)
    watched: BoolArray = reached != 0.0
    return watched


def _as_surface(density: RoadDensity, cell_m: float, attrs: dict[str, Any]) -> xr.DataArray:
    bounds = metric_grid(get_settings().province.bounds, cell_m)
    rows, columns = grid_shape(bounds, cell_m)
    column = np.floor((density.x - bounds.west) / cell_m).astype(np.int64)
    row = np.floor((bounds.north - density.y) / cell_m).astype(np.int64)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    known = inside & ~np.isnan(density.veh_km)
    cell = row * columns + column
    road_m = np.bincount(cell[known], density.length_m[known], rows * columns)
    vehicles = np.bincount(cell[known], (density.veh_km * density.length_m / 1000)[known], rows * columns)
    veh_km = np.full(rows * columns, NODATA)
    np.divide(vehicles * 1000, road_m, out=veh_km, where=road_m > 0)
    bands = np.stack([veh_km, np.where(road_m > 0, road_m, NODATA)]).reshape(2, rows, columns)
    return xr.DataArray(
        bands.astype(np.float32),
        dims=("band", "y", "x"),
        coords={
            "band": [band.name for band in SURFACE.bands],
            "y": bounds.north - (np.arange(rows) + 0.5) * cell_m,
            "x": bounds.west + (np.arange(columns) + 0.5) * cell_m,
        },
        attrs={
            "crs": f"EPSG:{METRIC_SRID}",
            "transform": from_origin(bounds.west, bounds.north, cell_m, cell_m),
            **attrs,
        },
    )


def _vehicles(connection: Connection, window: Window) -> pd.DataFrame:
    """Where on the roads vehicles were seen by known cameras, and in how many frames."""
    at = (_SEEN.road_segment_code, _SEEN.segment_fraction, _SEEN.camera_code, _CAMERA.frame_interval_s)
    query = (
        select(
            _SEEN.road_segment_code.label("segment_code"),
            _SEEN.segment_fraction.label("fraction"),
            _SEEN.camera_code,
            _CAMERA.frame_interval_s.label("interval_s"),
            func.count().label("frames"),
            func.bool_or(or_(_SEEN.simulated, _CAMERA.simulated)).label("simulated"),
        )
        .join_from(detections.LAYER.table, cameras.LAYER.table, _SEEN.camera_code == _CAMERA.code)
        .where(
            and_(
                _SEEN.subject == "vehicle",
                _SEEN.detected_at >= window.start,
                _SEEN.detected_at < window.end,
            )
        )
        .group_by(*at)
    )
    return read_frame(connection, query)


SURFACE = RasterLayer(
    name="network-density",
    title=Text("Mật độ phương tiện trên mạng lưới đường", "Vehicle density along the roads"),
    description=Text(
        "Số phương tiện trung bình trên mỗi km đường trong khoảng thời gian, lan truyền dọc theo mạng lưới "
        "đường; nơi không camera nào quan sát trong phạm vi nhân thì để trống.",
        "Mean number of vehicles per km of road in the window, spread along the road network; "
        "empty where no camera looks within reach of the kernel.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    method=Text(
        "Ước lượng mật độ nhân trên mạng lưới, chia đều liên tục (Okabe, Satoh và Sugihara 2009): "
        "không phương tiện nào bị tràn ra khỏi đường của nó.",
        "Equal-split continuous kernel density on the network (Okabe, Satoh & Sugihara 2009): "
        "no vehicle leaks off its road.",
    ),
    bands=(
        Band(
            "vehicles_per_km",
            Text("Phương tiện trên km đường", "Vehicles per km of road"),
            "1/km",
            (
                Stop(0.05, "#1a9850", Text("0,05–5", "0.05–5")),
                Stop(5, "#91cf60", Text("5–10", "5–10")),
                Stop(10, "#f2c230", Text("10–20", "10–20")),
                Stop(20, "#fc8d59", Text("20–40", "20–40")),
                Stop(40, "#d73027", Text("40–80", "40–80")),
                Stop(80, "#7f0000", Text("từ 80", "80 and more")),
            ),
        ),
        Band(
            "road_m",
            Text("Chiều dài đường trong ô", "Road in the cell"),
            "m",
            (
                Stop(1, "#d9d9d9", Text("1–100", "1–100")),
                Stop(100, "#969696", Text("100–300", "100–300")),
                Stop(300, "#525252", Text("từ 300", "300 and more")),
            ),
        ),
    ),
    build=build,
    default_window=default_window,
    basis=basis,
    follows=("cameras", "road_segments", "segment_views", "detections"),
    overviews="nearest",
    keywords=("giao thông", "mật độ", "traffic", "density", "network"),
    theme=themes.TRAFFIC,
)
