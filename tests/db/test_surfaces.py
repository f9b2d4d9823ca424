"""The computed surfaces over a small valley of known shape, from the tables to the file and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import xarray as xr
from click.testing import CliRunner
from rasterio.transform import from_origin

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.db import writing
from gis_core.errors import GisError, RasterError, SurfaceNotBuiltError
from gis_core.time import Window
from layers import cameras, detections, observations, river_gauges
from layers.base import Layer
from layers.raster import RasterLayer, read_record, write_surface
from layers.registry import SURFACES
from layers.store import load
from layers.surfaces.building import prepare
from layers.surfaces.commands import surfaces
from layers.surfaces.series import series

AT = datetime(2025, 10, 27, 13, 0, tzinfo=UTC)
DAMAGE = ([0, 0.5, 1, 1.5, 2, 3, 4, 5, 6], [0, 0.33, 0.49, 0.62, 0.72, 0.87, 0.93, 0.98, 1])
WEST, NORTH, CELL_M = 560_000.0, 1_826_000.0, 100.0
ROWS, COLUMNS, RIVER_COLUMN, SHORE_ROW = 200, 100, 50, 180
GAUGE_ROW = 90


def put(layer: Layer, rows: gpd.GeoDataFrame) -> None:
    with writing() as connection:
        load(connection, layer, rows.to_crs(STORAGE_SRID).assign(origin="test", simulated=False))


def points(x: list[float], y: list[float], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=METRIC_SRID)


def make_terrain(path: Path, *, simulated: bool = False) -> None:
    """A valley 18 km long that falls 0.5 m in a km to a sea, its sides 2 m higher on each 100 m."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    z = 0.05 * (SHORE_ROW - row) + 2.0 * np.abs(column - RIVER_COLUMN)
    z = np.where(row >= SHORE_ROW, -5.0, z).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=ROWS, width=COLUMNS, dtype="float32",
        crs=f"EPSG:{METRIC_SRID}", transform=from_origin(WEST, NORTH, CELL_M, CELL_M),
    ) as dataset:  # fmt: skip
        dataset.write(z, 1)
        dataset.update_tags(SIMULATED="YES" if simulated else "NO")


def put_gauges(**alarm_1_m: float | None) -> None:
    """Gauges by code, one beside the other at the river in row 90, whose bed lies at 4.5 m."""
    codes = list(alarm_1_m)
    x = [WEST + (RIVER_COLUMN + 0.5) * CELL_M] * len(codes)
    y = [NORTH - (GAUGE_ROW + 0.5 + 3 * index) * CELL_M for index in range(len(codes))]
    alarms = [np.nan if value is None else value for value in alarm_1_m.values()]
    put(
        river_gauges.LAYER,
        points(
            x, y, code=codes, name=[code.title() for code in codes], river="Hương", datum="Hòn Dấu",
            zero_elevation_m=4.0, alarm_1_m=alarms,
        ),
    )  # fmt: skip


def put_stage(code: str, stage_m: float, at: datetime = AT) -> None:
    put(
        observations.LAYER,
        points(
            [WEST], [NORTH], observed_at=[at], station_code=code, observed_property="stage_m", value=stage_m,
            origin_key=f"{code} {at}",
        ),
    )  # fmt: skip


def put_camera(code: str, interval_s: float) -> None:
    put(
        cameras.LAYER,
        points(
            [WEST + 5000], [NORTH - 5000], code=code, name=code, owner_agency="police", purpose="traffic",
            mast_height_m=8.0, azimuth_deg=90.0, tilt_deg=20.0, field_of_view_deg=60.0, range_m=100.0,
            frame_interval_s=interval_s, ai_solutions=[["counting"]], status="active",
        ),
    )  # fmt: skip


def put_vehicles(camera: str | None, count: int, until: datetime = AT) -> None:
    times = [until - timedelta(seconds=60 * (index + 1)) for index in range(count)]
    put(
        detections.LAYER,
        points(
            [WEST + 5030.0] * count, [NORTH - 5000.0] * count, detected_at=times, camera_code=camera,
            subject="vehicle", class_name="car", status="observed", steward_agency="police",
            origin_key=[f"{camera} {index}" for index in range(count)],
        ),
    )  # fmt: skip


@pytest.fixture
def valley(database: str) -> Path:
    """The terrain file of the valley, where the settings expect it."""
    path = get_settings().terrain_file
    make_terrain(path)
    return path


