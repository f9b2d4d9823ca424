"""Loading the simulated province: once, whole, in one transaction, and again only what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from sqlalchemy import Connection, func, select

from gis_core.config import get_settings
from gis_core.db import reading
from layers.base import Layer
from layers.journal import LoadEntry
from layers.registry import LAYERS
from layers.rollup_tables import CameraHour, SegmentCount
from layers.sample import Sample, generate, load
from layers.sample.load import latest_sample, prepare, terrain_origin

LOADED = [layer for layer in LAYERS.values() if layer.loadable and layer.name != "buildings"]
"""What the sample holds: buildings would be too many to make up."""


@pytest.fixture(scope="module")
def small_sample() -> Sample:
    """The sample with few detections, because it is loaded again and again."""
    whole = generate(2710)
    detections = whole.layers["detections"].iloc[::400].reset_index(drop=True)
    return Sample({**whole.layers, "detections": detections}, whole.terrain)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, small_sample: Sample) -> list[int]:
    """``prepare`` gets the small sample; the list tells for which seeds it was generated."""
    asked: list[int] = []

    def generated(seed: int) -> Sample:
        asked.append(seed)
        marked = {
            name: rows.assign(origin=f"sample seed {seed}") for name, rows in small_sample.layers.items()
        }
        return Sample(marked, small_sample.terrain)

    monkeypatch.setattr(load, "generate", generated)
    monkeypatch.setattr(load, "make_terrain", lambda seed: small_sample.terrain)
    return asked


def rows_in(connection: Connection, layer: Layer) -> int:
    return connection.scalar(select(func.count()).select_from(layer.table)) or 0


def counts() -> dict[str, int]:
    with reading() as connection:
        return {layer.name: rows_in(connection, layer) for layer in LOADED}


def journal_size() -> int:
    with reading() as connection:
        return connection.scalar(select(func.count()).select_from(LoadEntry)) or 0


@pytest.mark.usefixtures("database")
def test_sample_is_loaded_whole_and_marked(quick: list[int], small_sample: Sample) -> None:
    said: list[str] = []
    prepare(said.append)
    assert counts() == {name: len(rows) for name, rows in small_sample.layers.items()}
    with reading() as connection:
        for layer in LOADED:
            real = select(func.count()).select_from(layer.table).where(~layer.table.c.simulated)
            assert connection.scalar(real) == 0
    assert quick == [2710]
    assert any("detections" in line for line in said)


@pytest.mark.usefixtures("database", "quick")
def test_detections_are_rolled_up_and_frames_without_vehicles_known(small_sample: Sample) -> None:
    prepare(lambda line: None)
    seen, cameras = small_sample.layers["detections"], small_sample.layers["cameras"]
    watching = cameras[(cameras["purpose"] == "traffic") & (cameras["status"] == "active")]
    by_camera = seen[seen["camera_code"].notna()]
    with reading() as connection:
        assert connection.scalar(select(func.sum(SegmentCount.detections))) == len(by_camera)
        hours = select(func.count()).where(CameraHour.reported, CameraHour.frames_seen == 2)
        assert connection.scalar(hours) == len(watching) * 14 * 24
        assert connection.scalar(select(func.count()).where(~CameraHour.simulated)) == 0


@pytest.mark.usefixtures("database")
def test_second_time_is_silent_and_changes_nothing(quick: list[int]) -> None:
    prepare(lambda line: None)
    before, entries = counts(), journal_size()
    written_at = get_settings().terrain_file.stat().st_mtime_ns
    said: list[str] = []
    prepare(said.append)
    assert said == []
    assert (counts(), journal_size()) == (before, entries)
    assert get_settings().terrain_file.stat().st_mtime_ns == written_at
    assert quick == [2710]


@pytest.mark.usefixtures("database", "quick")
def test_terrain_is_a_marked_geotiff(small_sample: Sample) -> None:
    prepare(lambda line: None)
    path = get_settings().terrain_file
    with rasterio.open(path) as dataset:
        assert dataset.crs.to_epsg() == 9214
        assert dataset.transform == small_sample.terrain.grid.transform
        assert dataset.tags()["SIMULATED"] == "yes"
        assert dataset.compression.name == "deflate"
        assert dataset.block_shapes == [(256, 256)]
        assert np.array_equal(dataset.read(1), small_sample.terrain.elevation_m)
    assert [file.name for file in path.parent.iterdir()] == ["terrain.tif"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("damage", [b"", b"not a raster"])
def test_missing_or_broken_terrain_alone_is_made_again(quick: list[int], damage: bytes) -> None:
    prepare(lambda line: None)
    entries, path = journal_size(), get_settings().terrain_file
    path.write_bytes(damage) if damage else path.unlink()
    prepare(lambda line: None)
    assert terrain_origin(path) == "sample seed 2710"
    assert journal_size() == entries
    assert quick == [2710]


@pytest.mark.usefixtures("database")
def test_another_seed_takes_the_place_of_the_first(quick: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(lambda line: None)
    first = counts()
    for seed in (7, 2710):
        monkeypatch.setenv("HUEGIS_SAMPLE__SEED", str(seed))
        get_settings.cache_clear()
        prepare(lambda line: None)
        assert counts() == first
        assert terrain_origin(get_settings().terrain_file) == f"sample seed {seed}"
        with reading() as connection:
            assert latest_sample(connection) == f"sample seed {seed}"
    assert quick == [2710, 7, 2710]


@pytest.mark.usefixtures("database")
def test_real_rows_stay_when_another_seed_is_loaded(
    quick: list[int], monkeypatch: pytest.MonkeyPatch, small_sample: Sample
) -> None:
    from gis_core.db import writing
    from layers.store import load as load_rows

    real = (
        small_sample.layers["rain_stations"].head(1).assign(code="that-one", simulated=False, origin="file")
    )
    with writing() as connection:
        load_rows(connection, LAYERS["rain_stations"], real)
    prepare(lambda line: None)
    assert counts()["rain_stations"] == 39
    assert len(quick) == 1


@pytest.mark.usefixtures("database", "quick")
def test_failure_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = load.record_load

    def failing(connection: Connection, source: str, layer: str, report: object) -> None:
        if layer == "detections":
            raise RuntimeError("the power went")
        recorded(connection, source, layer, report)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "record_load", failing)
    with pytest.raises(RuntimeError):
        prepare(lambda line: None)
    assert set(counts().values()) == {0}
    assert journal_size() == 0
    assert not get_settings().terrain_file.exists()


@pytest.mark.usefixtures("database")
def test_switched_off_it_does_nothing(quick: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUEGIS_SAMPLE__ENABLED", "false")
    get_settings.cache_clear()
    prepare(lambda line: None)
    assert quick == []
    assert set(counts().values()) == {0}


@pytest.mark.usefixtures("database", "quick")
def test_terrain_of_the_users_own_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own.tif"
    own.write_bytes(b"theirs")
    monkeypatch.setenv("HUEGIS_SURFACES__FLOOD_RISK__TERRAIN", str(own))
    get_settings.cache_clear()
    prepare(lambda line: None)
    assert own.read_bytes() == b"theirs"
    assert not (get_settings().var_dir / "terrain").exists()
    assert counts()["cameras"] == 642
