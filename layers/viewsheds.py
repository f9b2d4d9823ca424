"""Computing what cameras see: their ground, and which stretches of road lie in it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, bindparam, func, or_, select, text

from gis_core import calibration_record as record
from gis_core.config import Settings, get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, lonlat_to_metric, metric_to_lonlat
from gis_core.db import writing
from gis_core.errors import FeatureNotFoundError, GeoreferenceError
from gis_core.footprint import homography_footprint, pose_footprint
from gis_core.georeference import Pose
from gis_core.terrain import RasterTerrain, file_digest
from gis_core.viewshed import visible_ground
from layers import calibrations, camera_views, cameras, road_segments, segment_views
from layers.frames import read_frame
from layers.georeferencing import Stand, StoredCalibration, stated_camera, terrain_of
from layers.store import load

_METHOD = 1
"""Part of what a view is computed from: raised where the computation itself changes."""
_ORIGIN = "viewsheds"

_CAMERA = cameras.LAYER.table.c
_CALIBRATION = calibrations.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c
_VIEW = camera_views.LAYER.table
_PART = segment_views.LAYER.table

_ROADS = text(
    "SELECT count(*), coalesce(sum(hashtextextended(code || encode(ST_AsBinary(geom), 'hex'), 0)), 0)::text "
    "FROM gis.road_segments"
)


class ComputedViews(NamedTuple):
    """What became of the cameras that were asked for; ``failed`` says in a sentence which have no view."""

    computed: int
    unchanged: int
    segments: int
    failed: tuple[str, ...]


class Seen(NamedTuple):
    """What one camera sees, in EPSG:9214."""

    basis: str
    ground: shapely.MultiPolygon
    calibration_id: UUID | None
    terrain_digest: str | None
    inputs_digest: str


def look(connection: Connection, settings: Settings, code: str) -> Seen:
    """What one camera sees now, stored nowhere.

    Raises:
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: its view cannot be computed.
    """
    (stand,), _ = _read_stands(connection, [code])
    calibration = _calibrations_in_force(connection, datetime.now(UTC)).get(code)
    return _look(stand, calibration, _Inputs(connection, settings), "")


class _Inputs:
    """What views are computed from besides the cameras; the terrain is read when the first one needs it."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.settings = settings
        self.roads = [str(value) for value in connection.execute(_ROADS).one()]

    @cached_property
    def terrain(self) -> RasterTerrain | None:
        return terrain_of(self.settings)

    @cached_property
    def terrain_digest(self) -> str | None:
        path = self.settings.terrain_file
        return file_digest(path) if path.is_file() else None


def compute_views(
    connection: Connection, settings: Settings, codes: Sequence[str] | None = None, *, again: bool = False
) -> ComputedViews:
    """Compute what cameras see where their inputs have changed, in the caller's transaction.

    A camera whose view cannot be computed keeps its flat cone and holds up no other.

    Args:
        connection: an open transaction; nothing is committed here.
        settings: those in force.
        codes: the cameras; None takes all of them.
        again: compute views whose inputs are the same, too.

    Raises:
        FeatureNotFoundError: there is no such camera.
        RasterError: the terrain cannot be used.
    """
    stands, known = _read_stands(connection, codes)
    chosen = _calibrations_in_force(connection, datetime.now(UTC))
    inputs = _Inputs(connection, settings)
    seen: dict[str, Seen] = {}
    failed = []
    unchanged = 0
    for stand in stands:
        calibration = chosen.get(stand.code)
        try:
            digest = _digest(stand, calibration, inputs)
            if digest == known.get(stand.code) and not again:
                unchanged += 1
            else:
                seen[stand.code] = _look(stand, calibration, inputs, digest)
        except GeoreferenceError as error:
            failed.append(f"Camera {stand.code} keeps its flat cone: {error}")
    _store_ground(connection, seen)
    parts = _stretches(connection, seen)
    connection.execute(_PART.delete().where(_PART.c.camera_code.in_(list(seen))))
    load(connection, segment_views.LAYER, parts)
    return ComputedViews(len(seen), unchanged, len(parts), tuple(failed))


