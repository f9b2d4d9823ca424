"""The collection that a request's address names."""

from __future__ import annotations

from starlette.requests import Request

from gis_core.errors import LayerNotFoundError
from layers.base import Layer
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from ogc_api.errors import not_found


def collection_of(request: Request) -> Layer | RasterLayer:
    """The layer or the surface.

    Raises:
        LayerNotFoundError: there is none of that name.
    """
    name: str = request.path_params["name"]
    if name in LAYERS:
        return LAYERS[name]
    if name in SURFACES:
        return SURFACES[name]
    raise LayerNotFoundError(name, (*LAYERS, *SURFACES))


def layer_of(request: Request) -> Layer:
    """The layer; a surface has no features.

    Raises:
        LayerNotFoundError: there is no collection of that name.
        HTTPException: 404, it is a surface.
    """
    declared = collection_of(request)
    if isinstance(declared, Layer):
        return declared
    raise not_found(
        f"Surface '{declared.name}' has no features; its cells are at "
        f"/ogc/collections/{declared.name}/coverage."
    )


def surface_of(request: Request) -> RasterLayer:
    """The surface; a layer has no cells.

    Raises:
        LayerNotFoundError: there is no collection of that name.
        HTTPException: 404, it is a layer.
    """
    declared = collection_of(request)
    if isinstance(declared, RasterLayer):
        return declared
    raise not_found(
        f"Layer '{declared.name}' is no coverage; its features are at /ogc/collections/{declared.name}/items."
    )
