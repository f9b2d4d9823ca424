"""When a picture was taken, by its file's name or by its EXIF tags."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from gis_core.time import LOCAL_ZONE

_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)"
    r"[T_ .-]?(?P<hour>\d\d)[-_:.h]?(?P<minute>\d\d)[-_:.m]?(?P<second>\d\d)"
    r"(?:[.,]?(?P<ms>\d{3}))?(?P<zone>Z|[+-]\d\d[:.-]?\d\d)?(?!\d)"
)
_EPOCH = re.compile(r"(?<!\d)(1\d{9})(\d{3})?(?!\d)")

_EXIF_IFD = 0x8769
_ORIGINAL, _ORIGINAL_OFFSET, _ORIGINAL_FRACTION = 36867, 36881, 37521
_CHANGED, _CHANGED_OFFSET, _CHANGED_FRACTION = 306, 36880, 37520


def time_in_name(name: str) -> datetime | None:
    """The instant that a file's name tells, None where it tells none.

    Known are a date and a time of day to the second, with or without signs between them,
    milliseconds and zone (``CAM-0001_20251027T080000.250+0700``, ``2025-10-27_08-00-00``),
    and Unix time in seconds or milliseconds. Without a zone it is Huế's local time.
    """
    stem = (
        Path(name).stem if Path(name).suffix[1:].isalnum() and not Path(name).suffix[1:].isdigit() else name
    )
    for found in _IN_NAME.finditer(stem):
        parts = (int(found[part]) for part in ("year", "month", "day", "hour", "minute", "second"))
        try:
            local = datetime(*parts, int(found["ms"] or 0) * 1000, tzinfo=_zone(found["zone"]))  # type: ignore[arg-type, misc]
        except ValueError:
            continue
        return local.astimezone(UTC)
    epoch = _EPOCH.search(stem)
    if epoch is None:
        return None
    return datetime.fromtimestamp(int(epoch[1]), UTC) + timedelta(milliseconds=int(epoch[2] or 0))


def time_in_exif(exif: Any) -> datetime | None:
    """The instant that EXIF tags (Pillow's mapping) tell, None where they tell none.

    The time of the exposure goes before that of the last change. EXIF times are local: the
    zone is that of the offset tag, and Huế's where there is none.

    Source: CIPA DC-008 (Exif 2.32), tags OffsetTime and OffsetTimeOriginal.
    """
    inner = exif.get_ifd(_EXIF_IFD)
    return _exif_time(
        inner.get(_ORIGINAL), inner.get(_ORIGINAL_OFFSET), inner.get(_ORIGINAL_FRACTION)
    ) or _exif_time(exif.get(_CHANGED), inner.get(_CHANGED_OFFSET), inner.get(_CHANGED_FRACTION))


def _exif_time(text: object, offset: object, fraction: object) -> datetime | None:
    try:
        local = datetime.strptime(str(text).strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - given below
        zone = _zone(str(offset).strip("\x00 ")) if offset else LOCAL_ZONE
    except ValueError:
        return None
    digits = str(fraction or "").strip("\x00 ")
    microsecond = int(digits[:6].ljust(6, "0")) if digits.isdigit() else 0
    return local.replace(microsecond=microsecond, tzinfo=zone).astimezone(UTC)


def _zone(text: str | None) -> Any:
    """The zone that a text such as ``Z``, ``+0700`` or ``+07:00`` names; Huế's where there is none."""
    if not text:
        return LOCAL_ZONE
    if text == "Z":
        return UTC
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) != 4:
        raise ValueError(text)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text.startswith("-") else offset)
