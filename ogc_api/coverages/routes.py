"""``/coverage``: the cells of a built surface, whole or in part."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.crs import crs_uri, parse_crs
from layers.raster import RasterLayer
from ogc_api.asking import parameters
from ogc_api.coverages.cells import MOST_CELLS, built, read_cells, whole_place
from ogc_api.coverages.encodings import (
    COVERAGE_JSON_TYPE,
    GEOTIFF,
    GEOTIFF_TYPE,
    MOST_JSON_VALUES,
    coverage_json,
    geotiff,
)
from ogc_api.coverages.headers import place_headers
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
    file = built(surface, cut.until)
    as_json, name = _wants_json(request), f"{surface.name}.tif"
    place = whole_place(file.path)
    # Another CRS than its own makes another grid of the whole surface.
    if cut.is_whole and not as_json and (cut.crs is None or cut.crs.srid == place.srid):
        headers = place_headers(place.bounds, parse_crs(crs_uri(place.srid)), file.at)
        return FileResponse(file.path, media_type=GEOTIFF_TYPE, filename=name, headers=headers)
    cells = read_cells(surface, file.path, cut, MOST_JSON_VALUES if as_json else MOST_CELLS)
    answered = parse_crs(crs_uri(cells.srid)) if cut.crs is None else cut.crs
    headers = place_headers(cells.place.bounds, answered, file.at)
    if as_json:
        return JSONResponse(coverage_json(surface, cells), media_type=COVERAGE_JSON_TYPE, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(geotiff(surface, cells), media_type=GEOTIFF_TYPE, headers=headers)


def _wants_json(request: Request) -> bool:
    asked = request.query_params.get("f")
    if asked is not None:
        return asked == "json"
    accepted = request.headers.get("accept", "")
    return COVERAGE_JSON_TYPE in accepted
