"""The OGC API under ``/ogc``: pygeoapi's documents, our own features and coverages.

pygeoapi is entered in ``host`` and ``providers`` only. Features are answered by
``items``, straight from the GeoJSON that PostGIS makes.
"""
