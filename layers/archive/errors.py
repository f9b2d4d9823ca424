"""What goes wrong with the archive, as a sentence."""

from __future__ import annotations

from gis_core.errors import GisError


class ArchiveError(GisError):
    """A month cannot be archived, or not be brought back."""
