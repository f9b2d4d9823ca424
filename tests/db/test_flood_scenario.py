"""Scenarios and replays on a valley whose floods are worked by hand, and on the whole sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from click.testing import CliRunner

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.db import reading, writing
from gis_core.errors import GisError
from layers import (
    cameras,
    detections,
    flood_scores,
    flood_spots,
    observations,
    rain_stations,
    river_gauges,
    rivers,
    road_segments,
    wards,
)
from layers.base import Layer
from layers.flood_commands import flood
from layers.read import read
from layers.registry import SURFACES
from layers.store import load
from layers.surfaces.rain_on import station_rain
from tests.db.test_surfaces import (
    CELL_M,
    GAUGE_ROW,
    NORTH,
    RIVER_COLUMN,
    WEST,
    make_terrain,
    points,
)

AT = datetime(2025, 10, 27, 13, 0, tzinfo=UTC)
X = WEST + (RIVER_COLUMN + 0.5) * CELL_M
Y = NORTH - (GAUGE_ROW + 0.5) * CELL_M


def put(layer: Layer, frame: gpd.GeoDataFrame) -> None:
    with writing() as connection:
        load(connection, layer, frame.assign(origin="test", simulated=False).to_crs(STORAGE_SRID))


def shapes(*geometries: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=METRIC_SRID)


def column_x(column: float) -> float:
    """Easting of the middle of a column."""
    return WEST + (column + 0.5) * CELL_M


@pytest.fixture
def valley(database: str) -> Path:
    """The valley of the surfaces' tests: at 5 m of stage 2.5 and 0.5 m of water beside the river."""
    path = get_settings().terrain_file
    make_terrain(path)
    put(
        river_gauges.LAYER,
        points([X], [Y], code=["kim-long"], name=["Kim Long"], river="Hương", datum="Hòn Dấu",
               zero_elevation_m=4.0, alarm_1_m=1.0),
    )  # fmt: skip
    return path


@pytest.fixture
def streets(valley: Path) -> None:
    """A street two columns beside the river, one far up the slope, and a bridge over the river."""
    side, hill = column_x(RIVER_COLUMN + 2), column_x(RIVER_COLUMN + 12)
    put(
        road_segments.LAYER,
        shapes(
            shapely.LineString([(side, Y - 200), (side, Y + 200)]),
            shapely.LineString([(hill, Y - 200), (hill, Y + 200)]),
            shapely.LineString([(X - 40, Y), (X + 40, Y)]),
            code=["low", "high", "bridge"], name=["Thấp", "Cao", "Cầu"], road_class="primary",
        ),
    )  # fmt: skip
    put(
        rivers.LAYER,
        shapes(
            shapely.LineString([(X, Y - 900), (X, Y + 900)]), code=["huong"], name=["Hương"], width_m=90.0
        ),
    )
    put(
        wards.LAYER,
        shapes(
            shapely.MultiPolygon([shapely.box(X - 1000, Y - 500, X + 1000, Y + 500)]),
            shapely.MultiPolygon([shapely.box(X + 1100, Y - 500, X + 1900, Y + 500)]),
            code=["wet", "dry"], name=["Phường Ướt", "Xã Khô"],
        ),
    )  # fmt: skip


def put_spots(at: datetime) -> None:
    """Four spots: seen wet in water, seen wet on the hill, seen dry in water, and one whose camera is off."""
    x = [
        column_x(RIVER_COLUMN + 2),
        column_x(RIVER_COLUMN + 12),
        column_x(RIVER_COLUMN - 2),
        column_x(RIVER_COLUMN + 1),
    ]
    codes = ["A", "B", "C", "D"]
    put(
        cameras.LAYER,
        points(x, [Y] * 4, code=codes, name=codes, owner_agency="police", purpose="flood", mast_height_m=8.0,
               azimuth_deg=90.0, tilt_deg=20.0, field_of_view_deg=60.0, range_m=100.0, frame_interval_s=60.0,
               ai_solutions=[["flooding"]] * 4, status=["active", "active", "active", "offline"]),
    )  # fmt: skip
    put(flood_spots.LAYER, points(x, [Y] * 4, code=codes, name=codes, camera_code=codes))
    put(
        detections.LAYER,
        points(x[:2], [Y] * 2, detected_at=[at, at], camera_code=codes[:2], subject="flooding",
               class_name="flood_water", status="observed", steward_agency="civil defence",
               water_depth_m=[0.6, 0.9], origin_key=["a", "b"]),
    )  # fmt: skip


