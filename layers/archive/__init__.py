"""The archive: whole months as GeoParquet by day, out of the database and back into it."""
