"""Maps as files that open from a folder, with the scripts, styles and fonts that they need beside them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from gis_core.config import Settings
from gis_core.errors import ConfigError
from maps.app import ASSETS
from maps.catalogue import MAPS
from maps.page import render_map
from maps.request import Ask

_NEEDED = (
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.css",
    "leaflet/dist/images/*.png",
    "leaflet/LICENSE",
    "@fontsource/be-vietnam-pro/[467]00.css",
    "@fontsource/be-vietnam-pro/files/be-vietnam-pro-*-[467]00-normal.woff2",
    "@fontsource/be-vietnam-pro/LICENSE",
)
"""Files of the installed packages that a map's page loads."""


def export_maps(folder: Path, names: Collection[str], settings: Settings, ask: Ask) -> Iterator[Path]:
    """Write each map as ``NAME.html``; what was written is given as it is done.

    Every file is put in place in one step, so that a map being looked at is never half there.

    Raises:
        ConfigError: the packages that the pages load are not installed, or the folder takes no files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_static(settings.static_dir, folder / "static")
        shutil.copytree(ASSETS, folder / "assets", dirs_exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The maps cannot be written to {folder} ({error.strerror or error}).") from error
    for name in names:
        page = MAPS[name].make(settings, ask)
        html = render_map(page, ask, root="", standalone=True, linked=names)
        path = folder / f"{name}.html"
        beside = folder / f".{name}.html.part"
        beside.write_text(html, encoding="utf-8")
        beside.replace(path)
        yield path


def copy_static(installed: Path, target: Path) -> None:
    """Copy what the pages load out of the installed packages.

    Raises:
        ConfigError: something of it is not installed.
    """
    for pattern in _NEEDED:
        found = sorted(installed.glob(pattern))
        if not found:
            raise ConfigError(
                f"{installed / pattern} is not installed; run 'npm ci' in the project's folder."
            )
        for source in found:
            copy = target / source.relative_to(installed)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
