"""Settings: ``config.yml`` first, then ``HUEGIS_*`` from the environment on top of it.

The file is ``HUEGIS_CONFIG``, else ``config.yml`` in the working directory; without
either the defaults below hold, and ``config.yml`` in the repository states the same
values with comments (a test compares the two).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, HttpUrl, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from gis_core.access_settings import Access
from gis_core.collect_settings import Collect
from gis_core.errors import ConfigError
from gis_core.fire_settings import Fire
from gis_core.flood_settings import Flood
from gis_core.process_settings import Processes
from gis_core.section import Section, SourceName
from gis_core.solutions import CATALOGUE, Solution
from gis_core.types import Bounds
from gis_core.unit_settings import Traffic


class Province(Section):
    """The area served, in degrees of EPSG:4326."""

    west: float = 107.0
    south: float = 15.95
    east: float = 108.25
    north: float = 16.80

    @property
    def bounds(self) -> Bounds:
        """The four limits together."""
        return Bounds(self.west, self.south, self.east, self.north)


class Database(Section):
    """How the service uses its PostGIS."""

    statement_timeout_s: float = Field(default=15.0, gt=0, le=600)
    pool_size: int = Field(default=8, ge=1, le=100)
    partitions_ahead_months: int = Field(default=3, ge=0, le=120)


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


class Sample(Section):
    """The simulated province of the embedded default."""

    enabled: bool | None = None
    seed: int = 2710


class Enrich(Section):
    """How detections are put on roads."""

    snap_within_m: float = Field(default=30.0, gt=0, le=1_000)


class VehicleDensity(Section):
    """Kernel density of vehicles seen by cameras."""

    cell_m: float = Field(default=50.0, gt=0)
    bandwidth_m: float = Field(default=300.0, gt=0)
    bandwidth_by: Literal["setting", "silverman", "cross-validation"] = "setting"
    window: str = "24h"


class NetworkDensity(Section):
    """Kernel density of vehicles along the roads."""

    cell_m: float = Field(default=100.0, gt=0)
    bandwidth_m: float = Field(default=300.0, gt=0)
    step_m: float = Field(default=5.0, gt=0)
    window: str = "24h"


class FloodRisk(Section):
    """Depth and risk from height above the nearest drainage and the gauges' stage."""

    terrain: Path | None = None
    stream_area_km2: float = Field(default=5.0, gt=0)


class Surfaces(Section):
    """How surfaces are kept up to date; and every computed surface has its section here."""

    rebuild_every: str | None = "10min"
    keep: str = "30d"
    engine: Literal["here", "dask"] = "here"
    vehicle_density: VehicleDensity = VehicleDensity()
    network_density: NetworkDensity = NetworkDensity()
    flood_risk: FloodRisk = FloodRisk()


class Georeference(Section):
    """How sure a camera's pose and the ground are where no calibration says it better."""

    pixel_sigma_px: float = Field(default=2.0, gt=0)
    heading_sigma_deg: float = Field(default=0.5, ge=0)
    tilt_sigma_deg: float = Field(default=0.2, ge=0)
    roll_sigma_deg: float = Field(default=0.2, ge=0)
    field_of_view_sigma_deg: float = Field(default=0.5, ge=0)
    position_sigma_m: float = Field(default=1.0, ge=0)
    mast_height_sigma_m: float = Field(default=0.1, ge=0)
    level_sigma_m: float = Field(default=0.1, ge=0)
    terrain_sigma_m: float = Field(default=2.0, ge=0)
    terrain_beyond_m: float = Field(default=1_000.0, ge=0)
    frame_px: tuple[Annotated[int, Field(ge=1, le=20_000)], Annotated[int, Field(ge=1, le=20_000)]] = (
        1920,
        1080,
    )


class SeriesLimits(Section):
    """What a series of one observed property may do; the values are in the unit of the property."""

    spike_floor: float = Field(gt=0)
    stuck_h: float = Field(gt=0)
    zero_may_last: bool


class ClockShift(Section):
    """When a station's hourly rain says that its clock runs in another zone than its neighbours'."""

    neighbours: int = Field(default=5, ge=3)
    within_km: float = Field(default=40.0, gt=0)
    wet_hours: int = Field(default=12, ge=3)
    min_correlation: float = Field(default=0.6, gt=0, le=1)
    margin: float = Field(default=0.2, ge=0, le=2)
    future_min: float = Field(default=10.0, ge=0)


