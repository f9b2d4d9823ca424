"""What a surface showed before: each built one is kept by the instant it shows, for a time.

The service shows the one that was built last. It is written whole into the series first and
takes its place in one step then, so that the one before it is served until that moment.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from gis_core.config import Settings
from gis_core.errors import NoSurfaceThenError, RasterError, SurfaceNotBuiltError
from gis_core.files import replacing
from gis_core.time import Window, local_text, parse_duration
from layers.raster import RasterLayer, SurfaceRecord, write_surface
from layers.surfaces.stac import write_item

_NAME = "%Y%m%dT%H%M%SZ"


class Kept(NamedTuple):
    """One surface of the series, and the instant it shows."""

    at: datetime
    path: Path


def publish(
    surface: RasterLayer, window: Window, array: xr.DataArray, settings: Settings
) -> tuple[SurfaceRecord, Path]:
    """Put a built surface into its series and let the service show it; the oldest ones may go.

    Returns:
        What is known of it, and the file that the service shows.

    Raises:
        RasterError: it cannot be written; what the service shows is as it was.
    """
    kept = _folder(surface, settings) / f"{window.end.astimezone(UTC):{_NAME}}.tif"
    record = write_surface(surface, window, array, kept)
    write_item(surface, record, kept)
    shown = surface.path(settings)
    try:
        with replacing(shown) as written:
            shutil.copyfile(kept, written)
    except OSError as error:
        raise RasterError(f"{shown} cannot be written: {error}.") from error
    forget(surface, settings)
    return record, shown


def series(surface: RasterLayer, settings: Settings) -> list[Kept]:
    """The kept surfaces, the oldest first."""
    return sorted(_found(surface, settings))


def kept_at(surface: RasterLayer, at: datetime, settings: Settings) -> Kept:
    """The surface that was valid at an instant: the last one that shows none later.

    Raises:
        NoSurfaceThenError: none is kept that is so old.
        SurfaceNotBuiltError: none is kept at all.
    """
    known = series(surface, settings)
    older = [kept for kept in known if kept.at <= at]
    if not older:
        missing = f"No surface '{surface.name}' is kept for {local_text(at)}"
        if not known:
            raise SurfaceNotBuiltError(f"{missing}.")
        raise NoSurfaceThenError(f"{missing}; the series begins at {local_text(known[0].at)}.")
    return older[-1]


def forget(surface: RasterLayer, settings: Settings) -> int:
    """Remove what is older than the newest by more than ``surfaces.keep``, and say how many that were."""
    known = series(surface, settings)
    if not known:
        return 0
    oldest = known[-1].at - parse_duration(settings.surfaces.keep, "surfaces.keep")
    gone = [kept for kept in known if kept.at < oldest]
    for kept in gone:
        kept.path.with_suffix(".json").unlink(missing_ok=True)
        kept.path.unlink(missing_ok=True)
    return len(gone)


def _folder(surface: RasterLayer, settings: Settings) -> Path:
    return settings.surface_dir / surface.name


def _found(surface: RasterLayer, settings: Settings) -> Iterator[Kept]:
    for path in _folder(surface, settings).glob("*.tif"):
        try:
            at = datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)
        except ValueError:
            continue
        yield Kept(at, path)
