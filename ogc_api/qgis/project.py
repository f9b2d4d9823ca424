"""A QGIS project with every layer connected to this service, and the file of connections.

Written for QGIS 3.22 and later, in the form in which it writes them itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from pyproj import CRS

from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from gis_core.types import Bounds
from layers.base import Layer
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import BandStyle, LayerStyle, Say, styles_of
from layers.styles.qml import QGIS_VERSION, geometry_kind, raster_parts, vector_parts
from layers.styles.xml import document, node
from layers.themes import THEMES
from ogc_api.config import DESCRIPTION, TITLE

CONNECTION = "Huế GIS"
_PAGE_SIZE = "1000"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_ABOVE = ("Point", "Line", "Polygon")
"""The order of drawing, the uppermost first; surfaces lie below all of them."""

_SHOWN = frozenset(
    {
        "wards",
        "forest_zones",
        "rivers",
        "road_segments",
        "cameras",
        "rain_stations",
        "river_gauges",
        "flood_spots",
    }
)
"""What is switched on when the project opens: things that last and that people look for first."""

Style = LayerStyle | BandStyle
Ends = tuple[datetime, datetime]


def project(
    base: str, say: Say, province: Bounds, times: Ends | None, surface_srids: Mapping[str, int]
) -> bytes:
    """The project file.

    Args:
        base: address of the API.
        say: gives a text in the reader's language.
        province: what the map shows first, in degrees.
        times: first and last instant of what the layers hold, for the temporal controller.
        surface_srids: EPSG code of each surface that is built, by name; others are left out.
    """
    declared: list[Layer | RasterLayer] = [*LAYERS.values(), *(SURFACES[name] for name in surface_srids)]
    shown = [style for one in declared for style in styles_of(one.name)]
    extent = Bounds(*transformer(STORAGE_SRID, METRIC_SRID).transform_bounds(*province))
    root = node(
        "qgis",
        node("title", text=say(TITLE)),
        node("projectCrs", _srs(METRIC_SRID)),
        _tree(declared, say),
        node("mapcanvas", *_view(extent), name="theMapCanvas", annotationsVisible="1"),
        node("ProjectViewSettings", _default_extent(extent), UseProjectScales="0"),
        _properties(),
        node("projectlayers", *(_map_layer(base, style, say, surface_srids) for style in shown)),
        node("layerorder", *(node("layer", id=_id(style)) for style in sorted(shown, key=_depth))),
        _metadata(say),
        *(() if times is None else (_time_settings(times),)),
        projectname=say(TITLE),
        version=QGIS_VERSION,
    )
    return document(root, _DOCTYPE)


def connections(base: str) -> bytes:
    """The file that QGIS's Browser panel loads with *WFS / OGC API – Features, Load Connections*."""
    entry = node(
        "wfs", name=CONNECTION, url=base, version="OGC_API_FEATURES", pagingenabled="true",
        pagesize=_PAGE_SIZE, maxnumfeatures="", ignoreAxisOrientation="0", invertAxisOrientation="0",
        preferCoordinatesForWfsT11="false",
    )  # fmt: skip
    return document(node("qgsWFSConnections", entry, version="1.0"), "<!DOCTYPE connections>\n")


def _id(style: Style) -> str:
    # QGIS gives another to a layer whose own has no more than ten letters.
    return f"hue-layer-{style.name}"


def _depth(style: Style) -> int:
    return _ABOVE.index(geometry_kind(style.layer)) if isinstance(style, LayerStyle) else len(_ABOVE)


def _tree(declared: Sequence[Layer | RasterLayer], say: Say) -> Element:
    """The layers by theme, in each the uppermost first, and the order in which they are drawn."""
    tree = node("layer-tree-group")
    ordered: list[Style] = []
    for theme in THEMES:
        styles = [style for one in declared if one.theme == theme for style in styles_of(one.name)]
        if not styles:
            continue
        group = node("layer-tree-group", name=say(theme), checked="Qt::Checked", expanded="1")
        for style in sorted(styles, key=_depth):
            checked = "Qt::Checked" if style.name in _SHOWN else "Qt::Unchecked"
            group.append(
                node("layer-tree-layer", id=_id(style), name=say(style.title), checked=checked, expanded="0")
            )
            ordered.append(style)
        tree.append(group)
    order = (node("item", text=_id(style)) for style in sorted(ordered, key=_depth))
    tree.append(node("custom-order", *order, enabled="1"))
    return tree


