"""Files that QGIS opens: the project and the connections."""
