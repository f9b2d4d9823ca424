"""``huegis fire fix`` as a ranger gives it: files in, one JSON object out, and sentences for bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result

from gis_core.errors import GisError
from layers.fire_commands import group

HEADER = "lon,lat,azimuth_deg,sigma_deg,id\n"
WEST, EAST, SOUTH = "107.50,16.40,45,0.3,west\n", "107.60,16.40,315,0.3,east\n", "107.55,16.30,0,0.3,south\n"
SMOKE = (107.55, 16.4482)
"""Where the three rays meet: by symmetry on the meridian between west and east."""


def run(tmp_path: Path, rows: str, *options: str) -> Result:
    bearings = tmp_path / "bearings.csv"
    bearings.write_text(HEADER + rows)
    return CliRunner().invoke(group, ["fix", str(bearings), "--no-terrain", *options])


def fixed(tmp_path: Path, rows: str, *options: str) -> dict[str, Any]:
    done = run(tmp_path, rows, *options)
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.output)  # type: ignore[no-any-return]


def test_three_bearings_that_meet_give_the_place_and_its_region(tmp_path: Path) -> None:
    told = fixed(tmp_path, WEST + EAST + SOUTH)
    assert (told["lon"], told["lat"]) == pytest.approx(SMOKE, abs=2e-4)
    assert shapely.geometry.shape(told["region_95"]).contains(shapely.Point(SMOKE))
    assert told["chi_square"] == pytest.approx(0, abs=0.01)
    assert told["degrees_of_freedom"] == 1
    assert told["disagree"] == []
    assert told["least_squares"]["ellipse_95"]["semi_major_m"] > 0


def test_a_bearing_that_disagrees_is_named_weighted_down_and_kept(tmp_path: Path) -> None:
    told = fixed(tmp_path, WEST + EAST + SOUTH + "107.45,16.45,170,0.3,lost\n")
    assert told["disagree"] == ["lost"]
    assert (told["lon"], told["lat"]) == pytest.approx(SMOKE, abs=2e-4)
    lost = next(one for one in told["bearings"] if one["row"] == "lost")
    assert (lost["line"], lost["agrees"]) == (5, False)
    assert lost["agreement"] < 0.01
    assert len(told["bearings"]) == 4


def test_a_satellite_pixel_bounds_a_single_bearing(tmp_path: Path) -> None:
    pixels = tmp_path / "pixels.csv"
    pixels.write_text("latitude,longitude,brightness,scan,track\n16.4482,107.55,330.1,0.5,0.4\n")
    alone = fixed(tmp_path, WEST)
    both = fixed(tmp_path, WEST, "--pixels", str(pixels))
    assert both["region_95_km2"] < alone["region_95_km2"] / 20
    assert (both["lon"], both["lat"]) == pytest.approx(SMOKE, abs=0.01)
    assert shapely.geometry.shape(both["region_95"]).contains(shapely.Point(SMOKE))
    assert [(one["row"], one["line"]) for one in both["pixels"]] == [("1", 2)]
    assert any("no distance" in note for note in alone["notes"])
    assert not any("no distance" in note for note in both["notes"])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("107.5,16.4,x,0.3,a\n", "bearings.csv"),
        ("107.5,16.4,45,-1,a\n", "bearings.csv"),
        ("107.5,96.4,45,0.3,a\n", "bearings.csv"),
        ("", "a row beneath it"),
    ],
)
def test_a_row_that_is_no_bearing_is_named(tmp_path: Path, rows: str, sentence: str) -> None:
    done = run(tmp_path, rows)
    assert done.exit_code != 0
    assert isinstance(done.exception, GisError)
    assert sentence in str(done.exception)
