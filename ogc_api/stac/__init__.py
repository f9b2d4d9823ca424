"""The dated series of surfaces as a STAC API."""
