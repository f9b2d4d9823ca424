"""The one style of a layer or a surface, written as QGIS QML, SLD 1.1, MapLibre, picture and legend."""
