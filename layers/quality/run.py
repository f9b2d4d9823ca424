"""One run of the checks: read, judge, and put the findings in the place of the last run's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, func, select

from gis_core.config import Settings
from gis_core.crs import STORAGE_SRID
from gis_core.errors import ConfigError
from gis_core.time import parse_duration
from layers import quality_findings
from layers.observed_properties import OBSERVED_PROPERTIES
from layers.quality.base import Check, Finding, Scope
from layers.quality.checks import CHECKS
from layers.registry import LAYERS
from layers.store import LoadReport, load

_TABLE = quality_findings.LAYER.table
_ORIGIN = "huegis layers check"
CHECKED = tuple(name for name, layer in LAYERS.items() if layer.loadable)
"""Layers with rows of their own: what follows from others is right where those are."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a run found: each finding with its check, and how it differs from the run before.

    ``cut`` counts the findings by check and layer of which there were more than are kept.
    """

    findings: tuple[tuple[Check[Any], Finding], ...]
    cut: tuple[tuple[str, str], ...]
    written: LoadReport
    gone: int


def run_checks(
    connection: Connection, settings: Settings, *, layer: str | None = None, now: datetime | None = None
) -> Checked:
    """Check the layers and write what was found, inside the caller's transaction.

    Args:
        connection: an open transaction without a statement timeout.
        settings: the province's bounds and the rules.
        layer: the one layer to check; the findings in the others stay as they are.
        now: the present, aware UTC.

    Raises:
        LayerNotFoundError: there is no such layer.
        ConfigError: a setting of ``quality`` names what does not exist.
    """
    scope = _scope(settings, layer, now or datetime.now(UTC))
    findings: list[tuple[Check[Any], Finding]] = []
    cut: list[tuple[str, str]] = []
    read: dict[Callable[[Connection, Scope], Any], Any] = {}
    for check in CHECKS:
        if check.layers is not None and not check.layers & scope.layers:
            continue
        if check.read not in read:
            read[check.read] = check.read(connection, scope)
        kept, too_many = _kept(check.find(read[check.read], scope), scope)
        findings += [(check, finding) for finding in kept]
        cut += [(check.name, name) for name in too_many]
    written, gone = replace_findings(connection, findings, scope)
    return Checked(tuple(findings), tuple(cut), written, gone)


def code_of(check: str, finding: Finding) -> str:
    """The code of a finding: the same for the same fault of the same feature in every run."""
    key = "\x1f".join((check, finding.layer, finding.feature_id))
    return blake2b(key.encode(), digest_size=8).hexdigest()


def replace_findings(
    connection: Connection, findings: Iterable[tuple[Check[Any], Finding]], scope: Scope
) -> tuple[LoadReport, int]:
    """Write findings and remove those of the layers in scope that are there no more.

    A finding that was there keeps the time at which it was first found.

    Returns:
        What became of the findings, and how many of the run before are gone.
    """
    # Two runs at once write one after the other.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(_TABLE.fullname))))
    in_scope = _TABLE.c.layer.in_(scope.layers)
    there = connection.execute(select(_TABLE.c.code, _TABLE.c.found_at).where(in_scope))
    before = {row.code: row.found_at for row in there}
    rows = _rows(findings, before, scope)
    kept = frozenset(rows["code"])
    gone = [code for code in before if code not in kept]
    connection.execute(_TABLE.delete().where(_TABLE.c.code.in_(gone)))
    return load(connection, quality_findings.LAYER, rows), len(gone)


def _scope(settings: Settings, layer: str | None, now: datetime) -> Scope:
    rules = settings.quality
    unknown = sorted(set(rules.series) - set(OBSERVED_PROPERTIES))
    if unknown:
        raise ConfigError(
            f"Setting 'quality.series' names '{unknown[0]}'; "
            f"the observed properties are: {', '.join(OBSERVED_PROPERTIES)}."
        )
    names = CHECKED if layer is None else (LAYERS[layer].name,)
    window = parse_duration(rules.window, "quality.window")
    return Scope(frozenset(names), settings.province.bounds, now, window, rules)


def _kept(found: Iterable[Finding], scope: Scope) -> tuple[list[Finding], list[str]]:
    """As many findings of each layer in scope as are kept, and the layers that had more."""
    counts: Counter[str] = Counter()
    kept = []
    for finding in found:
        if finding.layer in scope.layers:
            counts[finding.layer] += 1
            if counts[finding.layer] <= scope.rules.max_findings:
                kept.append(finding)
    return kept, [name for name, count in counts.items() if count > scope.rules.max_findings]


def _rows(
    findings: Iterable[tuple[Check[Any], Finding]], before: dict[str, datetime], scope: Scope
) -> gpd.GeoDataFrame:
    """The findings as rows of the layer; one without a position stands at the middle of the province."""
    west, south, east, north = scope.bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    found_at = pd.Timestamp(scope.now).floor("ms").to_pydatetime()
    rows, points = [], []
    for check, finding in findings:
        code = code_of(check.name, finding)
        rows.append(
            {
                "code": code,
                "check": check.name,
                "severity": check.severity,
                "layer": finding.layer,
                "feature_id": finding.feature_id,
                "sentence_vi": finding.sentence.vi,
                "sentence_en": finding.sentence.en,
                "found_at": before.get(code, found_at),
                "origin": _ORIGIN,
                "simulated": finding.simulated,
            }
        )
        points.append(middle if finding.point is None or not _is_placed(finding.point) else finding.point)
    columns = [column.name for column in _TABLE.columns if column.name != "geom"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=points, crs=STORAGE_SRID)


def _is_placed(point: shapely.Point) -> bool:
    return not point.is_empty and bool(shapely.is_valid(point))
