"""A surface and its dated series: cells at places, over areas and along ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.features import geometry_mask
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from sqlalchemy import Connection

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, transformer
from gis_core.errors import SurfaceNotBuiltError
from gis_core.types import FloatArray, IntArray, Text
from layers.edr.base import (
    Coverage,
    Ends,
    Grid,
    Parameter,
    PointSeries,
    Question,
    Run,
    Source,
    Trajectory,
    around,
    by_name,
)
from layers.edr.ways import along_way
from layers.raster import Band, RasterLayer, read_record
from layers.surfaces.series import Kept, series

_RUN_NAME = "%Y%m%dT%H%M%SZ"
_UNITS = {
    "1": ("one", "1"),
    "m": ("metre", "m"),
    "mm": ("millimetre", "mm"),
    "mm²": ("square millimetre", "mm2"),
    "1/km": ("per kilometre", "km-1"),
    "1/km²": ("per square kilometre", "km-2"),
}
"""Name and UCUM code of the units in which surfaces are declared."""
_NOTES = Text(
    "Giá trị của các ô. Không nêu thời gian là lần tính mới nhất; nêu một thời điểm là lần tính có hiệu lực "
    "lúc đó; nêu một khoảng là mọi lần tính trong khoảng ấy.",
    "Values of the cells. Without a time it is the newest run, at an instant the run that was valid then, "
    "and over an interval every run within it.",
)


def surface_source(surface: RasterLayer) -> Source:
    """The source that answers from a surface's series."""
    cells = _Cells(surface)
    return Source(
        collection=surface.name,
        parameters=by_name(*(_parameter(surface, band) for band in surface.bands)),
        queries=("position", "radius", "area", "cube", "trajectory", "corridor"),
        notes=_NOTES,
        ends=cells.ends,
        answer=cells.answer,
        runs=cells.runs,
    )


def _parameter(surface: RasterLayer, band: Band) -> Parameter:
    name, code = _UNITS.get(band.unit, (band.unit, band.unit))
    definition = f"urn:x-huegis:surface:{surface.name}:{band.name}"
    return Parameter(band.name, band.title, definition, band.unit, name, code)


class _Place(NamedTuple):
    """Where cells are read: the window of a dataset, and its own transform."""

    window: Window
    transform: Affine


