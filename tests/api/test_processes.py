"""Processes and jobs over HTTP, on the whole sample province."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.parser import BytesParser
from typing import Any

import httpx
import pytest
import rasterio
import shapely
from rasterio.io import MemoryFile

from layers.processes.registry import PROCESSES
from tests.answering import Server, answering, body, empty
from tests.conftest import Place, RunningService, serving
from tests.editing import EDITING_SETTINGS

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def api(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{service.base_url}/ogc", timeout=120) as client:
        yield client


def execute(api: httpx.Client, process: str, request: Any, **headers: str) -> httpx.Response:
    return api.post(f"/processes/{process}/execution", json=request, headers=headers)


def ended(api: httpx.Client, location: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        status: dict[str, Any] = api.get(location).json()
        if status["status"] not in ("accepted", "running"):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def test_the_documents_say_what_there_is(api: httpx.Client) -> None:
    landing = {link["rel"]: link["href"] for link in api.get("").json()["links"]}
    assert landing[f"{REL}/processes"].endswith("/ogc/processes")
    assert landing[f"{REL}/job-list"].endswith("/ogc/jobs")
    conforms = api.get("/conformance").json()["conformsTo"]
    classes = {name.rpartition("/")[2] for name in conforms if "ogcapi-processes-1/1.0/conf" in name}
    assert classes == {
        "core", "ogc-process-description", "json", "html", "oas30", "job-list", "callback", "dismiss"
    }  # fmt: skip
    listed = api.get("/processes", params={"lang": "en"}).json()
    assert [one["id"] for one in listed["processes"]] == list(PROCESSES)
    for one in listed["processes"]:
        described = api.get(one["links"][0]["href"]).json()
        assert described["id"] == one["id"]
        assert described["inputs"]
        assert described["outputs"]
        assert {"sync-execute", "async-execute", "dismiss"} == set(described["jobControlOptions"])
        assert {"self", "alternate", f"{REL}/execute"} == {link["rel"] for link in described["links"]}


def test_the_list_of_processes_comes_in_pages(api: httpx.Client) -> None:
    seen, address = [], "/processes?limit=4"
    while address:
        page = api.get(address).json()
        assert len(page["processes"]) <= 4
        seen += [one["id"] for one in page["processes"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert seen == list(PROCESSES)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_gives_the_same_sync_and_async(api: httpx.Client, process: str) -> None:
    request = {"inputs": PROCESSES[process].example, "response": "document"}
    at_once = execute(api, process, request)
    assert at_once.status_code == 200, at_once.text
    created = execute(api, process, request, **ASYNC)
    assert created.status_code == 201
    assert created.headers["Preference-Applied"] == "respond-async"
    # A slot that is free may have taken it up before the answer was written.
    assert created.json()["status"] in ("accepted", "running")
    status = ended(api, created.headers["Location"])
    assert (status["status"], status["progress"]) == ("successful", 100), status
    (link,) = [link for link in status["links"] if link["rel"] == f"{REL}/results"]
    later = api.get(link["href"]).json()
    assert set(later) == set(at_once.json()) == set(PROCESSES[process].outputs)
    for name, one in at_once.json().items():
        assert one["mediaType"] == PROCESSES[process].outputs[name].media_type
        if one["mediaType"] == "application/geo+json":
            assert one["value"]["features"] == later[name]["value"]["features"]
            for feature in one["value"]["features"]:
                assert shapely.geometry.shape(feature["geometry"]).is_valid


def test_a_raster_comes_as_a_geotiff_that_opens(api: httpx.Client) -> None:
    request = {
        "inputs": {"stages_m": {"kim-long": 4.0}},
        "outputs": {"raster": {"transmissionMode": "reference"}},
    }
    answer = execute(api, "flood-scenario", request)
    assert answer.status_code == 204, answer.text
    address = answer.headers["Link"].partition(">")[0].lstrip("<")
    raster = api.get(address)
    assert raster.headers["content-type"] == "image/tiff; application=geotiff"
    with MemoryFile(raster.content) as memory, memory.open() as dataset:
        assert dataset.descriptions[:2] == ("risk_class", "depth_m")
        assert 0 < dataset.read(2, masked=True).max() < 10
    assert rasterio.__version__


def test_a_vehicle_goes_round_the_water_or_is_told_that_it_cannot(api: httpx.Client) -> None:
    inputs = PROCESSES["route-avoiding-flood"].example
    (route,) = execute(api, "route-avoiding-flood", {"inputs": inputs}).json()["features"]
    told = route["properties"]
    assert told["deepest_on_way_m"] < told["passable_below_m"]
    assert told["length_m"] == pytest.approx(told["length_without_flood_m"] + told["detour_m"], abs=0.11)
    assert told["detour_m"] >= 0
    high = inputs | {"stages_m": {"kim-long": 9.0, "phu-oc": 9.0}, "vehicle": "motorcycle"}
    cut = execute(api, "route-avoiding-flood", {"inputs": high})
    assert cut.status_code == 400
    assert "a motorcycle gets no way from there" in cut.json()["detail"]


def test_one_output_is_raw_and_several_come_in_parts(api: httpx.Client) -> None:
    inputs = PROCESSES["fire-fix"].example
    one = execute(api, "fire-fix", {"inputs": inputs, "outputs": {"places": {}}})
    assert one.headers["content-type"] == "application/geo+json"
    assert one.json()["type"] == "FeatureCollection"
    mixed = {"fix": {}, "places": {"transmissionMode": "reference"}}
    several = execute(api, "fire-fix", {"inputs": inputs, "outputs": mixed})
    assert several.headers["content-type"].startswith("multipart/related; boundary=")
    head = f"Content-Type: {several.headers['content-type']}\r\n\r\n".encode()
    fix, places = BytesParser().parsebytes(head + several.content).get_payload()
    assert json.loads(fix.get_payload(decode=True))["lon"] == pytest.approx(107.575, abs=1e-3)
    assert api.get(places["Content-Location"]).json() == one.json()


def test_a_failed_job_says_why(api: httpx.Client) -> None:
    said = "This process failed because the input 'fail' asked for it."
    at_once = execute(api, "echo", {"inputs": {"fail": True}})
    assert (at_once.status_code, at_once.json()["detail"]) == (422, said)
    created = execute(api, "echo", {"inputs": {"fail": True}}, **ASYNC)
    status = ended(api, created.headers["Location"])
    assert (status["status"], status["message"]) == ("failed", said)
    results = api.get(f"{created.headers['Location']}/results")
    assert (results.status_code, results.json()["detail"]) == (422, said)


def test_a_running_job_tells_its_progress_and_can_be_dismissed(api: httpx.Client) -> None:
    created = execute(api, "echo", {"inputs": {"pause_s": 60}}, **ASYNC)
    job = created.headers["Location"]
    deadline = time.monotonic() + 60
    while api.get(job).json()["progress"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    early = api.get(f"{job}/results")
    assert (early.status_code, early.json()["type"]) == (404, f"{OGC}/result-not-ready")
    dismissed = api.delete(job)
    assert (dismissed.status_code, dismissed.json()["status"]) == (200, "dismissed")
    assert api.get(job).json()["status"] == "dismissed"
    assert api.get(f"{job}/results").status_code == 404
    assert api.delete(job).status_code == 200
    gone = api.get(job)
    assert (gone.status_code, gone.json()["type"]) == (404, f"{OGC}/no-such-job")


def test_jobs_are_listed_and_filtered(api: httpx.Client) -> None:
    created = execute(api, "echo", {"inputs": {"fail": True}}, **ASYNC)
    ended(api, created.headers["Location"])
    job_id = created.json()["jobID"]

    def listed(**wanted: str) -> list[str]:
        answer = api.get("/jobs", params={"limit": "1000", **wanted})
        assert answer.status_code == 200, answer.text
        return [one["jobID"] for one in answer.json()["jobs"]]

    assert job_id in listed()
    assert job_id in listed(status="failed,successful", processID="echo", type="process")
    assert job_id not in listed(status="successful")
    assert job_id not in listed(processID="viewshed")
    assert job_id in listed(datetime="2020-01-01T00:00:00Z/..")
    assert job_id not in listed(datetime="../2020-01-01T00:00:00Z")
    assert job_id not in listed(minDuration="100000")
    first = api.get("/jobs", params={"limit": "1"}).json()
    assert len(first["jobs"]) == 1
    (after,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    assert api.get(after).json()["jobs"][0]["jobID"] != first["jobs"][0]["jobID"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"inputs": {"pause_s": 61}}, "'pause_s': 61 is greater than the maximum of 60"),
        ({"inputs": {"nothing": 1}}, "has no such input"),
        ({"inputs": {}, "outputs": {"nothing": {}}}, "has no such output; it has: echo"),
        ({"inputs": {}, "outputs": {"echo": {"transmissionMode": "post"}}}, "value, reference"),
        ({"inputs": {}, "outputs": {"echo": {"format": {"mediaType": "text/plain"}}}}, "its format is"),
        ({"inputs": {}, "response": "loud"}, "'loud' is not one of: raw, document"),
        ({"inputs": {}, "subscriber": {}}, "successUri"),
        ({"inputs": {}, "subscriber": {"successUri": "http://127.0.0.1/"}}, "may not talk to '127.0.0.1'"),
        ({"inputs": {"message": {"href": "http://169.254.169.254/"}}}, "may not talk to '169.254.169.254'"),
        ({"inputs": {"message": "\x00"}}, "a character that is none"),
        ([], "send an object"),
    ],
)
def test_a_wrong_request_is_refused_with_a_sentence(api: httpx.Client, request_: Any, said: str) -> None:
    answer = execute(api, "echo", request_)
    assert answer.status_code == 400
    problem = answer.json()
    assert said in problem["detail"]
    assert problem["status"] == 400
    assert "type" in problem


@pytest.mark.parametrize(
    ("method", "path", "content", "kind", "status"),
    [
        ("POST", "/processes/echo/execution", b"{", "application/json", 400),
        ("POST", "/processes/echo/execution", b'{"inputs": {"pause_s": NaN}}', "application/json", 400),
        ("POST", "/processes/echo/execution", b"[" * 100_000, "application/json", 400),
        ("POST", "/processes/echo/execution", b"{}", "text/plain", 415),
        ("POST", "/processes/echo/execution", b" " * (5 << 20), "application/json", 413),
        ("POST", "/processes/teleport/execution", b"{}", "application/json", 404),
        ("GET", "/processes/echo/execution", b"", "", 405),
        ("DELETE", "/processes/echo", b"", "", 405),
        ("GET", "/processes/teleport", b"", "", 404),
        ("GET", "/processes?limit=0", b"", "", 400),
        ("GET", "/jobs/not-a-job", b"", "", 404),
        ("DELETE", "/jobs/00000000-0000-0000-0000-000000000000", b"", "", 404),
        ("GET", "/jobs?status=lost", b"", "", 400),
        ("GET", "/jobs?limit=1001", b"", "", 400),
        ("GET", "/jobs?datetime=yesterday", b"", "", 400),
        ("GET", "/jobs?before=99999999999999999999", b"", "", 400),
    ],
)
def test_what_is_not_possible_is_4xx(
    api: httpx.Client, method: str, path: str, content: bytes, kind: str, status: int
) -> None:
    answer = api.request(method, path, content=content, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_exceptions_have_the_types_of_the_standard(api: httpx.Client) -> None:
    assert api.get("/processes/teleport").json()["type"] == f"{OGC}/no-such-process"
    assert api.get("/jobs/not-a-job").json()["type"] == f"{OGC}/no-such-job"


def test_there_are_pages_for_people_in_both_languages(api: httpx.Client) -> None:
    created = execute(api, "echo", {"inputs": {"message": "<script>"}}, **ASYNC)
    job = created.headers["Location"]
    ended(api, job)
    for path in ("/processes", "/processes/flood-scenario", "/jobs", job, f"{job}/results", "/jobs/none"):
        for lang, word in (("vi", "Bộ dữ liệu"), ("en", "Collections")):
            page = api.get(path, params={"f": "html", "lang": lang})
            assert page.headers["content-type"].startswith("text/html"), path
            assert word in page.text
            assert "<script>" not in page.text.partition("<main>")[2]


@pytest.fixture
def subscribed(prepared_province: Place) -> Iterator[tuple[httpx.Client, Server]]:
    """A service that may talk to the loopback, and somebody who listens there."""
    with (
        answering() as server,
        serving(prepared_province, HUEGIS_PROCESSES__HOSTS='["127.0.0.1"]') as running,
        httpx.Client(base_url=f"{running.base_url}/ogc", timeout=60) as client,
    ):
        yield client, server


def test_a_subscriber_is_told_of_beginning_and_end(subscribed: tuple[httpx.Client, Server]) -> None:
    api, server = subscribed
    server.say = empty(status=204)
    told = {f"{name}Uri": f"{server.url}/{name}" for name in ("success", "inProgress", "failed")}
    for inputs in ({"message": "Huế"}, {"fail": True}):
        created = execute(api, "echo", {"inputs": inputs, "subscriber": told}, **ASYNC)
        ended(api, created.headers["Location"])
    deadline = time.monotonic() + 60
    while len(server.asked) < 4:
        assert time.monotonic() < deadline, server.asked
        time.sleep(0.05)
    heard = {one.path: json.loads(one.body) for one in server.asked}
    assert heard["/success"]["echo"]["value"]["message"] == "Huế"
    assert heard["/inProgress"]["status"] == "running"
    assert heard["/failed"]["message"].startswith("This process failed")
    # An input may lie at a host that is allowed, too.
    server.say = body('"từ xa"')
    linked = {"inputs": {"message": {"href": f"{server.url}/text"}}}
    assert execute(api, "echo", linked).json()["message"] == "từ xa"


def test_jobs_of_an_account_are_hidden_from_others(prepared_province: Place) -> None:
    with (
        serving(prepared_province, **EDITING_SETTINGS) as running,
        httpx.Client(base_url=f"{running.base_url}/ogc", timeout=60) as api,
    ):
        assert api.get("/jobs", headers={"Authorization": "Bearer wrong"}).status_code == 401
        public = execute(api, "echo", {}, **ASYNC)
        assert api.get(public.headers["Location"]).status_code == 200
