"""From rows and rasters to what a page carries."""

from __future__ import annotations

import base64
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import folium
import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pydantic import HttpUrl
from rasterio.io import MemoryFile
from shapely import LineString, Point, Polygon

from gis_core.config import Background, Maps, Settings
from gis_core.crs import METRIC_SRID, lonlat_to_metric, to_metric
from gis_core.types import Bounds, Text
from layers.raster import NODATA, Band, Stop
from layers.registry import LAYERS
from maps.base import Ground, new_map, widened
from maps.fire import KINDS, kinds_of
from maps.flood import RAIN_CLASSES, rain_class
from maps.hydrometry import gauge_sentence
from maps.overlay import band_picture, hillshade, relief_picture
from maps.style import Popup, draw, path_of_style, position_error_m, simplified
from maps.traffic import CLASSES, class_of

KIM_LONG = (1.0, 2.0, 3.5)


@pytest.mark.parametrize(
    ("stage_m", "vi", "en"),
    [
        (5.05, "Kim Long 5,05 m – trên BĐ3 1,55 m", "Kim Long 5.05 m – 1.55 m above alarm 3"),
        (3.5, "Kim Long 3,50 m – trên BĐ3 0,00 m", "Kim Long 3.50 m – 0.00 m above alarm 3"),
        (2.2, "Kim Long 2,20 m – trên BĐ2 0,20 m", "Kim Long 2.20 m – 0.20 m above alarm 2"),
        (0.4, "Kim Long 0,40 m – dưới BĐ1 0,60 m", "Kim Long 0.40 m – 0.60 m below alarm 1"),
    ],
)
def test_gauges_speak_as_the_bulletins_do(stage_m: float, vi: str, en: str) -> None:
    assert gauge_sentence("Kim Long", stage_m, KIM_LONG) == Text(vi, en)


def test_a_gauge_without_alarms() -> None:
    assert gauge_sentence("Thượng Nhật", 60.0, (None, None, None)).vi == "Thượng Nhật 60,00 m"


def test_a_gauge_that_knows_only_its_third_alarm() -> None:
    assert gauge_sentence("X", 5.0, (None, None, 4.0)).vi == "X 5,00 m – trên BĐ3 1,00 m"
    assert gauge_sentence("X", 3.0, (None, None, 4.0)).vi == "X 3,00 m – dưới BĐ3 1,00 m"


def test_classes_take_their_lower_limit_in() -> None:
    assert class_of(0.0) is CLASSES[0]
    assert class_of(10.0).label.vi == "10–20"
    assert class_of(1e6) is CLASSES[-1]
    assert rain_class(15.9) is RAIN_CLASSES[0]
    assert rain_class(16.0) is RAIN_CLASSES[1]


def test_straw_is_straw_unless_it_was_refuted() -> None:
    rows = gpd.GeoDataFrame(
        {
            "subject": ["forest_fire", "forest_fire", "straw_burning", "straw_burning"],
            "status": ["verified", "observed", "suspected", "refuted"],
        },
        geometry=[Point(107, 16)] * 4,
        crs=4326,
    )
    assert list(kinds_of(rows)) == ["verified", "observed", "straw_burning", "refuted"]
    assert set(kinds_of(rows)) <= {kind.name for kind in KINDS}


def test_position_error_of_a_known_ellipse() -> None:
    # Variances 9 and 1 m² along the axes: 3 m · sqrt(5.991) in 95 % of cases, however the axes are turned.
    upright = SimpleNamespace(cov_xx_m2=1.0, cov_xy_m2=0.0, cov_yy_m2=9.0)
    turned = SimpleNamespace(cov_xx_m2=5.0, cov_xy_m2=4.0, cov_yy_m2=5.0)
    assert position_error_m(upright) == pytest.approx(3 * 5.99146**0.5)
    assert position_error_m(turned) == pytest.approx(3 * 5.99146**0.5)
    assert position_error_m(SimpleNamespace(cov_xx_m2=None, cov_xy_m2=None, cov_yy_m2=None)) is None


def test_flat_ground_is_lit_by_the_sine_of_the_sun() -> None:
    assert hillshade(np.full((4, 5), 12.0), 30.0) == pytest.approx(np.full((4, 5), np.sqrt(0.5)))


