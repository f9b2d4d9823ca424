"""Cells as GeoTIFF and as CoverageJSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import MemoryFile

from gis_core.crs import crs_uri
from layers.raster import RasterLayer
from ogc_api.coverages.cells import Cells

GEOTIFF = "GTiff"
GEOTIFF_TYPE = "image/tiff; application=geotiff"
COVERAGE_JSON_TYPE = "application/prs.coverage+json"
MOST_JSON_VALUES = 500_000


def geotiff(surface: RasterLayer, cells: Cells) -> bytes:
    """A GeoTIFF with names and units of the bands, and what the surface says of itself."""
    bands, rows, columns = cells.values.shape
    profile = {
        "driver": GEOTIFF, "dtype": cells.values.dtype, "nodata": cells.nodata, "crs": f"EPSG:{cells.srid}",
        "count": bands, "width": columns, "height": rows, "transform": cells.transform,
        "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(cells.values)
            for position, index in enumerate(cells.indexes, 1):
                target.set_band_description(position, surface.bands[index - 1].name)
                target.set_band_unit(position, surface.bands[index - 1].unit)
            target.update_tags(**cells.tags)
        return bytes(memory.read())


def coverage_json(surface: RasterLayer, cells: Cells) -> dict[str, Any]:
    """CoverageJSON (OGC 21-069r2), nodata as null, axes at cell centres."""
    _, rows, columns = cells.values.shape
    left, top = cells.transform @ (0.5, 0.5)
    right, bottom = cells.transform @ (columns - 0.5, rows - 0.5)
    chosen = [surface.bands[index - 1] for index in cells.indexes]
    system = "GeographicCRS" if CRS(cells.srid).is_geographic else "ProjectedCRS"
    return {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Grid",
            "axes": {
                "x": {"start": left, "stop": right, "num": columns},
                "y": {"start": top, "stop": bottom, "num": rows},
            },
            "referencing": [
                {"coordinates": ["x", "y"], "system": {"type": system, "id": crs_uri(cells.srid)}}
            ],
        },
        "parameters": {
            band.name: {
                "type": "Parameter",
                "description": band.title._asdict(),
                "unit": {"symbol": band.unit},
                "observedProperty": {"label": band.title._asdict()},
            }
            for band in chosen
        },
        "ranges": {
            band.name: {
                "type": "NdArray",
                "dataType": "float",
                "axisNames": ["y", "x"],
                "shape": [rows, columns],
                "values": _or_none(values, cells.nodata),
            }
            for band, values in zip(chosen, cells.values, strict=True)
        },
    }


def _or_none(cells: NDArray[np.float32], nodata: float) -> list[float | None]:
    """The cells row by row, None for nodata."""
    return [None if value == nodata else value for value in cells.ravel().tolist()]
