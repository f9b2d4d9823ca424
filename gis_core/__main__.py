"""``python -m gis_core`` is ``huegis``."""

from gis_core.cli import main

main()
