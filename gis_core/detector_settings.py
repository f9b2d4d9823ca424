"""The settings of models, and of the frames that they look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gis_core.section import Section, SourceName


class DetectorModel(Section):
    """A model that finds things in frames; a solution names it."""

    runtime: Literal["onnx", "torch"] = "onnx"
    checkpoint: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    config: Path | None = None
    classes: tuple[str, ...] = ()
    size_px: int = Field(default=640, ge=64, le=4096)
    min_confidence: float = Field(default=0.25, gt=0, lt=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.config is not None and (self.runtime != "torch" or self.checkpoint is None):
            raise ValueError("a model with a config needs runtime: torch and a checkpoint")
        if self.checkpoint and self.checkpoint.startswith(("http://", "https://")) and self.sha256 is None:
            raise ValueError("a checkpoint that is fetched needs its sha256")
        return self


class Detectors(Section):
    """How models run, and which there are."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(default=1, ge=1, le=64)
    batch: int = Field(default=1, ge=1, le=256)
    max_checkpoint_mib: float = Field(default=512.0, gt=0)
    models: dict[SourceName, DetectorModel] = Field(default={"hue": DetectorModel()})


class Detect(Section):
    """How frames of cameras are taken in and watched."""

    cameras: dict[str, str] = Field(default={})
    workers: int | None = Field(default=None, ge=1, le=256)
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    longest_pause_s: float = Field(default=60.0, ge=1, le=3_600)
    commit_s: float = Field(default=2.0, gt=0, le=60)
