"""Surfaces as a dated series: whole before it is shown, kept for a time, and built anew with its inputs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pystac
import pytest
import rasterio
import xarray as xr
from click.testing import CliRunner
from rasterio.transform import from_origin
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import writing
from gis_core.errors import RasterError, SurfaceNotBuiltError
from gis_core.time import Window
from gis_core.types import Text
from layers.raster import Band, RasterLayer, read_record
from layers.registry import SURFACES
from layers.surfaces import building
from layers.surfaces.building import build, why_to_build
from layers.surfaces.commands import surfaces
from layers.surfaces.series import forget, kept_at, publish, series

DAY = datetime(2025, 10, 27, tzinfo=UTC)


def array(value: float, *, bands: int = 1) -> xr.DataArray:
    return xr.DataArray(
        np.full((bands, 40, 60), value, np.float32),
        dims=("band", "y", "x"),
        attrs={
            "crs": f"EPSG:{METRIC_SRID}", "transform": from_origin(560_000, 1_822_000, 50, 50),
            "inputs": {"value": value}, "simulated": True,
        },
    )  # fmt: skip


def window(hours: float) -> Window:
    end = DAY + timedelta(hours=hours)
    return Window(end - timedelta(hours=6), end)


LEVEL = RasterLayer(
    name="level",
    title=Text("Mức", "Level"),
    description=Text("Một mức.", "One level."),
    steward=Text("Cơ quan", "Agency"),
    method=Text("Một số.", "A number."),
    bands=(Band("level", Text("Mức", "Level"), "m", ()),),
    build=lambda window: array(window.end.hour),
    default_window=lambda at: window(0),
    follows=("cameras",),
)


def shown() -> float:
    with rasterio.open(LEVEL.path(get_settings())) as dataset:
        return float(dataset.read(1)[0, 0])


def put(hours: float) -> None:
    publish(LEVEL, window(hours), array(hours), get_settings())


@pytest.mark.usefixtures("database")
def test_the_last_one_built_is_shown_and_all_are_kept() -> None:
    for hours in (1, 3, 2):
        put(hours)
        assert shown() == hours
    kept = series(LEVEL, get_settings())
    assert [one.at for one in kept] == [DAY + timedelta(hours=hours) for hours in (1, 2, 3)]
    put(3)
    assert series(LEVEL, get_settings()) == kept


@pytest.mark.usefixtures("database")
def test_what_was_valid_at_an_instant() -> None:
    put(1)
    put(3)
    settings = get_settings()
    assert kept_at(LEVEL, DAY + timedelta(hours=1), settings).at == DAY + timedelta(hours=1)
    assert kept_at(LEVEL, DAY + timedelta(hours=2.9), settings).at == DAY + timedelta(hours=1)
    assert kept_at(LEVEL, DAY + timedelta(days=9), settings).at == DAY + timedelta(hours=3)
    with pytest.raises(SurfaceNotBuiltError, match="the series begins at 08:00 27-10-2025"):
        kept_at(LEVEL, DAY, settings)


@pytest.mark.usefixtures("database")
def test_old_ones_go_with_their_items_and_strange_files_stay() -> None:
    folder = get_settings().surface_dir / "level"
    put(0)
    put(24 * 30 - 1)
    (folder / "notes.tif").write_bytes(b"mine")
    assert len(series(LEVEL, get_settings())) == 2
    put(24 * 30 + 1)
    assert [one.at for one in series(LEVEL, get_settings())] == [
        DAY + timedelta(days=30, hours=-1), DAY + timedelta(days=30, hours=1),
    ]  # fmt: skip
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".json", ".tif", ".tif", ".tif"]
    assert forget(LEVEL, get_settings()) == 0


@pytest.mark.usefixtures("database")
def test_the_one_before_is_shown_until_the_next_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    put(1)

    def full_disk(*_: object, **__: object) -> None:
        assert shown() == 1
        raise OSError("No space left on device")

    monkeypatch.setattr("layers.raster.copy_raster", full_disk)
    with pytest.raises(RasterError, match="No space left"):
        put(2)
    assert shown() == 1
    assert len(series(LEVEL, get_settings())) == 1


@pytest.mark.usefixtures("database")
def test_its_item_is_stac_and_names_all_that_it_was_made_of() -> None:
    put(7)
    (kept,) = series(LEVEL, get_settings())
    item = pystac.Item.from_file(str(kept.path.with_suffix(".json")))
    assert item.datetime == DAY + timedelta(hours=7)
    assert item.properties["huegis:inputs"] == {"value": 7}
    assert item.properties["huegis:simulated"] is True
    assert item.properties["proj:code"] == f"EPSG:{METRIC_SRID}"
    west, south, east, north = item.bbox or ()
    assert 107 < west < east < 108.2
    assert 15.9 < south < north < 16.8
    asset = item.assets["surface"]
    assert (kept.path.parent / asset.href).samefile(kept.path)
    assert asset.to_dict()["bands"][0]["unit"] == "m"
    assert json.loads(kept.path.with_suffix(".json").read_text())["stac_version"].startswith("1.")


@pytest.mark.usefixtures("database")
def test_a_change_of_a_layer_that_it_follows_is_a_reason_to_build() -> None:
    settings = get_settings()
    assert why_to_build(LEVEL, window(0), settings) == "there is none yet"
    build(LEVEL, window(0), settings)
    assert why_to_build(LEVEL, window(0), settings) is None
    with writing() as connection:
        connection.execute(text("DELETE FROM gis.river_gauges"))
    assert why_to_build(LEVEL, window(0), settings) is None
    with writing() as connection:
        connection.execute(text("DELETE FROM gis.cameras"))
    assert why_to_build(LEVEL, window(0), settings) == "changed cameras"
    build(LEVEL, window(0), settings)
    assert why_to_build(LEVEL, window(0), settings) is None
    assert read_record(LEVEL, LEVEL.path(settings)).inputs["value"] == 0


@pytest.fixture
def one_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SURFACES", {"level": LEVEL})


@pytest.mark.usefixtures("database", "one_surface")
def test_the_watch_builds_what_is_out_of_date_and_nothing_else() -> None:
    first = CliRunner().invoke(surfaces, ["watch", "--once"], catch_exceptions=False)
    assert "Building surface level: there is none yet" in first.output
    assert CliRunner().invoke(surfaces, ["watch", "--once"], catch_exceptions=False).output == ""


@pytest.mark.usefixtures("database")
def test_the_command_lists_a_series() -> None:
    surface = SURFACES["flood-risk"]
    publish(surface, window(5), array(1, bands=len(surface.bands)), get_settings())
    listed = CliRunner().invoke(surfaces, ["series", "flood-risk"], catch_exceptions=False)
    assert "12:00 27-10-2025" in listed.output
    assert "20251027T050000Z.tif" in listed.output
