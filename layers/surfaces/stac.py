"""A STAC item beside each kept surface: where it lies, when it is for, and what it was made of.

STAC 1.1 with the extensions projection 2.0 and processing 1.2 (https://stacspec.org).
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pystac
import rasterio
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

from gis_core.crs import STORAGE_SRID
from gis_core.errors import SurfaceNotBuiltError
from gis_core.files import replacing
from gis_core.types import Bounds
from layers.raster import RasterLayer, SurfaceRecord

ASSET = "surface"
"""The key of the asset that is the surface itself."""

_FOOTPRINTS_REMEMBERED = 50_000

_EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
]


def item_of(surface: RasterLayer, record: SurfaceRecord, path: Path) -> pystac.Item:
    """The item of a written surface, with its file as the one asset, named relative to the item."""
    with rasterio.open(path) as dataset:
        bounds = transform_bounds(dataset.crs, f"EPSG:{STORAGE_SRID}", *dataset.bounds)
        projection = {
            "proj:code": dataset.crs.to_string(),
            "proj:shape": list(dataset.shape),
            "proj:transform": list(dataset.transform)[:6],
        }
        nodata, data_type = dataset.nodata, dataset.dtypes[0]
        # Cells on the ground; those of a geographic grid have no one length.
        ground = {"gsd": dataset.res[0]} if dataset.crs.is_projected else {}
    item = pystac.Item(
        id=f"{surface.name}-{path.stem}",
        geometry=mapping(box(*bounds)),
        bbox=list(bounds),
        datetime=record.window.end,
        start_datetime=record.window.start,
        end_datetime=record.window.end,
        stac_extensions=_EXTENSIONS,
        properties={
            "title": surface.title.both,
            "description": surface.description.both,
            "created": record.built_at.isoformat(),
            "keywords": list(surface.keywords),
            "processing:software": {"huegis": record.version},
            "processing:lineage": surface.method.both,
            "huegis:inputs": dict(record.inputs),
            "huegis:simulated": record.simulated,
            **projection,
            **ground,
        },
    )
    bands = [
        {
            "name": band.name,
            "description": band.title.both,
            "unit": band.unit,
            "nodata": nodata,
            "data_type": data_type,
        }
        for band in surface.bands
    ]
    item.add_asset(
        ASSET,
        pystac.Asset(
            href=f"./{path.name}",
            media_type=pystac.MediaType.COG,
            roles=["data"],
            extra_fields={"bands": bands},
        ),
    )
    return item


def write_item(surface: RasterLayer, record: SurfaceRecord, path: Path) -> Path:
    """Write the item as JSON beside the surface's file."""
    target = path.with_suffix(".json")
    document = item_of(surface, record, path).to_dict(include_self_link=False, transform_hrefs=False)
    with replacing(target) as written:
        written.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return target


def read_item(path: Path) -> dict[str, Any]:
    """The item beside a kept surface, as it was written with it.

    Raises:
        SurfaceNotBuiltError: there is none, for the surface was just forgotten.
    """
    try:
        document: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SurfaceNotBuiltError(
            f"{path.stem} is kept no longer, or its description is damaged."
        ) from error
    return document


def footprint(path: Path) -> Bounds:
    """The limits of a kept surface in EPSG:4326, remembered for as long as its item is the same.

    Raises:
        SurfaceNotBuiltError: as for ``read_item``.
    """
    try:
        written_ns = path.with_suffix(".json").stat().st_mtime_ns
    except OSError as error:
        raise SurfaceNotBuiltError(f"{path.stem} is kept no longer.") from error
    return _footprint(path, written_ns)


@lru_cache(maxsize=_FOOTPRINTS_REMEMBERED)
def _footprint(path: Path, written_ns: int) -> Bounds:
    return Bounds(*read_item(path)["bbox"])