class _Cells:
    """Answers from the cells of one surface."""

    def __init__(self, surface: RasterLayer) -> None:
        self._surface = surface
        self._numbers = {band.name: number for number, band in enumerate(surface.bands, 1)}

    def runs(self) -> list[Run]:
        """The dated runs that are kept, newest last."""
        return [
            Run(kept.at.astimezone(UTC).strftime(_RUN_NAME), kept.at)
            for kept in series(self._surface, get_settings())
        ]

    def ends(self, connection: Connection) -> Ends:
        """The instants of the first and the last run."""
        kept = series(self._surface, get_settings())
        return (kept[0].at, kept[-1].at) if kept else None

    def answer(self, connection: Connection, question: Question) -> list[Coverage]:
        """Cells of the runs that are meant: series at points, grids over areas, or values along a way.

        Raises:
            SurfaceNotBuiltError: no run is kept, or one was removed at this moment.
            InvalidParameterError: the answer would be too large.
        """
        known = series(self._surface, get_settings())
        if not known:
            raise SurfaceNotBuiltError(f"Surface '{self._surface.name}' has not been built yet.")
        if question.moments_s is not None and question.run is None:
            return self._way(known, question)
        meant = _meant(known, question)
        if not meant:
            return []
        if question.query == "position":
            return self._points(meant, question)
        if question.query == "trajectory":
            return [one for kept in meant for one in self._way([kept], question)]
        return self._grid(meant, question)

    def _points(self, meant: Sequence[Kept], question: Question) -> list[Coverage]:
        lon, lat = shapely.get_coordinates(question.shape).T
        question.check(len(meant) * len(lon) * len(question.parameters))
        found = np.stack([self._sampled(kept, lon, lat, question.parameters) for kept in meant], axis=-1)
        return [
            Coverage(
                f"{self._surface.name}-{number}",
                self._surface.title.both,
                PointSeries(x, y, [kept.at for kept in meant]),
                dict(zip(question.parameters, found[:, number], strict=True)),
                self._simulated(meant),
            )
            for number, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
        ]

    def _sampled(self, kept: Kept, lon: FloatArray, lat: FloatArray, parameters: Sequence[str]) -> FloatArray:
        """The cells in which places lie, shape (parameters, places); NaN beyond the surface."""
        values = np.full((len(parameters), len(lon)), np.nan)
        with _opened(kept) as dataset:
            rows, cols = _cells_of(dataset, lon, lat)
            inside = (rows >= 0) & (rows < dataset.height) & (cols >= 0) & (cols < dataset.width)
            if inside.any():
                top, left = int(rows[inside].min()), int(cols[inside].min())
                window = Window(
                    left, top, int(cols[inside].max()) - left + 1, int(rows[inside].max()) - top + 1
                )
                cells = self._read(dataset, window, parameters)
                values[:, inside] = cells[:, rows[inside] - top, cols[inside] - left]
        return values

    def _grid(self, meant: Sequence[Kept], question: Question) -> list[Coverage]:
        area, whole = question.shape, question.query == "cube"
        if question.query == "corridor":
            area = around(area, question.width_m / 2)
        read: list[FloatArray] = []
        place: _Place | None = None
        srid = STORAGE_SRID
        for kept in meant:
            with _opened(kept, question.srid) as dataset:
                if place is None:
                    srid = dataset.crs.to_epsg()
                    area = _into(_with_bent_edges(area), srid)
                    place = _touched(dataset, area)
                    if place is None:
                        return []
                    cells = place.window.width * place.window.height
                    question.check(cells * len(meant) * len(question.parameters))
                read.append(self._read(dataset, place.window, question.parameters))
        if place is None:
            return []
        values = np.stack(read, axis=1)
        if not whole:
            shape = values.shape[-2:]
            values[..., geometry_mask([area], shape, place.transform, all_touched=True)] = np.nan
        x = place.transform.c + (np.arange(values.shape[-1]) + 0.5) * place.transform.a
        y = place.transform.f + (np.arange(values.shape[-2]) + 0.5) * place.transform.e
        domain = Grid(np.asarray(x), np.asarray(y), [kept.at for kept in meant], srid)
        named = dict(zip(question.parameters, values, strict=True))
        title = self._surface.title.both
        return [Coverage(self._surface.name, title, domain, named, self._simulated(meant))]

    def _way(self, known: Sequence[Kept], question: Question) -> list[Coverage]:
        """Cells along a line, one place for each; at its moments where it has them."""
        with _opened(known[-1]) as dataset:
            srid, step = dataset.crs.to_epsg(), min(dataset.res)
        way = along_way(_into(question.shape, srid), question.moments_s, step, question.most_values)
        question.check(len(way.x) * len(question.parameters))
        lon, lat = transformer(srid, STORAGE_SRID).transform(way.x, way.y)
        values = np.full((len(question.parameters), len(way.x)), np.nan)
        if way.at_s is None:
            used, run_of = [known[-1]], np.zeros(len(way.x), np.int64)
            times = [known[-1].at] * len(way.x)
        else:
            run_of = np.searchsorted([kept.at.timestamp() for kept in known], way.at_s, side="right") - 1
            used = [known[one] for one in np.unique(run_of[run_of >= 0])]
            times = [datetime.fromtimestamp(one, UTC) for one in way.at_s.tolist()]
        for kept in used:
            then = run_of == known.index(kept) if way.at_s is not None else run_of == 0
            values[:, then] = self._sampled(kept, lon[then], lat[then], question.parameters)
        return [
            Coverage(
                f"{self._surface.name}-{used[-1].at.astimezone(UTC).strftime(_RUN_NAME)}" if used else "none",
                self._surface.title.both,
                Trajectory(lon, lat, times),
                dict(zip(question.parameters, values, strict=True)),
                self._simulated(used),
                question.shape,
            )
        ]

    def _read(self, dataset: DatasetReader, window: Window, parameters: Sequence[str]) -> FloatArray:
        numbers = [self._numbers[name] for name in parameters]
        cells: FloatArray = dataset.read(numbers, window=window).astype(np.float64)
        cells[cells == dataset.nodata] = np.nan
        return cells

    def _simulated(self, meant: Sequence[Kept]) -> bool:
        """Whether the newest of some runs was made of simulated data; a series is of one kind."""
        return any(read_record(self._surface, kept.path).simulated for kept in meant[-1:])


