"""The drainage of a terrain file, worked out once and kept beside the terrain.

It depends on the terrain alone, so that a new stage costs only the flood itself. The
file that is kept is a GeoTIFF of elevation, filled elevation and flow direction, named
after the digest of the terrain it was made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS

from gis_core.analysis.hydrology import Drainage, derive_drainage, network_of, open_water
from gis_core.errors import SurfaceNotBuiltError
from gis_core.files import replacing
from gis_core.terrain import RasterTerrain, file_digest, read_terrain

_PREFIX = "drainage-2-"
"""The number goes up when the method changes, so that no older file is taken for a new one."""

_BANDS = ("elevation_m", "filled_m", "flow_direction_d8")
_NOTE = "NOTE_"


@dataclass(frozen=True)
class DrainedTerrain:
    """A terrain with its drainage, and the SHA-256 of the file that it was read from."""

    terrain: RasterTerrain
    drainage: Drainage
    digest: str


def drained_terrain(path: Path, keep_in: Path | None = None) -> DrainedTerrain:
    """Read a terrain and derive its drainage, or take what was kept of an earlier time.

    Args:
        path: the terrain file.
        keep_in: folder for the kept drainage; the one of another terrain is removed from
            it. None keeps nothing.

    Raises:
        SurfaceNotBuiltError: there is no such file.
        GisError: the terrain cannot be used.
    """
    if not path.is_file():
        raise SurfaceNotBuiltError(
            f"There is no terrain at {path}; load the sample, or name one in surfaces.flood_risk.terrain."
        )
    digest = file_digest(path)
    kept = None if keep_in is None else keep_in / f"{_PREFIX}{digest[:16]}.tif"
    if kept is not None and kept.is_file():
        return _read(kept, path.name, digest)
    terrain = read_terrain(path)
    sea = open_water(terrain.elevation_m, terrain.cell_m)
    drained = DrainedTerrain(terrain, derive_drainage(terrain.elevation_m, terrain.cell_m, sea), digest)
    if kept is not None:
        for older in kept.parent.glob("drainage-*.tif"):
            older.unlink()
        _write(kept, drained)
    return drained


def _write(path: Path, drained: DrainedTerrain) -> None:
    terrain, drainage = drained.terrain, drained.drainage
    rows, columns = drainage.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(path) as written,
        rasterio.open(
            written, "w", driver="GTiff", width=columns, height=rows, count=len(_BANDS), dtype="float32",
            crs=terrain.crs.to_wkt(), transform=terrain.transform, nodata=np.nan, interleave="band",
            tiled=True, compress="zstd", zstd_level=1, predictor=3, bigtiff="if_safer",
        ) as dataset,
    ):  # fmt: skip
        # One band after the other: stacked they would take as much memory again.
        dataset.write(drainage.elevation_m, 1)
        dataset.write(drainage.filled_m, 2)
        dataset.write(drainage.directions.astype(np.float32), 3)
        dataset.descriptions = _BANDS
        notes = {f"{_NOTE}{number}": note for number, note in enumerate(terrain.notes)}
        dataset.update_tags(SIMULATED="YES" if terrain.simulated else "NO", **notes)


def _read(path: Path, name: str, digest: str) -> DrainedTerrain:
    with rasterio.open(path) as dataset:
        elevation, filled = dataset.read(1), dataset.read(2)
        directions = dataset.read(3).astype(np.uint8)
        tags = dataset.tags()
        notes = tuple(text for key, text in sorted(tags.items()) if key.startswith(_NOTE))
        terrain = RasterTerrain(
            name,
            elevation,
            dataset.transform,
            CRS.from_user_input(dataset.crs),
            tags["SIMULATED"] == "YES",
            notes,
        )
    drainage = network_of(elevation, filled, directions, terrain.cell_m)
    return DrainedTerrain(terrain, drainage, digest)
