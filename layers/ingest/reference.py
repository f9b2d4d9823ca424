"""Which reference system the coordinates of a file are in."""

from __future__ import annotations

from pathlib import Path

from pyproj import CRS

from gis_core.crs import read_crs
from gis_core.errors import CRSMismatchError, IngestError
from layers.ingest.source import Request

WGS84 = CRS.from_user_input("OGC:CRS84")


def settle_crs(path: Path, found: CRS | str | None, request: Request, notes: list[str]) -> CRS:
    """The CRS of a file: the user's word first, then the file's own.

    Args:
        path: the file, for messages.
        found: what the file says, None where it says nothing.
        request: holds the user's ``--crs``.
        notes: gets a sentence where the user overrules the file.

    Raises:
        CRSMismatchError: nobody says, or what is said is no CRS that is tied to the Earth.
    """
    if request.crs is not None:
        if found is not None:
            notes.append(f"The CRS is {request.crs} as asked, whatever the file says of itself.")
        return _earthly(path, _recognised(read_crs(request.crs, "--crs")))
    if found is None or found == "":
        raise CRSMismatchError(
            f"{path}: the file names no coordinate reference system; give it with --crs EPSG:n."
        )
    crs = read_crs(found, str(path)) if isinstance(found, str) else found
    return _earthly(path, _recognised(crs))


def refuse_crs(path: Path, request: Request, kind: str) -> CRS:
    """WGS 84 for a format that knows nothing else.

    Raises:
        IngestError: the user named a CRS all the same.
    """
    if request.crs is not None:
        raise IngestError(str(path), None, f"{kind} is always in WGS 84; leave out --crs.")
    return WGS84


def _recognised(crs: CRS) -> CRS:
    """The CRS of the EPSG register that is meant, so that PROJ knows the way from its datum.

    Files often carry a copy with a null shift to WGS 84, which is 225 m wrong in Huế.
    """
    plain = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    epsg = plain.to_epsg(min_confidence=70)
    return CRS.from_epsg(epsg) if epsg is not None else crs.to_2d()


def _earthly(path: Path, crs: CRS) -> CRS:
    if crs.is_geographic or crs.is_projected:
        return crs
    raise CRSMismatchError(
        f"{path}: '{crs.name}' is no reference system of positions on the Earth; give one with --crs EPSG:n."
    )
