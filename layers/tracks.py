"""What tracks of vehicles say of road segments by the hour: flow and speed, by Edie's definitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from gis_core.analysis.edie import legs
from gis_core.analysis.snapping import Network, snap
from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric, to_metric
from gis_core.errors import IngestError
from gis_core.time import Window
from gis_core.types import FloatArray
from layers import road_segments
from layers.base import Base
from layers.corridor_totals import with_edie
from layers.frames import read_frame
from layers.read import read
from layers.rollup_tables import TrackHour
from layers.segment_views import watched_segments

_COLUMNS = ("camera_code", "track", "class_name", "seen_at", "lon", "lat")
_LONGEST_GAP_S = 2.0
"""Positions of a track that is seen all the time are no further apart; else it was lost meanwhile."""
_KEYS = ["camera_code", "road_segment_code", "hour_at", "class_name"]

_TOLD = (
    select(
        TrackHour.road_segment_code.label("segment_code"),
        TrackHour.hour_at,
        TrackHour.camera_code,
        func.sum(TrackHour.time_s).label("time_s"),
        func.sum(TrackHour.distance_m).label("distance_m"),
        func.max(TrackHour.area_m_s).label("area_m_s"),
    )
    .where(
        TrackHour.road_segment_code.in_(bindparam("codes", expanding=True)),
        TrackHour.hour_at >= bindparam("first"),
        TrackHour.hour_at < bindparam("after"),
    )
    .group_by(TrackHour.road_segment_code, TrackHour.hour_at, TrackHour.camera_code)
)


class LoadedTracks(NamedTuple):
    """How many tracks and positions a file held, and how many of those lie on no road."""

    tracks: int
    positions: int
    off_road: int


def with_tracks(connection: Connection, binned: pd.DataFrame, bin_length: timedelta) -> pd.DataFrame:
    """Rows of a corridor's segments with what tracks say of them; NaN where there are none.

    Adds ``edie_veh_km``, ``flow_veh_h`` (both directions together) and ``speed_kmh`` (the
    space-mean speed), Edie's density, flow and speed of all tracks in the bin over the stretch
    and the time that cameras tracked, and the sums that they follow from: ``track_time_s``,
    ``track_distance_m`` and ``track_area_m_s``.
    """
    start, end = binned["hour_at"].min(), binned["hour_at"].max() + bin_length
    window = Window(start.to_pydatetime(), end.to_pydatetime())
    told = read_frame(connection, _TOLD, _asked(binned["segment_code"].unique().tolist(), window))
    # Timestamps of one unit, whether there are any or not: else they would not meet those of the bins.
    told_at = pd.to_datetime(told["hour_at"], utc=True).astype(binned["hour_at"].dtype)
    told = told.assign(hour_at=start + (told_at - start) // bin_length * bin_length)
    sums = told.groupby(["segment_code", "hour_at"], as_index=False)[
        ["time_s", "distance_m", "area_m_s"]
    ].sum()
    names = {name: f"track_{name}" for name in ("time_s", "distance_m", "area_m_s")}
    known = sums.astype(dict.fromkeys(names, float)).rename(columns=names)
    return with_edie(binned.merge(known, on=["segment_code", "hour_at"], how="left"))


def track_sums(connection: Connection, codes: Sequence[str], hours: Window) -> FloatArray:
    """Σt in s, Σd in m and |A| in m·s of the tracks on each segment in each hour.

    Args:
        connection: where to read.
        codes: of the segments.
        hours: whole ones.

    Returns:
        Shape (3, segments, hours); NaN where no camera tracked.
    """
    shape = 3, len(codes), round(hours.duration_s / 3600)
    sums = np.full(shape, np.nan)
    places = {code: place for place, code in enumerate(codes)}
    for code, hour_at, _, *told in connection.execute(_TOLD, _asked(codes, hours)):
        cell = sums[:, places[code], int((hour_at - hours.start).total_seconds() // 3600)]
        # An area that is not known adds nothing.
        cell[:] = np.nan_to_num(cell) + np.nan_to_num(np.array(told, dtype=float))
    return sums


def _asked(codes: Sequence[str], window: Window) -> dict[str, object]:
    return {"codes": codes, "first": window.start, "after": window.end}


def load_tracks(
    connection: Connection, file: Path, start: datetime | None, end: datetime | None, *, simulated: bool
) -> LoadedTracks:
    """Sum up the tracks of a CSV by camera, segment, hour and class, in place of what was known of those.

    Args:
        connection: an open transaction; nothing is committed here.
        file: columns camera_code, track, class_name, seen_at, lon, lat; a row for each position.
        start, end: when the cameras looked; by default from the first to the last position of each.
        simulated: whether the tracks are drawn.

    Raises:
        IngestError: the file lacks a column, or a row of it has no position or time.
    """
    rows = _read(file)
    roads = read(connection, road_segments.LAYER, columns=("name",))
    network = Network(roads["code"].tolist(), to_metric(roads.geometry).tolist())
    x, y = lonlat_to_metric(rows["lon"].to_numpy(float), rows["lat"].to_numpy(float))
    snapped = snap(network, x, y, get_settings().enrich.snap_within_m)
    number, names = pd.factorize(pd.MultiIndex.from_frame(rows[["camera_code", "track"]]))
    at_s = rows["seen_at"].to_numpy("datetime64[ms]").astype(np.int64) / 1000
    along_m = snapped.fraction * np.append(network.segment_length_m, np.nan)[snapped.segment]
    pieces = legs(number, at_s, snapped.segment, along_m, longest_gap_s=_LONGEST_GAP_S)
    first_of = rows.assign(number=number).groupby("number")[["camera_code", "class_name"]].first()
    told = pd.DataFrame(
        {
            "camera_code": first_of["camera_code"].to_numpy()[pieces.track],
            "class_name": first_of["class_name"].to_numpy()[pieces.track],
            "road_segment_code": np.array(network.codes, dtype=object)[pieces.segment],
            "hour_at": pd.to_datetime(pieces.hour * 3600, unit="s", utc=True),
            "track": pieces.track,
            "time_s": pieces.time_s,
            "distance_m": pieces.distance_m,
        }
    )
    sums = told.groupby(_KEYS, as_index=False).agg(
        tracks=("track", "nunique"), time_s=("time_s", "sum"), distance_m=("distance_m", "sum")
    )
    sums["area_m_s"] = _areas(connection, rows, sums, start, end)
    _put(connection, sums.assign(simulated=simulated))
    return LoadedTracks(len(names), len(rows), int((snapped.segment < 0).sum()))


def _read(file: Path) -> pd.DataFrame:
    try:
        rows = pd.read_csv(file, dtype={"camera_code": str, "track": str, "class_name": str})
    except (OSError, ValueError) as error:
        raise IngestError(str(file), None, f"it cannot be read as CSV ({error}).") from error
    missing = [name for name in _COLUMNS if name not in rows]
    if missing:
        raise IngestError(str(file), None, f"columns are missing: {', '.join(missing)}.")
    rows = rows.assign(
        seen_at=pd.to_datetime(rows["seen_at"], utc=True, errors="coerce", format="ISO8601"),
        lon=pd.to_numeric(rows["lon"], errors="coerce"),
        lat=pd.to_numeric(rows["lat"], errors="coerce"),
    )
    bad = rows[list(_COLUMNS)].isna().any(axis=1) | (rows["lon"].abs() > 180) | (rows["lat"].abs() > 90)
    if bad.any():
        raise IngestError(str(file), int(bad.to_numpy().argmax()) + 2, "a position needs all six columns.")
    return rows


def _areas(
    connection: Connection,
    rows: pd.DataFrame,
    sums: pd.DataFrame,
    start: datetime | None,
    end: datetime | None,
) -> pd.Series:
    """|A| of each row: the length that its camera sees of its segment, times its time within the hour."""
    query = watched_segments().subquery()
    seen = read_frame(connection, select(query).where(query.c.camera_code.in_(rows["camera_code"].unique())))
    length_m = seen.set_index(["camera_code", "segment_code"])["seen_length_m"].astype(float)
    looked = rows.groupby("camera_code")["seen_at"].agg(["min", "max"]).loc[sums["camera_code"]]
    begin = looked["min"] if start is None else pd.Series(pd.Timestamp(start), index=looked.index)
    until = looked["max"] if end is None else pd.Series(pd.Timestamp(end), index=looked.index)
    hours = sums["hour_at"].to_numpy("datetime64[ms]")
    first = np.maximum(begin.to_numpy("datetime64[ms]"), hours)
    last = np.minimum(until.to_numpy("datetime64[ms]"), hours + np.timedelta64(1, "h"))
    seconds = (last - first) / np.timedelta64(1, "s")
    pairs = pd.MultiIndex.from_frame(sums[["camera_code", "road_segment_code"]])
    return pd.Series(length_m.reindex(pairs).to_numpy() * np.maximum(seconds, 0.0), index=sums.index)


def _put(connection: Connection, sums: pd.DataFrame) -> None:
    if sums.empty:
        return
    table = Base.metadata.tables[f"gis.{TrackHour.__tablename__}"]
    values = sums.astype(object).where(sums.notna(), None).to_dict("records")
    statement = insert(table)
    told = ("tracks", "time_s", "distance_m", "area_m_s", "simulated")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=_KEYS, set_={name: statement.excluded[name] for name in told}
        ),
        values,
    )
