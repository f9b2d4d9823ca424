"""What EDR answers is what the layers hold: the same numbers by another way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.crs import transformer
from gis_core.db import reading
from gis_core.time import Window
from layers.corridor_choice import named
from layers.corridor_totals import by_class, whole_corridor
from layers.corridors import hourly_density
from layers.registry import SURFACES
from layers.rollup import HOUR
from layers.surfaces.series import series
from tests.api.test_edr import document, watched_corridor
from tests.conftest import Place, RunningService

PLACES = [(107.58, 16.46), (107.5912, 16.4633), (107.3, 16.2), (107.52, 16.55), (107.81, 16.31)]


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{service.base_url}/ogc/collections", timeout=60) as opened:
        yield opened


def column(told: dict[str, Any], name: str) -> list[float | None]:
    values: list[float | None] = told["ranges"][name]["values"]
    return values


def numbers(told: dict[str, Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(column(told, name), dtype=float)


def moments(told: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in told["domain"]["axes"]["t"]["values"]]


@pytest.mark.parametrize(
    ("layer", "parameter"), [("rain_stations", "rain_1h_mm"), ("river_gauges", "stage_m")]
)
def test_a_station_tells_what_the_table_holds(
    client: httpx.Client, province: Place, layer: str, parameter: str
) -> None:
    code = document(client, f"/{layer}/locations")["features"][0]["id"]
    query = text(
        "SELECT observed_at, value FROM gis.observations WHERE station_code = :code AND observed_at >= :first"
        " AND observed_property = :name AND observed_at < :after ORDER BY observed_at"
    )
    values = {"code": code, "name": parameter, "first": "2025-10-26+07", "after": "2025-10-27+07"}
    with reading() as connection:
        rows = connection.execute(query, values).all()
    (told,) = document(client, f"/{layer}/locations/{code}", datetime="2025-10-26")["coverages"]
    assert len(rows) == 24
    assert moments(told) == [row.observed_at for row in rows]
    assert column(told, parameter) == [row.value for row in rows]


def test_stations_are_those_of_the_place(client: httpx.Client, province: Place) -> None:
    def found(query: str, **asked: str) -> set[str]:
        answered = document(client, f"/rain_stations/{query}", **asked, datetime="2025-10-27T12:00Z")
        return {one["id"] for one in answered["coverages"]}

    def within(distance_m: float) -> set[str]:
        query = text(
            "SELECT code FROM gis.rain_stations WHERE ST_DWithin(geom::geography,"
            " 'SRID=4326;POINT(107.58 16.46)'::geography, :distance_m)"
        )
        return set(connection.execute(query, {"distance_m": distance_m}).scalars())

    with reading() as connection:
        at_20_km = within(20_000)
        inside = "ST_Within(geom, ST_MakeEnvelope(107.4, 16.3, 107.7, 16.6, 4326))"
        in_box = set(connection.execute(text(f"SELECT code FROM gis.rain_stations WHERE {inside}")).scalars())
        distance = "geom::geography <-> 'SRID=4326;POINT(107.58 16.46)'::geography"
        nearest = connection.execute(text(f"SELECT code FROM gis.rain_stations ORDER BY {distance}")).scalar()
    there = {"coords": "POINT(107.58 16.46)"}
    assert found("radius", **there, **{"within": "20", "within-units": "km"}) == at_20_km
    assert found("cube", bbox="107.4,16.3,107.7,16.6") == in_box
    assert found("area", coords="POLYGON((107.4 16.3,107.7 16.3,107.7 16.6,107.4 16.6,107.4 16.3))") == in_box
    assert found("position", **there) == {nearest}
    wide = {"corridor-width": "40", "width-units": "km", "coords": "LINESTRING(107.58 16.46,107.5801 16.46)"}
    assert found("corridor", **wide) == at_20_km
    assert len(at_20_km) > 3


@pytest.mark.parametrize("name", SURFACES)
def test_a_position_is_the_cell_that_it_lies_in(client: httpx.Client, province: Place, name: str) -> None:
    surface = SURFACES[name]
    points = ",".join(f"({lon} {lat})" for lon, lat in PLACES)
    told = document(client, f"/{name}/position", coords=f"MULTIPOINT({points})")["coverages"]
    newest = series(surface, get_settings())[-1]
    with rasterio.open(newest.path) as dataset:
        change = transformer(4326, dataset.crs.to_epsg())
        sampled = list(dataset.sample([change.transform(*place) for place in PLACES]))
    assert len(told) == len(PLACES)
    for one, cells in zip(told, sampled, strict=True):
        assert moments(one) == [newest.at]
        for band, cell in zip(surface.bands, cells.tolist(), strict=True):
            assert column(one, band.name) == [None if cell == dataset.nodata else cell]


def test_a_cube_and_an_area_are_the_cells_of_the_file(client: httpx.Client, province: Place) -> None:
    told = document(client, "/flood-risk/cube", bbox="107.57,16.45,107.59,16.47")["coverages"][0]
    axes = told["domain"]["axes"]
    with rasterio.open(SURFACES["flood-risk"].path(get_settings())) as dataset:
        cells = [
            value
            for y in axes["y"]["values"]
            for (value,) in dataset.sample([(x, y) for x in axes["x"]["values"]], [2])
        ]
        assert np.diff(axes["x"]["values"]) == pytest.approx(dataset.res[0])
        srid, nodata = dataset.crs.to_epsg(), dataset.nodata
    expected = [np.nan if value == nodata else value for value in cells]
    assert numbers(told, "depth_m") == pytest.approx(np.array(expected), nan_ok=True)
    triangle = "POLYGON((107.57 16.45,107.59 16.45,107.59 16.47,107.57 16.45))"
    area = document(client, "/flood-risk/area", coords=triangle)["coverages"][0]
    shape = shapely.transform(
        shapely.from_wkt(triangle), transformer(4326, srid).transform, interleaved=False
    )
    x, y = np.meshgrid(area["domain"]["axes"]["x"]["values"], area["domain"]["axes"]["y"]["values"])
    known = ~np.isnan(numbers(area, "exposure"))
    inside = shapely.contains_xy(shape, x, y).ravel()
    far = shapely.distance(shape, shapely.points(x, y)).ravel() > np.hypot(*np.diff(x[0])[:1].repeat(2))
    assert known[inside].any()
    assert not known[far].any()


def test_cells_in_another_crs_are_the_cells_there(client: httpx.Client, province: Place) -> None:
    with rasterio.open(SURFACES["rain"].path(get_settings())) as dataset:
        native, nodata = dataset.crs.to_epsg(), dataset.nodata
        box = transformer(4326, 3857).transform_bounds(107.5, 16.4, 107.6, 16.5)
        told = document(
            client, "/rain/cube", bbox=",".join(map(str, box)), crs="EPSG:3857",
            **{"parameter-name": "rain_24h_mm"},
        )  # fmt: skip
        assert told["referencing"][0]["system"]["id"].endswith("/3857")
        axes = told["coverages"][0]["domain"]["axes"]
        x, y = np.meshgrid(axes["x"]["values"], axes["y"]["values"])
        places = zip(*transformer(3857, native).transform(x.ravel(), y.ravel()), strict=True)
        band = [one.name for one in SURFACES["rain"].bands].index("rain_24h_mm") + 1
        cells = np.array([value for (value,) in dataset.sample(places, [band])], dtype=float)
    cells[cells == nodata] = np.nan
    same = np.isclose(numbers(told["coverages"][0], "rain_24h_mm"), cells, equal_nan=True)
    # On the edge between two cells either may be taken.
    assert same.mean() > 0.9


def test_a_trajectory_with_times_takes_the_run_of_each(client: httpx.Client, province: Place) -> None:
    newest = series(SURFACES["rain"], get_settings())[-1]
    start_s = newest.at.timestamp() - 600
    line = f"LINESTRINGM(107.5 16.4 {start_s},107.6 16.5 {start_s + 1200})"
    (told,) = document(client, "/rain/trajectory", coords=line)["coverages"]
    times = [datetime.fromisoformat(place[0]) for place in told["domain"]["axes"]["composite"]["values"]]
    values = numbers(told, "rain_24h_mm")
    assert len(times) > 10
    # Before the first run that is kept nothing was known.
    assert np.isnan(values).tolist() == [moment < newest.at for moment in times]
    corridor = {"corridor-width": "2", "width-units": "km"}
    (cells,) = document(client, "/rain/corridor", coords=line, **corridor)["coverages"]
    assert moments(cells) == [newest.at]
    earlier = line.replace(f"{start_s}", "0").replace(f"{start_s + 1200}", "9")
    assert document(client, "/rain/corridor", coords=earlier, **corridor)["coverages"] == []


def test_a_named_corridor_is_that_of_the_roll_ups(client: httpx.Client, province: Place) -> None:
    for feature in document(client, "/road_segments/locations")["features"]:
        told = client.get(feature["properties"]["edrqueryendpoint"]).json()["coverages"][0]
        if not np.isnan(numbers(told, "veh_km")).all():
            break
    start = moments(told)[0]
    with reading() as connection:
        hourly = hourly_density(connection, feature["id"], Window(start, moments(told)[-1] + HOUR))
        classes = by_class(connection, named(connection, feature["id"]), hourly, HOUR)
    whole = whole_corridor(hourly)
    for name in ("veh_km", "veh_km_sigma", "pcu_km", "pcu_km_lane"):
        assert numbers(told, name) == pytest.approx(whole[name].to_numpy(float), nan_ok=True)
    levels = [None if pd.isna(level) else "ABCDEF".index(level) + 1 for level in whole["level"]]
    assert column(told, "level") == levels
    of_cars = classes[classes["class_name"] == "car"].merge(hourly[["segment_code", "hour_at", "length_m"]])
    vehicles = (
        of_cars.assign(vehicles=of_cars["veh_km"] * of_cars["length_m"]).groupby("hour_at")["vehicles"].sum()
    )
    known_m = hourly[hourly["veh_km"].notna()].groupby("hour_at")["length_m"].sum()
    expected = (vehicles.reindex(known_m.index, fill_value=0.0) / known_m).reindex(whole["hour_at"])
    assert numbers(told, "veh_km_car") == pytest.approx(expected.to_numpy(float), nan_ok=True)


def test_a_drawn_corridor_tells_each_hour_of_each_segment(client: httpx.Client, province: Place) -> None:
    asked = {"coords": watched_corridor(client), "corridor-width": "40", "width-units": "m"}
    told = document(client, "/road_segments/corridor", **asked)["coverages"]
    assert [one["id"] for one in told[:1]] == ["corridor"]
    hours = moments(told[0])
    assert len(hours) == 24
    with reading() as connection:
        day = connection.execute(text("SELECT max(hour_at) FROM gis.segment_counts")).scalar_one()
        rows = connection.execute(text("SELECT code, length_m FROM gis.road_segments"))
        lengths = {row.code: row.length_m for row in rows}
    assert hours[-1] == day
    segments = told[1:]
    length_m = np.array([lengths[one["id"]] for one in segments])
    density = np.array([numbers(one, "veh_km") for one in segments])
    known_m = np.where(np.isnan(density), 0.0, length_m[:, None])
    observed = known_m.sum(axis=0) > 0
    mean = np.nansum(density * length_m[:, None], axis=0)[observed] / known_m.sum(axis=0)[observed]
    assert observed.any()
    assert numbers(told[0], "veh_km")[observed] == pytest.approx(mean)
    hour = document(client, "/road_segments/corridor", **asked, datetime=hours[5].isoformat())["coverages"]
    assert moments(hour[0]) == [hours[5]]
    assert column(hour[0], "veh_km") == column(told[0], "veh_km")[5:6]


def test_a_drive_along_a_road_meets_the_traffic_of_its_hour(client: httpx.Client, province: Place) -> None:
    line = watched_corridor(client)
    hourly = document(client, "/road_segments/trajectory", coords=line)["coverages"]
    assert len(hourly) == 24
    hour = datetime.fromisoformat(hourly[20]["domain"]["axes"]["composite"]["values"][0][0]).timestamp()
    places = line.removeprefix("LINESTRING(").removesuffix(")").split(",")
    timed = ",".join(f"{place} {hour + number}" for number, place in enumerate(places))
    (driven,) = document(client, "/road_segments/trajectory", coords=f"LINESTRINGM({timed})")["coverages"]
    assert column(driven, "veh_km") == column(hourly[20], "veh_km")
    times = [place[0] for place in driven["domain"]["axes"]["composite"]["values"]]
    assert {datetime.fromisoformat(one).timestamp() // 3600 for one in times} == {hour // 3600}
