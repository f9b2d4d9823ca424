"""What the province is: every table and every raster, declared once.

Table, migration check, JSON schema, queryables, OGC collection, ingestion and map
style are all derived from these declarations.
"""