@pytest.fixture
def ask() -> Callable[..., dict[str, object]]:
    def invoke(*arguments: str) -> dict[str, object]:
        result = CliRunner().invoke(flood, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        answer: dict[str, object] = json.loads(result.stdout)
        return answer

    return invoke


Ask = Callable[..., dict[str, object]]


def test_a_scenario_tells_roads_cut_for_whom_and_wards_touched(
    streets: None, ask: Ask, tmp_path: Path
) -> None:
    found = ask("scenario", "--kim-long", "5.0", "--output", str(tmp_path / "out"))
    low = found["roads_cut"][0]
    # The bridge stands above the river, and the high street above the flood.
    assert [road["segment"] for road in found["roads_cut"]] == ["low"]
    assert low["length_m"] == pytest.approx(400, abs=1)
    assert low["flooded_length_m"] == pytest.approx(400, abs=1)
    assert low["maximum_depth_m"] == pytest.approx(0.5, abs=0.1)
    assert low["passable"] == {"motorcycle": False, "car": False, "truck": True}
    assert [ward["ward"] for ward in found["wards_touched"]] == ["wet"]
    # 10 rows by two columns on each side; the river's own cells are its bed.
    assert found["wards_touched"][0]["flooded_km2"] == pytest.approx(0.4, abs=0.11)
    assert found["stages_m"] == {"kim-long": 5.0}
    assert found["simulated"] is False
    assert found["inputs"]["gauges"][0]["stage_m"] == 5.0
    with rasterio.open(tmp_path / "out" / "flood-scenario.tif") as dataset:
        assert dataset.descriptions[:2] == ("risk_class", "depth_m")
        assert json.loads(dataset.tags()["HUEGIS"])["inputs"] == found["inputs"]
    written = gpd.read_file(tmp_path / "out" / "flood-scenario.gpkg", layer="roads_cut")
    assert written["code"].tolist() == ["low"]
    assert (
        gpd.read_file(tmp_path / "out" / "flood-scenario.gpkg", layer="wards_touched").crs.to_epsg()
        == METRIC_SRID
    )


def test_a_river_in_its_bed_cuts_no_road_and_touches_no_ward(streets: None, ask: Ask) -> None:
    found = ask("scenario", "--kim-long", "0")
    assert (found["roads_cut"], found["wards_touched"]) == ([], [])
    assert found["depth"]["flooded_km2"] == 0


def test_a_scenario_is_the_same_again_and_grows_with_the_stage(streets: None, ask: Ask) -> None:
    at = ("--at", "2025-10-27T20:00")
    once, again = ask("scenario", "--kim-long", "5", *at), ask("scenario", "--stage", "kim-long=5.0", *at)
    assert once == again
    more = ask("scenario", "--kim-long", "6.5", *at)
    assert more["depth"]["flooded_km2"] > once["depth"]["flooded_km2"]
    assert more["roads_cut"][0]["maximum_depth_m"] > once["roads_cut"][0]["maximum_depth_m"]
    assert more["roads_cut"][0]["passable"]["truck"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scenario",), "give the stage of a gauge"),
        (("scenario", "--kim-long", "nan"), "nan is no stage"),
        (("scenario", "--kim-long", "99"), "99 is no stage"),
        (("scenario", "--phu-oc", "5"), "no gauge 'phu-oc'"),
        (("scenario", "--stage", "kim-long"), "is not CODE=M"),
        (("scenario", "--kim-long", "5", "--rain-mm", "-1"), "is no rain of a day"),
        (("replay", "2025-10-28"), "no flood '2025-10-28' to replay; there are: 2025-10-27, 2025-10-29"),
        (("replay", "--observed", "x.gpkg"), "name the one EVENT"),
        (("replay", "2025-10-27", "--observed", "gone.gpkg"), "gone.gpkg: there is no such file"),
    ],
)
def test_what_makes_no_sense_is_refused(
    valley: Path, ask: Ask, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(GisError, match=said):
        ask(*arguments)


def replay_of(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"trial": {"at": AT.isoformat(), "stages_m": {"kim-long": 5.0}}}
    monkeypatch.setenv("HUEGIS_FLOOD__EVENTS", json.dumps(event))
    get_settings.cache_clear()


def test_a_replay_is_scored_by_cameras_and_by_polygons(
    streets: None, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay_of(monkeypatch)
    put_spots(AT + timedelta(hours=1))
    survey = shapes(shapely.box(X - 250, Y - 400, X + 250, Y + 400))
    survey.to_file(tmp_path / "survey.gpkg")
    found = ask("replay", "trial", "--observed", str(tmp_path / "survey.gpkg"))["events"][0]
    scores = {(row["method"], row["reference"]): row for row in found["scores"]}
    assert len(scores) == 4
    spots = scores["river", "flood_spots"]
    # A is flooded in both, B was seen but lies on the hill, C flooded without being seen; D was off.
    assert [spots[name] for name in ("hits", "misses", "false_alarms", "correct_negatives")] == [1, 1, 1, 0]
    assert (spots["csi"], spots["pod"], spots["far"]) == (pytest.approx(1 / 3, abs=1e-4), 0.5, 0.5)
    assert spots["brier"] == pytest.approx(2 / 3, abs=1e-4)
    polygons = scores["river", "survey.gpkg"]
    assert polygons["csi"] > 0.9
    assert polygons["edge_distance_m"] is not None
    with reading() as connection:
        kept = read(connection, flood_scores.LAYER)
    assert len(kept) == 4
    assert kept.geometry.is_valid.all()
    ask("replay", "trial")
    with reading() as connection:
        assert len(read(connection, flood_scores.LAYER)) == 4


def test_where_no_camera_saw_anything_nothing_is_scored(
    valley: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay_of(monkeypatch)
    put_spots(AT - timedelta(days=2))
    found = ask("replay", "trial")["events"][0]
    assert found["scores"] == []
    assert "No flood-spot camera" in found["scores_note"]


def test_a_survey_without_a_crs_or_polygons_is_refused(valley: Path, ask: Ask, tmp_path: Path) -> None:
    bare = tmp_path / "bare.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]).to_file(bare)
    dots = tmp_path / "dots.geojson"
    gpd.GeoDataFrame(geometry=[shapely.Point(107, 16)], crs=4326).to_file(dots)
    text = tmp_path / "text.gpkg"
    text.write_text("no survey")
    for file, said in (
        (bare, "no coordinate reference system"),
        (dots, "holds no polygon"),
        (text, "can be read"),
    ):
        with pytest.raises(GisError, match=said):
            ask("replay", "2025-10-27", "--observed", str(file))


def put_rain(values: dict[str, list[float]]) -> None:
    """Hourly rain up to ``AT`` by station."""
    codes = list(values)
    x, y = [X + 3000 * index for index in range(len(codes))], [Y + 500 * index for index in range(len(codes))]
    put(
        rain_stations.LAYER,
        points(x, y, code=codes, name=[f"Trạm {code}" for code in codes], elevation_m=5.0),
    )
    for index, code in enumerate(codes):
        hours = values[code]
        times = [AT - timedelta(hours=back) for back in range(len(hours))]
        put(
            observations.LAYER,
            points([x[index]] * len(hours), [y[index]] * len(hours), observed_at=times, station_code=code,
                   observed_property="rain_1h_mm", value=hours, origin_key=[f"{code} {at}" for at in times]),
        )  # fmt: skip


def test_a_station_that_misses_an_hour_of_a_sum_is_named_and_left_out(valley: Path) -> None:
    put_rain({"R1": [10.0] * 6, "R2": [20.0] * 3, "R3": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    with reading() as connection:
        six, three = station_rain(connection, AT, 6), station_rain(connection, AT, 3)
    assert six.stations.set_index("code")["rain_mm"].to_dict() == {"R1": 60.0, "R3": 21.0}
    assert six.missing == ("Trạm R2",)
    assert three.stations.set_index("code")["rain_mm"].to_dict() == {"R1": 30.0, "R2": 60.0, "R3": 6.0}
    surface = SURFACES["rain"]
    built = surface.build(surface.default_window(None))
    sums = built.attrs["inputs"]["sums"]
    assert sums["6h"]["stations_missing"] == ["Trạm R2"]
    assert sums["3h"]["method"] in {"idw", "thiessen"}
    assert "No rain station" in sums["24h"]["not_built"]
    assert (built.sel(band="rain_24h_mm") == -9999).all()
    assert float(built.sel(band="rain_3h_mm").max()) == pytest.approx(60.0, abs=3)
    json.dumps(built.attrs["inputs"])


def test_rain_ponds_and_is_part_of_the_scenario(valley: Path, ask: Ask) -> None:
    dry, wet = ask("scenario", "--kim-long", "5"), ask("scenario", "--kim-long", "5", "--rain-mm", "300")
    assert "rain" not in dry["inputs"]
    assert wet["inputs"]["rain"] == {"uniform_mm": 300.0}
    assert wet["depth"]["flooded_km2"] >= dry["depth"]["flooded_km2"]


def test_the_sample_replays_27_october_with_the_figures_of_the_day(province: object, ask: Ask) -> None:
    found = ask("replay", "2025-10-27")["events"][0]
    assert found["stages_m"] == {"kim-long": 5.05, "phu-oc": 5.25}
    assert found["simulated"] is True
    assert found["inputs"]["rain"]["stations"] == 38
    # About 30 of 40 wards and communes were flooded.
    assert len(found["wards_touched"]) >= 25
    by_method = {row["method"]: row for row in found["scores"]}
    assert by_method["river-and-rain"]["csi"] > 0.6
    assert by_method["river-and-rain"]["far"] < 0.2
    depths = [road["maximum_depth_m"] for road in found["roads_cut"]]
    assert depths == sorted(depths, reverse=True)
    assert np.isfinite(depths).all()
