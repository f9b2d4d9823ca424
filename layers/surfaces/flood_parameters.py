"""The settings that a simulated flood depends on, besides its terrain and its streams."""

from __future__ import annotations

from typing import Any

from gis_core.config import get_settings

HAZARD, EXPOSURE, VULNERABILITY = "hazard", "exposure", "vulnerability"
"""The factors of risk, as the bands of the surface are named."""


def model_parameters() -> dict[str, Any]:
    """The settings that the ensemble and the risk depend on, JSON-ready; see ``RasterLayer.basis``."""
    section = get_settings().flood
    return {
        "model": {
            "errors": section.errors.model_dump(mode="json"),
            "exposure": section.exposure.model_dump(mode="json"),
            "damage": [list(pair) for pair in section.damage],
            "risk_classes": list(section.risk_classes),
            "probable_depth_m": section.probable_depth_m,
            "runoff_coefficient": section.runoff_coefficient,
        }
    }
