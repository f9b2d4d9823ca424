"""pygeoapi's configuration, made in memory from the settings and the declarations."""

from __future__ import annotations

from typing import Any

from gis_core.config import Settings
from gis_core.crs import CRS84_URI, served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from ogc_api.coverages.encodings import GEOTIFF, GEOTIFF_TYPE

TITLE = Text("Huế GIS – API địa không gian mở", "Huế GIS – open geospatial API")
DESCRIPTION = Text(
    "Các lớp dữ liệu và bề mặt tính toán của thành phố Huế (Thừa Thiên-Huế) theo chuẩn OGC API.",
    "Layers and computed surfaces of the city of Huế (Thừa Thiên-Huế) by the OGC API standards.",
)


def configuration(settings: Settings) -> dict[str, Any]:
    """The dict that ``pygeoapi.api.API`` takes; the addresses in it are replaced for each request."""
    resources = {name: _feature_resource(layer, settings) for name, layer in LAYERS.items()}
    resources |= {name: _coverage_resource(surface, settings) for name, surface in SURFACES.items()}
    return {
        "server": {
            "url": f"{settings.base_url}/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["vi", "en"],
            "limits": {
                "default_items": settings.ogc_api.default_limit,
                "max_items": settings.ogc_api.max_limit,
            },
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": TITLE._asdict(),
                "description": DESCRIPTION._asdict(),
                "keywords": ["Huế", "Thừa Thiên-Huế", "GIS", "OGC API"],
                "url": settings.base_url,
            },
        },
        "resources": resources,
    }


def _feature_resource(layer: Layer, settings: Settings) -> dict[str, Any]:
    return _resource(layer, settings) | {
        "providers": [
            {
                "type": "feature",
                "name": "ogc_api.features.provider.FeatureProvider",
                "data": layer.name,
                "id_field": layer.id_column.name,
                "time_field": layer.time_column,
                "title_field": layer.label_column,
                "crs": served_crs_uris(),
                "storage_crs": CRS84_URI,
            }
        ],
    }


def _coverage_resource(surface: RasterLayer, settings: Settings) -> dict[str, Any]:
    return _resource(surface, settings) | {
        "providers": [
            {
                "type": "coverage",
                "name": "ogc_api.coverages.provider.CoverageProvider",
                "data": surface.name,
                "format": {"name": GEOTIFF, "mimetype": GEOTIFF_TYPE},
            }
        ],
    }


def _resource(declared: Layer | RasterLayer, settings: Settings) -> dict[str, Any]:
    return {
        "type": "collection",
        "title": declared.title._asdict(),
        "description": declared.description._asdict(),
        "keywords": list(declared.keywords),
        "links": [],
        "extents": {"spatial": {"bbox": list(settings.province.bounds), "crs": CRS84_URI}},
    }
