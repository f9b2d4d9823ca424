"""The simulated province: the real place's shape and names, and two weeks that never were.

Everything follows from a seed; nothing is measured, and every row says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from layers.sample.air import air_observations
from layers.sample.areas import forest_layer, ward_layer
from layers.sample.cameras import camera_layer, with_stated_wards
from layers.sample.counts import count_observations, count_station_layer
from layers.sample.fire import fire_detections, straw_detections
from layers.sample.flooding import flood_spot_layer, flooding_detections
from layers.sample.grid import ElevationGrid
from layers.sample.rivers import river_layer
from layers.sample.roads import road_layer
from layers.sample.stations import climate_station_layer, gauge_layer, rain_station_layer
from layers.sample.terrain import make_terrain
from layers.sample.traffic import vehicle_detections
from layers.sample.weather import make_weather, observation_layer

SOURCE_PREFIX = "sample seed "


@dataclass(frozen=True)
class Sample:
    """The layers in the order in which they are loaded, and the terrain they stand on."""

    layers: dict[str, gpd.GeoDataFrame]
    terrain: ElevationGrid


def source_of(seed: int) -> str:
    """What rows of a seed's sample name as their origin."""
    return f"{SOURCE_PREFIX}{seed}"


def generate(seed: int) -> Sample:
    """The whole simulated province of a seed; the same seed gives the same bytes.

    Returns:
        Layers with the columns of their mapped classes in EPSG:4326, all of them marked as
        simulated, and the terrain in EPSG:9214.
    """
    terrain = make_terrain(seed)
    forests, roads = forest_layer(), road_layer()
    stations, gauges = rain_station_layer(terrain), gauge_layer(terrain)
    weather = make_weather(seed, stations)
    spots = flood_spot_layer(roads, terrain)
    wards = ward_layer()
    cameras = with_stated_wards(camera_layer(seed, roads, forests, spots, terrain), wards)
    spots["camera_code"] = cameras.loc[cameras["purpose"] == "flood", "code"].to_numpy()
    detections = pd.concat(
        [
            vehicle_detections(
                seed, roads=roads, cameras=cameras, gauges=gauges, terrain=terrain, weather=weather
            ),
            fire_detections(seed, cameras, terrain),
            straw_detections(seed, cameras, terrain),
            flooding_detections(seed, spots, cameras, gauges, weather),
        ],
        ignore_index=True,
    )
    loops = count_station_layer(roads)
    climate_stations = climate_station_layer(stations)
    observations = pd.concat(
        [
            observation_layer(weather, stations, gauges),
            air_observations(seed, weather, stations, climate_stations),
            count_observations(seed, loops, roads),
        ],
        ignore_index=True,
    )
    layers = {
        "wards": wards,
        "forest_zones": forests,
        "rivers": river_layer(),
        "road_segments": roads,
        "cameras": cameras,
        "rain_stations": stations,
        "river_gauges": gauges,
        "climate_stations": climate_stations,
        "count_stations": loops,
        "flood_spots": spots,
        "observations": gpd.GeoDataFrame(observations, crs=forests.crs),
        "detections": gpd.GeoDataFrame(detections, crs=forests.crs),
    }
    marked = {name: rows.assign(origin=source_of(seed), simulated=True) for name, rows in layers.items()}
    return Sample(marked, terrain)
