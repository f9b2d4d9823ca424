"""What the camera and the weather do to a picture: rain, glow, blur, noise, compression, overlays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from detectors.training.scenes.canvas import blend
from detectors.training.scenes.scene import Image
from detectors.training.scenes.textures import TILE_PX, noise_tile, screen_noise


def rain(rng: np.random.Generator, image: Image, strength: float) -> Image:
    """Streaks of falling rain, and drops on the lens."""
    height, width = image.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    slant = rng.uniform(-0.25, 0.25)
    count = int(strength * width * height / 700)
    length = rng.uniform(5, 22, count)
    starts = rng.uniform((0, -20), (width, height), (count, 2))
    ends = starts + np.column_stack([slant * length, length])
    tones = rng.integers(40, 150, count)
    for start, end, tone in zip(starts.astype(int), ends.astype(int), tones, strict=True):
        cv2.line(layer, start.tolist(), end.tolist(), int(tone), 1, cv2.LINE_AA)
    wet = cv2.add(image, cv2.cvtColor(cv2.convertScaleAbs(layer, alpha=0.55), cv2.COLOR_GRAY2RGB))
    if rng.random() < 0.3:
        soft = cv2.GaussianBlur(wet, (0, 0), 4)
        drops = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(3, 18))):
            at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            cv2.circle(drops, at, int(rng.uniform(3, 12)), 255, -1, cv2.LINE_AA)
        wet = np.where(drops[..., None] > 0, cv2.convertScaleAbs(soft, beta=12), wet)
    return np.asarray(wet, np.uint8)


def haze(rng: np.random.Generator, image: Image, strength: float) -> Image:
    """A thin veil over the whole picture, thicker above."""
    height, width = image.shape[:2]
    veil = (strength * np.linspace(1.2, 0.5, height, dtype=np.float32))[:, None].repeat(width, axis=1)
    hazed = image.copy()
    blend(hazed, veil, np.array([1.0, 1.0, 1.03]) * rng.uniform(150, 215))
    return hazed


def camera(rng: np.random.Generator, image: Image, *, dark: bool) -> tuple[Image, dict[str, Any]]:
    """What lens, sensor and coder do. Returns the picture and what was done."""
    done: dict[str, Any] = {}
    height, width = image.shape[:2]
    if rng.random() < 0.55:
        done["blur_px"] = round(float(rng.uniform(0.3, 1.3 if rng.random() < 0.8 else 2.0)), 2)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), done["blur_px"]), np.uint8)
    elif rng.random() < 0.3:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        image = np.asarray(cv2.addWeighted(image, 1.7, soft, -0.7, 0), np.uint8)
        done["sharpened"] = True
    exposure, gamma = rng.uniform(0.82, 1.22), rng.uniform(0.8, 1.25)
    balance = 1 + rng.normal(0, 0.035, 3)
    levels = (np.arange(256) / 255.0) ** gamma
    table = np.stack([levels * exposure * part * 255 for part in balance], axis=-1)
    image = np.asarray(cv2.LUT(image, table.clip(0, 255).astype(np.uint8)[None]), np.uint8)
    if rng.random() < 0.12:
        image = np.asarray(
            cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
        )
        done["grey"] = True
    factor = np.ones((height, width), np.float32)
    if rng.random() < 0.4:
        v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        factor -= (rng.uniform(0.1, 0.4) * (u**2 + v**2) / 2).astype(np.float32)
        done["vignetting"] = True
    factor += np.float32(0.025) * screen_noise(rng, width, height, float(rng.uniform(0.5, 2)), 1.2)
    sigma = np.float32(rng.uniform(1, 5) * (2.0 if dark else 1.0))
    grain = noise_tile(int(rng.integers(4, 10)), 0.1)
    planes = []
    for plane in cv2.split(image):
        top, left = rng.integers(0, TILE_PX, 2)
        speckle = grain.take(np.arange(top, top + height), axis=0, mode="wrap")
        speckle = speckle.take(np.arange(left, left + width), axis=1, mode="wrap")
        noisy = plane * factor + speckle * sigma
        planes.append(cv2.convertScaleAbs(np.maximum(noisy, 0, out=noisy)))
    image = np.asarray(cv2.merge(planes), np.uint8)
    if rng.random() < 0.5:
        image = overlay(rng, image)
        done["overlay"] = True
    if rng.random() < 0.75:
        done["jpeg"] = int(rng.integers(28, 92))
        coded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, done["jpeg"]])
        if coded:
            image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image, done


def overlay(rng: np.random.Generator, image: Image) -> Image:
    """Time and name as a recorder writes them into the picture."""
    height, width = image.shape[:2]
    day, month, hour = rng.integers(1, 29), rng.integers(1, 13), rng.integers(0, 24)
    minute, second = rng.integers(0, 60, 2)
    stamp = f"{day:02d}-{month:02d}-20{rng.integers(21, 27)} {hour:02d}:{minute:02d}:{second:02d}"
    name = f"CAM-{rng.integers(1, 700):04d}"
    written = image.copy()
    scale = rng.uniform(0.35, 0.6) * width / 640
    white = (255, 255, 255) if rng.random() < 0.8 else (255, 240, 60)
    low = int(height - 6 * scale * 2)
    corners = [((6, int(24 * scale) + 2), stamp), ((int(width * 0.7), low), name)]
    if rng.random() < 0.4:
        corners = [((int(width * 0.5), int(24 * scale) + 2), stamp), ((6, low), name)]
    for (x, y), text in corners:
        for offset, colour in ((1, (0, 0, 0)), (0, white)):
            at = (x + offset, y + offset)
            cv2.putText(written, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
    return written
