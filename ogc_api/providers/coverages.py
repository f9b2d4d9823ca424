"""A surface as a pygeoapi coverage provider: bands from the declaration, cells from its COG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window, from_bounds

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, crs_uri, transformer
from gis_core.errors import GisError, InvalidParameterError, quoted
from gis_core.types import Bounds
from layers.raster import RasterLayer, read_record
from layers.registry import SURFACES
from ogc_api.schema import Fields, surface_schema

GEOTIFF = "GTiff"
GEOTIFF_TYPE = "image/tiff; application=geotiff"
COVERAGE_JSON_TYPE = "application/prs.coverage+json"
_MOST_JSON_VALUES = 500_000


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
            return read(self._surface, tuple(properties), bounds, bbox_crs)
        except GisError as error:
            raise ProviderInvalidQueryError(str(error), user_msg=str(error)) from error


def built_path(surface: RasterLayer) -> Path:
    """The surface's file.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
    """
    path = surface.path(get_settings())
    read_record(surface, path)
    return path


def read_geotiff(surface: RasterLayer, bands: tuple[str, ...], bounds: Bounds | None, srid: int) -> bytes:
    """Cells as a GeoTIFF in the surface's own CRS.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
        InvalidParameterError: the box does not meet the surface, or a band does not exist.
    """
    indexes = _indexes(surface, bands)
    with rasterio.open(built_path(surface)) as source:
        window = _window(source, bounds, srid)
        profile = {
            "driver": GEOTIFF, "dtype": source.dtypes[0], "nodata": source.nodata, "crs": source.crs,
            "count": len(indexes), "width": window.width, "height": window.height,
            "transform": source.window_transform(window), "compress": "deflate", "tiled": True,
            "blockxsize": 256, "blockysize": 256,
        }  # fmt: skip
        with MemoryFile() as memory:
            with memory.open(**profile) as target:
                target.write(source.read(indexes, window=window))
                for position, index in enumerate(indexes, 1):
                    target.set_band_description(position, surface.bands[index - 1].name)
                    target.set_band_unit(position, surface.bands[index - 1].unit)
                target.update_tags(**source.tags())
            return bytes(memory.read())


def read_coverage_json(
    surface: RasterLayer, bands: tuple[str, ...], bounds: Bounds | None, srid: int
) -> dict[str, Any]:
    """Cells as CoverageJSON (OGC 21-069r2), nodata as null, axes at cell centres.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
        InvalidParameterError: as for a GeoTIFF, or there would be too many values.
    """
    indexes = _indexes(surface, bands)
    with rasterio.open(built_path(surface)) as source:
        window = _window(source, bounds, srid)
        if window.width * window.height * len(indexes) > _MOST_JSON_VALUES:
            raise InvalidParameterError(
                "bbox", f"more than {_MOST_JSON_VALUES} values; ask for a smaller box, or for f={GEOTIFF}."
            )
        cells = source.read(indexes, window=window)
        transform = source.window_transform(window)
        epsg, nodata = source.crs.to_epsg(), source.nodata
        geographic = source.crs.is_geographic
    height, width = cells.shape[1:]
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
