"""What lies beneath every map: the sea, the relief, wards and rivers, and nobody else's tiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import folium
import geopandas as gpd
from sqlalchemy import Connection

from gis_core.config import Settings
from gis_core.errors import SurfaceNotBuiltError
from gis_core.types import Bounds, Text
from layers import rivers, wards
from layers.raster import RasterLayer, SurfaceRecord, read_record
from layers.read import read
from maps.overlay import Picture, band_picture, relief_picture
from maps.style import Path as Pen
from maps.style import Pictured, draw
from maps.words import Language, pick

_RELIEF = Text("Địa hình", "Relief")
_ONLINE = Text("Bản đồ nền trực tuyến", "Online background")
LAND = "#eef0e0"
_MARGIN_DEG = 1.2
_LEAST_DEG = 0.02
_PANES = {"surfaces": 405, "areas": 410, "lines": 420, "points": 430}


@dataclass(frozen=True)
class Ground:
    """The background of a map as data."""

    wards: gpd.GeoDataFrame
    rivers: gpd.GeoDataFrame
    relief: Picture | None


@dataclass(frozen=True)
class SurfacePicture:
    """A built surface as it is shown: its record, and one picture for each band."""

    layer: RasterLayer
    record: SurfaceRecord
    pictures: tuple[Picture, ...]


def read_ground(connection: Connection, settings: Settings) -> Ground:
    """Wards and rivers, and the relief where there is a terrain."""
    return Ground(
        read(connection, wards.LAYER, columns=("name", "simulated")),
        read(connection, rivers.LAYER, columns=("name", "simulated")),
        _relief(*_version(settings.terrain_file)),
    )


def read_surface(surface: RasterLayer, settings: Settings) -> SurfacePicture | None:
    """A surface with its bands as pictures, or None where it has not been built."""
    path = surface.path(settings)
    try:
        record = read_record(surface, path)
    except SurfaceNotBuiltError:
        return None
    return SurfacePicture(surface, record, _bands(surface, *_version(path)))


def new_map(
    ground: Ground,
    settings: Settings,
    language: Language,
    *,
    bounds: Bounds | None = None,
    bare: bool = False,
) -> folium.Map:
    """A folium map with the background drawn, looking at ``bounds`` or at the whole province.

    A bare one has no wards and rivers of its own, for a map that draws them as its layers.
    """
    area = settings.province.bounds
    view = widened(bounds or ground_bounds(ground) or area)
    canvas = folium.Map(
        location=[(view.south + view.north) / 2, (view.west + view.east) / 2],
        tiles=None,
        min_zoom=8,
        max_zoom=17,
        max_bounds=True,
        min_lat=area.south - _MARGIN_DEG,
        max_lat=area.north + _MARGIN_DEG,
        min_lon=area.west - _MARGIN_DEG,
        max_lon=area.east + _MARGIN_DEG,
        zoom_snap=0.25,
    )
    for pane, level in _PANES.items():
        canvas.add_child(folium.map.CustomPane(pane, z_index=level, pointer_events=True))
    online = settings.maps.background
    if online.url is not None:
        folium.TileLayer(
            unquote(str(online.url)),
            name=pick(_ONLINE, language),
            attr=online.attribution or " ",
            overlay=True,
            show=True,
        ).add_to(canvas)
    if ground.relief is not None:
        Pictured(pick(_RELIEF, language), ground.relief, opacity=1.0, pane="tilePane").add_to(canvas)
    elif online.url is None and not ground.wards.empty:
        _land(ground, language).add_to(canvas)
    for layer in () if bare else _outlines(ground, language):
        layer.add_to(canvas)
    canvas.fit_bounds([[view.south, view.west], [view.north, view.east]], padding=(24, 24))
    return canvas


def ground_bounds(ground: Ground) -> Bounds | None:
    """The limits of the wards, None where there are none."""
    return bounds_of(ground.wards)


def bounds_of(features: gpd.GeoDataFrame) -> Bounds | None:
    """The limits of features in degrees, None where there are none."""
    return None if features.empty else Bounds(*(float(limit) for limit in features.total_bounds))


def widened(view: Bounds) -> Bounds:
    """Limits at least as wide as a part of a town: a single point has no scale of its own."""
    west, south, east, north = view
    beside = max(0.0, _LEAST_DEG - (east - west)) / 2
    above = max(0.0, _LEAST_DEG - (north - south)) / 2
    return Bounds(west - beside, south - above, east + beside, north + above)


def _land(ground: Ground, language: Language) -> folium.map.Layer:
    """The wards filled, where no relief shows what is land."""
    fill: Pen = {"stroke": False, "fillColor": LAND, "fillOpacity": 1.0}
    return draw(
        "land", ground.wards, lambda row: fill, language, tolerance_m=40, pane="tilePane", control=False
    )


def _outlines(ground: Ground, language: Language) -> list[folium.map.Layer]:
    ward: Pen = {"color": wards.LAYER.style.color, "weight": 0.8, "opacity": 0.7, "fill": False}
    river: Pen = {"color": rivers.LAYER.style.color, "weight": 2.5, "opacity": 0.9, "fill": False}
    return [
        draw(
            pick(wards.LAYER.title, language),
            ground.wards,
            lambda row: ward,
            language,
            tolerance_m=40,
            pane="tilePane",
        ),
        draw(
            pick(rivers.LAYER.title, language),
            ground.rivers,
            lambda row: river,
            language,
            tolerance_m=20,
            pane="tilePane",
        ),
    ]


def _version(path: Path) -> tuple[Path, int]:
    """A file and the time of its last change, so that what is remembered of it is never stale."""
    return path, path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=2)
def _relief(path: Path, changed_ns: int) -> Picture | None:
    return relief_picture(path)


@lru_cache(maxsize=8)
def _bands(surface: RasterLayer, path: Path, changed_ns: int) -> tuple[Picture, ...]:
    return tuple(band_picture(path, index, band) for index, band in enumerate(surface.bands, 1))
