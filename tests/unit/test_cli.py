"""The command line: help for everything, errors as one sentence, the traceback only when asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def huegis(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gis_core", *arguments],
        capture_output=True, text=True, cwd=cwd, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environment},
    )  # fmt: skip


def test_help_lists_every_command_and_each_is_available(tmp_path: Path) -> None:
    done = huegis("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in (
        "up",
        "serve",
        "db",
        "doctor",
        "layers",
        "surfaces",
        "maps",
        "detect",
        "collect",
        "quarantine",
        "detections",
    ):
        assert f"\n  {command} " in done.stdout
    assert "Not available" not in done.stdout


def test_an_error_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    done = huegis("doctor", cwd=tmp_path, HUEGIS_PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("huegis: Setting 'port'")
    assert len(done.stderr.strip().splitlines()) == 1


def test_verbose_adds_the_traceback(tmp_path: Path) -> None:
    done = huegis("--verbose", "doctor", cwd=tmp_path, HUEGIS_PORT="many")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("layers", "nonsense"), ("db", "start", "--nonsense")])
def test_a_misspelt_command_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = huegis(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_without_a_database_the_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    done = huegis("db", "status", cwd=tmp_path, HUEGIS_VAR_DIR=str(tmp_path / "var"))
    assert done.returncode == 1
    assert "huegis db start" in done.stderr


@pytest.mark.parametrize("host", ["::1", "no.such.host.invalid", "a" * 300])
def test_the_doctor_goes_on_where_the_service_can_not_be_reached(tmp_path: Path, host: str) -> None:
    done = huegis("doctor", cwd=tmp_path, HUEGIS_HOST=host, HUEGIS_PORT="1", HUEGIS_VAR_DIR=str(tmp_path))
    assert f"FAIL service: nothing on {host}:1" in done.stdout
    assert done.stderr.startswith("huegis: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_maps_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    done = huegis("maps", "export", "/proc/maps-of-hue", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("huegis: The maps cannot be written to /proc/maps-of-hue")
    assert len(done.stderr.strip().splitlines()) == 1
