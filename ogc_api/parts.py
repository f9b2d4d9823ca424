"""Every building block of the API. A new one is a folder with a ``PART``, and one line here."""

from __future__ import annotations

from ogc_api.coverages.part import PART as COVERAGES
from ogc_api.editing.part import PART as EDITING
from ogc_api.edr.part import PART as EDR
from ogc_api.features.part import PART as FEATURES
from ogc_api.maps.part import PART as MAPS
from ogc_api.part import Part
from ogc_api.processes.part import PART as PROCESSES
from ogc_api.qgis.part import PART as QGIS
from ogc_api.records.part import PART as RECORDS
from ogc_api.stac.part import PART as STAC
from ogc_api.styles.part import PART as STYLES
from ogc_api.tiles.part import PART as TILES

PARTS: tuple[Part, ...] = (
    # First, for its collection is no layer: the addresses of features would take it for one.
    RECORDS,
    FEATURES,
    EDITING,
    COVERAGES,
    EDR,
    STAC,
    TILES,
    MAPS,
    STYLES,
    PROCESSES,
    QGIS,
)
"""In the order in which the documents name them."""
