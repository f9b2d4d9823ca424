"""What every group of settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One group of settings; a misspelt name is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"

SourceName = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A name that stands in rows, messages and paths alike."""
