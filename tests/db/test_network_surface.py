"""Density along roads from the tables to the file, and where a cell's number comes from."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from shapely import LineString

from gis_core.config import get_settings
from gis_core.crs import metric_to_lonlat
from gis_core.db import writing
from gis_core.errors import InvalidParameterError, LayerNotFoundError, SurfaceNotBuiltError
from layers import road_segments
from layers.raster import read_record
from layers.registry import SURFACES
from layers.surfaces.commands import surfaces
from layers.viewsheds import compute_views
from tests.db.test_surfaces import AT, NORTH, WEST, points, put, put_camera, put_vehicles

PLACE = WEST + 5030.0, NORTH - 5000.0
"""Where the camera sees its vehicles."""


@pytest.fixture
def roads(database: str) -> Path:
    """A road under the vehicles, another 40 m beside it that never meets it, and one far off."""
    lines = [
        LineString([(WEST + 4000, PLACE[1]), (WEST + 6000, PLACE[1])]),
        LineString([(WEST + 4000, PLACE[1] + 40), (WEST + 6000, PLACE[1] + 40)]),
        LineString([(WEST + 9000, NORTH - 9000), (WEST + 9900, NORTH - 9000)]),
    ]
    rows = points([0.0] * 3, [0.0] * 3, code=["UNDER", "BESIDE", "FAR"], road_class="primary", one_way=False)
    put(road_segments.LAYER, rows.set_geometry(lines, crs=rows.crs))
    put_camera("C1", 60.0)
    with writing() as connection:
        compute_views(connection, get_settings())
    return SURFACES["network-density"].path(get_settings())


def build(name: str = "network-density") -> None:
    done = CliRunner().invoke(
        surfaces, ["build", name, "--at", AT.isoformat(), "--window", "1h"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output


def test_every_vehicle_stays_on_its_road(roads: Path) -> None:
    put_vehicles("C1", 60)
    build()
    with rasterio.open(roads) as dataset:
        veh_km, road_m = dataset.read(masked=True).astype(float)
        row, column = np.unravel_index(veh_km.argmax(), veh_km.shape)
        x, y = dataset.xy(row, column)
    # A vehicle in each of 60 frames that stand for a minute each is one, all on one road.
    assert (veh_km * road_m).sum() / 1000 == pytest.approx(1, rel=1e-4)
    assert np.hypot(x - PLACE[0], y - PLACE[1]) < 75
    # One kernel of 300 m has its peak at 15/16 of a vehicle in 0.3 km.
    assert veh_km.max() <= 15 / 16 / 0.3
    # The road far off is seen by nobody: not known, and no zero.
    assert 1_000 < road_m.sum() < 2_000
    record = read_record(SURFACES["network-density"], roads)
    assert (record.inputs["detections"], record.inputs["cameras"]) == (60, 1)
    assert record.inputs["vehicles_present"] == pytest.approx(1)


def test_without_a_vehicle_on_a_road_there_is_no_surface(roads: Path) -> None:
    put_vehicles(None, 3)
    with pytest.raises(SurfaceNotBuiltError, match="No camera reported a vehicle on a road"):
        build()


@pytest.mark.parametrize("name", ["vehicle-density", "network-density"])
def test_a_cell_names_its_cameras_and_frames(roads: Path, name: str) -> None:
    put_vehicles("C1", 60)
    build(name)
    lon, lat = (float(one[0]) for one in metric_to_lonlat(*(np.array([one]) for one in PLACE)))

    def origin(of: str, place: str) -> dict[str, object]:
        done = CliRunner().invoke(surfaces, ["origin", of, "--at", place, "--json"], catch_exceptions=False)
        return json.loads(done.output)  # type: ignore[no-any-return]

    told = origin(name.replace("-", "_"), f"{lon},{lat}")
    assert told["value"] > 0  # type: ignore[operator]
    assert told["from"] == (AT - timedelta(hours=1)).isoformat()
    (camera,) = told["cameras"]  # type: ignore[misc]
    assert (camera["camera_code"], camera["hours"], camera["detections"]) == ("C1", 1, 60)
    assert len(told["hours"][0]["frame_times"]) == 60  # type: ignore[index]
    assert origin(name, f"{lon + 0.2},{lat}")["cameras"] == []
    with pytest.raises(InvalidParameterError, match="lies outside"):
        origin(name, "10,10")


def test_what_is_made_of_no_frames_has_no_such_origin(roads: Path) -> None:
    for name, error in (("flood-risk", InvalidParameterError), ("nothing", LayerNotFoundError)):
        with pytest.raises(error):
            CliRunner().invoke(surfaces, ["origin", name, "--at", "107,16"], catch_exceptions=False)


@pytest.mark.parametrize("way", ["silverman", "cross-validation"])
def test_the_bandwidth_may_come_from_the_data(roads: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_camera("C2", 60.0)
    for number in range(8):
        put_vehicles("C1" if number % 2 else "C2", number + 1, AT - timedelta(minutes=number))
    monkeypatch.setenv("HUEGIS_SURFACES__VEHICLE_DENSITY__BANDWIDTH_BY", way)
    get_settings.cache_clear()
    with writing() as connection:
        connection.exec_driver_sql(
            "UPDATE gis.detections "
            "SET geom = ST_Translate(geom, (extract(minute FROM detected_at) - 30) / 900, 0)"
        )
    build("vehicle-density")
    record = read_record(SURFACES["vehicle-density"], SURFACES["vehicle-density"].path(get_settings()))
    assert record.inputs["bandwidth_m"] >= 250
    assert record.inputs["bandwidth_m"] != 300
    assert record.inputs["parameters"]["bandwidth_m"] == way