class Quality(Section):
    """From which limits on ``huegis layers check`` finds fault."""

    window: str = "30d"
    max_findings: int = Field(default=1_000, ge=1)
    duplicate_within_m: float = Field(default=50.0, gt=0)
    same_name_within_m: float = Field(default=1_000.0, gt=0)
    gap_steps: float = Field(default=2.0, ge=1)
    spike_neighbours: int = Field(default=3, ge=2)
    spike_mads: float = Field(default=8.0, gt=0)
    stuck_readings: int = Field(default=6, ge=2)
    ward_border_m: float = Field(default=25.0, ge=0)
    series: dict[str, SeriesLimits] = Field(
        default={
            "rain_1h_mm": SeriesLimits(spike_floor=80.0, stuck_h=12.0, zero_may_last=True),
            "stage_m": SeriesLimits(spike_floor=0.5, stuck_h=24.0, zero_may_last=False),
            "vehicles_15min": SeriesLimits(spike_floor=150.0, stuck_h=6.0, zero_may_last=True),
        }
    )
    clock: ClockShift = ClockShift()


class Exports(Section):
    """What every exported file says of its use."""

    terms_vi: str = (
        "Dữ liệu dùng chung theo Nghị định 47/2020/NĐ-CP; khi sử dụng hãy ghi tên cơ quan phụ trách."
    )
    terms_en: str = "Shared under Decree 47/2020/NĐ-CP; name the steward agency when you use it."


class Archive(Section):
    """Where old months go, and when."""

    dir: Path | None = None
    after_months: int = Field(default=24, ge=1, le=1200)


class Dask(Section):
    """Where batch jobs run."""

    scheduler: str | None = None


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


class Background(Section):
    """An online background for the maps; none by default, so no page asks another host."""

    url: HttpUrl | None = None
    attribution: str = ""


class Maps(Section):
    """The pages for people."""

    background: Background = Background()


class Settings(BaseSettings):
    """Every setting of the service; see ``config.yml`` for what each one means."""

    model_config = SettingsConfigDict(
        env_prefix="HUEGIS_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: HttpUrl | None = None
    var_dir: Path = Path("var")
    static_dir: Path = Path("node_modules")
    database_url: str | None = None
    database_read_url: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    province: Province = Province()
    database: Database = Database()
    service: Service = Service()
    limits: Limits = Limits()
    ogc_api: OgcApi = OgcApi()
    sample: Sample = Sample()
    enrich: Enrich = Enrich()
    surfaces: Surfaces = Surfaces()
    flood: Flood = Flood()
    georeference: Georeference = Georeference()
    traffic: Traffic = Traffic()
    fire: Fire = Fire()
    quality: Quality = Quality()
    access: Access = Access()
    collect: Collect = Collect()
    exports: Exports = Exports()
    archive: Archive = Archive()
    dask: Dask = Dask()
    detectors: Detectors = Detectors()
    detect: Detect = Detect()
    solutions: dict[SourceName, Solution] = CATALOGUE
    processes: Processes = Processes()
    maps: Maps = Maps()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = YamlConfigSettingsSource(settings_cls, yaml_file=config_file())
        return (init_settings, env_settings, file)

    @property
    def wants_sample(self) -> bool:
        """Whether the simulated province is to be loaded: unless told, into the private database only."""
        return self.database_url is None if self.sample.enabled is None else self.sample.enabled

    @property
    def base_url(self) -> str:
        """Where clients reach the service, without a slash at the end."""
        if self.public_url is not None:
            return str(self.public_url).rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def surface_dir(self) -> Path:
        """Where the computed surfaces lie."""
        return self.var_dir / "surfaces"

    @property
    def archive_dir(self) -> Path:
        """Where archived months lie."""
        return self.archive.dir or self.var_dir / "archive"

    @property
    def terrain_file(self) -> Path:
        """The terrain model that the flood surface is built on."""
        return self.surfaces.flood_risk.terrain or self.var_dir / "terrain" / "terrain.tif"


def config_file() -> Path | None:
    """The configuration file in force, if there is one.

    Raises:
        ConfigError: ``HUEGIS_CONFIG`` names a file that is not there.
    """
    named = os.environ.get("HUEGIS_CONFIG")
    if named:
        if not Path(named).is_file():
            raise ConfigError(f"HUEGIS_CONFIG names '{named}', which is not a file.")
        return Path(named)
    beside = Path("config.yml")
    return beside if beside.is_file() else None


@cache
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        ConfigError: a setting is unknown, of the wrong type or out of range.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"Setting '{name}': {said} (config.yml or HUEGIS_ environment).") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{config_file()} is not valid YAML: {str(error).splitlines()[0]}.") from error
