"""What a map shows where there is nothing to draw (OGC 20-058, requirements class "Background")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PIL import ImageColor

from gis_core.errors import InvalidParameterError, quoted
from layers.styles.painting import Ground

PARAMETERS = ("bgcolor", "transparent", "void-color", "void-transparent")
WHITE = "#ffffff"
_HEX = re.compile(r"(?:0x|#)?([0-9a-f]{6})", re.IGNORECASE | re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def grounds(given: Mapping[str, str]) -> tuple[Ground, Ground]:
    """The background, and what lies beyond where the CRS is defined.

    Without a colour the background is transparent, with one it is not; the void is like the
    background in whatever is not said of it.

    Raises:
        InvalidParameterError: a colour or a truth value is none.
    """
    color = _color(given, "bgcolor")
    transparent = _truth(given, "transparent")
    background = Ground(color or WHITE, color is None if transparent is None else transparent)
    void_color, void_transparent = _color(given, "void-color"), _truth(given, "void-transparent")
    return background, Ground(
        void_color or background.color,
        background.is_transparent if void_transparent is None else void_transparent,
    )


def _color(given: Mapping[str, str], name: str) -> str | None:
    if name not in given:
        return None
    text = given[name].strip().lower()
    named: str | tuple[int, ...] | None = ImageColor.colormap.get(text)
    if isinstance(named, str):
        return named
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidParameterError(
            name, f"{quoted(given[name])} is neither a W3C colour name nor red, green and blue as 0xRRGGBB."
        )
    return f"#{match[1]}"


def _truth(given: Mapping[str, str], name: str) -> bool | None:
    if name not in given:
        return None
    value = _BOOLEANS.get(given[name].strip().lower())
    if value is None:
        raise InvalidParameterError(name, f"{quoted(given[name])} is neither true nor false.")
    return value