def _meant(known: Sequence[Kept], question: Question) -> list[Kept]:
    """The runs that a question means; see the notes of the source."""
    if question.run is not None:
        return [kept for kept in known if kept.at == question.run]
    if question.interval is None:
        return [known[-1]]
    start, end, end_included = question.interval
    if start is not None and start == end:
        return [kept for kept in known if kept.at <= start][-1:]
    return [
        kept
        for kept in known
        if (start is None or kept.at >= start)
        and (end is None or kept.at < end or (end_included and kept.at == end))
    ]


@contextmanager
def _opened(kept: Kept, srid: int | None = None) -> Iterator[DatasetReader]:
    """The file of a run; in another CRS each cell there takes the value of the one that it lies in."""
    with ExitStack() as opened:
        try:
            dataset = opened.enter_context(rasterio.open(kept.path))
        except RasterioIOError as error:
            raise SurfaceNotBuiltError("A run of this surface was just removed; ask again.") from error
        if srid is not None and srid != dataset.crs.to_epsg():
            dataset = opened.enter_context(
                WarpedVRT(dataset, crs=f"EPSG:{srid}", resampling=Resampling.nearest)
            )
        yield dataset


def _cells_of(dataset: DatasetReader, lon: FloatArray, lat: FloatArray) -> tuple[IntArray, IntArray]:
    """Row and column of the cells in which places lie; beyond the surface they are none of its cells."""
    x, y = transformer(STORAGE_SRID, dataset.crs.to_epsg()).transform(lon, lat)
    col, row = ~dataset.transform @ (np.asarray(x), np.asarray(y))
    inside = np.isfinite(col) & np.isfinite(row) & (abs(col) < 1e9) & (abs(row) < 1e9)
    return tuple(np.where(inside, np.floor(one), -1).astype(np.int64) for one in (row, col))  # type: ignore[return-value]


def _into(shape: shapely.Geometry, srid: int) -> shapely.Geometry:
    """A shape of EPSG:4326 in another CRS, vertex by vertex."""
    if srid == STORAGE_SRID:
        return shapely.force_2d(shape)
    change = transformer(STORAGE_SRID, srid)
    return shapely.transform(shape, lambda degrees: np.column_stack(change.transform(*degrees.T)))


def _with_bent_edges(area: shapely.Geometry) -> shapely.Geometry:
    """An area with so many vertices that its edges may be curves in another CRS."""
    west, south, east, north = shapely.bounds(area)
    return shapely.segmentize(area, max(east - west, north - south) / 50)


def _touched(dataset: DatasetReader, area: shapely.Geometry) -> _Place | None:
    """The whole cells that an area touches; None where it lies beyond the surface."""
    west, south, east, north = shapely.bounds(area)
    if not np.isfinite([west, south, east, north]).all():
        return None
    left, top = ~dataset.transform @ (west, north)
    right, bottom = ~dataset.transform @ (east, south)
    first_col, first_row = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    last_col, last_row = min(dataset.width, int(np.ceil(right))), min(dataset.height, int(np.ceil(bottom)))
    if first_col >= last_col or first_row >= last_row:
        return None
    window = Window(first_col, first_row, last_col - first_col, last_row - first_row)
    return _Place(window, dataset.window_transform(window))
