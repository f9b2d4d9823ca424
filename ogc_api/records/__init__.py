"""The catalogue of all that the service offers, as records (OGC API - Records, OGC 20-004r1)."""
