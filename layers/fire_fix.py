"""Fixing smoke: from bearings and pixels in degrees to a place, its region and what disagrees, as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import Geod
from scipy.stats import chi2

from gis_core.analysis.line_of_sight import Elevation, Sector, look_along
from gis_core.analysis.smoke_fix import Bearings, Fix, least_squares_fix
from gis_core.analysis.smoke_posterior import (
    NO_PIXELS,
    Pixels,
    Posterior,
    Witnesses,
    hidden_from_each,
    locate,
)
from gis_core.crs import STORAGE_SRID, local_grid_srid, transformer
from gis_core.errors import GisError
from gis_core.fire_settings import SmokeFix
from gis_core.georeference import ellipse_polygons, error_ellipses
from gis_core.terrain import RasterTerrain
from gis_core.types import FloatArray
from layers.fire_bearings import Table, rounded

_ELLIPSOID = Geod(ellps="WGS84")
_GRID_AZIMUTH_OVER_M = 10_000.0
_FARTHEST_M = 400_000.0
"""Beyond, directions on one plane grid are no longer those on the ellipsoid."""
_SECTOR_SIGMAS = 6.0
_CONTRADICTION = 1e-3
_HALF = 0.5
_WORTH_TELLING = 0.01
_JOINED_CELLS = 8


class Fixed(NamedTuple):
    """What was found, on the grid of EPSG code ``srid``, with sentences on what to know about it."""

    posterior: Posterior
    least_squares: Fix | None
    bearings: Bearings
    srid: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where the bearings were taken, in metres; and how to ask for elevations there."""

    srid: int
    bearings: Bearings
    pixels: Pixels
    height_m: FloatArray
    elevation: Elevation | None
    step_m: float


def fix_smoke(
    bearings: Table, pixels: Table | None, terrain: RasterTerrain | None, settings: SmokeFix
) -> Fixed:
    """The place of one smoke by everything that tells of it.

    Args:
        bearings: lon, lat, azimuth_deg from true north, sigma_deg and height_m.
        pixels: lon, lat, scan_km and track_km, or None.
        terrain: what may hide smoke; None hides nothing.
        settings: range, errors and shares.

    Raises:
        GisError: the bearings cannot be of one smoke within range.
    """
    place = _placed(bearings, pixels, terrain, settings)
    witnesses = Witnesses(
        place.bearings,
        settings.range_km * 1000,
        place.pixels,
        (),
        settings.outlier_share,
        settings.hidden_share,
    )
    witnesses, posterior, notes = _look(witnesses, place, bearings, settings)
    _refuse_contradiction(witnesses, posterior, bearings, settings)
    fix, said = _least_squares(place.bearings, posterior, witnesses.range_m)
    if not witnesses.doubt:
        said += (_ALONE if len(bearings) + len(place.pixels.x_m) == 1 else _NO_THIRD,)
    return Fixed(posterior, fix, place.bearings, place.srid, (*notes, *said))


_ALONE = (
    "One bearing gives a direction and no distance: the region is the sector within range, and the point "
    "is its middle."
)
_NO_THIRD = "Two witnesses cannot tell which of them errs; a third would."


def _placed(
    bearings: Table, pixels: Table | None, terrain: RasterTerrain | None, settings: SmokeFix
) -> _Place:
    lon, lat = bearings.values["lon"], bearings.values["lat"]
    middle_lon, middle_lat = float(np.median(lon)), float(np.median(lat))
    for row, (one_lon, one_lat) in enumerate(zip(lon, lat, strict=True)):
        away_m = _ELLIPSOID.inv(one_lon, one_lat, middle_lon, middle_lat)[2]
        if away_m > _FARTHEST_M:
            raise GisError(
                f"Bearing {bearings.names[row]} (line {bearings.lines[row]}) was taken "
                f"{away_m / 1000:,.0f} km from the others and cannot be of the same smoke; "
                "are longitude and latitude right?"
            )
    srid = local_grid_srid(middle_lon, middle_lat)
    to_grid = transformer(STORAGE_SRID, srid)
    x, y = (np.asarray(part) for part in to_grid.transform(lon, lat))
    on_grid = Bearings(
        x, y, grid_azimuth_deg(lon, lat, bearings.values["azimuth_deg"], srid), bearings.values["sigma_deg"]
    )
    elevation, step_m = None, 0.0
    if terrain is not None:
        to_terrain = transformer(srid, terrain.crs.to_wkt())
        step_m = terrain.cell_m

        def elevation(x: FloatArray, y: FloatArray) -> FloatArray:
            return terrain.sample(*to_terrain.transform(x, y))

    heat = NO_PIXELS
    if pixels is not None:
        pixel_x, pixel_y = to_grid.transform(pixels.values["lon"], pixels.values["lat"])
        heat = Pixels(
            np.asarray(pixel_x), np.asarray(pixel_y), pixels.values["scan_km"] * 500,
            pixels.values["track_km"] * 500, np.full(len(pixels), settings.pixel_sigma_m),
        )  # fmt: skip
    return _Place(srid, on_grid, heat, bearings.values["height_m"], elevation, step_m)


