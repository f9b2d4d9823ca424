"""Where weights come from: a local file, or a URL whose content is known beforehand by its digest."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import httpx

from gis_core.errors import DetectorError
from gis_core.files import sha256_of

_TIMEOUT_S = 60.0
_BLOCK = 1 << 20


def local_file(location: str, sha256: str | None, cache_dir: Path, max_mib: float) -> Path:
    """The file of a checkpoint, fetched if need be and verified.

    Args:
        location: a path, or a URL of http or https.
        sha256: digest of the content in hexadecimal digits; a URL needs one.
        cache_dir: where fetched files are kept, by their digest.
        max_mib: a longer download is broken off.

    Raises:
        DetectorError: the file is missing or cannot be fetched, is too large, or has another digest.
    """
    if not location.startswith(("http://", "https://")):
        file = Path(location)
        if not file.is_file():
            raise DetectorError(f"There is no checkpoint {file}.")
        if sha256 is not None:
            _verify(file.name, sha256_of(file), sha256)
        return file
    if sha256 is None:
        raise DetectorError(f"The checkpoint at {location} is fetched only if its SHA-256 is stated.")
    kept = cache_dir / f"{sha256}{Path(httpx.URL(location).path).suffix}"
    if not kept.is_file():
        cache_dir.mkdir(parents=True, exist_ok=True)
        _fetch(location, sha256, kept, max_mib)
    return kept


def _fetch(url: str, sha256: str, kept: Path, max_mib: float) -> None:
    """Download beside the place where it goes, and move it there once it is what it should be."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=kept.parent, suffix=".part")
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as target,
            httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_S) as response,
        ):
            response.raise_for_status()
            size = 0
            for block in response.iter_bytes(_BLOCK):
                size += len(block)
                if size > max_mib * 2**20:
                    raise DetectorError(
                        f"The checkpoint at {url} is larger than the setting "
                        f"detectors.max_checkpoint_mib, {max_mib:g}."
                    )
                digest.update(block)
                target.write(block)
        _verify(url, digest.hexdigest(), sha256)
        part.replace(kept)
    except httpx.HTTPStatusError as error:
        raise DetectorError(
            f"The checkpoint at {url} cannot be fetched: the server answers {error.response.status_code}."
        ) from error
    except httpx.HTTPError as error:
        raise DetectorError(
            f"The checkpoint at {url} cannot be fetched: {error or type(error).__name__}."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _verify(name: str, found: str, stated: str) -> None:
    if found != stated:
        raise DetectorError(f"Checkpoint {name} is refused: its SHA-256 is {found}, not {stated} as stated.")