@pytest.fixture
def run() -> Callable[..., str]:
    """Run ``huegis surfaces …`` in this process and give back what it printed."""

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(surfaces, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


def depth_at(row: int, column: int, path: Path | None = None) -> float:
    with rasterio.open(path or SURFACES["flood-risk"].path(get_settings())) as dataset:
        return float(dataset.read(2)[row, column])


def test_a_camera_that_always_sees_one_vehicle_shows_one_vehicle_present(
    database: str, run: Callable[..., str]
) -> None:
    put_camera("C1", 60.0)
    put_vehicles("C1", 60)
    run("build", "vehicle-density", "--at", AT.isoformat(), "--window", "1h")
    surface = SURFACES["vehicle-density"]
    with rasterio.open(surface.path(get_settings())) as dataset:
        density = dataset.read(1).astype(float)
        present = density.sum() * dataset.res[0] ** 2 / 1e6
        row, column = np.unravel_index(density.argmax(), density.shape)
        x, y = dataset.xy(row, column)
        assert dataset.crs.to_epsg() == METRIC_SRID
    assert present == pytest.approx(1.0, rel=1e-4)
    assert np.hypot(x - (WEST + 5030), y - (NORTH - 5000)) < 50
    record = read_record(surface, surface.path(get_settings()))
    assert record.window == Window(AT - timedelta(hours=1), AT)
    assert (record.inputs["detections"], record.inputs["cameras"], record.simulated) == (60, 1, False)


def test_vehicles_outside_the_window_or_of_no_known_camera_do_not_count(database: str) -> None:
    put_camera("C1", 60.0)
    put_vehicles("C1", 10)
    put_vehicles("C9", 7)
    put_vehicles(None, 5)
    array = SURFACES["vehicle-density"].build(Window(AT - timedelta(minutes=5), AT))
    assert array.attrs["inputs"]["detections"] == 5
    assert array.attrs["inputs"]["detections_without_known_camera"] == 10
    assert float(array.sum()) * 50**2 / 1e6 == pytest.approx(1.0, rel=1e-4)


def test_the_default_window_takes_the_latest_vehicle_in(database: str) -> None:
    put_camera("C1", 60.0)
    put_vehicles("C1", 3, until=AT + timedelta(seconds=30))
    window = SURFACES["vehicle-density"].default_window(None)
    assert window.end == AT
    assert window.duration_s == 24 * 3600
    assert SURFACES["vehicle-density"].build(window).attrs["inputs"]["detections"] == 3


@pytest.mark.parametrize("surface", SURFACES.values(), ids=list(SURFACES))
def test_without_data_a_surface_is_refused_in_a_sentence(database: str, surface: RasterLayer) -> None:
    with pytest.raises(SurfaceNotBuiltError, match=r"yet( \(\w+\))?, so there is no"):
        surface.default_window(None)
    with pytest.raises(
        SurfaceNotBuiltError,
        match=r"(reported (a (vehicle( on a road)? between|stage from)|the hour until)|observed from) \d",
    ):
        surface.build(surface.default_window(AT))


def test_the_gauge_floods_the_ground_below_its_water_level(valley: Path, run: Callable[..., str]) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    run("build", "flood-risk")
    # The staff's zero is 4 m and the stage 5 m, so the water stands at 9 m; the ground lies at
    # 4.5 m in the river and 2 m higher on every cell beside it.
    beside = [depth_at(GAUGE_ROW, RIVER_COLUMN + cells) for cells in range(4)]
    assert beside == pytest.approx([4.5, 2.5, 0.5, 0.0], abs=0.02)
    assert depth_at(SHORE_ROW + 10, RIVER_COLUMN) == -9999
    with rasterio.open(SURFACES["flood-risk"].path(get_settings())) as dataset:
        classes, depth, hazard, exposure, vulnerability = dataset.read()
        row = (GAUGE_ROW, slice(RIVER_COLUMN, RIVER_COLUMN + 2))
        # Without wards and roads there is open land alone, and water so deep destroys most of the value.
        assert exposure[row].tolist() == pytest.approx([0.1, 0.1])
        assert hazard[row].tolist() == [1, 1]
        assert vulnerability[row] == pytest.approx(np.interp(depth[row], *DAMAGE), abs=0.08)
        # 0.1 of 0.96 and of 0.79 are beyond 0.08 and about it.
        assert classes[GAUGE_ROW, RIVER_COLUMN] == 3
        assert (classes[(depth == 0) & (hazard == 0)] == 0).all()
        assert (classes[depth > 0] >= 1).all()
        assert set(np.unique(classes)) <= {-9999, 0, 1, 2, 3, 4, 5}


def test_below_alarm_level_one_nothing_is_flooded(valley: Path, run: Callable[..., str]) -> None:
    put_gauges(upper=3.0, lower=None)
    put_stage("upper", 2.9)
    put_stage("lower", 1.4)
    assert "flooded: 0.0 km²" in run("build", "flood-risk")


def test_the_latest_reading_counts_if_it_is_fresh_and_missing_gauges_are_named(valley: Path) -> None:
    put_gauges(upper=1.0, lower=1.0)
    put_stage("upper", 2.0, AT - timedelta(hours=5))
    put_stage("upper", 5.0, AT)
    put_stage("upper", 8.0, AT + timedelta(minutes=1))
    put_stage("lower", 6.0, AT - timedelta(hours=7))
    surface = SURFACES["flood-risk"]
    inputs = surface.build(surface.default_window(AT)).attrs["inputs"]
    assert [(gauge["code"], gauge["stage_m"]) for gauge in inputs["gauges"]] == [("upper", 5.0)]
    assert inputs["gauges"][0]["observed_at"] == AT.isoformat()
    assert inputs["gauges_without_reading"] == ["Lower"]
    assert inputs["terrain"]["file"] == "terrain.tif"
    assert len(inputs["terrain_sha256"]) == 64
    json.dumps(inputs)


def test_a_surface_is_simulated_when_its_terrain_is(database: str) -> None:
    make_terrain(get_settings().terrain_file, simulated=True)
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    surface = SURFACES["flood-risk"]
    assert surface.build(surface.default_window(None)).attrs["simulated"] is True


def test_the_drainage_is_kept_and_gives_the_same_flood_again(valley: Path) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    surface = SURFACES["flood-risk"]
    first = surface.build(surface.default_window(None))
    kept = list(valley.parent.glob("drainage-*.tif"))
    assert len(kept) == 1
    made_at = kept[0].stat().st_mtime_ns
    second = surface.build(surface.default_window(None))
    assert kept[0].stat().st_mtime_ns == made_at
    np.testing.assert_array_equal(first, second)
    make_terrain(valley, simulated=True)
    assert surface.build(surface.default_window(None)).attrs["simulated"]
    assert [path.name for path in valley.parent.glob("drainage-*.tif")] != [kept[0].name]


def test_a_surface_is_a_valid_cog_with_its_record_in_it(valley: Path, run: Callable[..., str]) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    run("build", "flood-risk", "--at", "2025-10-27T20:30")
    surface = SURFACES["flood-risk"]
    with rasterio.open(surface.path(get_settings())) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.descriptions == ("risk_class", "depth_m", "hazard", "exposure", "vulnerability")
        assert dataset.units == ("1", "m", "1", "1", "1")
        assert dataset.nodata == -9999
        assert set(dataset.dtypes) == {"float32"}
    record = read_record(surface, surface.path(get_settings()))
    assert record.window.end == datetime(2025, 10, 27, 13, 30, tzinfo=UTC)
    assert record.inputs["gauges"][0]["stage_m"] == 5.0


def test_overviews_of_classes_hold_classes_and_nothing_between(tmp_path: Path) -> None:
    classes = np.arange(5 * 600 * 700).reshape(5, 600, 700) % 6.0
    grid = {"crs": "EPSG:9214", "transform": from_origin(WEST, NORTH, CELL_M, CELL_M)}
    attrs = grid | {"inputs": {}, "simulated": False}
    path = tmp_path / "classes.tif"
    write_surface(
        SURFACES["flood-risk"],
        Window(AT, AT),
        xr.DataArray(classes, dims=("band", "y", "x"), attrs=attrs),
        path,
    )
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1) == [2, 4]
    with rasterio.open(path, overview_level=1) as dataset:
        assert set(np.unique(dataset.read(1))) <= {0, 1, 2, 3, 4, 5}


