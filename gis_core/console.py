"""Tables for people on a terminal, and for programs behind a pipe."""

from __future__ import annotations

from rich.console import Console

_WIDTH_WITHOUT_TERMINAL = 200


def console() -> Console:
    """Where tables go; without a terminal, whoever reads wants whole lines."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
