"""What every group of settings has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One group of settings; a misspelt name is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
