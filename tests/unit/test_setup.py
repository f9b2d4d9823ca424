"""Set-up, told in one sentence what it cannot do by itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "env", "dirname", "basename", "readlink", "sed", "tr")


def setup(programs: Path, **stubs: str) -> subprocess.CompletedProcess[str]:
    """``scripts/setup`` for an ordinary user on a machine that has only these programs."""
    for name in TOOLS:
        (programs / name).symlink_to(shutil.which(name) or name)
    for name, script in ({"id": "echo 1000"} | stubs).items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return subprocess.run(
        [ROOT / "scripts" / "setup"],
        env={"PATH": str(programs)}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stubs", "sentence"),
    [
        ({}, "setup: please install these with your system's package manager, then try again: python3 "),
        ({"apt-get": "exit 9"}, "setup: please ask an administrator for: apt-get install python3 "),
        (
            {"apt-get": "exit 9", "sudo": "exit 1"},
            "setup: please ask an administrator for: apt-get install python3 ",
        ),
        (
            {"apt-get": "exit 0", "sudo": "exit 0"},
            "setup: apt-get offers nothing recent enough for: python3 ",
        ),
    ],
    ids=["no apt", "no sudo", "not a sudoer", "an old release"],
)
def test_who_may_not_install_is_told_what_to_ask_for(
    tmp_path: Path, stubs: dict[str, str], sentence: str
) -> None:
    done = setup(tmp_path, **stubs)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1
