"""``/coverage``: the cells of a built surface, whole or in part."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from gis_core.crs import CRS84_URI, parse_crs
from layers.raster import RasterLayer
from ogc_api.asking import parameters
from ogc_api.feature_query import parse_bbox
from ogc_api.providers.coverages import (
    COVERAGE_JSON_TYPE,
    GEOTIFF,
    GEOTIFF_TYPE,
    built_path,
    read_coverage_json,
    read_geotiff,
)

PARAMETERS = ("bbox", "bbox-crs", "properties")
FORMATS = (GEOTIFF, "json")


def coverage(request: Request, surface: RasterLayer) -> Response:
    """A GeoTIFF, or CoverageJSON where that is asked for.

    Without a box and a choice of bands it is the surface's file itself, of which a client
    may ask any range: GDAL reads it as the Cloud-Optimized GeoTIFF that it is.
    """
    given = parameters(request, PARAMETERS, FORMATS)
    bbox_crs = parse_crs(given.get("bbox-crs", CRS84_URI), "bbox-crs")
    bounds = parse_bbox(given["bbox"], bbox_crs) if "bbox" in given else None
    bands = tuple(given["properties"].split(",")) if "properties" in given else ()
    if _wants_json(request):
        document = read_coverage_json(surface, bands, bounds, bbox_crs.srid)
        return JSONResponse(document, media_type=COVERAGE_JSON_TYPE)
    name = f"{surface.name}.tif"
    if bounds is None and not bands:
        return FileResponse(built_path(surface), media_type=GEOTIFF_TYPE, filename=name)
    cells = read_geotiff(surface, bands, bounds, bbox_crs.srid)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(cells, media_type=GEOTIFF_TYPE, headers=headers)


def _wants_json(request: Request) -> bool:
    asked = request.query_params.get("f")
    if asked is not None:
        return asked == "json"
    accepted = request.headers.get("accept", "")
    return COVERAGE_JSON_TYPE in accepted
