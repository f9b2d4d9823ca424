"""``huegis layers`` as people use it: the real command, its words and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gis_core.cli import main
from tests.conftest import Place
from tests.ingesting import feature, point, spot, write_geojson

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def huegis(place: Place, tmp_path: Path) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gis_core", "layers", *map(str, arguments)],
            env=environment | place.env, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_load_list_and_export(huegis: Run, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "spots.geojson", spot("a"), spot("b"))
    loaded = huegis("load", "flood_spots", path)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert loaded.stdout == f"{path}: 2 inserted, 0 updated, 0 unchanged in flood_spots.\n"
    listed = huegis("list").stdout
    assert "Điểm ngập lụt / Flood spots" in listed
    assert next(line for line in listed.splitlines() if line.startswith("flood_spots")).split()[-2:] == [
        "2",
        "0",
    ]
    exported = huegis("export", "flood_spots", "out.geojson", "--bbox", "107,16,108,17")
    assert exported.stdout == "out.geojson: 2 features of flood_spots.\n"
    assert len(json.loads((tmp_path / "out.geojson").read_text())["features"]) == 2
    again = huegis("export", "flood_spots", "out.geojson")
    assert (again.returncode, again.stderr) == (
        1,
        "huegis: out.geojson exists already; --overwrite replaces it.\n",
    )


def test_a_refused_file_is_one_sentence_and_exit_code_1(huegis: Run, tmp_path: Path) -> None:
    good = write_geojson(tmp_path / "good.geojson", spot("a"))
    bad = write_geojson(tmp_path / "bad.geojson", spot("b"), spot("c", name=None))
    cut = tmp_path / "cut.geojson"
    cut.write_text(good.read_text()[:-20])
    done = huegis("load", "flood_spots", bad, cut, good, "--rejected", "rejected.csv")
    assert done.returncode == 1
    sentences = done.stderr.splitlines()
    assert sentences[0].startswith(f"huegis: {bad}: refused, because 1 of its 2 rows cannot be loaded")
    assert sentences[1].startswith(f"huegis: {cut}: the file is cut off, at line 1")
    assert len(sentences) == 2
    assert f"{good}: 1 inserted" in done.stdout
    assert "feature 2  name is missing" in done.stdout
    assert "name is missing" in (tmp_path / "rejected.csv").read_text(encoding="utf-8-sig")
    kept = huegis("load", "flood_spots", bad, "--keep-good")
    assert kept.returncode == 0
    assert f"{bad}: 1 inserted, 0 updated, 0 unchanged, 1 rejected in flood_spots." in kept.stdout


def test_simulated_rows_are_pointed_out(huegis: Run, tmp_path: Path) -> None:
    made_up = write_geojson(tmp_path / "s.geojson", spot("m", simulated=True))
    real = write_geojson(tmp_path / "r.geojson", spot("r"))
    huegis("load", "flood_spots", made_up)
    hint = "flood_spots also holds 1 simulated rows; --replace-simulated would remove them."
    assert hint in huegis("load", "flood_spots", real).stdout
    replaced = huegis("load", "flood_spots", real, "--replace-simulated").stdout
    assert "1 simulated rows were removed." in replaced
    assert "also holds" not in replaced


def test_columns_and_crs_of_the_user(huegis: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nr,chỗ,e,n\n1,Đập Đá,562000.0,1820000.0\n")
    asked = ["--column", "nr=code", "--column", "chỗ=name", "--column", "e=x", "--column", "n=y"]
    assert "give it with --crs EPSG:n" in huegis("load", "flood_spots", "a.csv", *asked).stderr
    assert huegis("load", "flood_spots", "a.csv", *asked, "--crs", "EPSG:9214").returncode == 0
    unknown = huegis("load", "flood_spots", "a.csv", *asked, "--crs", "EPSG:999999")
    assert unknown.stderr == "huegis: --crs: 'EPSG:999999' is not a known coordinate reference system.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["load", "nothing", "x"], 1, "There is no layer 'nothing'; the layers are: wards,"),
        (["load", "flood_spots", "gone.csv"], 1, "gone.csv: there is no such file."),
        (["load", "flood_spots"], 2, "Missing argument"),
        (["load", "flood_spots", "x", "--column", "name"], 2, "'name' is not of the form theirs=ours"),
        (["load", "flood_spots", "x.csv", "--rejected", "x.csv"], 2, "--rejected would overwrite"),
        (["describe", "nothing"], 1, "There is no layer 'nothing'"),
        (["export", "flood_spots", "a.dwg"], 1, "'a.dwg' names no known format"),
        (
            ["export", "flood_spots", "a.csv", "--bbox", "1,2,3"],
            1,
            "Parameter 'bbox': '1,2,3' is not west,south,east,north",
        ),
        (["export", "flood_spots", "a.csv", "--datetime", "../.."], 1, "layer flood_spots has no time"),
        (["export", "flood_spots", "gone/a.csv"], 1, "gone/a.csv cannot be written"),
    ],
)
@pytest.mark.usefixtures("place")
def test_mistakes_are_one_sentence(
    arguments: list[str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["huegis", "layers", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr().err
    assert stopped.value.code == code
    assert words in said
    assert "Traceback" not in said


def test_describe_says_what_a_file_must_have(huegis: Run) -> None:
    said = huegis("describe", "detections").stdout
    assert "detected_at *" in said
    assert "thoi_gian" in said
    assert "Công suất bức xạ của đám cháy" in said
    assert "vehicle, traffic_violation" in said


def test_what_a_file_says_does_not_reach_the_terminal_raw(huegis: Run, tmp_path: Path) -> None:
    evil = "\x1b[2J[red]boo[/red]"
    path = write_geojson(
        tmp_path / "a.geojson", feature(point(107.5, 16.4), code="a", name="a", ground_elevation_m=evil)
    )
    done = huegis("load", "flood_spots", path)
    assert "\x1b" not in done.stdout + done.stderr
    assert "[red]boo[/red]" in done.stdout
