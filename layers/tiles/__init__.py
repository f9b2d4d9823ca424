"""Vector tiles that PostGIS makes: tile matrix sets, the query of one tile, what is kept of it, seeding."""
