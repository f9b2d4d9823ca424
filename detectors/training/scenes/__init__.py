"""Scenes drawn for training: pictures with boxes, each from a seed."""

from detectors.training.scenes.catalogue import KINDS, draw
from detectors.training.scenes.for_camera import Standing, Strip, draw_for_camera
from detectors.training.scenes.scene import CLASSES, Scene, Truth

__all__ = ["CLASSES", "KINDS", "Scene", "Standing", "Strip", "Truth", "draw", "draw_for_camera"]
