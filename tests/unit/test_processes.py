"""Processes: what they refuse and why, and answers worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from jsonschema import Draft202012Validator

from gis_core.analysis.network_density import road_graph
from gis_core.analysis.routing import Place, shortest_route, travelled_line
from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from gis_core.errors import GisError, InvalidParameterError, ProcessNotFoundError
from gis_core.process_settings import Processes
from layers.processes.checking import check_text, checked_inputs
from layers.processes.hosts import check_address, tell
from layers.processes.outputs import encoded
from layers.processes.registry import PROCESSES, find_process
from layers.processes.words import plain
from layers.widening import rank
from tests.answering import answering, empty


def no_fetch(address: str, name: str) -> Any:
    raise AssertionError(f"{name} was fetched from {address}")


def run(name: str, **given: Any) -> dict[str, Any]:
    process = find_process(name)
    return process.run(checked_inputs(process, given, no_fetch), lambda percent, said: None)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_every_process_takes_its_own_example_and_its_own_defaults(process: Any) -> None:
    values = checked_inputs(process, process.example, no_fetch)
    for name, one in process.inputs().items():
        Draft202012Validator.check_schema(one.schema)
        if name in values:
            Draft202012Validator(one.schema).validate(values[name])
    assert process.title.vi != process.title.en
    assert process.outputs


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("echo", {"massage": "x"}, "'massage': process 'echo' has no such input; it has: message"),
        ("echo", {"pause_s": 61}, "'pause_s': 61 is greater than the maximum of 60"),
        ("echo", {"pause_s": "1"}, "'pause_s': '1' is not of type 'number'"),
        ("echo", [], "'inputs': give an object"),
        ("echo", {"message": {"value": "x", "encoding": "base64"}}, "without an encoding"),
        ("flood-scenario", {}, "'stages_m': process 'flood-scenario' needs it"),
        ("flood-scenario", {"stages_m": {"kim-long": 99}}, "kim-long: 99 is greater than the maximum of 30"),
        ("flood-scenario", {"stages_m": {"kim-long": 5}, "at": "soon"}, "'soon' is not a time"),
        ("corridor-density", {}, "give one of 'corridor', 'line'"),
        ("corridor-density", {"from": [107.5, 16.4]}, "a route needs both places"),
        ("corridor-density", {"corridor": "QL1", "start": "2025-01-02", "end": "2025-01-01"}, "after"),
        ("corridor-density", {"corridor": "QL1", "start": "2020-01-02", "end": "2025-01-01"}, "366 days"),
        ("viewshed", {"place": [16.4, 107.5]}, "longitude comes first"),
        ("viewshed", {"place": [107.5, 16.4], "camera": "CAM-1"}, "give one of"),
        ("route-avoiding-flood", {"from": [107.5, 16.4]}, "'to': process"),
        ("fire-fix", {"bearings": [{"lon": 107}]}, "bearings': [0]: 'lat' is a required property"),
    ],
)  # fmt: skip
def test_a_wrong_input_is_named_with_the_reason(name: str, given: Any, said: str) -> None:
    with pytest.raises(InvalidParameterError) as refused:
        checked_inputs(find_process(name), given, no_fetch)
    assert said in str(refused.value)


def test_a_value_may_be_qualified_or_lie_elsewhere() -> None:
    process = find_process("echo")
    qualified = {"message": {"value": "xin chào", "mediaType": "text/plain"}}
    assert checked_inputs(process, qualified, no_fetch)["message"] == "xin chào"
    elsewhere = {"message": {"href": "http://a.vn/x", "type": "application/json"}}
    fetched = checked_inputs(process, elsewhere, lambda address, name: f"{name} of {address}")
    assert fetched["message"] == "message of http://a.vn/x"


@pytest.mark.parametrize("bad", ["a\x00b", {"\x00": 1}, ["\ud800"], "\udfff"])
def test_what_no_database_stores_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidParameterError, match="a character that is none"):
        check_text({"inputs": {"message": bad}})


def test_endless_nesting_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InvalidParameterError, match="nested"):
        check_text(deep)


def test_an_unknown_process_is_said_with_those_that_there_are() -> None:
    with pytest.raises(ProcessNotFoundError, match=r"'teleport'; the processes are: corridor-density"):
        find_process("teleport")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/x", "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://good.vn/",
        "http://good.vn@evil.vn/", "http://good.vn.evil.vn/", "http://[::1]/", "http://good.vn:99999/", "",
        "http://user@good.vn/",
    ],
)  # fmt: skip
def test_only_hosts_of_the_settings_are_talked_to(address: str) -> None:
    settings = Processes(hosts=("good.vn", "other.vn:8443"))
    with pytest.raises(InvalidParameterError):
        check_address(address, "subscriber.successUri", settings)
    check_address("https://GOOD.vn/told", "subscriber.successUri", settings)
    check_address("https://other.vn:8443/told", "subscriber.successUri", settings)
    with pytest.raises(InvalidParameterError):
        check_address("https://other.vn/told", "subscriber.successUri", settings)


def test_a_subscriber_that_is_out_of_order_is_told_again_and_then_no_more() -> None:
    settings = Processes(hosts=("127.0.0.1",), host_attempts=3)
    pauses: list[float] = []
    with answering() as server:
        server.say = empty(status=503)
        assert not tell(server.url, {"a": 1}, settings, pauses.append)
        assert pauses == [1.0, 2.0]


def test_numbers_that_are_none_are_null() -> None:
    values = [math.nan, math.inf, np.float64("nan"), pd.NA, pd.NaT, None, np.int64(3), np.bool_(True)]
    assert plain(values) == [None, None, None, None, None, None, 3, True]


def test_results_that_are_too_large_are_refused() -> None:
    with pytest.raises(GisError, match="at most 1 are kept"):
        encoded(find_process("echo"), {"echo": {"message": "x" * 2_000_000}}, ["echo"], 1)


def test_echo_fails_when_it_is_asked_to() -> None:
    assert run("echo", message="a")["echo"]["message"] == "a"
    with pytest.raises(GisError, match="asked for it"):
        run("echo", fail=True)


def test_two_bearings_at_right_angles_meet_at_the_top_of_their_triangle() -> None:
    """From two places 16 km apart, south-east and south-west: 8 km south of the middle between them."""
    to_metric, back = transformer(STORAGE_SRID, METRIC_SRID), transformer(METRIC_SRID, STORAGE_SRID)
    x, y = to_metric.transform(107.0, 16.40)  # on the grid's own meridian, where it points to true north
    west, east = (back.transform(x + dx, y) for dx in (-8000, 8000))
    bearings = [
        {"lon": lon, "lat": lat, "azimuth_deg": azimuth_deg, "sigma_deg": 0.3}
        for (lon, lat), azimuth_deg in ((west, 135), (east, 225))
    ]
    found = run("fire-fix", bearings=bearings, terrain=False)
    place = to_metric.transform(found["fix"]["least_squares"]["lon"], found["fix"]["least_squares"]["lat"])
    assert math.dist(place, (x, y - 8000)) < 30  # the meridians of both converge by 0.02° each
    region, point = found["places"]["features"]
    assert shapely.geometry.shape(region["geometry"]).contains(shapely.geometry.shape(point["geometry"]))


def test_hotspots_near_in_space_and_time_are_one_fire() -> None:
    def point(lon: float, at: str) -> dict[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, 16.3]},
            "properties": {"detected_at": at, "frp_mw": 5.0},
        }

    # 0.004° of longitude are 427 m here; the fourth is near in space only, the fifth in time only.
    points = [
        point(107.500, "2025-06-01T03:00:00Z"), point(107.504, "2025-06-01T04:00:00Z"),
        point(107.508, "2025-06-01T05:00:00Z"), point(107.508, "2025-06-05T05:00:00Z"),
        point(107.600, "2025-06-01T05:00:00Z"),
    ]  # fmt: skip
    events = run(
        "hotspots-to-events",
        points={"type": "FeatureCollection", "features": points},
        within_m=500, within_h=2, min_detections=2, margin_m=200,
    )["events"]  # fmt: skip
    assert (events["detections"], events["detectionsAlone"]) == (5, 2)
    (fire,) = events["features"]
    assert fire["properties"]["detection_count"] == 3
    assert fire["properties"]["started_at"] == "2025-06-01T03:00:00+00:00"
    # A strip 855 m long and 400 m wide with two half circles: 34.2 + 12.6 ha.
    assert fire["properties"]["area_ha"] == pytest.approx(46.8, abs=0.3)


def hours(code: str, lanes: int, *pcu_km: float) -> pd.DataFrame:
    densities = np.array(pcu_km)
    levels = np.array(list("ABCDEF"))[np.searchsorted([7, 11, 16, 22, 28], densities / lanes)]
    return pd.DataFrame(
        {
            "segment_code": code, "segment_name": f"Đường {code}", "length_m": 500.0, "lanes": lanes,
            "pcu_km": densities, "level": levels, "simulated": False,
        }
    )  # fmt: skip


def test_roads_are_ranked_by_their_share_of_congested_hours() -> None:
    told = pd.concat(
        [
            hours("A", 2, 10, 10, 10, 10),  # never congested
            hours("B", 2, 60, 60, 10, 10),  # F in 2 of 4 hours
            hours("C", 4, 100, 100, 100, 10),  # E in 3 of 4
            hours("D", 2, 60),  # F, but seen in one hour only
        ]
    )
    ranked = rank(told, min_hours=2)
    assert ranked[["rank", "segment_code", "hours_e_f", "hours_f"]].to_numpy().tolist() == [
        [1, "C", 3, 0],
        [2, "B", 2, 2],
    ]
    # 95 % of the hours of C stay at or below 100 PCU/km: ⌈100 / 22⌉ = 5 lanes.
    assert ranked["demand_pcu_km"].tolist() == [100.0, 60.0]
    assert ranked["lanes_for_level_d"].tolist() == [5, 3]
    assert ranked["share_e_f"].tolist() == [0.75, 0.5]


def test_where_nothing_is_congested_nothing_is_ranked() -> None:
    assert rank(hours("A", 2, 10, 10), min_hours=1).empty


LINES = np.array(
    [
        shapely.LineString([(0, 0), (100, 0)]),
        shapely.LineString([(100, 100), (100, 0)]),  # drawn against the way of travel
        shapely.LineString([(100, 100), (200, 100)]),
    ],
    dtype=object,
)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (Place(0, 0.25), Place(2, 0.5), [(25, 0), (100, 0), (100, 100), (150, 100)]),
        (Place(2, 0.5), Place(0, 0.25), [(150, 100), (100, 100), (100, 0), (25, 0)]),
        (Place(0, 0.8), Place(0, 0.2), [(80, 0), (20, 0)]),
        (Place(0, 0.5), Place(1, 0.5), [(50, 0), (100, 0), (100, 50)]),
    ],
)
def test_the_line_of_a_route_runs_as_it_is_travelled(
    start: Place, end: Place, expected: list[tuple[float, float]]
) -> None:
    graph = road_graph(LINES)
    route = shortest_route(graph, np.zeros(3, dtype=bool), start, end)
    line = travelled_line(LINES, graph, route, start, end)
    assert shapely.get_coordinates(line).tolist() == [list(map(float, point)) for point in expected]
    assert line.length == pytest.approx(route.length_m)
