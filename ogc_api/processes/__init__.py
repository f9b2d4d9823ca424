"""Processes, and the jobs that they run as (OGC API - Processes, Part 1)."""
