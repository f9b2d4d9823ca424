"""Fill, directions, accumulation, streams, basins and HAND of 6000 × 6000 cells, against pyflwdir.

Each runs in a process of its own, which reads the terrain from a file; the compiled code is made
before, on a small terrain. Time is that of the processor, memory the greatest resident set of the
whole process: interpreter, libraries, terrain and results included. pyflwdir walks our flow
directions, as its own lead to the lowest neighbour, and is not charged with making them; its HAND,
plain Python, is compiled with numba. Both fill all depressions and must agree on every cell.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gis_core.analysis.hydrology import Elevation, derive_drainage

_SIZE = 6000
_CELL_M = 30.0
_STREAM_KM2 = 5.0
_TARGET = 0.5
_TARGET_GIB = 1.3
_HERE = "benchmarks.hydrology"


def run() -> None:
    """Print how long the chain takes beside pyflwdir, and how much memory."""
    with tempfile.TemporaryDirectory(prefix="huegis-bench-") as name:
        folder = Path(name)
        _make_terrain(folder / "terrain.npy", _SIZE)
        _make_terrain(folder / "small.npy", 300)
        ours_s, ours_gib = _measured("ours", folder)
        reference_s, reference_gib = _measured("reference", folder)
        differing = [
            result for result in ("filled", "area", "streams", "basins", "hand") if not _same(folder, result)
        ]
        land_cells = int(np.isfinite(np.load(folder / "terrain.npy", mmap_mode="r")).sum())
    if differing:
        raise RuntimeError(f"the two do not agree on: {', '.join(differing)}")
    print(
        f"BENCH hydrology ratio={ours_s / reference_s:.2f} target={_TARGET} {_SIZE}² cells "
        f"({land_cells:,} of land): fill, directions, accumulation, streams, basins and HAND in "
        f"{ours_s:.1f} s of processor time, against {reference_s:.1f} s of pyflwdir without directions "
        "of its own; every cell the same",
        flush=True,
    )
    print(
        f"BENCH hydrology-memory ratio={ours_gib / _TARGET_GIB:.2f} target=1.0 {ours_gib:.2f} GiB at "
        f"most, of {_TARGET_GIB} GiB allowed, for the whole process; pyflwdir {reference_gib:.2f} GiB",
        flush=True,
    )


def _make_terrain(path: Path, size: int) -> None:
    """Hills of every size over a plain, with the noise of SRTM, in decimetres, sea and unknown ground."""
    from scipy.ndimage import zoom  # noqa: PLC0415 - no other process needs it

    draw = np.random.default_rng(5)
    terrain = np.zeros((size, size), dtype=np.float32)
    nodes = 4
    while nodes < size:
        rough = draw.normal(size=(nodes, nodes)).astype(np.float32)
        terrain += zoom(rough, size / nodes, order=1, grid_mode=True, mode="nearest") * (800 / nodes)
        nodes *= 2
    terrain -= np.quantile(terrain[::10, ::10], 0.15)
    # Below 20 m a plain that falls gently to the sea.
    np.copyto(terrain, terrain / 4, where=terrain < 20)
    terrain += draw.standard_normal(terrain.shape, dtype=np.float32)
    terrain[terrain < 0] = np.nan
    terrain[size // 10 : size // 8, size // 2 : size // 2 + size // 20] = np.nan
    np.save(path, np.round(terrain, 1))


def _measured(chain: str, folder: Path) -> tuple[float, float]:
    """Seconds of processor time and GiB of one chain in a process of its own."""
    printed = subprocess.run(
        [sys.executable, "-m", _HERE, chain, str(folder)], check=True, capture_output=True, text=True
    ).stdout
    seconds, gib = printed.split()
    return float(seconds), float(gib)


def _ours(elevation_m: Elevation) -> dict[str, np.ndarray]:
    drainage = derive_drainage(elevation_m, _CELL_M, np.zeros(elevation_m.shape, dtype=bool))
    streams = drainage.streams(_STREAM_KM2)
    return {
        "directions": drainage.directions, "filled": drainage.filled_m, "area": drainage.area_km2,
        "streams": streams, "basins": drainage.basins(), "hand": drainage.hand(streams),
    }  # fmt: skip


def _reference(elevation_m: Elevation, directions: np.ndarray) -> dict[str, np.ndarray]:
    import pyflwdir  # noqa: PLC0415 - the other process is not to be charged with its memory
    from numba import njit  # noqa: PLC0415
    from pyflwdir import dem  # noqa: PLC0415

    filled, _ = dem.fill_depressions(elevation_m, nodata=np.nan)
    network = pyflwdir.from_array(directions, ftype="d8", check_ftype=False)
    area = (network.upstream_area("cell") * (_CELL_M**2 / 1e6)).astype(np.float32)
    streams = area >= _STREAM_KM2
    height = njit(cache=True)(dem.height_above_nearest_drain)
    hand = height(network.idxs_ds, network.idxs_seq, streams.ravel(), filled.ravel())
    return {
        "filled": filled, "area": area, "streams": streams,
        "basins": network.basins(), "hand": hand.reshape(filled.shape),
    }  # fmt: skip


def _same(folder: Path, result: str) -> bool:
    """Whether two results agree on all land; off it each has a sign of its own."""
    ours, reference, filled = (
        np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in (f"ours-{result}", f"reference-{result}", "ours-filled")
    )
    # By strips, in float32: the reference adds up what it raises, which rounds otherwise.
    return all(
        np.allclose(ours[strip][land], reference[strip][land], rtol=1e-6, atol=2e-3)
        for strip in (slice(row, row + 500) for row in range(0, len(filled), 500))
        for land in [np.isfinite(filled[strip])]
    )


def _work(chain: str, folder: Path) -> None:
    """Run one chain as its process does: print its seconds and GiB, and keep the results."""
    for name in ("small", "terrain"):
        elevation = np.load(folder / f"{name}.npy")
        if chain == "reference":
            directions = np.load(folder / f"{name}-directions.npy")
        begun = time.process_time()
        results = _ours(elevation) if chain == "ours" else _reference(elevation, directions)
        seconds = time.process_time() - begun
        gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        if chain == "ours":
            np.save(folder / f"{name}-directions.npy", results["directions"])
    print(f"{seconds:.3f} {gib:.3f}")
    for result, values in results.items():
        np.save(folder / f"{chain}-{result}.npy", values)


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]))
