"""``huegis access``: accounts of those who may do more than read."""

from __future__ import annotations

import re

import click

from gis_core.access import digest_of, new_token
from gis_core.section import NAME_PATTERN


@click.group()
def access() -> None:
    """Let people, agencies and programs do more than read."""


@access.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, default=("editor",), show_default=True, help="Repeatable.")
def token(name: str, roles: tuple[str, ...]) -> None:
    """Make a token for the account NAME, and the line of config.yml that lets it in."""
    for said in (name, *roles):
        if not re.fullmatch(NAME_PATTERN, said):
            raise click.BadParameter(f"'{said}' must be letters, digits, dots, hyphens and underscores.")
    made = new_token()
    click.echo(f"Token, shown this once: {made}")
    click.echo("In QGIS it is the password of a Basic authentication, and the user name is the account's.")
    line = f"{name}: {{sha256: {digest_of(made)}, roles: [{', '.join(roles)}]}}"
    click.echo(f"In config.yml, under access.accounts:\n    {line}")
