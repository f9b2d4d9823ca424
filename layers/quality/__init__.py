"""Checks of what the layers hold: each reads, judges by a pure function, and says what it found.

Adding a check is one file beside these and one line in ``checks.py``.
"""
