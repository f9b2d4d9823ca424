"""Saying numbers and times as the reader's language writes them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

from gis_core.time import local_text
from gis_core.types import Text

Language = Literal["vi", "en"]

_SWAP = str.maketrans(",.", ".,")
_NO_POINTS = str.maketrans("", "", ",.")


def pick(text: Text | str, language: Language) -> str:
    """The text in that language; a plain text is the same in both."""
    if isinstance(text, str):
        return text
    return text.vi if language == "vi" else text.en


def other(text: Text, language: Language) -> str:
    """The text in the other language, empty where both say the same, as numbers do."""
    if text.vi.translate(_NO_POINTS) == text.en.translate(_NO_POINTS):
        return ""
    return pick(text, "en" if language == "vi" else "vi")


def number(value: float, digits: int = 0) -> Text:
    """A number as each language writes it: 1.234,5 in Vietnamese, 1,234.5 in English."""
    english = f"{value:,.{digits}f}"
    return Text(english.translate(_SWAP), english)


def amount(value: float | None, unit: str, digits: int = 0) -> Text | None:
    """A number with its unit, or None where there is no number."""
    if value is None or math.isnan(value):
        return None
    said = number(value, digits)
    return fill(Text("{n} {unit}", "{n} {unit}"), n=said, unit=unit) if unit else said


def moment(instant: datetime) -> Text:
    """An instant in the local time of Huế, the same in both languages."""
    return same(local_text(instant))


def same(text: str) -> Text:
    """A text that is the same in both languages, such as a name."""
    return Text(text, text)


def fill(template: Text, **values: Text | str) -> Text:
    """A template with its fields filled, each language by its own."""
    vi = {name: pick(value, "vi") for name, value in values.items()}
    en = {name: pick(value, "en") for name, value in values.items()}
    return Text(template.vi.format(**vi), template.en.format(**en))
