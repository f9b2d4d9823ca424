"""The simulated province: complete, marked, the same for a seed, and shaped like the place."""

from __future__ import annotations

import hashlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geoalchemy2 import Geometry
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis_core.camera import view_cone
from gis_core.config import Province
from gis_core.time import LOCAL_ZONE
from layers.registry import LAYERS
from layers.sample import Sample, generate
from layers.sample.geography import RIVERS, SUMMITS
from layers.sample.shapes import metric_point, positions
from layers.sample.stations import rain_station_layer
from layers.sample.streets import GATEWAYS
from layers.sample.weather import make_weather

SEED = 2710
COUNTS = {
    "wards": 40,
    "rivers": len(RIVERS),
    "cameras": 642,
    "rain_stations": 38,
    "flood_spots": 50,
    "climate_stations": 3,
    "count_stations": len(GATEWAYS),
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(SEED)


def digest(sample: Sample) -> str:
    """A fingerprint of every value, geometries and terrain included."""
    total = hashlib.sha256(sample.terrain.elevation_m.tobytes())
    for name, rows in sample.layers.items():
        total.update(name.encode())
        total.update(b"".join(shapely.to_wkb(rows.geometry.to_numpy())))
        values = rows.drop(columns="geometry")
        if "ai_solutions" in values:
            values = values.assign(ai_solutions=values["ai_solutions"].map(",".join))
        total.update(pd.util.hash_pandas_object(values).to_numpy().tobytes())
    return total.hexdigest()


def stage_of(sample: Sample, gauge: str) -> pd.Series:
    """Stage in m by local time."""
    rows = sample.layers["observations"]
    of_gauge = rows[(rows["station_code"] == gauge) & (rows["observed_property"] == "stage_m")]
    return pd.Series(of_gauge["value"].to_numpy(), index=of_gauge["observed_at"].dt.tz_convert(LOCAL_ZONE))


def test_same_seed_gives_the_same_bytes(sample: Sample) -> None:
    assert digest(generate(SEED)) == digest(sample)


def test_another_seed_gives_other_weather(sample: Sample) -> None:
    stations = rain_station_layer(sample.terrain)
    first, second = make_weather(1, stations), make_weather(2, stations)
    assert not np.array_equal(first.rain_mm, second.rain_mm)
    assert first.stage_m[:, 0].max() == second.stage_m[:, 0].max() == 5.05


def test_every_loadable_layer_is_there_in_order(sample: Sample) -> None:
    # Buildings would be too many to make up.
    assert set(sample.layers) == {name for name, layer in LAYERS.items() if layer.loadable} - {"buildings"}
    for name, count in COUNTS.items():
        assert len(sample.layers[name]) == count
    assert len(sample.layers["road_segments"]) >= 200
    assert list(sample.layers)[-1] == "detections"


def test_columns_are_those_of_the_tables(sample: Sample) -> None:
    for name, rows in sample.layers.items():
        table = LAYERS[name].table
        known = {column.name for column in table.columns if not isinstance(column.type, Geometry)}
        assert set(rows.columns) - {"geometry"} <= known, name
        key = "origin_key" if "origin_key" in rows else "code"
        assert rows[key].is_unique, name


def test_every_row_says_that_it_is_simulated(sample: Sample) -> None:
    for rows in sample.layers.values():
        assert rows["simulated"].all()
        assert (rows["origin"] == f"sample seed {SEED}").all()


def test_limits_and_choices_of_the_columns_hold(sample: Sample) -> None:
    for name, rows in sample.layers.items():
        for column in LAYERS[name].table.columns:
            if column.name not in rows:
                continue
            values = rows[column.name].dropna()
            minimum, maximum = column.info.get("minimum"), column.info.get("maximum")
            assert minimum is None or (values >= minimum).all(), (name, column.name)
            assert maximum is None or (values <= maximum).all(), (name, column.name)
            choices = getattr(column.type, "enums", None)
            assert not choices or set(values) <= set(choices), (name, column.name)


def test_geometries_are_valid_and_in_the_province(sample: Sample) -> None:
    bounds = Province().bounds
    frame = shapely.box(*bounds)
    for name, rows in sample.layers.items():
        assert rows.crs.to_epsg() == 4326
        assert rows.geometry.is_valid.all(), name
        assert set(rows.geom_type.str.upper()) == {LAYERS[name].geometry_type}
        assert shapely.covers(frame, rows.geometry.to_numpy()).all(), name


def test_wards_do_not_overlap_and_have_the_provinces_size(sample: Sample) -> None:
    metric = sample.layers["wards"].to_crs(9214)
    total_km2 = metric.area.sum() / 1e6
    assert metric.union_all().area / 1e6 == pytest.approx(total_km2, rel=1e-6)
    # The city's area is 4,947 km²; a hand-drawn outline may err by 5 %.
    assert total_km2 == pytest.approx(4947, rel=0.05)
    assert (sample.layers["wards"]["kind"] == "ward").sum() == 21


def test_forest_zones_do_not_overlap(sample: Sample) -> None:
    metric = sample.layers["forest_zones"].to_crs(9214)
    assert metric.union_all().area == pytest.approx(metric.area.sum(), rel=1e-6)
    assert set(metric["category"]) == {"special_use", "protection", "production"}


def test_roads_are_one_network(sample: Sample) -> None:
    lines = sample.layers["road_segments"].geometry
    ends = [(line.coords[0], line.coords[-1]) for line in lines]
    node = {end: number for number, end in enumerate(dict.fromkeys(end for pair in ends for end in pair))}
    start, stop = np.array([[node[a], node[b]] for a, b in ends]).T
    graph = coo_array((np.ones(len(ends)), (start, stop)), shape=(len(node), len(node)))
    assert connected_components(graph, directed=False)[0] == 1


def test_roads_have_names_corridors_and_gateways(sample: Sample) -> None:
    roads = sample.layers["road_segments"]
    assert {"Cầu Trường Tiền", "Cầu Phú Xuân", "Cầu Dã Viên", "Lê Lợi", "Quốc lộ 1"} <= set(roads["name"])
    assert {"QL1", "Lê Duẩn–Hùng Vương"} <= set(roads["corridor"].dropna())
    assert roads["gateway"].sum() == 8


def test_rivers_run_downhill_in_the_terrain(sample: Sample) -> None:
    for name, line in zip(
        sample.layers["rivers"]["name"], sample.layers["rivers"].to_crs(9214).geometry, strict=True
    ):
        steps = np.arange(0, line.length, 7.0)
        at = shapely.get_coordinates(shapely.line_interpolate_point(line, steps))
        bed_m = sample.terrain.sample(*at.T)
        assert np.diff(bed_m).max() <= 0.001, name
        assert bed_m[0] > bed_m[-1], name


def test_terrain_looks_like_the_place(sample: Sample) -> None:
    def elevation_m(lon: float, lat: float, around_m: float = 0.0) -> np.ndarray:
        x, y = metric_point(lon, lat)
        east, north = np.meshgrid(*[np.linspace(-around_m, around_m, 41)] * 2)
        return sample.terrain.sample(x + east, y + north)

    for summit in SUMMITS:
        top_m = elevation_m(summit.lon, summit.lat, 0.6 * summit.radius_m).max()
        assert top_m == pytest.approx(summit.elevation_m, rel=0.12), summit.name
    assert 1.5 < np.median(elevation_m(107.575, 16.475, 800)) < 4.5  # the citadel
    assert 0.2 < np.median(elevation_m(107.65, 16.48, 1500)) < 2.5  # the plain of Phú Vang
    assert (elevation_m(107.86, 16.32, 2000) < 0).all()  # the lagoon of Cầu Hai
    assert (elevation_m(108.0, 16.6, 2000) < -10).all()  # the sea
    assert sample.terrain.elevation_m.dtype == np.float32
    assert np.isfinite(sample.terrain.elevation_m).all()


def test_terrain_covers_the_province(sample: Sample) -> None:
    grid, bounds = sample.terrain.grid, Province().bounds
    for lon in (bounds.west, bounds.east):
        for lat in (bounds.south, bounds.north):
            x, y = metric_point(lon, lat)
            assert grid.west_m <= x <= grid.west_m + grid.cols * grid.cell_m
            assert grid.north_m - grid.rows * grid.cell_m <= y <= grid.north_m


@pytest.mark.parametrize(
    ("gauge", "peak_m", "peak_at", "alarms_m"),
    [
        ("phu-oc", 5.25, "2025-10-27T14:00+07:00", (1.5, 3.0, 4.5)),
        ("kim-long", 5.05, "2025-10-27T20:00+07:00", (1.0, 2.0, 3.5)),
    ],
)
def test_flood_peaks_as_in_2025(
    sample: Sample, gauge: str, peak_m: float, peak_at: str, alarms_m: tuple[float, ...]
) -> None:
    stage_m = stage_of(sample, gauge)
    assert len(stage_m) == 336
    assert stage_m.max() == peak_m
    assert (stage_m == peak_m).sum() == 1
    assert stage_m.idxmax() == pd.Timestamp(peak_at)
    assert stage_m[: pd.Timestamp("2025-10-20T00:00+07:00")].between(0.15, 0.5).all()
    row = sample.layers["river_gauges"].set_index("code").loc[gauge]
    assert (row["alarm_1_m"], row["alarm_2_m"], row["alarm_3_m"]) == alarms_m
    assert row["zero_elevation_m"] == 0


def test_unpublished_alarm_levels_are_missing(sample: Sample) -> None:
    gauges = sample.layers["river_gauges"].set_index("code")
    assert gauges.drop(["kim-long", "phu-oc"])[["alarm_1_m", "alarm_2_m", "alarm_3_m"]].isna().all(axis=None)


def test_rain_is_hourly_strongest_at_bach_ma_and_before_the_flood(sample: Sample) -> None:
    rows = sample.layers["observations"]
    rain = rows[rows["observed_property"] == "rain_1h_mm"]
    assert len(rain) == 38 * 336
    total_mm = rain.groupby("station_code")["value"].sum()
    assert total_mm.idxmax() == "mua-bach-ma"
    assert 1000 < total_mm.max() < 2500
    table = rain.pivot_table(index="observed_at", columns="station_code", values="value")
    week = table[: pd.Timestamp("2025-10-20T00:00+07:00")]
    assert week.sum().max() < 5
    near = table["mua-nam-dong"].corr(table["mua-thuong-nhat"])
    assert near > 0.8
    heaviest = table.mean(axis=1).idxmax()
    assert heaviest < stage_of(sample, "phu-oc").idxmax() < stage_of(sample, "kim-long").idxmax()


def test_cameras_by_purpose_stand_where_they_should(sample: Sample) -> None:
    cameras = sample.layers["cameras"]
    assert set(cameras["purpose"]) == {"traffic", "forest", "flood", "environment", "security"}
    assert len({solution for row in cameras["ai_solutions"] for solution in row}) == 27
    assert 0.02 < (cameras["status"] != "active").mean() < 0.15
    assert cameras["name"].is_unique
    forest = cameras[cameras["purpose"] == "forest"]
    assert forest["mast_height_m"].between(20, 40).all()
    assert (sample.terrain.sample(*positions(forest.geometry).T) > 40).all()
    spots = sample.layers["flood_spots"]
    assert set(spots["camera_code"]) == set(cameras.loc[cameras["purpose"] == "flood", "code"])


def test_traffic_cameras_see_a_long_stretch_of_their_road(sample: Sample) -> None:
    cameras = sample.layers["cameras"]
    traffic = cameras[cameras["purpose"] == "traffic"]
    roads = sample.layers["road_segments"].set_index("code").to_crs(9214)
    lines = roads.geometry.loc[traffic["road_segment_code"]].to_numpy()
    cones = view_cone(
        traffic.geometry, traffic["azimuth_deg"], traffic["field_of_view_deg"], traffic["range_m"]
    )
    seen_m = shapely.length(shapely.intersection(cones.to_crs(9214).to_numpy(), lines))
    assert (seen_m > 0.7 * traffic["range_m"]).all()


def vehicles_of(sample: Sample) -> gpd.GeoDataFrame:
    rows = sample.layers["detections"]
    return rows[rows["subject"] == "vehicle"]


def test_vehicles_are_on_the_road_and_in_the_picture(sample: Sample) -> None:
    vehicles = vehicles_of(sample)
    assert 200_000 <= len(vehicles) <= 350_000
    cameras = sample.layers["cameras"].set_index("code")
    assert (cameras.loc[vehicles["camera_code"].unique(), "status"] == "active").all()
    some = vehicles.sample(5000, random_state=1)
    of = cameras.loc[some["camera_code"]]
    roads = sample.layers["road_segments"].set_index("code").to_crs(9214).geometry
    lines = roads.loc[of["road_segment_code"]].to_numpy()
    away_m = shapely.distance(lines, some.geometry.to_crs(9214).to_numpy())
    assert away_m.max() < 12
    cones = view_cone(of.geometry, of["azimuth_deg"], of["field_of_view_deg"], of["range_m"])
    assert shapely.contains(cones.to_numpy(), some.geometry.to_numpy()).all()


def test_traffic_has_two_peaks_and_stops_in_the_flood(sample: Sample) -> None:
    vehicles = vehicles_of(sample)
    local = vehicles["detected_at"].dt.tz_convert(LOCAL_ZONE)
    thursday = local[local.dt.date == pd.Timestamp("2025-10-16").date()].dt.hour.value_counts()
    assert thursday[17] > thursday[12] > thursday[3]
    assert thursday[7] > thursday[9]
    per_day = local.dt.date.value_counts()
    assert per_day[pd.Timestamp("2025-10-27").date()] < 0.25 * per_day[pd.Timestamp("2025-10-20").date()]
    shares = vehicles["class_name"].value_counts(normalize=True)
    assert shares["motorcycle"] > 0.5
    assert set(shares.index) == {"motorcycle", "car", "bus", "truck", "bicycle"}


def test_twelve_in_a_hundred_alarms_are_fires(sample: Sample) -> None:
    rows = sample.layers["detections"]
    alarms = rows[rows["subject"] == "forest_fire"]
    assert (alarms["status"] == "verified").mean() == pytest.approx(0.12, abs=0.005)
    assert set(alarms["status"]) == {"suspected", "refuted", "verified"}
    from_space = alarms["camera_code"].isna()
    assert alarms.loc[from_space, "frp_mw"].gt(0).all()
    assert alarms.loc[~from_space, "frp_mw"].isna().all()
    assert 20 < from_space.sum() < 150
    dry = pd.Timestamp("2025-10-21T00:00+07:00")
    assert (alarms["detected_at"] < dry).mean() > 0.8


def test_flooding_is_seen_only_in_the_flood_and_as_deep_as_the_water(sample: Sample) -> None:
    rows = sample.layers["detections"]
    seen = rows[rows["subject"] == "flooding"]
    assert seen["water_depth_m"].between(0.05, 6).all()
    assert seen["detected_at"].min() > pd.Timestamp("2025-10-21T00:00+07:00")
    spots = sample.layers["flood_spots"].set_index("camera_code")
    ground_m = spots.loc[seen["camera_code"], "ground_elevation_m"].to_numpy()
    # No water stands higher than the highest gauge of the plain, give or take the camera's error.
    assert (ground_m + seen["water_depth_m"]).max() < 5.25 * 1.2


def test_detections_lie_in_the_two_weeks_with_sound_covariances(sample: Sample) -> None:
    rows = sample.layers["detections"]
    assert rows["detected_at"].min() >= pd.Timestamp("2025-10-14T00:00+07:00")
    assert rows["detected_at"].max() < pd.Timestamp("2025-10-28T00:00+07:00")
    assert (rows["cov_xx_m2"] > 0).all()
    assert (rows["cov_yy_m2"] > 0).all()
    assert (rows["cov_xx_m2"] * rows["cov_yy_m2"] > rows["cov_xy_m2"] ** 2).all()
    expected = {"vehicle": "observed", "flooding": "observed"}
    for subject, status in expected.items():
        assert (rows.loc[rows["subject"] == subject, "status"] == status).all()
