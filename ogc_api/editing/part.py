"""Editing as a part of the API."""

from __future__ import annotations

from ogc_api.editing.documents import conformance
from ogc_api.part import Part

PART = Part(
    conformance=conformance,
)
