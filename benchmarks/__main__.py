"""Run every benchmark of this folder, or those that are named: ``python -m benchmarks [name …]``."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import ModuleInfo, iter_modules

import benchmarks


def main(names: list[str]) -> None:
    """Run each module's ``run``; a name that no benchmark has ends it with a sentence."""
    known = sorted(module.name for module in iter_modules(benchmarks.__path__) if _is_one(module))
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"There is no benchmark '{min(unknown)}'; there are: {', '.join(known)}.")
    for name in names or known:
        import_module(f"benchmarks.{name}").run()


def _is_one(module: ModuleInfo) -> bool:
    return not module.ispkg and module.name not in ("__main__", "load", "private", "stored")


if __name__ == "__main__":
    main(sys.argv[1:])
