"""Frames drawn for cameras of the sample become features whose ellipses hold the true places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from sqlalchemy import Connection

from detectors import drawn_frames, first_pass, looking
from detectors.base import Detections, Frame
from detectors.training.scenes import CLASSES, Scene
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.errors import DetectorError
from layers.journal import record_load
from layers.read import read
from layers.registry import LAYERS
from layers.sample import source_of
from layers.store import forget_simulated, load
from tests.conftest import Place

X, Y = 560_000.0, 1_820_000.0
LAST = datetime(2025, 10, 27, 16, 30, tzinfo=UTC)
BY_DAY = datetime(2025, 10, 27, 9, 10, tzinfo=UTC)
STEP = timedelta(seconds=20)


class Truth:
    """In the place of a model: what was drawn, by the scene that the picture comes from."""

    classes = CLASSES

    def __init__(self, scenes: list[Scene]) -> None:
        self._scenes = scenes

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        (frame,) = frames
        (scene,) = (one for one in self._scenes if one.image is frame.image)
        return [Detections(frame, scene.boxes_px, scene.class_names, np.full(len(scene.class_names), 0.9))]


def at(*offsets: tuple[float, float]) -> gpd.GeoSeries:
    places = gpd.GeoSeries([shapely.Point(X + east, Y + north) for east, north in offsets], crs=METRIC_SRID)
    return places.to_crs(4326)


def camera(code: str, purpose: str, solution: str, range_m: float, mast_m: float) -> dict[str, object]:
    return {
        "code": code, "name": code, "owner_agency": "HueIOC", "purpose": purpose, "mast_height_m": mast_m,
        "azimuth_deg": 0.0, "tilt_deg": 10.0 if range_m < 1000 else 2.0, "field_of_view_deg": 65.0,
        "range_m": range_m, "frame_interval_s": 60.0, "ai_solutions": [solution], "status": "active",
    }  # fmt: skip


@pytest.fixture
def province(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """A street with a camera, and a pole that looks over a plain that rises; the scenes that are drawn."""
    cameras = [camera("CAM-0001", "traffic", "vehicle-count", 100.0, 8.0),
               camera("CAM-0002", "environment", "straw-burning", 2000.0, 20.0)]  # fmt: skip
    road = gpd.GeoSeries([shapely.LineString([(X - 8, Y - 60), (X - 8, Y + 300)])], crs=METRIC_SRID).to_crs(
        4326
    )
    rows = {
        "road_segments": gpd.GeoDataFrame(
            {"code": ["R-1"], "name": ["Lê Lợi"], "road_class": ["primary"], "lanes": [4]},
            geometry=road,
        ),
        "cameras": gpd.GeoDataFrame(cameras, geometry=at((0, 0), (500, 0))),
    }  # fmt: skip
    with writing() as connection:
        for name, frame in rows.items():
            load(connection, LAYERS[name], frame.assign(origin="test", simulated=True))
        load_newest(connection)
    write_terrain(place.var_dir / "terrain" / "terrain.tif")
    scenes: list[Scene] = []
    draw = drawn_frames.draw_for_camera

    def drawing(*given: object, **more: object) -> object:
        scene, truths = draw(*given, **more)  # type: ignore[arg-type]
        scenes.append(scene)
        return scene, truths

    monkeypatch.setattr(drawn_frames, "draw_for_camera", drawing)
    monkeypatch.setattr(looking, "make_detector", lambda name, settings: Truth(scenes))
    return scenes


def load_newest(connection: Connection) -> None:
    """The newest detection of the sample, as if the whole had just been loaded."""
    row = {"detected_at": [LAST], "subject": ["vehicle"], "class_name": ["car"], "origin_key": ["1"]}
    rows = gpd.GeoDataFrame(row, geometry=at((0, 50))).assign(origin="test", simulated=True)
    record_load(connection, source_of(2710), "detections", load(connection, LAYERS["detections"], rows))


def write_terrain(path: Path) -> None:
    """A plain that rises by one in fifty to the north."""
    path.parent.mkdir()
    rows, columns, cell_m = 200, 200, 30.0
    rise = np.repeat(np.arange(rows, 0, -1)[:, None] * cell_m / 50, columns, axis=1).astype(np.float32)
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="float32",
        crs=f"EPSG:{METRIC_SRID}", transform=from_origin(X - 2500, Y + 5000, cell_m, cell_m),
    ) as dataset:  # fmt: skip
        dataset.write(rise, 1)


def rows_of(layer: str) -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, LAYERS[layer])


def test_what_is_drawn_is_found_where_it_stands(province: list[Scene]) -> None:
    """Drawing and georeferencing share no code: true boxes must lead back to the true places."""
    said: list[str] = []
    first_pass.prepare(said.append)
    seen = rows_of("detections")
    seen = seen[seen["camera_code"].notna()]
    assert seen["simulated"].all()
    assert set(seen["subject"]) == {"vehicle", "straw_burning"}
    assert (seen["subject"] == "vehicle").sum() >= 8
    assert set(seen.loc[seen["subject"] == "vehicle", "detected_at"]) == {LAST + STEP, LAST + 2 * STEP}
    assert set(seen.loc[seen["subject"] == "straw_burning", "detected_at"]) <= {BY_DAY, BY_DAY + STEP}
    assert (seen[["cov_xx_m2", "cov_yy_m2"]] > 0).all(axis=None)
    assert len(said) == 1
    inside, compared = map(int, said[0].partition("s; ")[2].split(" have")[0].split(" of "))
    assert compared == len(seen)
    assert inside >= 0.9 * compared
    assert said[0].startswith("4 frames drawn for 2 cameras: ")


def test_it_is_done_once_for_each_load_of_the_sample(province: list[Scene]) -> None:
    first_pass.prepare(print)
    before = set(rows_of("detections")["id"])
    said: list[str] = []
    first_pass.prepare(said.append)
    assert said == []
    with writing() as connection:
        forget_simulated(connection, LAYERS["detections"])
        load_newest(connection)
    first_pass.prepare(said.append)
    assert len(said) == 1
    assert set(rows_of("detections")["id"]) == before


def test_without_weights_the_service_comes_up_without_drawn_frames(
    province: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise DetectorError("There is no model hue-rtmdet.onnx.")

    monkeypatch.setattr(looking, "make_detector", missing)
    said: list[str] = []
    first_pass.prepare(said.append)
    assert said == ["No drawn frames: There is no model hue-rtmdet.onnx."]
    assert len(rows_of("detections")) == 1


def test_a_database_of_the_users_own_gets_no_drawn_frames(
    province: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gis_core.config import get_settings

    monkeypatch.setenv("HUEGIS_SAMPLE__ENABLED", "false")
    get_settings.cache_clear()
    first_pass.prepare(print)
    assert len(rows_of("detections")) == 1
    assert province == []
