"""Control points and pixels from files: their forms, their faults, and the grid that they are fitted in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS

from gis_core.errors import CRSMismatchError, IngestError
from layers.control_points import metric_grid_for, read_control_points, read_pixels, to_grid


def written(folder: Path, text: str, name: str = "points.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_points_are_read_in_any_order_of_columns(tmp_path: Path) -> None:
    control = read_control_points(written(tmp_path, "name,Y,X,v,u\nkerb,20,10,2,1\n\nlamp,40,30,4,3\n"))
    assert control.uv.tolist() == [[1, 2], [3, 4]]
    assert control.xy.tolist() == [[10, 20], [30, 40]]
    assert control.z_m is None
    assert control.rows == (2, 4)


def test_semicolons_go_with_decimal_commas_and_degrees_with_their_names(tmp_path: Path) -> None:
    control = read_control_points(written(tmp_path, "u;v;lon;lat;z\n1,5;2;107,58;16,46;12,25\n"))
    assert control.uv.tolist() == [[1.5, 2]]
    assert control.xy.tolist() == [[107.58, 16.46]]
    assert control.z_m is not None
    assert control.z_m.tolist() == [12.25]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("u,v,x\n1,2,3\n", r"points\.csv, row 1: there is no column y"),
        ("u,v,x,y\n1,2,3,4\n1,2,abc,4\n", r"points\.csv, row 3: x 'abc' is not a number"),
        ("u,v,x,y\n1,2,3\n", r"points\.csv, row 2: y is missing"),
        ("u,v,x,y\n1,2,nan,4\n", r"row 2: x 'nan' is not a number"),
        ("u,v,x,y\n1,2,1e999,4\n", r"row 2: x '1e999' is not a number"),
        ("u,v,x,y\n1,1_000,3,4\n", r"row 2: v '1_000' is not a number"),
        ("u,v,x,y\n", r"points\.csv: the file holds no control points"),
        ("", "row 1: there is no header line"),
    ],
)
def test_a_faulty_file_is_refused_with_its_row(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(IngestError, match=sentence):
        read_control_points(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"none\.csv: the file cannot be read"):
        read_control_points(tmp_path / "none.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"u,v,x,y\n1,2,3,4\n\xff\xfe\x00\n")
    with pytest.raises(IngestError, match="no delimited text"):
        read_control_points(binary)


def test_faulty_pixels_keep_their_place_among_the_good_ones(tmp_path: Path) -> None:
    pixels = read_pixels(written(tmp_path, "u,v\n1,2\nleft,2\n3,4\n5,\n"))
    assert pixels.uv[[0, 2]].tolist() == [[1, 2], [3, 4]]
    assert np.isnan(pixels.uv[[1, 3]]).all()
    assert {index: str(fault) for index, fault in pixels.faults.items()} == {
        1: "points.csv, row 3: u 'left' is not a number.",
        3: "points.csv, row 5: v is missing.",
    }


@pytest.mark.parametrize(
    ("epsg", "xy", "grid"),
    [(32632, (559_000, 6_319_000), 32632), (9214, (566_000, 1_820_000), 9214),
     (3857, (11_975_000, 1_858_000), 9214), (4326, (107.58, 16.46), 9214),
     (4326, (9.97, 57.01), 32632), (2263, (980_000, 200_000), 32618)],
)  # fmt: skip
def test_the_grid_is_one_of_true_metres(epsg: int, xy: tuple[float, float], grid: int) -> None:
    assert metric_grid_for(CRS.from_epsg(epsg), np.array([xy], float), "p").to_epsg() == grid


def test_coordinates_outside_their_crs_are_refused() -> None:
    with pytest.raises(CRSMismatchError, match="is --crs the right one"):
        metric_grid_for(CRS.from_epsg(4326), np.array([[559_000.0, 6_319_000.0]]), "points.csv")
    with pytest.raises(CRSMismatchError, match="is --crs the right one"):
        to_grid(np.array([[1e12, 1e12]]), CRS.from_epsg(32632), 9214, "points.csv")


def test_a_known_point_in_another_crs() -> None:
    """A place in Huế from degrees to VN-2000 / TM-3 107-00 and back."""
    there = to_grid(np.array([[107.58, 16.46]]), CRS.from_epsg(4326), 9214, "p")
    back = to_grid(there, CRS.from_epsg(9214), 4326, "p")
    assert there[0] == pytest.approx([562_000, 1_820_000], abs=2_000)
    assert back[0] == pytest.approx([107.58, 16.46], abs=1e-8)
