"""The routes of the pages: ``/``, ``/maps/…``, ``/dictionary`` and the styles and scripts of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import DatabaseUnavailableError, QueryTimeoutError
from maps.catalogue import MAPS, Recipe
from maps.dictionary import dictionary
from maps.origin import origin
from maps.page import render_map
from maps.portal import read_summary, render_portal
from maps.request import parse_ask

ASSETS = Path(__file__).parent / "assets"
_FRESH = {"Cache-Control": "no-cache"}


def routes(settings: Settings) -> list[BaseRoute]:
    """Everything that the pages offer under the service's root."""
    return [
        Route("/", _portal(settings)),
        Route("/maps", RedirectResponse("maps/all")),
        *(Route(f"/maps/{recipe.name}", _map(recipe, settings)) for recipe in MAPS.values()),
        Route("/maps/origin", origin(settings)),
        Route("/dictionary", dictionary),
        Mount("/assets", StaticFiles(directory=ASSETS), name="assets"),
    ]


def _portal(settings: Settings) -> Callable[[Request], Response]:
    def portal(request: Request) -> Response:
        language = parse_ask(request.query_params).language
        summary, problem = None, None
        try:
            with reading() as connection:
                summary = read_summary(connection, settings)
        except (DatabaseUnavailableError, QueryTimeoutError) as error:
            # The portal is where people look first when something is wrong, so it opens all the same.
            problem = str(error)
        page = render_portal(summary, problem, settings, language)
        return HTMLResponse(page, status_code=503 if problem else 200, headers=_FRESH)

    return portal


def _map(recipe: Recipe[Any], settings: Settings) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:
        ask = parse_ask(request.query_params)
        page = recipe.make(settings, ask)
        return HTMLResponse(render_map(page, ask, root="../"), headers=_FRESH)

    return show
