"""What a collection's description says of its data at this moment.

Read from both ends of a key or from a file's header, and remembered for a short while; what
cannot be read is left out, so that one broken layer does not take the others' description
with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import rasterio
from sqlalchemy import select

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import GisError
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer, read_record
from layers.registry import LAYERS, SURFACES

_log = logging.getLogger(__name__)
_REMEMBERED_S = 30.0
_BROKEN_REMEMBERED_S = 2.0
"""Short, so that a layer that is mended soon says so; not zero, for a dead database is slow to ask."""

_SIMULATED = Text(
    "Có dữ liệu mô phỏng, không phải quan trắc thật.", "Holds simulated data, which were not observed."
)
_NOT_BUILT = Text("Bề mặt chưa được tính.", "The surface has not been built yet.")
_BROKEN = Text(
    "Hiện không đọc được dữ liệu của lớp này.", "The data of this layer cannot be read at present."
)


class Grid(NamedTuple):
    """A surface's cells: counts, sizes in CRS units, and the CRS."""

    columns: int
    rows: int
    cell_x: float
    cell_y: float
    srid: int


class Facts(NamedTuple):
    """First and last instant, whether rows are simulated, what else to say, and a surface's grid."""

    first: datetime | None = None
    last: datetime | None = None
    simulated: bool = False
    remark: Text | None = None
    grid: Grid | None = None

    @property
    def remarks(self) -> tuple[Text, ...]:
        """The sentences that belong after the description."""
        return (*((_SIMULATED,) if self.simulated else ()), *((self.remark,) if self.remark else ()))


class FactFinder:
    """Looks at the data, and remembers what it saw for half a minute, and what is broken for a moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: dict[str, tuple[float, Layer | RasterLayer, Facts]] = {}
        """Until when to believe it and of which declaration, by name."""

    def of(self, name: str) -> Facts:
        """What is known of a layer or a surface now."""
        declared: Layer | RasterLayer = SURFACES[name] if name in SURFACES else LAYERS[name]
        known = self._seen.get(name)
        # An added layer may be another one by now.
        if known is not None and time.monotonic() < known[0] and known[1] is declared:
            return known[2]
        facts = self._layer(declared) if isinstance(declared, Layer) else self._surface(declared)
        remembered_s = _REMEMBERED_S if facts.remark is None else _BROKEN_REMEMBERED_S
        self._seen[name] = (time.monotonic() + remembered_s, declared, facts)
        return facts

    def _layer(self, layer: Layer) -> Facts:
        return self._unless_broken(layer.name, lambda: read_layer_facts(layer), _BROKEN)

    def _surface(self, surface: RasterLayer) -> Facts:
        return self._unless_broken(
            surface.name, lambda: read_surface_facts(surface, self._settings), _NOT_BUILT
        )

    @staticmethod
    def _unless_broken(name: str, read: Callable[[], Facts], remark: Text) -> Facts:
        try:
            return read()
        except GisError as error:
            _log.warning("collection %s: %s", name, error)
            return Facts(remark=remark)


def read_layer_facts(layer: Layer) -> Facts:
    """The ends of a layer's time, and whether any of its rows is simulated."""
    is_simulated = select(layer.table.c.simulated).where(layer.table.c.simulated).limit(1)
    with reading() as connection:
        simulated = connection.execute(is_simulated).first() is not None
        if layer.time_column is None:
            return Facts(simulated=simulated)
        # Identifiers of events sort by time, and have an index; times alone have none.
        moment = select(layer.table.c[layer.time_column]).limit(1)
        first = connection.execute(moment.order_by(layer.id_column)).scalar()
        last = connection.execute(moment.order_by(layer.id_column.desc())).scalar()
    return Facts(first, last, simulated)


def read_surface_facts(surface: RasterLayer, settings: Settings) -> Facts:
    """The window and the grid of a built surface."""
    path = surface.path(settings)
    record = read_record(surface, path)
    with rasterio.open(path) as dataset:
        cell_x, cell_y = dataset.res
        grid = Grid(dataset.width, dataset.height, cell_x, cell_y, dataset.crs.to_epsg())
    return Facts(record.window.start, record.window.end, record.simulated, grid=grid)
