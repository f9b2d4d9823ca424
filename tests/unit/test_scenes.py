"""Drawn scenes: what they hold, that they repeat, and that their geometry is true."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.training.scenes import CLASSES, KINDS, Scene, Standing, Strip, Truth, draw, draw_for_camera
from detectors.training.scenes.view import View
from gis_core.errors import DetectorError

ALWAYS_SHOWN = {
    "hills_smoke": {"smoke", "flame"},
    "forest_fire": {"smoke", "flame"},
    "fields_fire": {"straw_fire"},
    "flood": {"flood"},
    "rubbish": {"rubbish"},
    "animals": {"animal"},
}
"""What a kind is about; most of its scenes must show it."""


def _assert_sound(scene: Scene, size: tuple[int, int]) -> None:
    width, height = size
    assert scene.image.shape == (height, width, 3)
    assert scene.image.dtype == np.uint8
    for boxes, names in ((scene.boxes_px, scene.class_names), (scene.ignored_px, scene.ignored_names)):
        assert boxes.shape == (len(names), 4)
        assert set(names) <= set(CLASSES)
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2] <= width).all()
        assert (boxes[:, 3] <= height).all()
        assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert len(scene.truths) == len(scene.class_names)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_sound_scenes(kind: str) -> None:
    for seed in range(3):
        scene = draw(seed, kind)
        _assert_sound(scene, (640, 384))
        assert scene.kind == kind
        assert scene.image.std() > 2


@pytest.mark.parametrize("kind", sorted(ALWAYS_SHOWN))
def test_a_kind_shows_what_it_is_about(kind: str) -> None:
    shown = [bool(ALWAYS_SHOWN[kind] & set(draw(seed, kind).class_names)) for seed in range(10)]
    assert sum(shown) >= 6


@pytest.mark.parametrize("kind", ["hills_clear", "fields_clear"])
def test_look_alikes_are_not_labelled(kind: str) -> None:
    fires = {"smoke", "flame", "straw_fire"}
    assert not any(fires & set(draw(seed, kind).class_names) for seed in range(6))


def test_a_street_is_mostly_motorcycles() -> None:
    names = [name for seed in range(12) for name in draw(seed, "street_day").class_names]
    assert names.count("motorcycle") > max(names.count(name) for name in CLASSES if name != "motorcycle")


@given(seed=st.integers(0, 10**12), width=st.integers(96, 400), height=st.integers(96, 300))
@settings(max_examples=12, deadline=None)
def test_any_seed_and_size_draws(seed: int, width: int, height: int) -> None:
    _assert_sound(draw(seed, size=(width, height)), (width, height))


def test_a_seed_is_its_scene_whatever_was_drawn_before() -> None:
    """Another process, which draws nothing else first, makes the same bytes."""
    for seed in range(5):
        draw(seed)
    program = (
        "import hashlib; from detectors.training.scenes import draw; scene = draw(4242);"
        "print(hashlib.sha256(scene.image.tobytes() + scene.boxes_px.tobytes()).hexdigest())"
    )
    alone = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    scene = draw(4242)
    here = hashlib.sha256(scene.image.tobytes() + scene.boxes_px.tobytes()).hexdigest()
    assert alone.stdout.strip() == here
    assert not np.array_equal(scene.image, draw(4243).image)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"seed": -1}, "0 or a greater"),
        ({"seed": 1, "kind": "opera"}, "no kind of scene 'opera'"),
        ({"seed": 1, "size": (20, 20)}, "at least 32"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(DetectorError, match=sentence):
        draw(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"vehicles": [Standing("tram", 0, 20)]}, "tram"),
        ({"mood": "gloomy"}, "its light one of"),
        ({"surroundings": "moon"}, "surroundings"),
        ({"roads": [Strip(np.array([[0.0, 5.0], [0.0, 5.0]]), 8)]}, "road"),
    ],
)
def test_what_no_camera_sees_is_refused(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(DetectorError, match=sentence):
        draw_for_camera(1, 8, 15, 60, (320, 200), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("pose", [(0.0, 10.0, 60.0), (8.0, 95.0, 60.0), (8.0, 10.0, 200.0)])
def test_a_camera_needs_height_and_view(pose: tuple[float, float, float]) -> None:
    with pytest.raises(DetectorError, match="needs a height"):
        draw_for_camera(1, *pose, (320, 200))


def _ground(scene: Scene, u: float, v: float) -> tuple[float, float]:
    """East and north of a pixel on level ground, by rotations about three axes one after another.

    Independent of the drawing code: it turns the ray by roll, tilt and azimuth in trigonometry
    rather than by a matrix of axes.
    """
    pose, (height, width) = scene.camera, scene.image.shape[:2]
    focal = width / (2 * math.tan(math.radians(pose["field_of_view_deg"]) / 2))
    across, below = u - width / 2, v - height / 2
    roll, tilt = math.radians(pose["roll_deg"]), math.radians(pose["tilt_deg"])
    right = across * math.cos(roll) - below * math.sin(roll)
    down = across * math.sin(roll) + below * math.cos(roll)
    depression = tilt + math.atan2(down, focal)
    ahead_m = pose["height_m"] / math.tan(depression)
    slant_m = pose["height_m"] / math.sin(depression)
    aside_m = right / math.hypot(focal, down) * slant_m
    azimuth = math.radians(pose["azimuth_deg"])
    return (
        ahead_m * math.sin(azimuth) + aside_m * math.cos(azimuth),
        ahead_m * math.cos(azimuth) - aside_m * math.sin(azimuth),
    )


def _bearing(azimuth_deg: float, distance_m: float, aside_m: float) -> tuple[float, float]:
    angle = math.radians(azimuth_deg)
    return (
        distance_m * math.sin(angle) + aside_m * math.cos(angle),
        distance_m * math.cos(angle) - aside_m * math.sin(angle),
    )


def _errors_m(scene: Scene, truths: tuple[Truth, ...]) -> list[float]:
    boxes = zip(scene.boxes_px, truths, strict=True)
    return [
        math.dist(_ground(scene, (left + right) / 2, bottom), (truth.near_east_m, truth.near_north_m))
        for (left, _, right, bottom), truth in boxes
    ]


@pytest.mark.parametrize("azimuth_deg", [0.0, 63.0, 180.0, 291.5])
@pytest.mark.parametrize(("tilt_deg", "roll_deg", "seed"), [(14.0, 0.0, 5), (24.0, 2.0, 6), (33.0, -3.0, 7)])
def test_the_foot_of_a_box_is_where_the_thing_stands(
    azimuth_deg: float, tilt_deg: float, roll_deg: float, seed: int
) -> None:
    """The lower middle of a box, put on the ground by another pinhole, is the near edge of the thing."""
    wanted = [("motorcycle", 17.0, -2.2), ("person", 14.0, 2.5), ("car", 22.0, 0.0), ("bicycle", 19.0, 3.5)]
    vehicles = [
        Standing(name, *_bearing(azimuth_deg, ahead, aside), heading_deg=azimuth_deg)
        for name, ahead, aside in wanted
    ]
    scene, truths = draw_for_camera(
        seed,
        9,
        tilt_deg,
        62,
        (1280, 768),
        vehicles=vehicles,
        azimuth_deg=azimuth_deg,
        roll_deg=roll_deg,
        mood="overcast",
    )
    assert sorted(scene.class_names) == sorted(name for name, _, _ in wanted)
    assert [truth.class_name for truth in truths] == list(scene.class_names)
    assert max(_errors_m(scene, truths)) < 0.6
    assert float(np.median(_errors_m(scene, truths))) < 0.35


def test_truth_is_the_place_that_was_asked_for() -> None:
    scene, truths = draw_for_camera(3, 7, 20, 55, (640, 384), vehicles=[Standing("bus", 1.0, 25.0, 0.0)])
    assert scene.class_names == ("bus",)
    assert (truths[0].east_m, truths[0].north_m, truths[0].heading_deg) == (1.0, 25.0, 0.0)
    # A bus is 5.5 to 12.5 m long, and is seen from behind: its near end stands half of that nearer.
    assert 25 - 6.3 < truths[0].near_north_m < 25 - 2.7
    assert truths[0].visible_share > 0.95


def test_a_fire_stands_where_it_was_asked_for() -> None:
    fire = Standing("straw_fire", -12.0, 60.0, size_m=8)
    scene, truths = draw_for_camera(4, 10, 6, 60, (640, 384), vehicles=[fire], surroundings="fields")
    assert scene.class_names == ("straw_fire",)
    left, _, right, bottom = scene.boxes_px[0]
    east, north = _ground(scene, -12.0 / 60 * 640 / (2 * math.tan(math.radians(30))) + 320, bottom)
    assert truths[0].east_m == -12.0
    assert north == pytest.approx(60, rel=0.15)
    assert left < 320 - 12 / 60 * 554 < right
    assert east == pytest.approx(-12, abs=2)


def test_things_out_of_sight_have_no_box() -> None:
    behind = [Standing("car", 0, -20), Standing("truck", 200, 5), Standing("person", 0, 1.0)]
    scene, truths = draw_for_camera(1, 8, 15, 60, (320, 200), vehicles=behind)
    assert scene.class_names == ()
    assert truths == ()


def test_what_is_hidden_is_not_asked_for() -> None:
    """A person right behind a bus is not labelled; without the bus it is."""
    person, bus = Standing("person", 0.0, 34.0), Standing("bus", 0.0, 24.0, 0.0)
    alone, _ = draw_for_camera(2, 6, 10, 50, (640, 384), vehicles=[person])
    hidden, _ = draw_for_camera(2, 6, 10, 50, (640, 384), vehicles=[bus, person])
    assert alone.class_names == ("person",)
    assert hidden.class_names == ("bus",)


def test_given_roads_are_drawn_where_they_lie() -> None:
    """A light asphalt strip changes the picture along its line and hardly far from it."""
    road = Strip(np.array([[-40.0, 30.0], [40.0, 30.0]]), 8)
    other = Strip(np.array([[-40.0, 60.0], [40.0, 60.0]]), 8)
    first, _ = draw_for_camera(9, 8, 15, 60, (640, 384), roads=[road], surroundings="fields", mood="overcast")
    second, _ = draw_for_camera(
        9, 8, 15, 60, (640, 384), roads=[other], surroundings="fields", mood="overcast"
    )
    view = View(8, 15, 60, 640, 384)
    north = view.ground_m[..., 1]
    changed = np.abs(first.image.astype(int) - second.image).mean(axis=2)
    assert changed[(north > 27) & (north < 33)].mean() > 3 * changed[(north > 12) & (north < 18)].mean()


def test_the_view_agrees_with_a_worked_example() -> None:
    """10 m up, 45° down, 90° wide: the frame's middle shows the ground 10 m ahead."""
    view = View(10, 45, 90, 200, 100)
    assert view.focal_px == pytest.approx(100)
    centre = view.to_pixels(view.in_camera(np.array([[0.0, 10.0, 0.0]])))
    assert centre[0] == pytest.approx([100, 50])
    # 5 m to the right at a slant range of 10·√2 m: 100 px · 5 / 14.142.
    aside = view.to_pixels(view.in_camera(np.array([[5.0, 10.0, 0.0]])))
    assert aside[0] == pytest.approx([100 + 35.3553, 50], abs=1e-3)
    assert view.ground_m[50, 100] == pytest.approx([0.07, 9.9], abs=0.1)
