"""``huegis tiles``: tiles made before anybody asks for them."""

from __future__ import annotations

import click


@click.group()
def group() -> None:
    """Make vector tiles ahead of their use."""


@group.command()
@click.argument("layer")
@click.option("--zoom", required=True, metavar="6-12", help="The levels to make, or a single one.")
@click.option("--matrix-set", default="WebMercatorQuad", show_default=True, help="Which grid of tiles.")
@click.option(
    "--bbox",
    type=(float, float, float, float),
    metavar="W S E N",
    help="The area in degrees, in place of the province.",
)
def seed(layer: str, zoom: str, matrix_set: str, bbox: tuple[float, float, float, float] | None) -> None:
    """Make the tiles of LAYER that are not kept already, for all who ask later.

    It may be stopped and given again at any time: what was made stays.
    """
    from gis_core.config import get_settings
    from gis_core.types import Bounds
    from layers.added.known import known_layers
    from layers.tiles.matrix_sets import levels_of, matrix_set_named
    from layers.tiles.seeding import seed_level

    found, of = known_layers()[layer], matrix_set_named(matrix_set)
    area = get_settings().province.bounds if bbox is None else Bounds(*bbox)
    for level in levels_of(zoom, of):
        done = seed_level(found, of, of.covering(area, level))
        click.echo(
            f"{layer} {of.name} {level}: {done.made:,} tiles made, {done.kept:,} were there, "
            f"{done.bytes / (1 << 10):,.0f} KiB."
        )