def test_a_reader_keeps_the_old_surface_and_a_failed_build_leaves_it(
    valley: Path, run: Callable[..., str]
) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    run("build", "flood-risk")
    path = SURFACES["flood-risk"].path(get_settings())
    with rasterio.open(path) as old:
        put_stage("upper", 8.0, AT + timedelta(hours=1))
        run("build", "flood-risk")
        assert float(old.read(2)[GAUGE_ROW, RIVER_COLUMN]) == pytest.approx(4.5, abs=0.02)
    assert depth_at(GAUGE_ROW, RIVER_COLUMN) == pytest.approx(7.5, abs=0.02)
    before = path.read_bytes()
    valley.write_text("no terrain any more")
    with pytest.raises(RasterError):
        run("build", "flood-risk")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == [path.name]
    assert len(series(SURFACES["flood-risk"], get_settings())) == 2


def test_what_cannot_be_written_is_said_in_a_sentence(valley: Path, run: Callable[..., str]) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    with pytest.raises(RasterError, match="cannot be written"):
        run("build", "flood-risk", "--output", str(valley / "under-a-file" / "x.tif"))


def test_a_file_that_is_none_of_ours_is_not_taken_for_a_surface(valley: Path) -> None:
    with pytest.raises(SurfaceNotBuiltError, match=r"terrain\.tif is not a surface of this service"):
        read_record(SURFACES["flood-risk"], valley)


