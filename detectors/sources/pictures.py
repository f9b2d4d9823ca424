"""One picture from a file."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from detectors.base import Frame
from detectors.sources.base import SourceError, check_size, frame_of
from detectors.sources.timestamps import time_in_exif, time_in_name

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises of a file that is damaged or cut short."""


def read_picture(file: Path, camera_code: str, taken_at: datetime | None) -> Frame:
    """The picture of a file, turned as its EXIF tags say.

    Args:
        file: in one of the formats of ``SUFFIXES``.
        camera_code: whose it is.
        taken_at: when it was taken, if neither its name nor EXIF tells.

    Raises:
        SourceError: it is broken, or nothing tells when it was taken.
    """
    try:
        with warnings.catch_warnings():
            # What Pillow warns of, an impossible size or damaged tags, is a fault of this file.
            warnings.simplefilter("error")
            with Image.open(file) as picture:
                check_size(file.name, *picture.size)
                moment = time_in_name(file.name) or time_in_exif(picture.getexif()) or taken_at
                image = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except UnidentifiedImageError as error:
        raise SourceError(file.name, "it is no picture that can be read.") from error
    except (*_BROKEN, Warning) as error:
        raise SourceError(file.name, "the picture is damaged or cut short.") from error
    if moment is None:
        raise SourceError(
            file.name, "neither its name nor EXIF tells when it was taken; give the time with --at."
        )
    return frame_of(file.name, camera_code, moment, image)
