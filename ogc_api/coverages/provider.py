"""A surface as a pygeoapi coverage provider: bands from the declaration, cells from its COG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError

from gis_core.crs import STORAGE_SRID
from gis_core.errors import GisError
from gis_core.types import Bounds
from layers.registry import SURFACES
from ogc_api.coverages.cells import built, read_cells
from ogc_api.coverages.encodings import GEOTIFF, MOST_JSON_VALUES, coverage_json, geotiff
from ogc_api.coverages.query import Cut
from ogc_api.schema import Fields, surface_schema


class CoverageProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """Reads one surface, named by ``data``; making it does not need the surface to be built."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._surface = SURFACES[self.data]
        # pygeoapi 0.24 writes these into every collection; ours are known only when it is asked for.
        self._coverage_properties = dict.fromkeys(("width", "height", "resx", "resy"), 0)
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
        cut = Cut(Bounds(*bbox) if bbox else None, bbox_crs, tuple(properties))
        try:
            path = built(self._surface).path
            if format_ == GEOTIFF:
                return geotiff(self._surface, read_cells(self._surface, path, cut))
            return coverage_json(self._surface, read_cells(self._surface, path, cut, MOST_JSON_VALUES))
        except GisError as error:
            raise ProviderInvalidQueryError(str(error), user_msg=str(error)) from error
