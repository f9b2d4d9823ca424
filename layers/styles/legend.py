"""The legend of a style as a picture, in the typeface of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gis_core.errors import ConfigError
from layers.styles.catalogue import BandStyle, LayerStyle, Say
from layers.styles.qml import geometry_kind

_TITLE_PX = 15
_TEXT_PX = 13
_ROW_PX = 22
_SWATCH_PX = (26, 16)
_MARGIN_PX = 10
_INK = "#263238"
_FAMILY = "be-vietnam-pro"
_MARKS = "\u0300\u0301\u0303\u0309\u0323"


def legend_png(style: LayerStyle | BandStyle, say: Say, static_dir: Path) -> bytes:
    """Title and entries under each other, on white.

    Raises:
        ConfigError: the typeface is not where set-up puts it.
    """
    title, text = _Typeface(static_dir, 600, _TITLE_PX), _Typeface(static_dir, 400, _TEXT_PX)
    heading = _heading(style, say)
    entries = [(color, say(label)) for color, label in style.legend()]
    indent_px = _MARGIN_PX + _SWATCH_PX[0] + 8
    widest_px = max(
        title.length_px(heading) + _MARGIN_PX, *(indent_px + text.length_px(t) for _, t in entries)
    )
    size = (round(widest_px) + _MARGIN_PX, 2 * _MARGIN_PX + _ROW_PX * (len(entries) + 1))
    picture = Image.new("RGB", size, "#ffffff")
    drawing = ImageDraw.Draw(picture)
    title.write(drawing, _MARGIN_PX, _MARGIN_PX, heading)
    for row, (color, label) in enumerate(entries, 1):
        top_px = _MARGIN_PX + row * _ROW_PX
        _swatch(drawing, style, color, top_px + (_ROW_PX - _SWATCH_PX[1]) / 2)
        text.write(drawing, indent_px, top_px, label)
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _heading(style: LayerStyle | BandStyle, say: Say) -> str:
    unit = style.band.unit if isinstance(style, BandStyle) else "1"
    return say(style.title) if unit == "1" else f"{say(style.title)} ({unit})"


def _swatch(drawing: ImageDraw.ImageDraw, style: LayerStyle | BandStyle, color: str, top_px: float) -> None:
    """A patch, a line or a disc, as the thing itself is drawn."""
    left_px, (width_px, height_px) = _MARGIN_PX, _SWATCH_PX
    middle_px = top_px + height_px / 2
    kind = geometry_kind(style.layer) if isinstance(style, LayerStyle) else "Polygon"
    if kind == "Point" and isinstance(style, LayerStyle):
        radius_px = min(style.layer.style.size_px + 1, height_px / 2)
        center_px = left_px + width_px / 2
        drawing.ellipse(
            (center_px - radius_px, middle_px - radius_px, center_px + radius_px, middle_px + radius_px),
            color,
        )
    elif kind == "Line":
        drawing.line((left_px, middle_px, left_px + width_px, middle_px), color, 3)
    else:
        drawing.rectangle((left_px, top_px, left_px + width_px, top_px + height_px), color, "#b0bec5")


class _Typeface:
    """One weight of the typeface, whose files hold the Latin and the Vietnamese letters apart."""

    def __init__(self, static_dir: Path, weight: int, size_px: int) -> None:
        folder = static_dir / "@fontsource" / _FAMILY / "files"
        try:
            self._fonts = {
                subset: ImageFont.truetype(folder / f"{_FAMILY}-{subset}-{weight}-normal.woff", size_px)
                for subset in ("latin", "vietnamese")
            }
        except OSError as error:
            raise ConfigError(f"The typeface of legends is not in {folder}; run 'make setup'.") from error

    def length_px(self, text: str) -> float:
        """How wide a text is."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def write(self, drawing: ImageDraw.ImageDraw, left_px: float, top_px: float, text: str) -> None:
        """Write a line in a row."""
        for font, run in self._runs(text):
            drawing.text((left_px, top_px + _ROW_PX / 2), run, _INK, font, anchor="lm")
            left_px += font.getlength(run)

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        for subset, letters in groupby(text, _subset):
            yield self._fonts[subset], "".join(letters)


def _subset(letter: str) -> str:
    """The file that holds a letter, by the ranges in which the typeface is cut."""
    vietnamese = letter in "ĂăĐđĨĩŨũƠơƯư₫" or "\u1ea0" <= letter <= "\u1ef9" or letter in _MARKS
    return "vietnamese" if vietnamese else "latin"
