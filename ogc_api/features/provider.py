"""A layer as a pygeoapi feature provider: fields from the declaration, features from ``layers.query``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError, ProviderItemNotFoundError

from gis_core.config import get_settings
from gis_core.crs import CRS84_URI, parse_crs
from gis_core.db import reading
from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from layers.query import read_feature, read_page
from layers.registry import LAYERS
from ogc_api.features.query import read_query
from ogc_api.schema import Fields, layer_schema


class FeatureProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """Reads one layer, named by ``data``; making it asks nothing of the database."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._layer = LAYERS[self.data]
        self.get_fields()

    def get_fields(self) -> Fields:
        """The JSON schema of every property."""
        self._fields: Fields = self._fields or layer_schema(self._layer, "vi")
        return self._fields

    def query(
        self,
        *,
        offset: int = 0,
        limit: int = 10,
        bbox: Sequence[float] = (),
        datetime_: str | None = None,
        properties: Sequence[tuple[str, str]] = (),
        select_properties: Sequence[str] = (),
        **_: Any,
    ) -> dict[str, Any]:
        """The first features that meet the filters, in CRS84; there is no going on by offset."""
        if offset:
            raise ProviderInvalidQueryError("offset is not served; follow the links of rel 'next'")
        given = dict(properties) | {"limit": str(limit)}
        if bbox:
            given["bbox"] = ",".join(map(str, bbox))
        if datetime_ is not None:
            given["datetime"] = datetime_
        if select_properties:
            given["properties"] = ",".join(select_properties)
        limits = get_settings().ogc_api
        try:
            query = read_query(self._layer, given, limits, default_limit=limits.default_limit)
        except InvalidParameterError as error:
            raise ProviderInvalidQueryError(str(error), user_msg=str(error)) from error
        with reading() as connection:
            found = read_page(connection, query, limits.exact_count_below)
        return {
            "type": "FeatureCollection",
            "features": json.loads(f"[{found.features_json}]"),
            "numberMatched": found.matched.number,
            "numberReturned": found.number_returned,
        }

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:
        """One feature, in CRS84."""
        try:
            with reading() as connection:
                feature = read_feature(connection, self._layer, identifier, parse_crs(CRS84_URI))
        except FeatureNotFoundError as error:
            raise ProviderItemNotFoundError(str(error), user_msg=str(error)) from error
        found: dict[str, Any] = json.loads(feature)
        return found
