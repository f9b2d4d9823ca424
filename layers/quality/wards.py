"""Cameras whose inventory states another ward than the one they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
from sqlalchemy import Connection

from gis_core.crs import to_metric
from gis_core.types import Text
from layers import cameras, wards
from layers.ingest.names import fold
from layers.quality.base import Check, Finding, Scope, said
from layers.read import read

_KIND = re.compile(r"^(?:phuong|xa|thi_tran|p|x|tt)_+(?=[a-z0-9])")
_CAMERA = cameras.LAYER.table.c


@dataclass(frozen=True)
class Stated:
    """Cameras that state a ward, and every ward there is."""

    cameras: gpd.GeoDataFrame
    wards: gpd.GeoDataFrame


def read_stated(connection: Connection, scope: Scope) -> Stated:
    """The cameras with ``stated_ward``, and the wards with code, name and area."""
    stated = read(
        connection,
        cameras.LAYER,
        _CAMERA.stated_ward.is_not(None),
        columns=("name", "stated_ward", "simulated"),
    )
    return Stated(stated, read(connection, wards.LAYER, columns=("name",)))


def plain_ward(name: str) -> str:
    """A ward's name without case, marks, signs and kind: ``P. Phú Xuân`` is ``phu_xuan``."""
    return _KIND.sub("", fold(name))


def find_misplaced(found: Stated, scope: Scope) -> Iterator[Finding]:
    """One finding for each camera that stands further outside its stated ward than the rules allow.

    A ward is stated by its code or by its name. Distances are measured in EPSG:9214.
    """
    if found.wards.empty:
        return
    areas = to_metric(found.wards.geometry)
    rows_of: dict[str, list[int]] = {}
    for row, (code, name) in enumerate(zip(found.wards["code"], found.wards["name"], strict=True)):
        for known in {plain_ward(code), plain_ward(name)}:
            rows_of.setdefault(known, []).append(row)
    places = to_metric(found.cameras.geometry)
    for camera, place in zip(found.cameras.itertuples(index=False), places, strict=True):
        stated = rows_of.get(plain_ward(camera.stated_ward), [])
        distance_m = float(areas.iloc[stated].distance(place).min()) if stated else float("inf")
        if distance_m <= scope.rules.ward_border_m:
            continue
        inside = found.wards["name"][areas.contains(place)]
        sentence = said(
            "Camera {name} ghi là ở {stated}{unknown}, nhưng {inside}.",
            "Camera {name} is said to stand in {stated}{unknown}, but {inside}.",
            name=camera.name,
            stated=camera.stated_ward,
            unknown=_distance(distance_m) if stated else _UNKNOWN,
            inside=_inside(str(inside.iloc[0])) if len(inside) else _OUTSIDE,
        )
        yield Finding("cameras", camera.code, sentence, camera.geometry, bool(camera.simulated))


_UNKNOWN = said(", không có trong danh mục", ", which is no ward today")
_OUTSIDE = said("không nằm trong phường, xã nào", "it is in no ward")


def _distance(distance_m: float) -> Text:
    return said(" (cách {distance} m)", " ({distance} m away)", distance=float(round(distance_m)))


def _inside(name: str) -> Text:
    return said("nằm trong {name}", "it is in {name}", name=name)


MISPLACED = Check("stated_ward", "warning", frozenset({"cameras"}), read_stated, find_misplaced)
