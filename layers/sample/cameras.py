"""The province's 642 cameras: where each stands, how it looks, whose it is and what runs on it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial.distance import cdist

from gis_core.crs import METRIC_SRID, STORAGE_SRID, to_metric
from gis_core.types import FloatArray
from layers.sample.geography import PLAINS
from layers.sample.grid import ElevationGrid
from layers.sample.shapes import bearing_deg, from_centre_m, metric, metric_point, positions

COUNTS = {"traffic": 282, "forest": 28, "flood": 50, "environment": 72, "security": 210}
_OWNERS = {
    "traffic": ("Phòng Cảnh sát giao thông", "Trung tâm Giám sát, điều hành đô thị thông minh"),
    "forest": ("Chi cục Kiểm lâm",),
    "flood": ("Ban Chỉ huy Phòng thủ dân sự thành phố",),
    "environment": ("Sở Nông nghiệp và Môi trường",),
    "security": ("Công an thành phố Huế", "Trung tâm Giám sát, điều hành đô thị thông minh"),
}
_AI = {
    "traffic": ("vehicle-count", "vehicle-density", "jam", "abnormal-flow", "red-light", "wrong-lane",
                "speeding", "helmet", "illegal-parking", "overload", "accident"),
    "forest": ("forest-smoke", "forest-fire", "wildlife", "illegal-logging"),
    "flood": ("water-level", "street-flooding", "landslide"),
    "environment": ("straw-burning", "waste-dumping", "smoke", "waste-water"),
    "security": ("crowd", "intrusion", "lost-property", "fire-indoors", "public-order"),
}  # fmt: skip
"""The 27 AI solutions, by the purpose of the cameras they run on."""
_NAMES = {
    "traffic": "Giao thông",
    "forest": "Chòi canh lửa",
    "flood": "Điểm ngập",
    "environment": "Môi trường",
    "security": "An ninh",
}
_INTERVAL_S = {"traffic": 1800.0, "forest": 600.0, "flood": 3600.0, "environment": 1800.0, "security": 900.0}
_SLOT_M = 180.0


def camera_layer(
    seed: int,
    roads: gpd.GeoDataFrame,
    forests: gpd.GeoDataFrame,
    spots: gpd.GeoDataFrame,
    terrain: ElevationGrid,
) -> gpd.GeoDataFrame:
    """The layer ``cameras``; those of purpose ``flood`` come in the order of ``spots``."""
    rng = np.random.default_rng([seed, 3])
    groups = {
        "traffic": _along_roads(roads, rng),
        "forest": _on_ridges(forests, terrain, rng),
        "flood": _at_spots(spots, rng),
        "environment": _over_fields(terrain, rng),
        "security": _in_town(roads, rng),
    }
    table = pd.concat([group.assign(purpose=purpose) for purpose, group in groups.items()], ignore_index=True)
    table["code"] = [f"CAM-{number:04d}" for number in range(1, len(table) + 1)]
    table["name"] = _numbered(table["purpose"].map(_NAMES) + " – " + table["place"])
    table["owner_agency"] = [str(rng.choice(_OWNERS[purpose])) for purpose in table["purpose"]]
    table["frame_interval_s"] = table["purpose"].map(_INTERVAL_S)
    table["ai_solutions"] = [_solutions(purpose, rng) for purpose in table["purpose"]]
    table["status"] = rng.choice(["active", "maintenance", "offline"], len(table), p=[0.93, 0.04, 0.03])
    table["azimuth_deg"] = (table["azimuth_deg"] % 360).round(2)
    table["tilt_deg"] = np.degrees(np.arctan2(table["mast_height_m"], 0.45 * table["range_m"])).round(1)
    frame = gpd.GeoDataFrame(
        table.drop(columns=["x", "y", "place"]),
        geometry=gpd.points_from_xy(table["x"], table["y"]),
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def with_stated_wards(cameras: gpd.GeoDataFrame, wards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cameras whose inventory states the name of the ward that they stand in."""
    inside = gpd.sjoin(cameras[["geometry"]], wards[["name", "geometry"]], predicate="within")
    names = inside.loc[~inside.index.duplicated(), "name"].reindex(cameras.index).astype(object)
    return cameras.assign(stated_ward=names.where(names.notna(), None))


def _numbered(names: pd.Series) -> pd.Series:
    """Names made unique by a number where several share one."""
    group = names.groupby(names, sort=False)
    number = (group.cumcount() + 1).astype(str)
    return names.where(group.transform("size") == 1, names + " " + number)


def _solutions(purpose: str, rng: np.random.Generator) -> list[str]:
    """The main solution of a purpose, and a few more of it."""
    first, *others = _AI[purpose]
    more = rng.choice(others, size=int(rng.integers(1, len(others))), replace=False)
    return [first, *sorted(str(solution) for solution in more)]


def _pose(
    position: FloatArray,
    *,
    azimuth_deg: FloatArray,
    place: list[str],
    mast_m: FloatArray,
    fov_deg: FloatArray,
    range_m: FloatArray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": position[:, 0],
            "y": position[:, 1],
            "azimuth_deg": azimuth_deg,
            "place": place,
            "mast_height_m": mast_m.round(1),
            "field_of_view_deg": fov_deg.round(0),
            "range_m": range_m.round(0),
            "road_segment_code": None,
        }
    )


