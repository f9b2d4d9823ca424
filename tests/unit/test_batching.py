"""Which frames go through a network together."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Frame
from detectors.batching import batches, picture_of
from gis_core.errors import DetectorError

AT = datetime(2025, 10, 27, tzinfo=UTC)


@given(st.lists(st.sampled_from([(64, 48), (48, 64), (32, 32)])), st.integers(1, 5))
def test_every_frame_once_in_order_and_alike(sizes: list[tuple[int, int]], most: int) -> None:
    frames = [Frame(f"CAM-{number}", AT, *size) for number, size in enumerate(sizes)]
    made = list(batches(frames, most))
    assert [frame for together in made for frame in together] == frames
    for together in made:
        assert 1 <= len(together) <= most
        assert len({(frame.width_px, frame.height_px) for frame in together}) == 1


def test_a_picture_must_be_there_and_as_large_as_said() -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    assert picture_of(Frame("CAM-1", AT, 64, 48, image)) is image
    with pytest.raises(DetectorError, match="comes without its picture"):
        picture_of(Frame("CAM-1", AT, 64, 48))
    with pytest.raises(DetectorError, match="not what it says"):
        picture_of(Frame("CAM-1", AT, 48, 64, image))
