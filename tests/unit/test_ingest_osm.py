"""OpenStreetMap roads: classes, directions, speeds, and the cut at junctions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.ingest.osm import cut, direction, parse_lanes, parse_speed, road_class
from tests.ingesting import fit_file, refused

NODES = {1: (107.50, 16.40), 2: (107.51, 16.40), 3: (107.52, 16.40), 4: (107.51, 16.41), 5: (107.51, 16.42)}


def write_osm(path: Path, ways: dict[int, tuple[list[int], dict[str, str]]]) -> Path:
    lines = ['<osm version="0.6">']
    lines += [f'<node id="{ref}" version="1" lon="{lon}" lat="{lat}"/>' for ref, (lon, lat) in NODES.items()]
    for identifier, (refs, tags) in ways.items():
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{identifier}" version="1">{inner}</way>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def test_roads_are_cut_where_they_meet(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "a.osm",
        {
            10: ([1, 2, 3], {"highway": "primary", "name": "Đường Lê Lợi", "lanes": "4", "maxspeed": "60"}),
            11: ([2, 4, 5], {"highway": "residential", "oneway": "-1"}),
            12: ([4, 1], {"highway": "footway"}),
            13: ([4, 3], {"building": "yes"}),
        },
    )
    fitted = fit_file(path, "road_segments")
    rows = fitted.rows.set_index("code")
    assert sorted(rows.index) == ["w10-1", "w10-2", "w11-1"]
    assert list(rows.geom["w10-1"].coords) == [NODES[1], NODES[2]]
    # A footway makes no junction, and oneway=-1 turns the line round.
    assert list(rows.geom["w11-1"].coords) == [NODES[5], NODES[4], NODES[2]]
    assert rows.loc["w10-1", ["name", "road_class", "lanes", "design_speed_kmh", "one_way"]].tolist() == [
        "Đường Lê Lợi", "primary", 4, 60.0, False,
    ]  # fmt: skip
    assert bool(rows.one_way["w11-1"])
    # 0.01° of longitude at 16.4° N is 1.068 km.
    assert rows.length_m["w10-1"] == pytest.approx(1068, rel=2e-3)
    assert fitted.fitter.source.notes[0].startswith("1 ways that are not for vehicles")


def test_a_way_that_meets_itself_is_cut_there(tmp_path: Path) -> None:
    ways = {10: ([1, 2, 4, 5, 2, 3], {"highway": "service"})}
    fitted = fit_file(write_osm(tmp_path / "a.osm", ways), "road_segments")
    assert [len(shape.coords) for shape in fitted.rows.geometry] == [2, 4, 2]


def test_ways_that_leave_the_file_are_cut_at_its_edge(tmp_path: Path) -> None:
    ways = {10: ([1, 2, 99, 3, 4], {"highway": "service"}), 11: ([98, 5], {"highway": "service"})}
    fitted = fit_file(write_osm(tmp_path / "a.osm", ways), "road_segments")
    assert sorted(fitted.rows["code"]) == ["w10-1", "w10-2"]
    assert "2 ways go on beyond the edge of the file and were cut there." in fitted.fitter.source.notes


def test_files_that_are_no_osm_or_meant_for_another_layer(tmp_path: Path) -> None:
    (tmp_path / "cut.osm.pbf").write_bytes(b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18")
    (tmp_path / "cut.osm").write_text('<osm version="0.6"><node id="1"')
    whole = write_osm(tmp_path / "whole.osm", {})
    assert "damaged or cut off" in refused(tmp_path / "cut.osm.pbf", "road_segments")
    assert "damaged or cut off" in refused(tmp_path / "cut.osm", "road_segments")
    assert "only roads are read" in refused(whole, "rivers")
    assert "leave out --crs" in refused(whole, "road_segments", crs="EPSG:9214")


@pytest.mark.parametrize(
    ("highway", "expected"),
    [
        ("motorway", "motorway"),
        ("motorway_link", "motorway"),
        ("trunk_link", "trunk"),
        ("living_street", "residential"),
        ("track", "other"),
        ("footway", None),
        ("construction", None),
        ("proposed", None),
        ("", None),
    ],
)
def test_road_classes(highway: str, expected: str | None) -> None:
    assert road_class(highway) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2),
        (" 2 ", 2),
        ("2;3", 2),
        ("1.5", 1),
        ("two", None),
        ("0", None),
        ("99", None),
        ("-2", None),
        (None, None),
    ],
)
def test_lanes(text: str | None, expected: int | None) -> None:
    assert parse_lanes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50", 50.0),
        ("50 km/h", 50.0),
        ("30 mph", pytest.approx(48.28, abs=0.01)),
        ("50;80", 50.0),
        ("walk", None),
        ("none", None),
        ("VN:urban", None),
        ("500", None),
        ("3", None),
        ("", None),
        (None, None),
    ],
)
def test_speeds(text: str | None, expected: float | None) -> None:
    assert parse_speed(text) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (False, False)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "-1"}, (True, True)),
        ({"oneway": "no"}, (False, False)),
        ({"junction": "roundabout"}, (True, False)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (False, False)),
        ({"oneway": "reversible"}, (False, False)),
    ],
)
def test_directions(tags: dict[str, str], expected: tuple[bool, bool]) -> None:
    assert direction(tags) == expected


@given(st.text(max_size=30))
def test_no_tag_breaks_the_reading(text: str) -> None:
    lanes, speed = parse_lanes(text), parse_speed(text)
    assert lanes is None or 1 <= lanes <= 16
    assert speed is None or 5 <= speed <= 150


@given(st.lists(st.integers(0, 9), min_size=2, max_size=12), st.sets(st.integers(0, 9)))
def test_pieces_join_to_the_whole_way(nodes: list[int], junctions: set[int]) -> None:
    pieces = [nodes[part] for part in cut(nodes, junctions.__contains__)]
    joined = pieces[0] + [node for piece in pieces[1:] for node in piece[1:]]
    assert joined == nodes
    assert not any(node in junctions for piece in pieces for node in piece[1:-1])
