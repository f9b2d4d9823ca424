"""Putting the sample into the database and its terrain into a file, once for each seed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import rasterio
from rasterio.errors import RasterioIOError
from sqlalchemy import Connection, select

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.db import reading, writing
from gis_core.files import replacing
from layers.journal import LoadEntry, record_load
from layers.registry import LAYERS
from layers.rollup import record_frames
from layers.sample import SOURCE_PREFIX, Sample, generate, source_of
from layers.sample.grid import ElevationGrid
from layers.sample.terrain import make_terrain
from layers.sample.traffic import analysed_frames
from layers.store import forget_simulated, load, refresh_statistics

_ORIGIN_TAG = "ORIGIN"


def prepare(say: Callable[[str], None]) -> None:
    """Have the sample of the settings' seed loaded and its terrain written; silent where both are there.

    A terrain of the user's own is left to them: then no terrain is written.
    """
    settings = get_settings()
    if not settings.wants_sample:
        return
    seed = settings.sample.seed
    wants_terrain = settings.surfaces.flood_risk.terrain is None
    with reading() as connection:
        rows_missing = latest_sample(connection) != source_of(seed)
    terrain_missing = wants_terrain and terrain_origin(settings.terrain_file) != source_of(seed)
    if rows_missing:
        say("Generating the simulated province …")
        started = time.monotonic()
        sample = generate(seed)
        say(f"  {sum(map(len, sample.layers.values())):,} features in {time.monotonic() - started:.0f} s.")
        load_layers(sample, source_of(seed), say)
        terrain = sample.terrain
    elif terrain_missing:
        terrain = make_terrain(seed)
    if terrain_missing:
        write_terrain(terrain, settings.terrain_file, source_of(seed))
        say(f"  terrain: {terrain.grid.rows} × {terrain.grid.cols} cells of {terrain.grid.cell_m:.0f} m.")


def latest_sample(connection: Connection) -> str | None:
    """The sample that was loaded last, by the journal."""
    query = select(LoadEntry.source).where(LoadEntry.source.startswith(SOURCE_PREFIX))
    return connection.scalar(query.order_by(LoadEntry.id.desc()).limit(1))


def load_layers(sample: Sample, source: str, say: Callable[[str], None]) -> None:
    """Load every layer in one transaction, in the place of any simulated rows that are there."""
    with writing() as connection:
        for name in reversed(sample.layers):
            forget_simulated(connection, LAYERS[name])
        for name, rows in sample.layers.items():
            started = time.monotonic()
            report = load(connection, LAYERS[name], rows)
            refresh_statistics(connection, LAYERS[name], report)
            record_load(connection, source, name, report)
            say(f"  {name}: {len(rows):,} rows in {time.monotonic() - started:.1f} s.")
        frames = analysed_frames(sample.layers["cameras"])
        record_frames(connection, frames["camera_code"], frames["taken_at"], simulated=True)


def write_terrain(terrain: ElevationGrid, path: Path, origin: str) -> None:
    """Write the terrain as a tiled GeoTIFF, replacing the previous one in a single step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(path) as written,
        rasterio.open(
            written, "w", driver="GTiff", height=terrain.grid.rows, width=terrain.grid.cols, count=1,
            dtype="float32", crs=f"EPSG:{METRIC_SRID}", transform=terrain.grid.transform,
            tiled=True, blockxsize=256, blockysize=256, compress="deflate", predictor=3,
        ) as dataset,
    ):  # fmt: skip
        dataset.write(terrain.elevation_m, 1)
        dataset.set_band_description(1, "elevation_m")
        dataset.set_band_unit(1, "m")
        dataset.update_tags(**{"SIMULATED": "yes", _ORIGIN_TAG: origin})


def terrain_origin(path: Path) -> str | None:
    """What a terrain file names as its origin; None where there is none, or none that can be read."""
    if not path.is_file():
        return None
    try:
        with rasterio.open(path) as dataset:
            return str(dataset.tags().get(_ORIGIN_TAG))
    except RasterioIOError:
        return None