def grid_azimuth_deg(lon: FloatArray, lat: FloatArray, azimuth_deg: FloatArray, srid: int) -> FloatArray:
    """Azimuths from true north as directions on a grid: the geodesic's end against its beginning.

    That takes in the convergence of meridians, and the turn of the geodesic over the first ten
    kilometres; what is left of it at forty is less than 0.003° inside the province.
    """
    distance = np.full(np.shape(lon), _GRID_AZIMUTH_OVER_M)
    far_lon, far_lat, _ = _ELLIPSOID.fwd(lon, lat, azimuth_deg, distance)
    to_grid = transformer(STORAGE_SRID, srid)
    x, y = (np.asarray(part) for part in to_grid.transform(lon, lat))
    far_x, far_y = (np.asarray(part) for part in to_grid.transform(far_lon, far_lat))
    return np.asarray(np.degrees(np.arctan2(far_x - x, far_y - y)) % 360)


def _look(
    witnesses: Witnesses, place: _Place, bearings: Table, settings: SmokeFix
) -> tuple[Witnesses, Posterior, tuple[str, ...]]:
    """The posterior over the terrain, with what it hides; and the witnesses with their sectors."""
    notes: tuple[str, ...] = ()
    if place.elevation is not None:
        sectors = _sectors(place, place.elevation, witnesses.range_m, settings)
        if any(sector is None for sector in sectors):
            notes = ("Terrain is not known at every observer; from there nothing counts as hidden.",)
        witnesses = witnesses._replace(sectors=sectors)
    found = locate(witnesses)
    if found is None:
        raise GisError(f"The bearings do not meet within {settings.range_km:g} km.")
    hidden = hidden_from_each(witnesses, *np.array(found.mode)[:, None])[:, 0]
    if hidden.any():
        names = ", ".join(name for name, one in zip(bearings.names, hidden, strict=True) if one)
        notes += (f"By the terrain model the place cannot be seen from {names}: check heights and terrain.",)
    return witnesses, found, notes


def _sectors(place: _Place, elevation: Elevation, range_m: float, settings: SmokeFix) -> list[Sector | None]:
    return [
        look_along(
            float(place.bearings.x_m[row]),
            float(place.bearings.y_m[row]),
            float(place.height_m[row]),
            azimuth_deg=float(place.bearings.azimuth_deg[row]),
            half_width_deg=_SECTOR_SIGMAS * float(place.bearings.sigma_deg[row]),
            range_m=range_m,
            step_m=place.step_m,
            rise_m=settings.smoke_rise_m,
            elevation=elevation,
        )
        for row in range(len(place.bearings.x_m))
    ]


def _refuse_contradiction(
    witnesses: Witnesses, posterior: Posterior, bearings: Table, settings: SmokeFix
) -> None:
    """A place that no two witnesses share is none.

    Raises:
        GisError: the bearings do not meet.
    """
    sentence = (
        f"Bearings {', '.join(bearings.names[:6])}{' …' if len(bearings) > 6 else ''} do not meet within "
        f"{settings.range_km:g} km, by far more than their standard errors: they run apart or side by side, "
        "or tell of different smokes."
    )
    if witnesses.doubt:
        together = posterior.agreement.sum() + posterior.pixel_agreement.sum()
        if together < 1 + _HALF:
            raise GisError(sentence)
    elif len(bearings) > 1:
        chi_square = chi_square_at(witnesses.bearings, *posterior.mode)
        if chi2.sf(chi_square, len(bearings)) < _CONTRADICTION:
            raise GisError(sentence)


def chi_square_at(bearings: Bearings, x_m: float, y_m: float) -> float:
    """Sum of squared misses over variances of all bearings, each counted fully."""
    away = bearings.away_deg(np.array([x_m]), np.array([y_m]))[:, 0]
    return float(((away / bearings.sigma_deg) ** 2).sum())


def _least_squares(
    bearings: Bearings, posterior: Posterior, range_m: float
) -> tuple[Fix | None, tuple[str, ...]]:
    if len(bearings.x_m) < 2:
        return None, ()
    weight = posterior.fitting if len(posterior.fitting) else None
    fix = least_squares_fix(bearings, weight)
    if fix is not None:
        major = float(error_ellipses(fix.covariance_m2[None]).semi_major_m[0])
        near = bearings.distance_m(np.array([fix.x_m]), np.array([fix.y_m])).min() <= range_m
        if major <= range_m and near:
            return fix, ()
    return None, (
        "The bearings are too nearly parallel for a least-squares fix; the region is what they leave open.",
    )


