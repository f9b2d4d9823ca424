"""Where weights come from: files and URLs, verified before they are used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from detectors.checkpoints import local_file
from gis_core.errors import DetectorError

CONTENT = bytes(range(256)) * 64
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that offers one checkpoint."""
    folder = tmp_path / "offered"
    folder.mkdir()
    (folder / "model.pth").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_local_file_is_taken_as_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "model.pth"
    file.write_bytes(CONTENT)
    assert local_file(str(file), None, tmp_path / "cache", 1) == file
    assert local_file(str(file), DIGEST, tmp_path / "cache", 1) == file
    with pytest.raises(DetectorError, match=r"model\.pth is refused: its SHA-256 is"):
        local_file(str(file), "0" * 64, tmp_path / "cache", 1)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="There is no checkpoint"):
        local_file(str(tmp_path / "none.pth"), None, tmp_path, 1)


def test_a_url_is_fetched_once_and_kept_by_its_digest(server: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    kept = local_file(f"{server}/model.pth", DIGEST, cache, 1)
    assert kept.read_bytes() == CONTENT
    assert kept == cache / f"{DIGEST}.pth"
    # The address is not asked again: it need not even exist.
    assert local_file(f"{server}/gone.pth", DIGEST, cache, 1) == kept


@pytest.mark.parametrize(
    ("path", "digest", "max_mib", "reason"),
    [
        ("model.pth", "0" * 64, 1, "its SHA-256 is"),
        ("model.pth", DIGEST, 0.001, "is larger than the setting"),
        ("none.pth", DIGEST, 1, "the server answers 404"),
        ("model.pth", None, 1, "only if its SHA-256 is stated"),
    ],
)
def test_a_url_is_refused_and_leaves_nothing(
    server: str, tmp_path: Path, path: str, digest: str | None, max_mib: float, reason: str
) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(DetectorError, match=reason):
        local_file(f"{server}/{path}", digest, cache, max_mib)
    assert not cache.exists() or not list(cache.iterdir())


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="cannot be fetched"):
        local_file("http://127.0.0.1:1/model.pth", DIGEST, tmp_path, 1)
