"""Writes the table of the walk: ``python -m tests.conformance``."""

from tests.conformance.test_every_class import TABLE, table, walked

TABLE.write_text(table(walked()), encoding="utf-8")
