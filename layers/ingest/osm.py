"""Roads of OpenStreetMap, cut at junctions: every node that two roads share ends a segment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pandas as pd
import shapely

from gis_core.errors import IngestError
from layers.ingest.reference import refuse_crs
from layers.ingest.source import BATCH_ROWS, Batch, Reader, Request, Source, no_faults

_SUFFIXES = (".pbf", ".osm", ".osm.bz2", ".osm.gz")
_CLASSES = {
    "motorway": "motorway",
    "trunk": "trunk",
    "primary": "primary",
    "secondary": "secondary",
    "tertiary": "tertiary",
    "residential": "residential",
    "living_street": "residential",
    "unclassified": "unclassified",
    "service": "service",
    "track": "other",
    "road": "other",
    "busway": "other",
}
"""Road classes by the value of ``highway``; ways of other values are not for vehicles."""

_KM_PER_MILE = 1.609344
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?$")
_NAMES = ("code", "name", "ref", "road_class", "lanes", "design_speed_kmh", "one_way", "origin")


@dataclass(frozen=True)
class _Counts:
    uses: Counter[int]
    roads: int


def _accepts(path: Path, head: bytes, request: Request) -> bool:
    return path.name.lower().endswith(_SUFFIXES)


def _open(path: Path, request: Request) -> Source:
    if request.layer.name != "road_segments":
        raise IngestError(
            str(path), None, "of OpenStreetMap files only roads are read; load it into road_segments."
        )
    crs = refuse_crs(path, request, "An OpenStreetMap file")
    notes: list[str] = []
    try:
        counts = _count(path, notes)
    except (RuntimeError, ValueError) as error:
        raise _damaged(path, error) from error
    return Source(path, "way", crs, _NAMES, _batches(path, counts, notes), notes)


READER = Reader("OSM (.osm.pbf)", _accepts, _open)


def road_class(highway: str) -> str | None:
    """The road class of a ``highway`` value, that of the road itself for its links; None for paths."""
    return _CLASSES.get(highway.removesuffix("_link"))


def parse_lanes(text: str | None) -> int | None:
    """The number of lanes, None where the text holds none between 1 and 16."""
    match = re.match(r"\s*(\d{1,3})(?:\.\d+)?\s*(?:[;|,]|$)", text or "")
    lanes = int(match[1]) if match else 0
    return lanes if 1 <= lanes <= 16 else None


def parse_speed(text: str | None) -> float | None:
    """A ``maxspeed`` in km/h, None for words such as ``walk`` and for what no road has."""
    match = _SPEED.match((text or "").split(";")[0].strip().casefold())
    if match is None:
        return None
    speed_kmh = float(match[1]) * (_KM_PER_MILE if match[2] == "mph" else 1)
    return speed_kmh if 5 <= speed_kmh <= 150 else None


def direction(tags: Any) -> tuple[bool, bool]:
    """Whether traffic goes one way only, and whether that is against the way's own order."""
    said = tags.get("oneway", "")
    if said in ("-1", "reverse"):
        return True, True
    if said in ("yes", "true", "1"):
        return True, False
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return implied and said not in ("no", "false", "0"), False


def cut(nodes: list[int], is_junction: Any) -> Iterator[slice]:
    """The pieces of a way between junctions; each shares its end with the next."""
    start = 0
    for place in range(1, len(nodes)):
        if place == len(nodes) - 1 or is_junction(nodes[place]):
            yield slice(start, place + 1)
            start = place


def _roads(path: Path, *, located: bool) -> Iterator[Any]:
    ways = osmium.FileProcessor(
        str(path), osmium.osm.WAY | (osmium.osm.NODE if located else osmium.osm.NOTHING)
    )
    if located:
        ways = ways.with_locations()
    for way in ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(
        osmium.filter.KeyFilter("highway")
    ):
        if way.tags.get("area") != "yes":
            yield way


def _count(path: Path, notes: list[str]) -> _Counts:
    """How often each node is used by roads."""
    uses: Counter[int] = Counter()
    roads = paths = 0
    for way in _roads(path, located=False):
        if road_class(way.tags["highway"]) is None:
            paths += 1
            continue
        roads += 1
        uses.update(node.ref for node in way.nodes)
    if paths:
        notes.append(
            f"{paths} ways that are not for vehicles (footways, paths, planned roads) were left out."
        )
    notes.append("© OpenStreetMap contributors, ODbL.")
    return _Counts(uses, roads)


def _batches(path: Path, counts: _Counts, notes: list[str]) -> Iterator[Batch]:
    segments: list[tuple[Any, ...]] = []
    read = incomplete = 0
    origin = f"OpenStreetMap ({path.name})"
    try:
        for way in _roads(path, located=True):
            kind = road_class(way.tags["highway"])
            if kind is None:
                continue
            read += 1
            runs, whole = _located_runs(way)
            incomplete += not whole
            segments += _segments(way, kind, runs, counts.uses, origin)
            if len(segments) >= BATCH_ROWS:
                yield _batch(segments, read / counts.roads)
                segments = []
    except (RuntimeError, ValueError) as error:
        raise _damaged(path, error) from error
    if incomplete:
        notes.append(f"{incomplete} ways go on beyond the edge of the file and were cut there.")
    if segments:
        yield _batch(segments, 1.0)


def _located_runs(way: Any) -> tuple[list[list[tuple[int, float, float]]], bool]:
    """Stretches of nodes whose places the file knows, and whether that is the whole way."""
    runs: list[list[tuple[int, float, float]]] = [[]]
    whole = True
    for node in way.nodes:
        if node.location.valid():
            runs[-1].append((node.ref, node.location.lon, node.location.lat))
        else:
            whole = False
            runs.append([])
    return [run for run in runs if len(run) > 1], whole


def _segments(
    way: Any, kind: str, runs: list[list[tuple[int, float, float]]], uses: Counter[int], origin: str
) -> Iterator[tuple[Any, ...]]:
    tags = way.tags
    one_way, backwards = direction(tags)
    facts = (
        tags.get("name"), tags.get("ref"), kind, parse_lanes(tags.get("lanes")),
        parse_speed(tags.get("maxspeed")), one_way, origin,
    )  # fmt: skip
    piece = 0
    for run in runs:
        for part in cut([ref for ref, _, _ in run], lambda ref: uses[ref] > 1):
            line = [(lon, lat) for _, lon, lat in run[part]]
            if len(set(line)) < 2:
                continue
            piece += 1
            yield way.id, f"w{way.id}-{piece}", *facts, shapely.LineString(line[::-1] if backwards else line)


def _batch(segments: list[tuple[Any, ...]], done: float) -> Batch:
    numbers, *columns, shapes = zip(*segments, strict=True)
    frame = pd.DataFrame(
        {name: pd.Series(column, dtype=object) for name, column in zip(_NAMES, columns, strict=True)}
    )
    return Batch(np.array(numbers), frame, np.array(shapes, dtype=object), no_faults(len(frame)), done)


def _damaged(path: Path, error: Exception) -> IngestError:
    return IngestError(str(path), None, f"the OpenStreetMap file is damaged or cut off ({error}).")
