"""The forms in which features are given: a file for each, and one line for it in ``listed``."""