def as_json(fixed: Fixed, bearings: Table, pixels: Table | None) -> dict[str, Any]:
    """The fix as a JSON-ready dict: point, 95 % region as GeoJSON, chi-square, and who disagrees.

    Bearings are named by their id, else by their number, and each comes with its line in the file.
    """
    posterior = fixed.posterior
    x, y = posterior.mean if len(bearings) == 1 and pixels is None else posterior.mode
    lon, lat = _to_degrees(fixed.srid, x, y)
    at = (x, y) if fixed.least_squares is None else (fixed.least_squares.x_m, fixed.least_squares.y_m)
    chi_square = chi_square_at(fixed.bearings, *at)
    freedom = max(len(bearings) - 2, 0)
    region = posterior.region()
    rows = _bearing_rows(fixed, bearings, at)
    heat = [
        {"row": name, "line": line, "agreement": _share(posterior.pixel_agreement, row)}
        for row, (name, line) in enumerate(zip(pixels.names, pixels.lines, strict=True))
    ] if pixels is not None else []  # fmt: skip
    disagreeing = [one["row"] for one in rows if one["agrees"] is False]
    alternatives = _alternatives(fixed, region)
    notes = list(fixed.notes)
    if alternatives:
        notes.append(
            f"{len(alternatives)} places fit what is known; who disagrees is told for the first of them."
        )
    return {
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "region_95": _geojson(region, fixed.srid),
        "region_95_km2": round(region.area / 1e6, 4),
        "chi_square": round(chi_square, 3),
        "degrees_of_freedom": freedom,
        "p_value": round(float(chi2.sf(chi_square, freedom)), 6) if freedom else None,
        "disagree": disagreeing,
        "bearings": rows,
        "pixels": heat,
        "least_squares": _least_squares_json(fixed),
        "alternatives": alternatives,
        "grid": f"EPSG:{fixed.srid}",
        "notes": notes,
    }


def _bearing_rows(fixed: Fixed, bearings: Table, at: tuple[float, float]) -> list[dict[str, Any]]:
    away = fixed.bearings.away_deg(np.array([at[0]]), np.array([at[1]]))[:, 0]
    rows = []
    for row, (name, line) in enumerate(zip(bearings.names, bearings.lines, strict=True)):
        agreement = _share(fixed.posterior.agreement, row)
        rows.append(
            {
                "row": name,
                "line": line,
                "residual_deg": round(float(away[row]), 4),
                "residual_sigmas": round(float(away[row] / fixed.bearings.sigma_deg[row]), 2),
                "agreement": agreement,
                "agrees": None if agreement is None else bool(fixed.posterior.fitting[row] >= _HALF),
            }
        )
    return rows


def _share(agreement: FloatArray, row: int) -> float | None:
    """Probability that a witness tells of this smoke, None where it cannot be doubted."""
    return round(float(agreement[row]), 4) if len(agreement) else None


def _least_squares_json(fixed: Fixed) -> dict[str, Any] | None:
    fix = fixed.least_squares
    if fix is None:
        return None
    lon, lat = _to_degrees(fixed.srid, fix.x_m, fix.y_m)
    ellipse = error_ellipses(fix.covariance_m2[None])
    outline = ellipse_polygons(np.array([fix.x_m]), np.array([fix.y_m]), fix.covariance_m2[None])[0]
    return {
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "chi_square_weighted": round(fix.chi_square, 3),
        "ellipse_95": {
            "semi_major_m": round(float(ellipse.semi_major_m[0]), 1),
            "semi_minor_m": round(float(ellipse.semi_minor_m[0]), 1),
            "grid_azimuth_deg": round(float(ellipse.azimuth_deg[0]), 1),
            "geometry": _geojson(outline, fixed.srid),
        },
    }


def _alternatives(fixed: Fixed, region: shapely.MultiPolygon) -> list[dict[str, float]]:
    """The parts of a region that has several worth telling, the most probable first."""
    if len(region.geoms) < 2:
        return []
    posterior, found = fixed.posterior, []
    # Where a sector is thinner than a cell it falls into pieces, which are one place all the same.
    joined = region.buffer(_JOINED_CELLS * posterior.cell_m)
    for part in shapely.get_parts(joined):
        inside = shapely.contains_xy(part, posterior.x_m, posterior.y_m)
        share = float(posterior.probability[inside].sum())
        if share < _WORTH_TELLING:
            continue
        best = int(np.where(inside, posterior.probability, -1).argmax())
        lon, lat = _to_degrees(fixed.srid, float(posterior.x_m[best]), float(posterior.y_m[best]))
        found.append({"lon": round(lon, 6), "lat": round(lat, 6), "probability": round(share, 4)})
    return sorted(found, key=lambda one: -one["probability"]) if len(found) > 1 else []


def _geojson(shape: shapely.Geometry, srid: int) -> Any:
    back = transformer(srid, STORAGE_SRID).transform
    degrees = shapely.transform(shape, back, interleaved=False)
    return rounded(shapely.geometry.mapping(degrees))


def _to_degrees(srid: int, x: float, y: float) -> tuple[float, float]:
    lon, lat = transformer(srid, STORAGE_SRID).transform(x, y)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise GisError("The fix lies outside the grid that it was computed on.")
    return float(lon), float(lat)
