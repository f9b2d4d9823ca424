"""The command ``huegis``: every room, the core included, offers its commands by entry point.

Errors a user can act on are one sentence on stderr and exit code 1; ``--verbose`` adds
the traceback. Every command imports what it needs when it runs, so that ``--help`` is
quick and a missing part breaks only its own command.
"""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import entry_points
from typing import Any

import click

from gis_core import __version__
from gis_core.errors import GisError

COMMANDS = "huegis.commands"


class OfferedCommands(click.Group):
    """A group that has, beside its own commands, those that the rooms offer by an entry point."""

    def __init__(self, *args: Any, offered: str = COMMANDS, **options: Any) -> None:
        super().__init__(*args, **options)
        self._offered = offered

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=self._offered).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for offered in entry_points(group=self._offered, name=cmd_name):
            try:
                command = offered.load()
            except ImportError as error:
                return _unavailable(cmd_name, error)
            if not isinstance(command, click.Command):
                raise TypeError(f"entry point {offered.value} is not a command")
            return command
        return super().get_command(ctx, cmd_name)


def _unavailable(name: str, error: ImportError) -> click.Command:
    """Stand in for a command whose packages are missing, so that the others go on working."""

    @click.command(
        name, short_help=f"Not available: {error}.", context_settings={"ignore_unknown_options": True}
    )
    @click.argument("arguments", nargs=-1)
    def explain(arguments: tuple[str, ...]) -> None:
        raise GisError(f"'{name}' is not available: {error}; see 'huegis doctor'.") from error

    return explain


@click.group(cls=OfferedCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="huegis")
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
def cli(verbose: bool) -> None:
    """Huế GIS: the layers, surfaces, OGC API and maps of the province."""


def main() -> None:
    """Run the command line; the one place where errors become exit codes."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except GisError as error:
        if "--verbose" in sys.argv:
            traceback.print_exc()
        click.echo(f"huegis: {error}", err=True)
        sys.exit(1)
