"""What is asked of each, so that all have the same to do.

Raw SQL makes GeoJSON, or the tile, of the same rows with all their columns, as PostGIS offers it;
where the service says how many features match, so does raw SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import psycopg

from layers.tiles.matrix_sets import WEB_MERCATOR_QUAD
from layers.tiles.query import BUFFER, EXTENT

DEPTH = 500_000
LEVEL, ROW, COL = 12, 1859, 3271
"""A tile of some ten thousand detections."""
NUMBER = "NUMBER"
"""Where an address has it, each request has another number of six digits."""

_BOX = "107.5,16.3,107.7,16.5"
_AREA = "POLYGON((107.5 16.4,107.55 16.32,107.62 16.3,107.7 16.38,107.68 16.47,107.6 16.5,107.5 16.4))"
_BEGIN, _END = "2025-10-20T00:00:00Z", "2025-10-22T00:00:00Z"
_IN_TIME = f"detected_at BETWEEN '{_BEGIN}' AND '{_END}'"
_COUNTED_UP_TO = 10_000
_TELLING = "detected_at, subject, class_name, status, steward_agency, simulated"
"""What features of a tile of that level say of themselves."""
_CORRIDOR_WIDTH_M = 100


@dataclass(frozen=True)
class Question:
    """What one case asks: of raw SQL a statement, of a server the path below its address.

    ``features`` is how many each must give; None where the answer is no collection of features.
    """

    name: str
    meaning: str
    statement: str
    paths: dict[str, str]
    features: int | None = None


def questions(connection: psycopg.Connection[tuple[object, ...]], service: str) -> list[Question]:
    """Every question, of the detections that are stored."""
    return [
        _items("items-10", "a page of 10", 10, {}),
        _items("items-1000", "a page of 1000", 1000, {}),
        _selected(
            "bbox-datetime",
            "1000 in a box and two days",
            f"geom && ST_MakeEnvelope({_BOX}, 4326) AND {_IN_TIME}",
            {"bbox": _BOX, "datetime": f"{_BEGIN}/{_END}"},
        ),
        _deep(connection, service),
        _cql2(),
        *_tiles(),
        _corridor(connection),
    ]


def _paths(query: dict[str, str]) -> dict[str, str]:
    of = {"house": "detections", "tipg": "gis.detections", "pygeoapi": "detections"}
    # pygeoapi answers with a page for people where it is not told otherwise.
    ask = {name: {**query, **({"f": "json"} if name == "pygeoapi" else {})} for name in of}
    return {name: f"/collections/{layer}/items?{urlencode(ask[name])}" for name, layer in of.items()}


def _collection(where: str, limit: int) -> str:
    return (
        'SELECT \'{"type":"FeatureCollection","features":[\' '
        "|| coalesce(string_agg(ST_AsGeoJSON(page, 'geom', 7), ','), '') || ']}' "
        f"FROM (SELECT * FROM gis.detections WHERE {where} ORDER BY id LIMIT {limit}) AS page"
    )


def _items(name: str, meaning: str, limit: int, query: dict[str, str]) -> Question:
    asked = {**query, "limit": str(limit)}
    return Question(name, meaning, _collection("true", limit), _paths(asked), limit)


def _selected(name: str, meaning: str, where: str, query: dict[str, str]) -> Question:
    counted = f"SELECT FROM gis.detections WHERE {where} LIMIT {_COUNTED_UP_TO + 1}"
    statement = f"SELECT ({_collection(where, 1000)}), (SELECT count(*) FROM ({counted}) AS counted)"
    return Question(name, meaning, statement, _paths({**query, "limit": "1000"}), 1000)


def _deep(connection: psycopg.Connection[tuple[object, ...]], service: str) -> Question:
    """The page after half a million: of the service and of raw SQL by its place, of others by its number."""
    row = connection.execute(
        f"SELECT id FROM gis.detections ORDER BY id OFFSET {DEPTH - 1} LIMIT 1"
    ).fetchone()
    if row is None:
        raise RuntimeError(f"there are no {DEPTH} detections")
    paths = _paths({"limit": "10", "offset": str(DEPTH)})
    paths["house"] = _page_at_depth(service)
    return Question("depth", f"10 behind {DEPTH} others", _collection(f"id > '{row[0]}'", 10), paths, 10)


def _page_at_depth(service: str) -> str:
    """The path of the page that is come to by following ``next``."""
    address = f"{service}/collections/detections/items?limit=10000&properties=subject"
    for _ in range(DEPTH // 10_000):
        links = httpx.get(address, timeout=60).raise_for_status().json()["links"]
        address = next(link["href"] for link in links if link["rel"] == "next")
    cursor = httpx.URL(address).params["cursor"]
    return f"/collections/detections/items?{urlencode({'limit': 10, 'cursor': cursor})}"


def _cql2() -> Question:
    period = f"INTERVAL('{_BEGIN}', '{_END}')"
    base = _selected(
        "cql2",
        "1000 of a filter with S_INTERSECTS and T_INTERSECTS",
        f"ST_Intersects(geom, ST_GeomFromText('{_AREA}', 4326)) AND {_IN_TIME}",
        {},
    )
    own = {
        "house": ("cql2-text", f"S_INTERSECTS(geometry, {_AREA}) AND T_INTERSECTS(detected_at, {period})"),
        "tipg": ("cql2-text", f"S_INTERSECTS(geom, {_AREA}) AND T_INTERSECTS(detected_at, {period})"),
        # It refuses CQL2; this is the same in the older language that it reads.
        "pygeoapi": ("cql-text", f"INTERSECTS(geom, {_AREA}) AND detected_at DURING {_BEGIN}/{_END}"),
    }
    paths = {
        name: _paths({"limit": "1000", "filter-lang": language, "filter": text})[name]
        for name, (language, text) in own.items()
    }
    return Question(base.name, base.meaning, base.statement, paths, 1000)


def _tiles() -> list[Question]:
    """The tile up to another instant each time, which nobody can have made before, and the tile once kept.

    tipg writes all columns into a tile where it is asked for none, the service those that tell
    features apart: tipg is asked for the same ones, and in a case of its own for what it gives by itself.
    """
    place = f"tiles/WebMercatorQuad/{LEVEL}/{ROW}/{COL}"
    turned = f"/collections/gis.detections/tiles/WebMercatorQuad/{LEVEL}/{COL}/{ROW}"
    house, pygeoapi = f"/collections/detections/{place}", f"/collections/detections/{place}?f=mvt"
    bounds = WEB_MERCATOR_QUAD.tile_bounds(LEVEL, ROW, COL)
    lonlat = WEB_MERCATOR_QUAD.lonlat_bounds(LEVEL, ROW, COL)
    margin = (lonlat.east - lonlat.west) * BUFFER / EXTENT
    statement = (
        f"SELECT ST_AsMVT(tile, 'detections', {EXTENT}, 'geom') FROM (SELECT {_TELLING}, "
        f"ST_AsMVTGeom(ST_Transform(geom, 3857), ST_MakeEnvelope({','.join(map(str, bounds))}, 3857), "
        f"{EXTENT}, {BUFFER}) AS geom FROM gis.detections WHERE geom && "
        f"ST_Expand(ST_MakeEnvelope({','.join(map(str, lonlat))}, 4326), {margin})) AS tile"
    )
    until = f"datetime=../2026-01-01T00:00:00.{NUMBER}Z"
    telling = urlencode({"properties": _TELLING.replace(" ", "")})
    made = f"a tile of level {LEVEL} made anew"
    cold = {"house": f"{house}?{until}", "tipg": f"{turned}?{until}&{telling}", "pygeoapi": pygeoapi}
    kept = {"house": house, "tipg": f"{turned}?{telling}"}
    return [
        Question("tile-cold", made, statement, cold),
        Question("tile-cold-as-is", f"{made}, as each makes it unasked", statement,
                 {"house": cold["house"], "tipg": f"{turned}?{until}"}),
        Question("tile-kept", f"a tile of level {LEVEL} that is asked for again", statement, kept),
    ]  # fmt: skip


def _corridor(connection: psycopg.Connection[tuple[object, ...]]) -> Question:
    """A day of density and level of service along a road; nobody else has such an answer."""
    row = connection.execute(
        "WITH busiest AS (SELECT corridor FROM gis.road_segments JOIN gis.cameras "
        "ON road_segment_code = road_segments.code WHERE corridor IS NOT NULL "
        "GROUP BY corridor ORDER BY count(*) DESC, corridor LIMIT 1), "
        "way AS (SELECT (ST_Dump(ST_LineMerge(ST_Collect(geom)))).geom FROM gis.road_segments "
        "NATURAL JOIN busiest) "
        "SELECT ST_AsText(ST_Simplify(geom, 0.0002), 5), "
        "(SELECT max(hour_at) - interval '23 h' FROM gis.segment_counts), "
        "(SELECT max(hour_at) + interval '1 h' FROM gis.segment_counts) "
        "FROM way ORDER BY ST_Length(geom) DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise RuntimeError("no road is watched by a camera")
    line, begin, end = (one if isinstance(one, str) else f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in row)
    query = {
        "coords": line,
        "corridor-width": str(_CORRIDOR_WIDTH_M),
        "width-units": "m",
        "datetime": f"{begin}/{end}",
    }
    statement = (
        "SELECT json_agg(hours) FROM (SELECT road_segments.code, hour_at, sum(detections) AS vehicles, "
        "sum(frames_seen) AS frames FROM gis.road_segments "
        "JOIN gis.segment_counts ON road_segment_code = road_segments.code "
        "JOIN gis.camera_hours USING (camera_code, hour_at) "
        f"WHERE ST_DWithin(CAST(geom AS geography), CAST('{line}' AS geography), {_CORRIDOR_WIDTH_M / 2}) "
        f"AND subject = 'vehicle' AND hour_at >= '{begin}' AND hour_at < '{end}' "
        "GROUP BY road_segments.code, hour_at ORDER BY road_segments.code, hour_at) AS hours"
    )
    paths = {"house": f"/collections/road_segments/corridor?{urlencode(query)}"}
    return Question("corridor", "a day of traffic along a road", statement, paths)
