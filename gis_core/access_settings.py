"""The settings of access: who is known, by what, and what they are to the service."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gis_core.section import Section, SourceName


class Account(Section):
    """One person, agency or program that is known here: the digest of its token, and its roles."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    roles: tuple[SourceName, ...] = ("editor",)


class Access(Section):
    """Who may do more than read."""

    accounts: dict[SourceName, Account] = Field(default={})
    max_failures: int = Field(default=10, ge=1, le=10_000)
    failure_window_s: float = Field(default=300.0, gt=0, le=86_400)
    require_if_match: bool = False
    max_body_mib: float = Field(default=4.0, gt=0, le=256)
