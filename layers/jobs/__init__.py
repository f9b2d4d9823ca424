"""Batch jobs over archive and database, day by day: in this process, or on a Dask cluster."""