def test_slopes_towards_the_sun_are_brighter() -> None:
    rows, columns = np.mgrid[0:9, 0:9].astype(float)
    facing_north_west = 10 * (rows + columns)  # rises to the south-east, so it looks north-west
    inside = (slice(1, -1), slice(1, -1))
    bright, dark = hillshade(facing_north_west, 30.0)[inside], hillshade(-facing_north_west, 30.0)[inside]
    assert (bright > np.sqrt(0.5)).all()
    assert (dark < np.sqrt(0.5)).all()
    # The angle between the sun and a plane of gradient (1/3, -1/3), from their vectors.
    assert bright == pytest.approx((2 / 3 + np.sqrt(2)) / (2 * np.sqrt(1 + 2 / 9)))


@given(st.integers(3, 200), st.floats(1, 50))
def test_simplified_lines_stay_within_the_tolerance(points: int, tolerance_m: float) -> None:
    step = np.linspace(0, 1, points)
    line = LineString(np.column_stack([107.5 + 0.1 * step, 16.4 + 0.01 * np.sin(9 * step)]))
    (kept,) = simplified(gpd.GeoSeries([line], crs=4326), tolerance_m)
    before, after = to_metric(gpd.GeoSeries([line, kept], crs=4326))
    rounding_m = 1.0
    assert shapely.hausdorff_distance(before, after, densify=0.01) <= tolerance_m + rounding_m


@given(st.floats(2, 5000), st.floats(1, 100))
def test_a_small_circle_stays_round(radius_m: float, tolerance_m: float) -> None:
    circle = gpd.GeoSeries([Point(560_000, 1_820_000).buffer(radius_m, quad_segs=16)], crs=METRIC_SRID)
    (kept,) = simplified(circle.to_crs(4326), tolerance_m)
    area = to_metric(gpd.GeoSeries([kept], crs=4326)).area.iloc[0]
    assert area == pytest.approx(circle.area.iloc[0], rel=0.15)


def test_a_layer_too_detailed_for_a_page_is_made_coarser() -> None:
    angle = np.linspace(0, 2 * np.pi, 200_000)
    ring = Polygon(np.column_stack([107.5 + 0.3 * np.cos(angle), 16.4 + 0.3 * np.sin(angle)]))
    assert shapely.get_num_coordinates(simplified(gpd.GeoSeries([ring], crs=4326), 0.0001)[0]) <= 40_000


def test_outside_text_never_becomes_markup_or_script() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    rows = gpd.GeoDataFrame({"name": [evil]}, geometry=[Point(107.5, 16.4)], crs=4326)
    canvas = folium.Map(tiles=None)
    draw(
        "x", rows, lambda row: {}, "vi", lambda row: Popup(row.name, ((Text(evil, evil), evil),), evil)
    ).add_to(canvas)
    figure = canvas.get_root()
    figure.render()
    script = figure.script.render()
    assert "alert(1)" in script
    assert "<" not in script.replace("<= ", "")


def test_every_layer_is_drawn_by_its_own_style() -> None:
    for layer in LAYERS.values():
        path_of = path_of_style(layer.style, layer.geometry_type)
        for entry in layer.style.classes:
            path = path_of(SimpleNamespace(**{str(layer.style.column): entry.value}))
            assert entry.color in (path.get("color"), path.get("fillColor"))
        other = path_of(SimpleNamespace(**{str(layer.style.column): "?"}))
        assert layer.style.color in (other.get("color"), other.get("fillColor"))


BAND = Band(
    "depth_m",
    Text("Độ sâu", "Depth"),
    "m",
    (Stop(1, "#ff0000", Text("1", "1")), Stop(2, "#0000ff", Text("2", "2"))),
)


def write_raster(path: Path, values: np.ndarray) -> None:
    x, y = lonlat_to_metric(np.array([107.5]), np.array([16.5]))
    rows, columns = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32",
        crs=METRIC_SRID, transform=Affine(100, 0, x[0], 0, -100, y[0]), nodata=NODATA,
    ) as target:  # fmt: skip
        target.write(values.astype("float32"), 1)