def prepare(say: Callable[[str], None]) -> None:
    """Compute the views that are missing or out of date; silent where none is."""
    started = time.monotonic()
    with writing() as connection:
        done = compute_views(connection, get_settings())
    if done.computed:
        say(
            f"What {done.computed} cameras see was computed in {time.monotonic() - started:.1f} s: "
            f"{done.segments} stretches of road."
        )
    for sentence in done.failed:
        say(sentence)


def _read_stands(connection: Connection, codes: Sequence[str] | None) -> tuple[list[Stand], dict[str, str]]:
    """Cameras as they are stated, and by their code the digest of what their view was computed from."""
    query = (
        select(
            _CAMERA.code, func.ST_X(_CAMERA.geom), func.ST_Y(_CAMERA.geom), _CAMERA.mast_height_m,
            _CAMERA.azimuth_deg, _CAMERA.tilt_deg, _CAMERA.field_of_view_deg, _CAMERA.range_m,
            _VIEW.c.inputs_digest,
        )
        .join_from(cameras.LAYER.table, _VIEW, _VIEW.c.code == _CAMERA.code)
        .order_by(_CAMERA.code)
    )  # fmt: skip
    if codes is not None:
        query = query.where(_CAMERA.code.in_(codes))
    rows = connection.execute(query).all()
    missing = set(codes or ()) - {row.code for row in rows}
    if missing:
        raise FeatureNotFoundError("cameras", min(missing))
    x, y = lonlat_to_metric(np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))
    stands = [
        Stand(row.code, float(east), float(north), *row[3:8])
        for row, east, north in zip(rows, x, y, strict=True)
    ]
    return stands, {row.code: row.inputs_digest for row in rows if row.inputs_digest is not None}


def _calibrations_in_force(connection: Connection, at: datetime) -> dict[str, StoredCalibration]:
    """The calibration in force of every camera that has one, by its code."""
    columns = [_CALIBRATION[name] for name in StoredCalibration._fields]
    rows = connection.execute(
        select(_CALIBRATION.camera_code, *columns)
        .where(
            _CALIBRATION.valid_from <= at, or_(_CALIBRATION.valid_to.is_(None), _CALIBRATION.valid_to > at)
        )
        # The same order as calibrations_of, backwards: the last one stays.
        .order_by(_CALIBRATION.valid_from, _CALIBRATION.made_at, _CALIBRATION.id)
    )
    return {row[0]: StoredCalibration(*row[1:]) for row in rows}


