"""Files that are whole or not there: written beside their place and moved to it in one step."""

from __future__ import annotations

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
