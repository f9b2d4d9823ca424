"""When a picture was taken: by its name, by its tags, in the right zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from detectors.sources.timestamps import time_in_exif, time_in_name

MORNING = datetime(2025, 10, 27, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("CAM-0001_20251027T080000+0700.jpg", MORNING),
        ("CAM-0001_20251027T010000Z.jpg", MORNING),
        ("20251027_080000.jpg", MORNING),
        ("2025-10-27_08-00-00.png", MORNING),
        ("2025-10-27T08.00.00.jpg", MORNING),
        ("20251027080000.jpg", MORNING),
        ("IMG_20251027_080000250.jpg", MORNING + timedelta(milliseconds=250)),
        ("20251027T080000.250+07:00.jpg", MORNING + timedelta(milliseconds=250)),
        ("20251027_080000_001.jpg", MORNING),
        ("snap-1761526800.jpg", MORNING),
        ("snap-1761526800250.jpg", MORNING + timedelta(milliseconds=250)),
        ("CAM-0001.jpg", None),
        ("frame0001.png", None),
        ("20251399_080000.jpg", None),
        ("20250229_080000.jpg", None),
        ("12025102708000012345678901234.jpg", None),
    ],
)
def test_what_a_name_tells(name: str, moment: datetime | None) -> None:
    assert time_in_name(name) == moment


@given(
    st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_a_name_written_in_any_zone_is_read_as_the_same_instant(moment: datetime, zone: timezone) -> None:
    assert time_in_name(f"gate_{moment.astimezone(zone):%Y%m%dT%H%M%S%z}.jpg") == moment


@given(st.text(max_size=60))
def test_no_name_is_too_strange(name: str) -> None:
    moment = time_in_name(name)
    assert moment is None or moment.tzinfo is UTC


def exif(tags: dict[int, str], inner: dict[int, str]) -> Image.Exif:
    made = Image.Exif()
    made.update(tags)
    made.get_ifd(0x8769).update(inner)
    return made


@pytest.mark.parametrize(
    ("tags", "inner", "moment"),
    [
        ({}, {36867: "2025:10:27 08:00:00"}, MORNING),
        ({}, {36867: "2025:10:27 01:00:00", 36881: "+00:00"}, MORNING),
        ({}, {36867: "2025:10:26 20:00:00", 36881: "-05:00"}, MORNING),
        ({}, {36867: "2025:10:27 08:00:00", 37521: "25"}, MORNING + timedelta(milliseconds=250)),
        ({306: "2025:10:28 08:00:00"}, {36867: "2025:10:27 08:00:00"}, MORNING),
        ({306: "2025:10:27 08:00:00"}, {}, MORNING),
        ({306: "0000:00:00 00:00:00"}, {}, None),
        ({306: "    :  :     :  :  "}, {36867: "noon", 36881: "here"}, None),
        ({}, {}, None),
    ],
)
def test_what_tags_tell(tags: dict[int, str], inner: dict[int, str], moment: datetime | None) -> None:
    assert time_in_exif(exif(tags, inner)) == moment