def _along_roads(roads: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """At the roadside, looking along the road; gateways first, then the denser the nearer to the centre."""
    lines = to_metric(roads.geometry).to_numpy()
    length_m = shapely.length(lines)
    slots = np.clip(length_m // _SLOT_M, 1, 4).astype(int)
    segment = np.repeat(np.arange(len(roads)), slots)
    rank = np.concatenate([np.arange(count) for count in slots])
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    away_m = from_centre_m(middle)
    weight = roads["lanes"].to_numpy() * (np.exp(-away_m / 5000) + 0.02)
    weight = np.where(roads["gateway"], 100, weight)[segment] / (1 + rank)
    score = rng.random(segment.size) ** (1 / weight)
    chosen = np.sort(np.argsort(-score, kind="stable")[: COUNTS["traffic"]])
    segment, rank = segment[chosen], rank[chosen]
    range_m = np.minimum(rng.uniform(75, 130, segment.size), 0.8 * length_m[segment])
    # On a long road all the cameras stand in its first part, near the junction.
    at_m = np.minimum(rank * _SLOT_M + rng.uniform(0, 20, segment.size), length_m[segment] - range_m)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[segment], at_m))
    ahead = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[segment], at_m + 0.6 * range_m)) - foot
    )
    aside = np.column_stack([ahead[:, 1], -ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    stand = foot + aside * (1.75 * roads["lanes"].to_numpy()[segment] + 1.0)[:, None]
    group = _pose(
        stand,
        azimuth_deg=bearing_deg(foot + ahead - stand),
        place=roads["name"].iloc[segment].tolist(),
        mast_m=rng.uniform(6, 10, segment.size),
        fov_deg=rng.uniform(55, 75, segment.size),
        range_m=range_m,
    )
    return group.assign(road_segment_code=roads["code"].to_numpy()[segment])


def _on_ridges(forests: gpd.GeoDataFrame, terrain: ElevationGrid, rng: np.random.Generator) -> pd.DataFrame:
    """On the heights of each forest, further apart than 2.5 km, looking over its middle."""
    zones = to_metric(forests.geometry).to_numpy()
    share = np.maximum(
        1, np.round(COUNTS["forest"] * shapely.area(zones) / shapely.area(zones).sum())
    ).astype(int)
    share[shapely.area(zones).argmax()] += COUNTS["forest"] - share.sum()
    stands: list[FloatArray] = []
    looks: list[FloatArray] = []
    for zone, count in zip(zones, share, strict=True):
        inside = terrain.grid.mask(zone.buffer(-300))
        rows, cols = np.nonzero(inside)
        order = np.argsort(-terrain.elevation_m[rows, cols], kind="stable")
        heights = np.column_stack([terrain.grid.x[cols[order]], terrain.grid.y[rows[order]]])
        here: list[FloatArray] = []
        for candidate in heights[::20]:
            if len(here) < count and (not here or cdist([candidate], here).min() > 2500):
                here.append(candidate)
        stands += here
        looks += [np.array(zone.representative_point().coords[0][:2]) - stand for stand in here]
    size = len(stands)
    return _pose(
        np.array(stands),
        azimuth_deg=bearing_deg(np.array(looks)) + rng.normal(0, 15, size),
        place=np.repeat(forests["name"].to_numpy(), share).tolist(),
        mast_m=rng.uniform(20, 40, size),
        fov_deg=rng.uniform(90, 120, size),
        range_m=rng.uniform(6_000, 14_000, size),
    )


def _at_spots(spots: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A little off each flood spot, looking at it."""
    target = positions(spots.geometry)
    turn = rng.uniform(0, 2 * np.pi, len(spots))
    ahead = np.column_stack([np.sin(turn), np.cos(turn)]) * rng.uniform(18, 35, len(spots))[:, None]
    size = len(spots)
    return _pose(
        target - ahead,
        azimuth_deg=bearing_deg(ahead),
        place=spots["name"].tolist(),
        mast_m=rng.uniform(5, 8, size),
        fov_deg=rng.uniform(60, 80, size),
        range_m=rng.uniform(60, 90, size),
    )


def _over_fields(terrain: ElevationGrid, rng: np.random.Generator) -> pd.DataFrame:
    """On poles over the low fields of the great plain."""
    inside = terrain.grid.mask(metric(PLAINS).geoms[0])
    east = terrain.grid.x > metric_point(107.36, 16.6)[0]
    rows, cols = np.nonzero(inside & east & (terrain.elevation_m > 0.5) & (terrain.elevation_m < 4))
    chosen = rng.choice(rows.size, COUNTS["environment"], replace=False)
    position = np.column_stack([terrain.grid.x[cols[chosen]], terrain.grid.y[rows[chosen]]])
    size = len(position)
    return _pose(
        position,
        azimuth_deg=rng.uniform(0, 360, size),
        place=["Cánh đồng"] * size,
        mast_m=rng.uniform(12, 25, size),
        fov_deg=rng.uniform(60, 100, size),
        range_m=rng.uniform(1200, 2600, size),
    )


def _in_town(roads: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """By the streets of the city, looking anywhere."""
    lines = to_metric(roads.geometry).to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    away_m = from_centre_m(middle)
    weight = np.exp(-away_m / 3500) + 0.01
    segment = rng.choice(len(roads), COUNTS["security"], p=weight / weight.sum())
    along = rng.uniform(0.1, 0.9, segment.size)
    position = shapely.get_coordinates(shapely.line_interpolate_point(lines[segment], along, normalized=True))
    position += rng.normal(0, 25, position.shape)
    size = len(position)
    return _pose(
        position,
        azimuth_deg=rng.uniform(0, 360, size),
        place=roads["name"].iloc[segment].tolist(),
        mast_m=rng.uniform(4, 8, size),
        fov_deg=rng.uniform(70, 110, size),
        range_m=rng.uniform(30, 60, size),
    )