def test_a_uniform_stage_floods_any_terrain_into_a_file_of_its_own(
    valley: Path, run: Callable[..., str], tmp_path: Path
) -> None:
    out = tmp_path / "what-if.tif"
    printed = run("build", "flood-risk", "--stage-m", "2.5", "--output", str(out))
    assert str(out) in printed
    assert depth_at(GAUGE_ROW, RIVER_COLUMN, out) == pytest.approx(2.5, abs=0.02)
    assert depth_at(GAUGE_ROW, RIVER_COLUMN + 1, out) == pytest.approx(0.5, abs=0.02)
    assert read_record(SURFACES["flood-risk"], out).inputs["uniform_rise_m"] == 2.5
    assert not SURFACES["flood-risk"].path(get_settings()).exists()


def test_the_real_terrain_of_da_nang_is_flooded_below_its_hills(
    database: str, shared_data: Path, run: Callable[..., str], tmp_path: Path
) -> None:
    terrain, out = shared_data / "dem" / "danang_dem.tif", tmp_path / "danang.tif"
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    with pytest.raises(SurfaceNotBuiltError, match=r"stands on a stream of danang_dem\.tif"):
        run("build", "flood-risk", "--terrain", str(terrain), "--output", str(out))
    printed = run("build", "flood-risk", "--terrain", str(terrain), "--stage-m", "3", "--output", str(out))
    assert "reprojected to EPSG:9214" in printed
    with rasterio.open(out) as dataset:
        depth = dataset.read(2, masked=True)
    record = read_record(SURFACES["flood-risk"], out)
    assert not record.simulated
    # Sea and the rim outside are masked; a good part of the plain is wet and the hills are dry.
    assert 0.18 < depth.mask.mean() < 0.25
    assert 150 < record.inputs["flooded_km2"] < 350
    assert 3.0 <= depth.max() <= 4.0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("vehicle-density", "--stage-m", "3"), "is not built on a terrain"),
        (("vehicle-density", "--terrain", "x.tif"), "is not built on a terrain"),
        (("flood-risk", "--window", "6h"), "shows one moment"),
        (("flood-risk", "--stage-m", "-1"), "is not between 0 and 15 m"),
        (("flood-risk", "--at", "yesterday"), "is not a time"),
        (("vehicle-density", "--window", "soon"), "is not a length of time"),
        (("vehicle-density", "--window", "999999999d"), "reaches back beyond the calendar"),
        (("snow",), "There is no layer 'snow'"),
        (("flood-risk", "--stage-m", "1", "--terrain", "gone.tif"), "There is no terrain at gone.tif"),
    ],
)
def test_what_makes_no_sense_is_refused(
    valley: Path, run: Callable[..., str], arguments: tuple[str, ...], reason: str
) -> None:
    put_camera("C1", 60.0)
    put_vehicles("C1", 1)
    with pytest.raises(GisError, match=reason):
        run("build", *arguments)


def test_the_list_tells_what_is_built_and_what_is_not(valley: Path, run: Callable[..., str]) -> None:
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    run("build", "flood-risk")
    printed = run("list")
    assert (
        "vehicle-density: Mật độ phương tiện / Vehicle density\n  Surface 'vehicle-density' has not been"
        in printed
    )
    assert "to 20:00 27-10-2025" in printed
    assert str(SURFACES["flood-risk"].path(get_settings())) in printed


def test_preparing_builds_what_is_missing_or_out_of_date_and_nothing_else(valley: Path) -> None:
    said: list[str] = []
    put_gauges(upper=1.0)
    put_stage("upper", 5.0)
    prepare(said.append)
    assert "vehicle-density is not built: No camera has reported a vehicle yet" in said[0]
    assert sum(line.startswith("Building surface flood-risk:") for line in said) == 1
    path = SURFACES["flood-risk"].path(get_settings())
    built = path.stat().st_mtime_ns

    prepare(lambda line: None)
    assert path.stat().st_mtime_ns == built

    for change, reason in (
        (lambda: put_stage("upper", 6.0, AT + timedelta(hours=1)), "there are later data"),
        (lambda: make_terrain(valley, simulated=True), "changed terrain"),
        (lambda: path.write_bytes(b"broken"), "there is none yet"),
    ):
        change()
        said.clear()
        prepare(said.append)
        assert any(f"flood-risk: {reason}" in line for line in said), reason
    assert depth_at(GAUGE_ROW, RIVER_COLUMN) == pytest.approx(5.5, abs=0.02)
