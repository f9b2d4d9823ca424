"""``huegis detect``: frames of a camera become features with their errors, once, and faults are sentences."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from shapely import Point

from detectors import looking, watching
from detectors.base import Detections, Frame
from detectors.commands import detect
from detectors.sources import SourceError
from detectors.watching import Pool, Report, plans
from gis_core.config import Settings, get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.errors import ConfigError, DetectorError, FeatureNotFoundError
from layers.read import read
from layers.registry import LAYERS
from layers.store import load
from tests.conftest import Place
from tests.filming import film, http_server

NAME = "CAM-1_20251027T080000"
SIZE = (200, 100)


class Finder:
    """In the place of a model: a car on the ground and smoke above the horizon, wherever there is light."""

    classes = ("car", "motorcycle", "bus", "truck", "bicycle", "person", "smoke", "flame", "straw_fire",
               "flood", "rubbish", "animal")  # fmt: skip

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._in(frame) for frame in frames]

    def _in(self, frame: Frame) -> Detections:
        assert frame.image is not None
        if frame.image.mean() < 10:
            raise DetectorError("It is too dark.")
        width, height = frame.width_px, frame.height_px
        boxes = np.array([[0.45, 0.2, 0.55, 0.5], [0.1, 0.0, 0.2, 0.05]]) * [width, height, width, height]
        return Detections(frame, boxes, ("car", "smoke"), np.array([0.9, 0.8]))


@pytest.fixture
def camera(place: Place, monkeypatch: pytest.MonkeyPatch) -> Point:
    """A camera that looks north from a 10 m mast, 10° below the horizon; its place in EPSG:9214."""
    monkeypatch.setattr(looking, "make_detector", lambda name, settings: Finder())
    where = gpd.GeoSeries([Point(107.58, 16.46)], crs=4326)
    rows = gpd.GeoDataFrame(
        {
            "code": ["CAM-1"], "name": ["Ngã sáu"], "owner_agency": ["HueIOC"], "purpose": ["traffic"],
            "mast_height_m": [10.0], "azimuth_deg": [0.0], "tilt_deg": [10.0], "field_of_view_deg": [90.0],
            "range_m": [150.0], "frame_interval_s": [1.0],
            "ai_solutions": [["vehicle-count", "forest-smoke"]],
            "status": ["active"], "origin": ["test"],
        },
        geometry=where,
    )  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["cameras"], rows)
    return where.to_crs(METRIC_SRID).iloc[0]


def picture(path: Path, grey: int = 90) -> Path:
    Image.fromarray(np.full((SIZE[1], SIZE[0], 3), grey, np.uint8)).save(path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(detect, ["run", *map(str, arguments)], catch_exceptions=False)


def rows_of(layer: str) -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, LAYERS[layer])


def test_a_picture_becomes_a_feature_with_its_error_and_a_bearing(camera: Point, tmp_path: Path) -> None:
    file = picture(tmp_path / f"{NAME}.png")
    done = run(file, "--camera", "CAM-1")
    assert "1 frames with vehicle-count, forest-smoke, 2 new findings" in done.output
    assert "1 without a position on the ground" in done.output
    seen = rows_of("detections").iloc[0]
    assert seen["detected_at"] == datetime(2025, 10, 27, 1, tzinfo=UTC)
    assert (seen["subject"], seen["solutions"], seen["status"]) == ("vehicle", ["vehicle-count"], "observed")
    assert (seen["anchor_u_px"], seen["anchor_v_px"]) == pytest.approx((100, 50))
    # A box of 20 x 30 px whose edges are known to 4 %, and to no less than a pixel.
    assert (seen["anchor_sigma_u_px"], seen["anchor_sigma_v_px"]) == pytest.approx((1, 1.2))
    assert (seen["frame_width_px"], seen["frame_height_px"]) == SIZE
    assert seen["cov_yy_m2"] > seen["cov_xx_m2"] > 0
    metric = rows_of("detections").to_crs(METRIC_SRID).geometry.iloc[0]
    # The middle of the frame, 10° below the horizon from 10 m, lies 10 / tan 10° = 56.71 m ahead.
    assert (metric.x - camera.x, metric.y - camera.y) == pytest.approx((0, 56.713), abs=0.01)
    direction = rows_of("bearings").iloc[0]
    assert direction["reason"] == "The pixel shows no ground: it lies above the horizon."
    assert (direction["subject"], direction["class_name"]) == ("forest_fire", "smoke")
    assert direction["steward_agency"] == "Chi cục Kiểm lâm"
    # 70 px to the left of the middle, 45 px up of it; the focal length is 100 px.
    expected = np.degrees(np.arctan2(-70, 100 * np.cos(np.radians(10)) + 45 * np.sin(np.radians(10)))) % 360
    assert direction["azimuth_deg"] == pytest.approx(expected, abs=0.01)
    # Two fifths of its 20 px are 8 px, or 3.01° there; the heading's own 0.5° adds little.
    assert direction["azimuth_sigma_deg"] == pytest.approx(np.hypot(3.01, 0.5), abs=0.05)
    assert direction.geometry.distance(Point(107.58, 16.46)) < 1e-6


def test_the_same_frame_twice_changes_nothing(camera: Point, tmp_path: Path) -> None:
    file = picture(tmp_path / f"{NAME}.png")
    run(file, "--camera", "CAM-1")
    again = run(file, "--camera", "CAM-1")
    assert "0 new findings, 2 known already" in again.output
    assert len(rows_of("detections")) == len(rows_of("bearings")) == 1


def test_a_video_at_a_rate_and_a_solution_by_name(camera: Point, tmp_path: Path) -> None:
    done = run(film(tmp_path / f"{NAME}.mp4", frames=30), "--camera", "CAM-1", "--rate", 2,
               "--solution", "vehicle-density", "--simulated")  # fmt: skip
    assert "6 frames with vehicle-density, 6 new findings" in done.output
    rows = rows_of("detections")
    assert rows["simulated"].all()
    assert [moment.microsecond for moment in rows["detected_at"]] == [0, 500_000] * 3
    assert {tuple(names) for names in rows["solutions"]} == {("vehicle-density",)}


def test_each_fault_of_a_folder_is_a_sentence_and_the_rest_goes_on(camera: Point, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    whole = picture(folder / "a_20251027T080000.png").read_bytes()
    picture(folder / "b_20251027T081000.png", grey=0)
    (folder / "c_20251027T082000.png").write_bytes(whole[:100])
    (folder / "d_20251027T083000.mp4").write_bytes(b"nothing")
    (folder / "e.csv").write_text("u,v")
    picture(folder / "f_20251027T084000.png")
    done = run(folder, "--camera", "CAM-1")
    assert "2 frames with" in done.output
    assert done.stderr.splitlines() == [
        "huegis: It is too dark.",
        "huegis: c_20251027T082000.png: the picture is damaged or cut short.",
        "huegis: d_20251027T083000.mp4: it is no video that can be read, or its beginning or end is missing.",
        "huegis: e.csv: it is neither a picture nor a video, by its name.",
    ]


def test_what_cannot_be_run_at_all_is_one_sentence(camera: Point, tmp_path: Path) -> None:
    file = picture(tmp_path / f"{NAME}.png")
    with pytest.raises(FeatureNotFoundError, match="CAM-404"):
        run(file, "--camera", "CAM-404")
    with pytest.raises(DetectorError, match="Solution speeding needs a model"):
        run(file, "--camera", "CAM-1", "--solution", "speeding")
    with pytest.raises(SourceError, match="no such file"):
        run(tmp_path / "nowhere", "--camera", "CAM-1")
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"broken\.png: not one frame of it was analysed"):
        run(tmp_path / "broken.png", "--camera", "CAM-1")
    assert rows_of("detections").empty


def test_frames_that_a_calibration_does_not_fit_are_named_once(camera: Point, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    places = [
        (u, v, camera.x + (u - 100) / 4, camera.y + 60 - v / 2) for u in (20, 100, 180) for v in (40, 60, 80)
    ]
    points.write_text("u,v,x,y\n" + "\n".join(",".join(map(str, row)) for row in places))
    from layers.camera_commands import cameras

    CliRunner().invoke(
        cameras,
        ["calibrate", str(points), "--crs", "EPSG:9214", "--camera", "CAM-1", "--frame-size", "200x100",
         "--from", "2025-01-01"],
        catch_exceptions=False,
    )  # fmt: skip
    done = run(film(tmp_path / f"{NAME}.mp4"), "--camera", "CAM-1", "--rate", 5)
    assert "10 frames with" in done.output
    assert "0 new findings" in done.output
    assert done.stderr.count("show another part of the scene") == 1


def test_a_stream_is_watched_until_its_limit(camera: Point, tmp_path: Path) -> None:
    with http_server(film(tmp_path / "live.ts"), "video/mp2t") as (url, _):
        done = run(url, "--camera", "CAM-1", "--limit", 2, "--rate", 50)
    assert "2 frames with" in done.output
    assert len(rows_of("detections")) == 2


def test_pictures_are_kept_where_a_solution_says_so(
    camera: Point, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solutions = Settings().model_dump(mode="json")["solutions"]
    solutions["vehicle-count"] |= {"crops": True, "originals": "steward", "retention": "1d"}
    monkeypatch.setenv("HUEGIS_SOLUTIONS", json.dumps(solutions))
    get_settings.cache_clear()
    run(picture(tmp_path / f"{NAME}.png"), "--camera", "CAM-1")
    identifier = str(rows_of("detections")["id"].iloc[0])
    kept = sorted(path.relative_to(place.var_dir) for path in place.var_dir.rglob("*.jpg"))
    assert [str(path.parent) for path in kept] == [
        "crops/vehicle-count",
        "originals/phong-canh-sat-giao-thong/vehicle-count",
    ]
    assert all(identifier in path.name for path in kept)
    done = CliRunner().invoke(detect, ["expire"], catch_exceptions=False)
    assert "2 pictures removed, 0 are still within their retention" in done.output


def test_the_list_of_solutions_tells_which_can_run(camera: Point) -> None:
    done = CliRunner().invoke(detect, ["solutions"], catch_exceptions=False)
    lines = {line.split()[0]: line for line in done.output.splitlines() if line}
    assert "waits for a model that tells no_helmet" in lines["helmet"]
    assert "Đếm phương tiện" in lines["vehicle-count"]
    assert done.output.splitlines()[-1].startswith("27 solutions, ")


def watched(monkeypatch: pytest.MonkeyPatch, **cameras: str) -> Settings:
    monkeypatch.setenv(
        "HUEGIS_DETECT__CAMERAS", json.dumps({name.replace("_", "-"): url for name, url in cameras.items()})
    )
    monkeypatch.setenv("HUEGIS_DETECT__COMMIT_S", "0.1")
    get_settings.cache_clear()
    return get_settings()


def test_of_the_cameras_to_watch_those_that_cannot_be_are_named(
    camera: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    settings = watched(monkeypatch, CAM_1="http://127.0.0.1:9/live", CAM_404="http://127.0.0.1:9/live")
    assert list(plans(settings, said.append)) == ["CAM-1"]
    assert said == ["Layer 'cameras' has no feature 'CAM-404'."]
    with pytest.raises(ConfigError, match=r"list their streams under detect\.cameras"):
        plans(watched(monkeypatch), said.append)


def test_watching_stores_what_it_sees_and_reports(
    camera: Point, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, said = threading.Event(), Queue[Any]()
    with http_server(film(tmp_path / "live.ts"), "video/mp2t") as (url, _):
        settings = watched(monkeypatch, CAM_1=url)
        chosen = plans(settings, said.put)

        def watch() -> None:
            watching._watch(chosen, settings, stop, said)  # type: ignore[arg-type]

        thread = threading.Thread(target=watch)
        thread.start()
        reports = []
        while not reports or not reports[-1].frames:
            one = said.get(timeout=30)
            reports += [one] if isinstance(one, Report) else []
        stop.set()
        thread.join()
    last = [one for one in said.queue if isinstance(one, Report)][-1]
    assert (last.camera_code, last.frames >= 1, last.findings >= 1) == ("CAM-1", True, True)
    assert last.lag_s is not None
    assert 0 <= last.lag_s < 60
    assert len(rows_of("detections")) + len(rows_of("bearings")) == last.findings


def test_a_pool_of_processes_watches_and_stops_cleanly(
    camera: Point, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes with the shipped weights, which need not find anything in grey frames."""
    stop, reports, said = threading.Event(), list[Report](), list[str]()

    def tell(report: Report) -> None:
        reports.append(report)
        if report.frames:
            stop.set()

    with http_server(film(tmp_path / "live.ts"), "video/mp2t") as (url, _):
        settings = watched(monkeypatch, CAM_1=url)
        pool = Pool(settings, ["CAM-1"], tell, said.append)
        deadline = threading.Timer(100, stop.set)
        deadline.start()
        pool.watch(stop)
        deadline.cancel()
    assert reports[-1].frames >= 1, said
    assert all(not process.is_alive() for process in pool._processes)
    assert [process.exitcode for process in pool._processes] == [0]
