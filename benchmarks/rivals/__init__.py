"""Whom ``benchmarks.serving`` asks: the service, pygeoapi and tipg as they are published, and raw SQL."""
