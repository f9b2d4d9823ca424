"""Textures that scenes are made of: noise that tiles, and sprites of foliage.

They are made once in a process from fixed seeds, so that a scene depends on its own seed alone.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from detectors.training.scenes.scene import Float32
from gis_core.types import FloatArray

TILE_PX = 512
FOLIAGE_PX = 192
FOLIAGE_KINDS = ("round", "broad", "cone", "palm", "banana", "shrub")
FOLIAGE_PER_KIND = 5


@lru_cache(maxsize=64)
def noise_tile(number: int, roughness: float) -> Float32:
    """Fractal noise of shape (512, 512) that repeats without seams, with mean 0 and variance 1.

    ``roughness`` is the exponent of its spectrum: 1 is grainy, 2 to 3 cloudy.

    Source: random-phase spectral synthesis, H.-O. Peitgen, D. Saupe, The Science of Fractal Images.
    """
    rng = np.random.default_rng((number, int(roughness * 100)))
    frequency = np.hypot(np.fft.fftfreq(TILE_PX)[:, None], np.fft.rfftfreq(TILE_PX)[None, :])
    frequency[0, 0] = np.inf
    phase = rng.uniform(0, 2 * np.pi, frequency.shape)
    tile = np.fft.irfft2(np.exp(1j * phase) * frequency**-roughness, (TILE_PX, TILE_PX))
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


def noise(rng: np.random.Generator, x: Float32, y: Float32, roughness: float = 1.4) -> Float32:
    """Noise at texture coordinates ``x`` and ``y`` (h, w) in texels, from a tile and offset by chance."""
    tile = noise_tile(int(rng.integers(4)), roughness)
    offset_x, offset_y = rng.uniform(0, TILE_PX, 2).astype(np.float32)
    # Far ground reaches kilometres out, where float32 texels are coarse: nothing shows there.
    columns, rows = x.astype(np.float32) + offset_x, y.astype(np.float32) + offset_y
    columns -= TILE_PX * np.floor(columns / TILE_PX)
    rows -= TILE_PX * np.floor(rows / TILE_PX)
    return np.asarray(
        cv2.remap(tile, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32
    )


def screen_noise(
    rng: np.random.Generator,
    width_px: int,
    height_px: int,
    texel_px: float | FloatArray,
    roughness: float = 1.6,
) -> Float32:
    """Noise over a whole picture, (h, w); ``texel_px`` (one number, or across and down) stretches it."""
    tile = noise_tile(int(rng.integers(4)), roughness)
    texels = np.array([width_px, height_px]) / np.broadcast_to(texel_px, 2)
    # Finer than the tile can give is no finer than the tile.
    columns, rows = np.clip(np.ceil(texels), 4, 2 * TILE_PX).astype(int)
    left, top = rng.integers(0, TILE_PX, 2)
    window = tile.take(np.arange(top, top + rows), axis=0, mode="wrap")
    window = window.take(np.arange(left, left + columns), axis=1, mode="wrap")
    return np.asarray(cv2.resize(window, (width_px, height_px), interpolation=cv2.INTER_LINEAR), np.float32)


@lru_cache(maxsize=64)
def foliage(kind: str, number: int) -> Float32:
    """A crown of leaves as brightness and opacity, float32 (192, 192, 2) in 0 to 1."""
    rng = np.random.default_rng((FOLIAGE_KINDS.index(kind), number))
    brightness = np.zeros((FOLIAGE_PX, FOLIAGE_PX), np.float32)
    opacity = np.zeros_like(brightness)
    if kind in {"palm", "banana"}:
        _draw_fronds(rng, brightness, opacity, broad=kind == "banana")
    else:
        _draw_leaves(rng, brightness, opacity, kind)
    return np.stack([brightness, np.asarray(cv2.GaussianBlur(opacity, (0, 0), 0.8), np.float32)], axis=-1)


def _draw_leaves(rng: np.random.Generator, brightness: Float32, opacity: Float32, kind: str) -> None:
    """Clumps of strokes, from the shaded back to the lit front and top."""
    clumps = int(rng.integers(10, 26))
    if kind == "cone":
        down = rng.uniform(0.08, 0.95, clumps)
        across = 0.5 + rng.uniform(-0.5, 0.5, clumps) * down * 0.8
    else:
        angle, reach = rng.uniform(0, 2 * np.pi, clumps), np.sqrt(rng.uniform(0, 1, clumps)) * 0.36
        across = 0.5 + np.cos(angle) * reach
        down = 0.5 + np.sin(angle) * reach * (0.62 if kind in {"broad", "shrub"} else 1.0)
    for clump in np.argsort(rng.uniform(size=clumps)):
        spread = rng.uniform(0.05, 0.13)
        count = int(rng.integers(40, 90))
        points = rng.normal((across[clump], down[clump]), spread * 0.6, (count, 2))
        light = np.clip(0.75 - 0.5 * points[:, 1] + rng.normal(0, 0.13, count), 0.12, 1)
        for point, shade in zip(points * FOLIAGE_PX, light, strict=True):
            centre = (int(point[0]), int(point[1]))
            size = (int(rng.integers(2, 7)), int(rng.integers(1, 4)))
            turn = float(rng.uniform(0, 180))
            cv2.ellipse(brightness, centre, size, turn, 0, 360, float(shade), -1)
            cv2.ellipse(opacity, centre, size, turn, 0, 360, 1.0, -1)


def _draw_fronds(rng: np.random.Generator, brightness: Float32, opacity: Float32, *, broad: bool) -> None:
    """Curved fronds that spring from the top of a stem and hang."""
    root = np.array([FOLIAGE_PX / 2, FOLIAGE_PX * 0.5])
    along = np.linspace(0, 1, 9)
    for _ in range(int(rng.integers(9, 16))):
        angle = rng.uniform(-np.pi * 1.1, np.pi * 0.1)
        length = rng.uniform(0.3, 0.47) * FOLIAGE_PX
        hang = along**2 * length * rng.uniform(0.2, 0.8)
        spine = root + np.outer(along * length, [np.cos(angle), np.sin(angle)]) + np.outer(hang, [0, 1])
        width = length * (0.14 if broad else 0.08) * np.sin(np.pi * np.clip(along, 0.05, 0.98))
        across = np.array([-np.sin(angle), np.cos(angle)])
        outline = np.vstack([spine + np.outer(width, across), (spine - np.outer(width, across))[::-1]])
        shade = float(np.clip(0.65 - 0.3 * np.sin(angle) + rng.normal(0, 0.1), 0.2, 1))
        cv2.fillPoly(brightness, [outline.astype(np.int32)], shade)
        cv2.fillPoly(opacity, [outline.astype(np.int32)], 1.0)
        cv2.polylines(brightness, [spine.astype(np.int32)], False, shade * 0.7, 1)
