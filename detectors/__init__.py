"""From frames to findings on the ground: detectors, and the way from a box to a feature."""
