"""The settings of the service and its API: how much one answer, one client and one process may take."""

from __future__ import annotations

from pydantic import Field

from gis_core.section import Section


class Tiles(Section):
    """How vector tiles are made and kept."""

    max_features: int = Field(default=20_000, ge=1, le=1_000_000)
    at_a_time: int = Field(default=4, ge=1, le=100)
    events_fresh_s: float = Field(default=5.0, ge=0, le=86_400)
    cache_mib: int = Field(default=512, ge=1)


class Downloads(Section):
    """Whole collections in one answer."""

    max_features: int = Field(default=2_000_000, ge=1)
    timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    at_a_time: int = Field(default=2, ge=1)


class Edr(Section):
    """Limits of environmental data retrieval."""

    max_values: int = Field(default=500_000, ge=1_000)
    max_vertices: int = Field(default=1_000, ge=4, le=100_000)


class OgcApi(Section):
    """Limits of the OGC API."""

    default_limit: int = Field(default=1_000, ge=1)
    max_limit: int = Field(default=10_000, ge=1)
    exact_count_below: int = Field(default=10_000, ge=0)
    downloads: Downloads = Downloads()
    tiles: Tiles = Tiles()
    edr: Edr = Edr()


class Service(Section):
    """How the service runs."""

    workers: int = Field(default=1, ge=1, le=64)


class Limits(Section):
    """What one client may take of the service."""

    connections: int = Field(default=512, ge=8, le=100_000)
    requests_per_client: int = Field(default=6, ge=1, le=10_000)
    waiting_per_client: int = Field(default=200, ge=0, le=100_000)
    wait_s: float = Field(default=30.0, gt=0, le=600)
    head_kib: int = Field(default=128, ge=8, le=4_096)
    head_timeout_s: float = Field(default=15.0, gt=0, le=600)
    body_timeout_s: float = Field(default=120.0, gt=0, le=3_600)
    keep_alive_s: int = Field(default=10, ge=1, le=600)
    send_stall_s: float = Field(default=30.0, gt=0, le=600)
    send_kib_per_s: float = Field(default=1.0, ge=0, le=1_024)
    unsent_mib: int = Field(default=256, ge=1, le=65_536)
