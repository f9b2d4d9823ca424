"""A surface as a pygeoapi coverage provider: bands from the declaration, cells from its COG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError
from rasterio.enums import Resampling
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window, from_bounds

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, crs_uri, transformer
from gis_core.errors import GisError, InvalidParameterError, quoted
from gis_core.types import Bounds
from layers.raster import RasterLayer, read_record
from layers.registry import SURFACES
from layers.surfaces.series import kept_at
from ogc_api.coverages.query import Cut
from ogc_api.schema import Fields, surface_schema

GEOTIFF = "GTiff"
GEOTIFF_TYPE = "image/tiff; application=geotiff"
COVERAGE_JSON_TYPE = "application/prs.coverage+json"
_MOST_JSON_VALUES = 500_000
_MOST_CELLS = 25_000_000
"""A hundred megabytes before compression: what one answer may hold in memory."""


class CoverageProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """Reads one surface, named by ``data``; making it does not need the surface to be built."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._surface = SURFACES[self.data]
        self.get_fields()

    def get_fields(self) -> Fields:
        """The JSON schema of every band."""
        self._fields: Fields = self._fields or surface_schema(self._surface, "vi")
        return self._fields

    def query(
        self,
        properties: Sequence[str] = (),
        bbox: Sequence[float] = (),
        bbox_crs: int = STORAGE_SRID,
        format_: str = GEOTIFF,
        **_: Any,
    ) -> bytes | dict[str, Any]:
        """The cells that meet ``bbox`` (x first), of the named bands: GeoTIFF bytes, or CoverageJSON."""
        try:
            bounds = Bounds(*bbox) if bbox else None
            read = read_geotiff if format_ == GEOTIFF else read_coverage_json
            return read(self._surface, Cut(bounds, bbox_crs, tuple(properties)))
        except GisError as error:
            raise ProviderInvalidQueryError(str(error), user_msg=str(error)) from error


def built_path(surface: RasterLayer, until: datetime | None = None) -> Path:
    """The file of the surface as it is now, or as it was at an instant.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
    """
    settings = get_settings()
    path = surface.path(settings) if until is None else kept_at(surface, until, settings).path
    read_record(surface, path)
    return path


def read_geotiff(surface: RasterLayer, cut: Cut) -> bytes:
    """Cells as a GeoTIFF in the surface's own CRS.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
        InvalidParameterError: the box does not meet the surface, a band does not exist, or there would
            be too many cells.
    """
    indexes = _indexes(surface, cut.bands)
    with rasterio.open(built_path(surface, cut.until)) as source:
        window = _window(source, cut.bounds, cut.srid)
        width, height = _size(window, cut, len(indexes), _MOST_CELLS)
        profile = {
            "driver": GEOTIFF, "dtype": source.dtypes[0], "nodata": source.nodata, "crs": source.crs,
            "count": len(indexes), "width": width, "height": height,
            "transform": _transform(source, window, width, height), "compress": "deflate", "tiled": True,
            "blockxsize": 256, "blockysize": 256,
        }  # fmt: skip
        with MemoryFile() as memory:
            with memory.open(**profile) as target:
                target.write(_read(source, surface, indexes, window, (width, height)))
                for position, index in enumerate(indexes, 1):
                    target.set_band_description(position, surface.bands[index - 1].name)
                    target.set_band_unit(position, surface.bands[index - 1].unit)
                target.update_tags(**source.tags())
            return bytes(memory.read())


def read_coverage_json(surface: RasterLayer, cut: Cut) -> dict[str, Any]:
    """Cells as CoverageJSON (OGC 21-069r2), nodata as null, axes at cell centres.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
        InvalidParameterError: as for a GeoTIFF, with fewer cells allowed.
    """
    indexes = _indexes(surface, cut.bands)
    with rasterio.open(built_path(surface, cut.until)) as source:
        window = _window(source, cut.bounds, cut.srid)
        width, height = _size(window, cut, len(indexes), _MOST_JSON_VALUES)
        cells = _read(source, surface, indexes, window, (width, height))
        transform = _transform(source, window, width, height)
        epsg, nodata = source.crs.to_epsg(), source.nodata
        geographic = source.crs.is_geographic
    left, top = transform @ (0.5, 0.5)
    right, bottom = transform @ (width - 0.5, height - 0.5)
    chosen = [surface.bands[index - 1] for index in indexes]
    return {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Grid",
            "axes": {
                "x": {"start": left, "stop": right, "num": width},
                "y": {"start": top, "stop": bottom, "num": height},
            },
            "referencing": [
                {
                    "coordinates": ["x", "y"],
                    "system": {
                        "type": "GeographicCRS" if geographic else "ProjectedCRS",
                        "id": crs_uri(epsg),
                    },
                }
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
                "shape": [height, width],
                "values": _or_none(values, nodata),
            }
            for band, values in zip(chosen, cells, strict=True)
        },
    }


def _or_none(cells: NDArray[np.float32], nodata: float) -> list[float | None]:
    """The cells row by row, None for nodata."""
    return [None if value == nodata else value for value in cells.ravel().tolist()]


def _indexes(surface: RasterLayer, bands: tuple[str, ...]) -> list[int]:
    """The 1-based numbers of the named bands; of all bands where none is named."""
    names = [band.name for band in surface.bands]
    unknown = [name for name in bands if name not in names]
    if unknown:
        raise InvalidParameterError(
            "properties", f"there is no band {quoted(unknown[0])}; there are: {', '.join(names)}."
        )
    return [names.index(name) + 1 for name in bands or names]


def _size(window: Window, cut: Cut, bands: int, most: int) -> tuple[int, int]:
    """How many columns and rows to answer with."""
    width, height = window.width, window.height
    if cut.size is not None:
        width, height = cut.size
    elif cut.factors is not None:
        width, height = (max(1, round(n / by)) for n, by in zip((width, height), cut.factors, strict=True))
    if width * height * bands > most:
        raise InvalidParameterError(
            "bbox", f"more than {most:,} values; ask for a smaller box, or for coarser cells by scale-size."
        )
    return width, height


def _read(
    source: DatasetReader, surface: RasterLayer, indexes: list[int], window: Window, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Cells of a window in another number of columns and rows, shape (bands, rows, columns)."""
    width, height = size
    cells: NDArray[np.float32] = source.read(
        indexes,
        window=window,
        out_shape=(len(indexes), height, width),
        resampling=Resampling[surface.overviews],
    )
    return cells


def _transform(source: DatasetReader, window: Window, width: int, height: int) -> Affine:
    here: Affine = source.window_transform(window)
    return here @ Affine.scale(window.width / width, window.height / height)


def _window(source: DatasetReader, bounds: Bounds | None, srid: int) -> Window:
    """The whole cells that a box touches."""
    everything = Window(0, 0, source.width, source.height)
    if bounds is None:
        return everything
    here = transformer(srid, source.crs.to_epsg()).transform_bounds(*bounds, densify_pts=21)
    if not all(map(np.isfinite, here)):
        raise InvalidParameterError("bbox", f"the box reaches beyond where EPSG:{srid} is defined.")
    wanted = from_bounds(*here, transform=source.transform)
    left, top = max(0, int(np.floor(wanted.col_off))), max(0, int(np.floor(wanted.row_off)))
    right = min(source.width, int(np.ceil(wanted.col_off + wanted.width)))
    bottom = min(source.height, int(np.ceil(wanted.row_off + wanted.height)))
    if right <= left or bottom <= top:
        raise InvalidParameterError("bbox", "the box does not meet the surface.")
    return Window(left, top, right - left, bottom - top)
