"""No class is declared that is not walked through, and the table of the walk is as the tests are."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from tests.conformance.walk import SPEC, WALKED, Api, Walked

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "conformance.md"
HEAD = """# Conformance, class by class

`/ogc/conformance` declares these classes. Each was walked through, abstract test by abstract test, and
every step of the walk is a test against the running service (`tests/conformance/`, `make test-clients`);
one fails when a class is declared that has no walk. Drafts without a test suite of their own (Styles,
Coverages, Features Parts 5 and 8) are walked by their requirements. CQL2's tests on the standard's own
data have their counterpart in `tests/db/test_cql2.py`: every operator, in text and in JSON, on a small layer
whose answers are known by hand.

This page is written by `python -m tests.conformance`.
"""


def walked() -> list[Walked]:
    """Every step, by class and file."""
    for file in sorted(HERE.glob("test_*.py")):
        if file.stem != Path(__file__).stem:
            importlib.import_module(f"tests.conformance.{file.stem}")
    return sorted(set(WALKED))


def table(steps: Iterable[Walked]) -> str:
    """The walk as a page in Markdown."""
    lines = [HEAD]
    for name, of_class in groupby(steps, key=lambda step: step.conformance_class):
        lines += [f"\n## {name.removeprefix(SPEC + '/')}\n", "| abstract tests | our test |", "|---|---|"]
        by_function = sorted(of_class, key=lambda step: (step.function, step.test))
        for function, same in groupby(by_function, key=lambda step: step.function):
            lines.append(f"| {', '.join(step.test for step in same)} | `{function}` |")
    return "\n".join(lines) + "\n"


def test_every_declared_class_is_walked_through(api: Api) -> None:
    known = {step.conformance_class for step in walked()}
    assert [name for name in api.declared if name not in known] == []


def test_nothing_is_walked_that_is_not_declared(api: Api) -> None:
    assert {step.conformance_class for step in walked()} - set(api.declared) == set()


def test_the_table_is_written() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(walked()), "run: python -m tests.conformance"
