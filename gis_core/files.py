"""Files that are whole or not there, and the digests that tell them apart."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path of the same name to write to; it takes the place of ``target`` if all goes well.

    Whoever reads the old file meanwhile goes on reading it. If the block raises, the old
    file stays and nothing of the new one is left.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.stem}-") as folder:
        written = Path(folder) / target.name
        yield written
        os.replace(written, target)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
