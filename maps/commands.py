"""``huegis maps``: the maps as files."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def maps() -> None:
    """The maps of fire, traffic, flood and everything."""


@maps.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--map", "names", multiple=True, metavar="NAME", help="fire, traffic, flood or all; each by default."
)
@click.option("--at", default="", metavar="TIME", help="ISO 8601; the latest data by default.")
@click.option("--window", default="", metavar="LENGTH", help="Such as 6h or 2d; the map's own by default.")
@click.option("--lang", default="vi", show_default=True, help="vi or en.")
def export(folder: Path, names: tuple[str, ...], at: str, window: str, lang: str) -> None:
    """Write the maps into DIR as pages that open without the service."""
    from gis_core.config import get_settings
    from maps.catalogue import MAPS
    from maps.export import export_maps
    from maps.request import parse_ask

    chosen = tuple(dict.fromkeys(names)) or tuple(MAPS)
    for name in chosen:
        if name not in MAPS:
            raise click.BadParameter(f"'{name}' is none of {', '.join(MAPS)}.", param_hint="--map")
    ask = parse_ask({"at": at, "window": window, "lang": lang})
    for path in export_maps(folder, chosen, get_settings(), ask):
        click.echo(path)
