"""Schemathesis makes requests from the OpenAPI document, right ones and wrong ones, and judges the answers.

Every operation gets the covering examples of its parameters, and a few that are drawn at random: no
answer is 500 or above, none has a status, a type, a header or a content that the document does not name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import RunningService

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "response_headers_conformance", "ignored_auth", "missing_required_header",
)  # fmt: skip
EXAMPLES = 2
"""Drawn for each of several hundred operations, beside those that cover its parameters."""
LIMIT_S = 900


def judge(service: RunningService, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What schemathesis says of the operations that the options choose."""
    program = Path(sys.executable).with_name("schemathesis")
    return subprocess.run(
        [
            program, "--no-color", "run", f"{service.base_url}/ogc/openapi?f=json&lang=en",
            "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",
            "--max-examples", str(EXAMPLES), "--suppress-health-check", "all", "--request-timeout", "60",
            "--continue-on-failure", "--seed", "6", *options,
        ],
        cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip


def layers(service: RunningService) -> list[str]:
    answer = httpx.get(f"{service.base_url}/ogc/collections", params={"f": "json"}, timeout=60)
    return [entry["id"] for entry in answer.json()["collections"]]


def test_every_operation_keeps_to_the_document(service: RunningService, tmp_path: Path) -> None:
    assert len(layers(service)) > 20
    done = judge(service, tmp_path)
    assert done.returncode == 0, done.stdout[-20_000:]


@pytest.mark.parametrize("layer", ["cameras", "flood-risk"])
def test_what_the_document_excludes_is_refused(service: RunningService, tmp_path: Path, layer: str) -> None:
    """A value that a parameter's schema does not allow is never taken."""
    done = judge(
        service, tmp_path,
        "--include-path-regex", f"^/collections/{layer}(/|$)",
        "--checks", "not_a_server_error,negative_data_rejection", "--mode", "negative",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
