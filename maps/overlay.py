"""Rasters as pictures on a map: a built surface in the colours of its band, and the relief."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform_bounds

from gis_core.types import Bounds, FloatArray
from layers.raster import Band

_WEB_MERCATOR = "EPSG:3857"
_OPAQUE = 255


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG as a data URI, and the limits in degrees that it fills on a Mercator map."""

    uri: str
    bounds: Bounds


def band_picture(path: Path, index: int, band: Band, longest_px: int = 1_800) -> Picture:
    """One band of a built surface, coloured by its steps; transparent below the first and outside.

    Args:
        path: the surface's GeoTIFF.
        index: of the band, from 1.
        band: its steps.
        longest_px: of the picture's sides.
    """
    # A mean of classes is no class; a mean of quantities is one.
    resampling = Resampling.mode if band.name.endswith("_class") else Resampling.average
    values, bounds, _ = _mercator(path, index, resampling, longest_px)
    edges = [stop.value for stop in band.stops]
    steps = np.digitize(np.nan_to_num(values, nan=-np.inf), edges).astype(np.uint8)
    return Picture(_png(steps, [stop.color for stop in band.stops]), bounds)


def relief_picture(path: Path, longest_px: int = 1_000) -> Picture | None:
    """The terrain as hillshade over elevation tints, and the sea; None where there is no terrain yet."""
    if not path.is_file():
        return None
    elevation_m, bounds, cell_m = _mercator(path, 1, Resampling.average, longest_px)
    latitude = np.radians((bounds.south + bounds.north) / 2)
    shade = hillshade(elevation_m, cell_m * float(np.cos(latitude)))
    tint = np.digitize(np.nan_to_num(elevation_m, nan=0.0), _TINT_EDGES_M)
    tone = np.clip((shade * _TONES).astype(int), 0, _TONES - 1)
    land_or_sea = np.where(elevation_m > 0, 2 + tint * _TONES + tone, 1)
    steps = np.where(np.isnan(elevation_m), 0, land_or_sea).astype(np.uint8)
    return Picture(_png(steps, [_SEA, *_relief_colors()]), bounds)


def hillshade(elevation_m: FloatArray, cell_m: float) -> FloatArray:
    """How brightly the ground is lit from the north-west at 45°, 0 to 1 (Horn 1981).

    Args:
        elevation_m: rows from north to south, NaN where unknown, shape (rows, columns).
        cell_m: side of a cell on the ground.

    Returns:
        Shape (rows, columns); flat ground and unknown cells have sin 45°.
    """
    filled = np.nan_to_num(elevation_m, nan=0.0)
    padded = np.pad(filled, 1, mode="edge")
    north, south = padded[:-2], padded[2:]
    east_rise = (
        (north[:, 2:] + 2 * padded[1:-1, 2:] + south[:, 2:])
        - (north[:, :-2] + 2 * padded[1:-1, :-2] + south[:, :-2])
    ) / (8 * cell_m)
    north_rise = (
        (north[:, :-2] + 2 * north[:, 1:-1] + north[:, 2:])
        - (south[:, :-2] + 2 * south[:, 1:-1] + south[:, 2:])
    ) / (8 * cell_m)
    # The unit vector towards the sun is (-1, 1, √2) / 2; the ground's normal is (-∂x, -∂y, 1).
    lit = (east_rise - north_rise + np.sqrt(2)) / (2 * np.sqrt(1 + east_rise**2 + north_rise**2))
    shade: FloatArray = np.clip(lit, 0, 1)
    return shade


_SEA = "#cfe3ec"
_TINT_EDGES_M = (3.0, 15.0, 60.0, 200.0, 500.0, 900.0)
_TINTS = ("#e6eedb", "#e9eedd", "#eef0e0", "#eeebda", "#e8e2cf", "#dfd7c3", "#d5ccb9")
_TONES = 24


def _relief_colors() -> list[str]:
    """One colour for each pair of tint and tone, dark to light within a tint."""
    flat = np.sqrt(0.5)
    light = np.clip(1 + 0.55 * ((np.arange(_TONES) + 0.5) / _TONES - flat), 0.55, 1.06)
    tints = np.array([_rgb(tint) for tint in _TINTS])
    colors = np.clip(np.rint(tints[:, None, :] * light[None, :, None]), 0, 255).astype(int)
    return ["#{:02x}{:02x}{:02x}".format(*color) for color in colors.reshape(-1, 3)]


def _rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _mercator(
    path: Path, index: int, resampling: Resampling, longest_px: int
) -> tuple[FloatArray, Bounds, float]:
    """A band in EPSG:3857 with NaN for nodata, its limits in degrees, and its cell in Mercator metres."""
    with rasterio.open(path) as source:
        transform, width, height = calculate_default_transform(
            source.crs, _WEB_MERCATOR, source.width, source.height, *source.bounds
        )
        shrink = max(1.0, max(width, height) / longest_px)
        with WarpedVRT(
            source,
            crs=_WEB_MERCATOR,
            transform=Affine(transform.a * shrink, 0, transform.c, 0, transform.e * shrink, transform.f),
            width=int(np.ceil(width / shrink)),
            height=int(np.ceil(height / shrink)),
            resampling=resampling,
        ) as warped:
            values = warped.read(index, masked=True).astype(float).filled(np.nan)
            bounds = transform_bounds(_WEB_MERCATOR, "EPSG:4326", *warped.bounds)
    return values, Bounds(*bounds), transform.a * shrink


def _png(steps: NDArray[np.uint8], colors: Sequence[str]) -> str:
    """Steps from 1 in these colours and 0 transparent, as the data URI of a palette PNG."""
    palette: dict[int, tuple[int, int, int, int]] = {0: (0, 0, 0, 0)}
    for step, color in enumerate(colors, 1):
        palette[step] = (*_rgb(color), _OPAQUE)
    height, width = steps.shape
    with warnings.catch_warnings(), MemoryFile() as memory:
        # A PNG carries no georeference, and needs none: its place stands beside it.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(driver="PNG", width=width, height=height, count=1, dtype="uint8") as png:
            png.write(steps, 1)
            png.write_colormap(1, palette)
        encoded = base64.b64encode(memory.read()).decode("ascii")
    return f"data:image/png;base64,{encoded}"
