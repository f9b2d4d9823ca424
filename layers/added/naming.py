"""Names of added layers and of their columns: plain words, whatever the file calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gis_core.errors import ConfigError, quoted
from layers.ingest.names import fold

_LAYER_NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
_LONGEST_NAME, _LONGEST_COLUMN = 30, 40
_OF_EVERY_ROW = ("origin", "origin_key", "simulated", "geom", "geometry")
_PARAMETERS = (
    "bbox", "cursor", "crs", "coords", "datetime", "f", "filter", "ids", "lang", "limit", "offset",
    "profile", "properties", "q", "sortby", "z",
)  # fmt: skip
"""A column of such a name would hide a parameter of requests."""
_COLLECTIONS_OF_THE_API = ("catalogue",)
"""Collections that are neither a layer nor a surface."""
_OF_POSTGRESQL = ("cmax", "cmin", "ctid", "tableoid", "xmax", "xmin")
_MEANT_OTHERWISE = frozenset((*_OF_EVERY_ROW, *_PARAMETERS, *_OF_POSTGRESQL))


def check_layer_name(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that addresses and tables could not carry, or that is another's.

    Raises:
        ConfigError: says what a name is made of, or which layer has it.
    """
    if not _LAYER_NAME.fullmatch(name):
        raise ConfigError(
            f"{quoted(name)} cannot be the name of a layer: take 2 to {_LONGEST_NAME} of the letters a to z, "
            "digits and underscores, a letter first."
        )
    # Underscores and hyphens are lost in names of operations, which must differ as well.
    alike = [other for other in (*taken, *_COLLECTIONS_OF_THE_API) if _bare(other) == _bare(name)]
    if alike:
        raise ConfigError(f"There is a layer or surface {quoted(alike[0])} already; choose another name.")


def column_names(theirs: Sequence[str], taken: Iterable[str]) -> list[str]:
    """A name of our own for each of a file's columns, in their order, all different and none of ``taken``."""
    used = {*_MEANT_OTHERWISE, *taken}
    ours: list[str] = []
    for name in theirs:
        plain = fold(name)[:_LONGEST_COLUMN].strip("_") or "column"
        wanted = plain if plain[0].isalpha() else f"column_{plain}"
        number, candidate = 1, wanted
        while candidate in used:
            number += 1
            candidate = f"{wanted}_{number}"
        used.add(candidate)
        ours.append(candidate)
    return ours


def _bare(name: str) -> str:
    return re.sub(r"[_-]", "", name)
