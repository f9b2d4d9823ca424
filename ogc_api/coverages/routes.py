"""``/coverage``: the cells of a built surface, whole or in part."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from layers.raster import RasterLayer
from ogc_api.asking import parameters
from ogc_api.coverages.provider import (
    COVERAGE_JSON_TYPE,
    GEOTIFF,
    GEOTIFF_TYPE,
    built_path,
    read_coverage_json,
    read_geotiff,
)
from ogc_api.coverages.query import PARAMETERS, parse_cut
from ogc_api.endpoint import Endpoint
from ogc_api.named import surface_of

FORMATS = (GEOTIFF, "json")


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of coverages, below ``/ogc``."""
    return [
        Route(
            "/ogc/collections/{name}/coverage",
            Endpoint(lambda request: coverage(request, surface_of(request))),
        )
    ]


def coverage(request: Request, surface: RasterLayer) -> Response:
    """A GeoTIFF, or CoverageJSON where that is asked for.

    Where all of a surface is asked for it is its file itself, of which a client may ask any
    range: GDAL reads it as the Cloud-Optimized GeoTIFF that it is.
    """
    cut = parse_cut(parameters(request, PARAMETERS, FORMATS))
    if _wants_json(request):
        return JSONResponse(read_coverage_json(surface, cut), media_type=COVERAGE_JSON_TYPE)
    name = f"{surface.name}.tif"
    if cut.is_whole:
        return FileResponse(built_path(surface, cut.until), media_type=GEOTIFF_TYPE, filename=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(read_geotiff(surface, cut), media_type=GEOTIFF_TYPE, headers=headers)


def _wants_json(request: Request) -> bool:
    asked = request.query_params.get("f")
    if asked is not None:
        return asked == "json"
    accepted = request.headers.get("accept", "")
    return COVERAGE_JSON_TYPE in accepted
