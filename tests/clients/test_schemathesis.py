"""Schemathesis makes requests from the OpenAPI document, right ones and wrong ones, and judges the answers.

Every operation gets the examples of the document and two requests that are drawn; those that stand for
the others get every covering value of their parameters besides. No answer is 500 or above, none has a
status, a type, a header or a content that the document does not name.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunningService

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "response_headers_conformance", "ignored_auth", "missing_required_header",
)  # fmt: skip
DRAWN = 2
"""Requests for each of about five hundred operations."""
LIMIT_S = 900
OPERATIONS = 450
"""The document has more of them."""
KINDS = (
    r"/collections/(cameras|catalogue|rain_stations|flood-risk)(/|$)", "/collections$", "/$", "/conformance$",
    "/functions$", "/stac", "/styles", "/tileMatrixSets", "/jobs", "/processes$", "/processes/echo",
)  # fmt: skip
"""A layer, one with environmental data, a surface, the catalogue, and what there is once: the other
collections are answered by the same code from other declarations, the other processes take seconds each."""


def judge(service: RunningService, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What schemathesis says of the operations that the options choose; the same with every run."""
    program = Path(sys.executable).with_name("schemathesis")
    return subprocess.run(
        [
            program, "--no-color", "run", f"{service.base_url}/ogc/openapi?f=json&lang=en",
            "--max-examples", str(DRAWN), "--suppress-health-check", "all", "--request-timeout", "60",
            "--continue-on-failure", "--seed", "6", "--generation-deterministic", "--no-shrink", *options,
        ],
        cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip


def test_every_operation_keeps_to_the_document(service: RunningService, tmp_path: Path) -> None:
    done = judge(service, tmp_path, "--checks", ",".join(CHECKS), "--phases", "examples,fuzzing")
    assert done.returncode == 0, done.stdout[-20_000:]
    counted = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", done.stdout)
    assert counted is not None, done.stdout[-20_000:]
    assert len(set(counted.groups())) == 1
    assert int(counted[1]) > OPERATIONS


def test_every_kind_of_operation_is_covered(service: RunningService, tmp_path: Path) -> None:
    done = judge(
        service, tmp_path, "--checks", ",".join(CHECKS), "--phases", "coverage",
        "--include-path-regex", f"^({'|'.join(KINDS)})",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]


@pytest.mark.parametrize("layer", ["cameras", "flood-risk"])
def test_what_the_document_excludes_is_refused(service: RunningService, tmp_path: Path, layer: str) -> None:
    """A value that a parameter's schema does not allow is never taken.

    But for ``limit``: more than a page may have is no error but the most (OGC 17-069r4, 7.15.3).
    """
    done = judge(
        service, tmp_path, "--phases", "examples,coverage,fuzzing",
        "--include-path-regex", f"^/collections/{layer}(/|$)", "--exclude-path-regex", "/items$",
        "--checks", "not_a_server_error,negative_data_rejection", "--mode", "negative",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
