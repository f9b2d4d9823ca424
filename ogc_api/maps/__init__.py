"""Pictures of surfaces: maps and map tiles."""