def _digest(stand: Stand, calibration: StoredCalibration | None, inputs: _Inputs) -> str:
    """The SHA-256 of everything that a camera's view depends on."""
    if calibration is None:
        over_terrain = stand.range_m > inputs.settings.georeference.terrain_beyond_m
    else:
        stored = record.parse(calibration.parameters, f"Calibration {calibration.id} of {stand.code}")
        over_terrain = isinstance(stored, record.PinholeRecord) and stored.ground == "terrain"
    said: Mapping[str, Any] = {
        "method": _METHOD,
        "stand": stand,
        "calibration": None if calibration is None else str(calibration.id),
        "frame_px": inputs.settings.georeference.frame_px,
        "terrain": inputs.terrain_digest if over_terrain else None,
        "roads": inputs.roads,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _look(stand: Stand, calibration: StoredCalibration | None, inputs: _Inputs, digest: str) -> Seen:
    """What a camera sees by its calibration, or by its stated pose where there is none."""
    if calibration is None:
        camera = stated_camera(stand, inputs.settings.georeference.frame_px, inputs.settings)
        if camera.ground is None:
            raise GeoreferenceError("it looks over terrain, and none is known there.")
        over_terrain = isinstance(camera.ground, RasterTerrain)
        return _by_pose(stand, camera.pose, inputs, digest, None, over_terrain=over_terrain)
    stored = record.parse(calibration.parameters, f"Calibration {calibration.id} of {stand.code}")
    if isinstance(stored, record.PinholeRecord):
        pose, over_terrain = record.restored_pose(stored), stored.ground == "terrain"
        return _by_pose(stand, pose, inputs, digest, calibration.id, over_terrain=over_terrain)
    size_px = calibration.width_px, calibration.height_px
    homography = record.restored_homography(stored)
    ground = homography_footprint(homography, size_px, (stand.x, stand.y), stand.range_m)
    return Seen("homography", ground, calibration.id, None, digest)


def _by_pose(
    stand: Stand, pose: Pose, inputs: _Inputs, digest: str, calibration_id: UUID | None, *, over_terrain: bool
) -> Seen:
    if not over_terrain:
        return Seen("level_ground", pose_footprint(pose, stand.range_m), calibration_id, None, digest)
    if inputs.terrain is None:
        raise GeoreferenceError("it looks over terrain, and none is known there.")
    ground = visible_ground(pose, inputs.terrain, stand.range_m)
    return Seen("terrain", ground, calibration_id, inputs.terrain_digest, digest)


def _store_ground(connection: Connection, seen: Mapping[str, Seen]) -> None:
    if not seen:
        return
    now = datetime.now(UTC)
    shape = func.ST_GeomFromWKB(bindparam("wkb"), STORAGE_SRID, type_=None)
    names = ("basis", "area_km2", "calibration_id", "terrain_digest", "inputs_digest", "computed_at")
    values = {name: bindparam(f"new_{name}", type_=_VIEW.c[name].type) for name in names}
    connection.execute(
        _VIEW.update().where(_VIEW.c.code == bindparam("camera")).values(geom=shape, **values),
        [
            {
                "camera": code,
                "wkb": shapely.to_wkb(_to_degrees(one.ground)),
                "new_basis": one.basis,
                "new_area_km2": one.ground.area / 1e6,
                "new_calibration_id": one.calibration_id,
                "new_terrain_digest": one.terrain_digest,
                "new_inputs_digest": one.inputs_digest,
                "new_computed_at": now,
            }
            for code, one in seen.items()
        ],
    )


def _stretches(connection: Connection, seen: Mapping[str, Seen]) -> gpd.GeoDataFrame:
    """Rows of layer ``segment_views`` for what cameras see."""
    codes = np.array(list(seen))
    grounds = np.array([one.ground for one in seen.values()], dtype=object)
    roads = _read_roads(connection)
    if not len(codes) or roads.empty:
        return gpd.GeoDataFrame(geometry=[], crs=STORAGE_SRID)
    lines = roads.geometry.to_numpy()
    shapely.prepare(grounds)
    camera, road = shapely.STRtree(lines).query(grounds, predicate="intersects")
    inside = shapely.intersection(lines[road], grounds[camera])
    length_m = shapely.length(inside)
    camera, road, inside, length_m = (part[length_m > 0] for part in (camera, road, inside, length_m))
    first, last = _fractions(lines[road], inside)
    rows = pd.DataFrame(
        {
            "camera_code": codes[camera],
            "segment_code": roads["code"].to_numpy()[road],
            "seen_length_m": length_m,
            "from_fraction": first,
            "to_fraction": last,
            "origin": _ORIGIN,
            "simulated": roads["simulated"].to_numpy()[road],
        }
    )
    rows.insert(0, "id", rows["camera_code"] + ":" + rows["segment_code"])
    shapes = [_to_degrees(_lines_of(one)) for one in inside]
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes, index=rows.index, crs=STORAGE_SRID))


def _read_roads(connection: Connection) -> gpd.GeoDataFrame:
    """Code, line in EPSG:9214 and ``simulated`` of every segment."""
    wkb = func.ST_AsBinary(_SEGMENT.geom, type_=None).label("wkb")
    rows = read_frame(connection, select(_SEGMENT.code, _SEGMENT.simulated, wkb))
    lines = shapely.from_wkb(rows.pop("wkb").map(bytes).to_numpy()) if len(rows) else []
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(lines, crs=STORAGE_SRID)).to_crs(METRIC_SRID)


def _fractions(lines: Any, inside: Any) -> tuple[Any, Any]:
    """Where on each line the part inside begins and ends, as fractions of its length; shape (n,) each."""
    xy, owner = shapely.get_coordinates(inside, return_index=True)
    at = shapely.line_locate_point(lines[owner], shapely.points(xy), normalized=True)
    first, last = np.ones(len(lines)), np.zeros(len(lines))
    np.minimum.at(first, owner, at)
    np.maximum.at(last, owner, at)
    return first, last


def _lines_of(shape: shapely.Geometry) -> shapely.MultiLineString:
    parts = shapely.get_parts(shape)
    return shapely.MultiLineString([part for part in parts if part.geom_type == "LineString"])


def _to_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, metric_to_lonlat, interleaved=False)