def _map_layer(base: str, style: Style, say: Say, surface_srids: Mapping[str, int]) -> Element:
    common = [
        node("id", text=_id(style)),
        node("datasource", text=_source(base, style)),
        node("layername", text=say(style.title)),
    ]
    if isinstance(style, BandStyle):
        return node(
            "maplayer",
            *common,
            *_resource(style.surface, say),
            node("srs", _srs(surface_srids[style.collection])),
            node("provider", text="gdal"),
            *raster_parts(style, say),
            type="raster",
        )
    kind = geometry_kind(style.layer)
    return node(
        "maplayer",
        *common,
        *_resource(style.layer, say),
        node("srs", _srs(STORAGE_SRID)),
        node("provider", text="OAPIF", encoding="UTF-8"),
        *vector_parts(style.layer, say),
        type="vector",
        geometry=kind,
        simplifyDrawingHints="0" if kind == "Point" else "1",
    )


def _source(base: str, style: Style) -> str:
    if isinstance(style, BandStyle):
        return f"/vsicurl/{base}/collections/{style.collection}/coverage?f=GTiff"
    # What is in view is asked for as it is needed: some layers hold millions of features.
    parts = {
        "pagingEnabled": "true", "pageSize": _PAGE_SIZE, "restrictToRequestBBOX": "1",
        "srsname": "OGC:CRS84", "typename": style.collection, "url": base, "version": "OGC_API_FEATURES",
    }  # fmt: skip
    return " ".join(f"{name}='{_quoted(value)}'" for name, value in parts.items())


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _resource(declared: Layer | RasterLayer, say: Say) -> list[Element]:
    """What QGIS shows as the layer's information."""
    return [
        node("abstract", text=say(declared.description)),
        node(
            "resourceMetadata",
            node("identifier", text=declared.name),
            node("type", text="dataset"),
            node("title", text=say(declared.title)),
            node("abstract", text=say(declared.description)),
            node("contact", node("organization", text=say(declared.steward)), node("role", text="custodian")),
        ),
    ]


def _view(extent: Bounds) -> list[Element]:
    return [
        node("units", text="meters"),
        node(
            "extent",
            node("xmin", text=f"{extent.west:.1f}"),
            node("ymin", text=f"{extent.south:.1f}"),
            node("xmax", text=f"{extent.east:.1f}"),
            node("ymax", text=f"{extent.north:.1f}"),
        ),
        node("rotation", text="0"),
        node("destinationsrs", _srs(METRIC_SRID)),
    ]


def _properties() -> Element:
    """That the project has a CRS, and that lengths and areas are measured on the ellipsoid in metres."""
    enabled = node("ProjectionsEnabled", text="1", type="int")
    return node(
        "properties",
        node("SpatialRefSys", enabled),
        node("Measure", node("Ellipsoid", text="EPSG:7030", type="QString")),
        node(
            "Measurement",
            node("DistanceUnits", text="meters", type="QString"),
            node("AreaUnits", text="m2", type="QString"),
        ),
    )


def _default_extent(extent: Bounds) -> Element:
    """Where *Zoom to Full Extent* leads, without asking any layer."""
    return node(
        "DefaultViewExtent", _srs(METRIC_SRID), xmin=f"{extent.west:.1f}", ymin=f"{extent.south:.1f}",
        xmax=f"{extent.east:.1f}", ymax=f"{extent.north:.1f}",
    )  # fmt: skip


def _srs(srid: int) -> Element:
    crs = CRS(srid)
    return node(
        "spatialrefsys",
        node("wkt", text=crs.to_wkt()),
        node("srid", text=str(srid)),
        node("authid", text=f"EPSG:{srid}"),
        node("description", text=crs.name),
        nativeFormat="Wkt",
    )


def _metadata(say: Say) -> Element:
    return node(
        "projectMetadata",
        node("type", text="dataset"),
        node("title", text=say(TITLE)),
        node("abstract", text=say(DESCRIPTION)),
    )


def _time_settings(times: Ends) -> Element:
    first, last = (f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for moment in times)
    return node(
        "ProjectTimeSettings",
        node("TemporalRange", node("start", text=first), node("end", text=last)),
        timeStep="1",
        timeStepUnit="h",
        frameRate="1",
        cumulativeTemporalRange="0",
    )
