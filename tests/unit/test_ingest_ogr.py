"""GeoPackages and shapefiles as others send them, whole and damaged."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from tests.ingesting import (
    FIRE,
    HUE,
    fit_file,
    refused,
)


def spots(*points: tuple[float, float], crs: int = 4326) -> gpd.GeoDataFrame:
    codes = [f"S{number}" for number in range(len(points))]
    return gpd.GeoDataFrame(
        {"code": codes, "name": [f"Điểm {code}" for code in codes]},
        geometry=[shapely.Point(p) for p in points],
        crs=crs,
    )


def test_geopackage_in_a_grid(tmp_path: Path) -> None:
    spots(HUE, (107.6, 16.5)).to_crs(9214).to_file(tmp_path / "a.gpkg")
    fitted = fit_file(tmp_path / "a.gpkg", "flood_spots")
    assert fitted.rows.geometry.iloc[0].coords[0] == pytest.approx(HUE, abs=1e-8)


def test_geopackage_with_several_layers_needs_the_name(tmp_path: Path) -> None:
    for name in ("một", "hai"):
        pyogrio.write_dataframe(spots(HUE), tmp_path / "a.gpkg", layer=name)
    assert "it holds một, hai; choose one with --layer-name" in refused(tmp_path / "a.gpkg")
    assert "it has no layer 'ba' with geometry; it has một, hai" in refused(tmp_path / "a.gpkg", table="ba")
    assert len(fit_file(tmp_path / "a.gpkg", "flood_spots", table="hai").rows) == 1


def test_geopackage_that_is_damaged_or_something_else(tmp_path: Path) -> None:
    whole = tmp_path / "whole.gpkg"
    spots(*[HUE] * 500).to_file(whole)
    (tmp_path / "cut.gpkg").write_bytes(whole.read_bytes()[:5000])
    (tmp_path / "other.gpkg").write_bytes(b"hello")
    assert "damaged or cut off" in refused(tmp_path / "cut.gpkg")
    assert "is no GeoPackage" in refused(tmp_path / "other.gpkg")


def test_geopackage_without_a_known_crs(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        pyogrio.write_dataframe(spots(HUE).set_crs(None, allow_override=True), tmp_path / "a.gpkg")
    assert "names no coordinate reference system" in refused(tmp_path / "a.gpkg")
    assert len(fit_file(tmp_path / "a.gpkg", "flood_spots", crs="EPSG:4326").rows) == 1


def shapefile(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    pyogrio.write_dataframe(frame, folder / "spots.shp", encoding="UTF-8")
    return folder / "spots.shp"


def test_shapefile_in_vn_2000_with_its_short_names(tmp_path: Path) -> None:
    frame = spots(HUE).assign(ground_ele=[2.5]).to_crs(9214)
    fitted = fit_file(shapefile(tmp_path, frame), "flood_spots")
    row = fitted.rows.iloc[0]
    # The .prj has no shift from VN-2000 to WGS 84; taking them for the same would be 225 m off.
    assert row.geom.coords[0] == pytest.approx(HUE, abs=1e-8)
    assert (row["name"], row["ground_elevation_m"]) == ("Điểm S0", 2.5)


def test_shapefile_without_prj(tmp_path: Path) -> None:
    path = shapefile(tmp_path, spots(HUE))
    path.with_suffix(".prj").unlink()
    assert "the file names no coordinate reference system; give it with --crs EPSG:n" in refused(path)


def test_shapefile_in_an_unknown_crs(tmp_path: Path) -> None:
    path = shapefile(tmp_path, spots(HUE))
    path.with_suffix(".prj").write_text('LOCAL_CS["Công trường",UNIT["metre",1]]')
    assert "'Công trường' is no reference system of positions on the Earth" in refused(path)
    path.with_suffix(".prj").write_text('PROJCS["x",GEOGCS["y",DATUM["z"')
    assert "what it says of its CRS (a .prj file?) makes no sense" in refused(path)


def test_shapefile_without_cpg_in_an_old_encoding(tmp_path: Path) -> None:
    path = tmp_path / "spots.shp"
    pyogrio.write_dataframe(spots(HUE).assign(name="Café"), path, encoding="ISO-8859-1")
    path.with_suffix(".cpg").unlink()
    assert "its texts are not UTF-8" in refused(path)


def test_shapefile_cut_off(tmp_path: Path) -> None:
    path = shapefile(tmp_path, spots(*[HUE] * 200))
    path.write_bytes(path.read_bytes()[:1000])
    assert "damaged or cut off" in refused(path)


def test_parts_of_a_shapefile(tmp_path: Path) -> None:
    path = shapefile(tmp_path, spots(HUE))
    assert "give the one that ends in .shp" in refused(path.with_suffix(".dbf"))
    path.with_suffix(".shx").unlink()
    assert "damaged" in refused(path)
    (tmp_path / "fake.shp").write_text("<OGRVRTDataSource/>")
    assert "is none" in refused(tmp_path / "fake.shp")


def test_zipped_shapefile(tmp_path: Path) -> None:
    shapefile(tmp_path, spots(HUE))
    archive = tmp_path / "a b.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for part in tmp_path.glob("spots.*"):
            zipped.write(part, f"thư mục/{part.name}")
    assert len(fit_file(archive, "flood_spots").rows) == 1
    (tmp_path / "bad.zip").write_bytes(archive.read_bytes()[:200])
    assert "zip archive cannot be read" in refused(tmp_path / "bad.zip")


def test_an_archive_with_no_or_several_shapefiles(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("readme.txt", "hello")
    assert "the archive holds none" in refused(archive)
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.writestr("x.shp", "<OGRVRTDataSource/>")
        zipped.writestr("y.shp", "")
    assert "the archive holds x, y" in refused(archive)
    assert "is no shapefile" in refused(archive, table="x")


def test_times_of_a_geopackage(tmp_path: Path) -> None:
    times = np.array(["2025-03-01T10:00:00", "2025-03-01T11:00:00.5"], dtype="datetime64[ms]")
    fires = gpd.GeoDataFrame({**FIRE, "id": [1, 2]}, geometry=[shapely.Point(HUE)] * 2, crs=4326)
    aware = fires.assign(time=gpd.pd.Series(times).dt.tz_localize("Asia/Ho_Chi_Minh"))
    aware.to_file(tmp_path / "a.gpkg")
    rows = fit_file(tmp_path / "a.gpkg", "detections").rows
    assert [moment.isoformat() for moment in rows["detected_at"]] == [
        "2025-03-01T03:00:00+00:00",
        "2025-03-01T04:00:00.500000+00:00",
    ]
