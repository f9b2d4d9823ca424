"""Settings: ``config.yml`` first, then ``HUEGIS_*`` from the environment on top of it.

The file is ``HUEGIS_CONFIG``, else ``config.yml`` in the working directory; without
either the defaults below hold, and ``config.yml`` in the repository states the same
values with comments (a test compares the two).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, HttpUrl, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from gis_core.access_settings import Access
from gis_core.collect_settings import Collect
from gis_core.detector_settings import Detect, Detectors
from gis_core.errors import ConfigError
from gis_core.fire_settings import Fire
from gis_core.flood_settings import Flood
from gis_core.process_settings import Processes
from gis_core.quality_settings import Quality
from gis_core.section import Section, SourceName
from gis_core.serving_settings import Limits, OgcApi, Service
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
