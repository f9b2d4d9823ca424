"""``/maps/origin``: the cameras and frames behind a number of the traffic map, as JSON."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import InvalidParameterError
from gis_core.time import Window
from layers.corridor_choice import read_place
from layers.corridors import last_day
from layers.origins import cell_origin, segment_origin
from layers.registry import SURFACES
from maps.request import parse_ask
from maps.traffic import traffic_window


def origin(settings: Settings) -> Callable[[Request], Response]:
    """The route: ``segment`` with ``at`` and ``window``, or ``surface`` with ``place`` as lon,lat."""

    def answer(request: Request) -> Response:
        query = request.query_params
        segment, surface = query.get("segment"), query.get("surface")
        if (segment is None) == (surface is None):
            raise InvalidParameterError("segment", "ask either for a segment or for a surface and a place.")
        with reading() as connection:
            if segment is not None:
                ask = parse_ask(query)
                window: Window | None = traffic_window(connection, settings, ask)
                found = segment_origin(connection, segment, window or last_day(connection))
            else:
                lon, lat = read_place(query.get("place", ""), "place")
                found = cell_origin(connection, SURFACES[surface or ""], lon, lat, settings)
        return JSONResponse(found.as_json(), headers={"Cache-Control": "no-cache"})

    return answer
