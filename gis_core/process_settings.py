"""The settings of processes and their jobs."""

from __future__ import annotations

from pydantic import Field, field_validator

from gis_core.errors import InvalidParameterError
from gis_core.section import Section
from gis_core.time import parse_duration


class Processes(Section):
    """How jobs are worked on, how many may wait, and for how long they are kept."""

    workers: int = Field(default=2, ge=0, le=64)
    wait_s: float = Field(default=60.0, gt=0, le=600)
    timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    memory_mib: int = Field(default=4096, ge=512)
    attempts: int = Field(default=3, ge=1, le=100)
    queue: int = Field(default=100, ge=1, le=100_000)
    queue_per_client: int = Field(default=20, ge=1, le=100_000)
    max_result_mib: float = Field(default=64.0, gt=0, le=1024)
    keep: str = "7d"
    hosts: tuple[str, ...] = ()
    host_timeout_s: float = Field(default=10.0, gt=0, le=120)
    host_attempts: int = Field(default=3, ge=1, le=10)

    @field_validator("keep")
    @classmethod
    def _is_a_duration(cls, text: str) -> str:
        try:
            parse_duration(text, "processes.keep")
        except InvalidParameterError as error:
            raise ValueError(str(error)) from error
        return text