def pixels(uri: str) -> np.ndarray:
    """Red, green, blue and alpha of a picture, shape (4, rows, columns)."""
    found = re.fullmatch(r"data:image/png;base64,([A-Za-z0-9+/=]+)", uri)
    assert found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with MemoryFile(base64.b64decode(found[1])) as memory, memory.open() as picture:
            palette = picture.colormap(1)
            colors = np.array([palette.get(step, (0, 0, 0, 0)) for step in range(256)])
            return np.moveaxis(colors[picture.read(1)], -1, 0)


def test_a_surface_is_coloured_by_its_steps_and_clear_elsewhere(tmp_path: Path) -> None:
    values = np.full((40, 40), NODATA)
    values[:, :10], values[:, 10:20], values[:, 20:30] = 0.5, 1.5, 9.0
    write_raster(tmp_path / "s.tif", values)
    picture = band_picture(tmp_path / "s.tif", 1, BAND)
    red, _, blue, alpha = pixels(picture.uri)
    middle = red.shape[0] // 2
    assert alpha[middle, 4] == 0  # below the first step
    assert (red[middle, 15], blue[middle, 15], alpha[middle, 15]) == (255, 0, 255)
    assert (red[middle, 25], blue[middle, 25], alpha[middle, 25]) == (0, 255, 255)
    assert alpha[middle, 35] == 0  # nodata
    assert picture.bounds.west == pytest.approx(107.5, abs=2e-3)
    assert picture.bounds.north == pytest.approx(16.5, abs=2e-3)


def test_a_large_surface_becomes_a_small_picture(tmp_path: Path) -> None:
    write_raster(tmp_path / "s.tif", np.full((500, 2000), 1.5))
    _, rows, columns = pixels(band_picture(tmp_path / "s.tif", 1, BAND, longest_px=300).uri).shape
    assert max(rows, columns) <= 300


def test_classes_are_not_averaged(tmp_path: Path) -> None:
    checks = np.indices((60, 60)).sum(axis=0) % 2 * 4 + 1.0  # ones and fives: their mean would be a three
    write_raster(tmp_path / "s.tif", checks)
    stops = tuple(Stop(value, f"#0000{value:02x}", Text("", "")) for value in range(1, 6))
    band = Band("risk_class", Text("Cấp", "Class"), "1", stops)
    _, _, blue, alpha = pixels(band_picture(tmp_path / "s.tif", 1, band, longest_px=20).uri)
    assert set(np.unique(blue[alpha > 0])) <= {1, 5}


def test_relief_shows_land_and_sea_and_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    assert relief_picture(tmp_path / "none.tif") is None
    values = np.full((30, 30), 50.0)
    values[:, :10], values[:, 10:15] = NODATA, -2.0
    write_raster(tmp_path / "t.tif", values)
    picture = relief_picture(tmp_path / "t.tif")
    assert picture is not None
    red, _, blue, alpha = pixels(picture.uri)
    assert not alpha[:, 3].any()
    assert alpha[15, 12] == alpha[15, 25] == 255
    assert blue[15, 12] > red[15, 12]
    assert red[15, 25] > blue[15, 25]


def empty_ground() -> Ground:
    nothing = gpd.GeoDataFrame({"name": [], "simulated": []}, geometry=gpd.GeoSeries([], crs=4326))
    return Ground(nothing, nothing, None)


def test_no_map_names_another_host_unless_a_background_is_set() -> None:
    plain = new_map(empty_ground(), Settings(), "vi")
    online = new_map(
        empty_ground(),
        Settings(maps=Maps(background=Background(url=HttpUrl("https://tiles.example/{z}/{x}/{y}.png")))),
        "vi",
    )
    scripts = []
    for canvas in (plain, online):
        figure = canvas.get_root()
        figure.render()
        scripts.append(figure.script.render())
    assert "http" not in scripts[0]
    assert "https://tiles.example/{z}/{x}/{y}.png" in scripts[1]


def test_a_point_gets_a_view_of_its_surroundings() -> None:
    view = widened(Bounds(107.5, 16.4, 107.5, 16.4))
    assert view.east - view.west == pytest.approx(view.north - view.south) == pytest.approx(0.02)
    wide = Bounds(107.0, 16.0, 108.0, 16.5)
    assert widened(wide) == pytest.approx(wide)
