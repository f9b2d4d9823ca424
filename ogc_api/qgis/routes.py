"""``/qgis``: everything in one click, as a project and as connections."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from layers.registry import LAYERS, SURFACES
from ogc_api.asking import base_url, language, parameters, said
from ogc_api.endpoint import Endpoint
from ogc_api.facts import FactFinder
from ogc_api.qgis.project import Ends, connections, project

_PROJECT_TYPE = "application/x-qgis-project"


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of what QGIS opens."""
    files = _Files(settings)
    answers: dict[str, Callable[[Request], Response]] = {
        "/qgis/hue.qgs": files.qgs,
        "/qgis/hue.qgz": files.qgz,
        "/qgis/connections.xml": files.connections,
    }
    return [Route(path, Endpoint(answer)) for path, answer in answers.items()]


class _Files:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._facts = FactFinder(settings)

    def qgs(self, request: Request) -> Response:
        return _download(self._project(request), "hue.qgs", _PROJECT_TYPE)

    def qgz(self, request: Request) -> Response:
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            archive.writestr("hue.qgs", self._project(request))
        return _download(packed.getvalue(), "hue.qgz", _PROJECT_TYPE)

    def connections(self, request: Request) -> Response:
        parameters(request, (), ())
        content = connections(base_url(request, self._settings))
        return _download(content, "hue-connections.xml", "application/xml")

    def _project(self, request: Request) -> bytes:
        parameters(request, (), ())
        spoken = language(request)
        grids = {name: self._facts.of(name).grid for name in SURFACES}
        return project(
            base_url(request, self._settings),
            lambda text: said(text, spoken),
            self._settings.province.bounds,
            self._times(),
            {name: grid.srid for name, grid in grids.items() if grid is not None},
        )

    def _times(self) -> Ends | None:
        """The first and the last instant of what happened."""
        facts = [self._facts.of(layer.name) for layer in LAYERS.values() if layer.time_column is not None]
        ends = [(fact.first, fact.last) for fact in facts if fact.first is not None and fact.last is not None]
        return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None


def _download(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(content, media_type=kind, headers=headers)
