"""OGC API - Processes, Part 1: Core (18-062r2, annex A), by ``echo`` and the province's own."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jsonschema
from lxml import etree

from tests.conformance.walk import REL, Api, Document, conf, is_error, links

PROCESSES = "ogcapi-processes-1/1.0/conf"
CORE = f"{PROCESSES}/core"
SYNC, ASYNC = "respond-sync", "respond-async"


def execute(api: Api, body: Any, prefer: str | None = None, process: str = "echo") -> httpx.Response:
    """The answer to an execution."""
    headers = {} if prefer is None else {"Prefer": prefer}
    return httpx.post(f"{api.base}/processes/{process}/execution", json=body, headers=headers, timeout=60)


def ended(api: Api, location: str) -> Document:
    """The job when it has come to its end."""
    for _ in range(300):
        job: Document = api.ask(location).json()
        if job["status"] not in ("accepted", "running"):
            return job
        time.sleep(0.1)
    raise AssertionError(f"{location} has not ended in half a minute")


@conf(CORE, "landingpage-op", "landingpage-success", "api-definition-op", "api-definition-success")
@conf(CORE, "conformance-op", "conformance-success", "http")
def test_landing_page(api: Api) -> None:
    """The landing page links to the processes, the jobs, the classes and the definition."""
    for rel in (f"{REL}/processes", f"{REL}/job-list", "conformance", "service-desc"):
        assert api.ask(links(api.json(""), rel)[0]["href"]).status_code == 200, rel


@conf(CORE, "process-list", "process-list-success", "pl-links", "pl-limit-definition", "pl-limit-response")
def test_processes(api: Api) -> None:
    """The list of processes, each with a link to its description; ``limit`` bounds it."""
    listed = api.json("/processes")
    assert len(listed["processes"]) > 1
    assert links(listed, "self")
    for one in listed["processes"]:
        assert {"id", "version", "title", "jobControlOptions"} <= set(one)
        assert api.json(links(one, "self")[0]["href"])["id"] == one["id"]
    assert len(api.json("/processes", limit=1)["processes"]) == 1
    is_error(api.ask("/processes", limit=0), 400)


@conf(CORE, "process", "process-success", "process-exception-no-such-process")
@conf(f"{PROCESSES}/ogc-process-description", "json-encoding", "inputs-def", "input-def", "input-mixed-type")
@conf(f"{PROCESSES}/ogc-process-description", "outputs-def", "output-def", "output-mixed-type")
def test_description(api: Api) -> None:
    """Every process describes its inputs and outputs by JSON schemas that are such."""
    for one in api.json("/processes")["processes"]:
        told = api.json(f"/processes/{one['id']}")
        assert told["outputs"]
        for described in (*told["inputs"].values(), *told["outputs"].values()):
            assert described["title"]
            jsonschema.Draft202012Validator.check_schema(described["schema"])
        assert links(told, f"{REL}/execute")[0]["href"].endswith(f"/processes/{one['id']}/execution")
    answer = api.ask("/processes/surely-unknown")
    is_error(answer, 404)
    assert "no-such-process" in answer.text


@conf(CORE, "job-creation-op", "job-creation-request", "job-creation-inputs", "job-creation-input-inline")
@conf(CORE, "job-creation-success-sync", "job-creation-sync-raw-value-one", "job-creation-default-outputs")
@conf(CORE, "job-creation-default-execution-mode", "job-creation-auto-execution-mode")
def test_execution(api: Api) -> None:
    """A process is executed at once where nothing else is asked for; without inputs by their defaults."""
    answer = execute(api, {"inputs": {"message": "Sông Hương"}})
    assert answer.status_code == 200
    assert answer.json()["message"] == "Sông Hương"
    assert execute(api, {"inputs": {}}).json()["message"] == "Xin chào Huế"


@conf(CORE, "job-creation-sync-document", "job-creation-op-response")
def test_execution_as_document(api: Api) -> None:
    """With ``response: document`` the outputs stand in a document by their names."""
    answer = execute(api, {"inputs": {"message": "x"}, "response": "document"})
    assert answer.headers["content-type"].startswith("application/json")
    echo = answer.json()["echo"]
    assert echo.get("value", echo)["message"] == "x"


@conf(CORE, "job-creation-input-validation", "job-creation-input-cardinality", "job-creation-input-array")
@conf(
    CORE,
    "job-creation-input-inline-object",
    "job-creation-input-inline-mixed",
    "job-creation-input-inline-bbox",
)
@conf(CORE, "job-creation-input-inline-binary", "job-creation-input-ref")
def test_wrong_inputs(api: Api) -> None:
    """An input that is unknown, or not of its schema, or a body that is none, is a 4xx with a sentence."""
    for inputs in (
        {"surely_unknown": 1},
        {"pause_s": "long"},
        {"pause_s": -1},
        {"message": ["a", "b"]},
        {"fail": 3},
    ):
        is_error(execute(api, {"inputs": inputs}), 400, 422)
    is_error(execute(api, {"inputs": {"min_depth_m": 99}}, process="roads-cut"), 400, 422)
    for body in ([], "x", {"inputs": []}, {"outputs": {"surely-unknown": {}}}):
        is_error(execute(api, body), 400, 404, 422)
    is_error(execute(api, {"inputs": {}}, process="surely-unknown"), 404)


@conf(CORE, "job-creation-success-async", "job-op", "job-success")
@conf(CORE, "job-results", "job-results-async-raw-value-one", "job-results-success", "job-results-op")
def test_job(api: Api) -> None:
    """With ``Prefer: respond-async`` a job is made, whose status and results are where it says."""
    answer = execute(api, {"inputs": {"message": "later"}}, ASYNC)
    assert answer.status_code == 201
    assert answer.json()["status"] in ("accepted", "running", "successful")
    job = ended(api, answer.headers["location"])
    assert (job["status"], job["type"], job["processID"]) == ("successful", "process", "echo")
    results = api.ask(links(job, f"{REL}/results")[0]["href"])
    assert results.status_code == 200
    assert "later" in results.text


@conf(CORE, "job-results-exception-results-not-ready")
@conf(f"{PROCESSES}/dismiss", "job-dismiss-op", "job-dismiss-success")
def test_dismiss(api: Api) -> None:
    """Results of a job that is not ready are 404; it can be dismissed."""
    location = execute(api, {"inputs": {"pause_s": 30}}, ASYNC).headers["location"]
    early = api.ask(f"{location}/results")
    is_error(early, 404)
    assert "result-not-ready" in early.text
    gone = api.ask(location, method="DELETE")
    assert (gone.status_code, gone.json()["status"]) == (200, "dismissed")


@conf(CORE, "job-exception-no-such-job", "job-results-exception-no-such-job")
def test_no_job(api: Api) -> None:
    """A job that there is not is 404 and no-such-job."""
    for path in ("/jobs/surely-unknown", "/jobs/00000000-0000-4000-8000-000000000000/results"):
        answer = api.ask(path)
        is_error(answer, 404)
        assert "no-such-job" in answer.text


@conf(CORE, "job-results-failed")
def test_failure(api: Api) -> None:
    """A job that failed says why, and so do its results."""
    location = execute(api, {"inputs": {"fail": True}}, ASYNC).headers["location"]
    job = ended(api, location)
    assert job["status"] == "failed"
    assert job["message"]
    assert api.ask(f"{location}/results").status_code >= 400


@conf(
    f"{PROCESSES}/job-list",
    "job-list-op",
    "job-list-success",
    "jl-links",
    "jl-limit-definition",
    "jl-limit-response",
)
def test_jobs(api: Api) -> None:
    """Jobs are listed with their status; ``limit`` bounds the list."""
    execute(api, {"inputs": {}}, ASYNC)
    answer = api.ask("/jobs", limit=1)
    assert answer.status_code == 200
    (job,) = answer.json()["jobs"]
    assert {"jobID", "status", "type", "links"} <= set(job)
    is_error(api.ask("/jobs", limit=0), 400)


@conf(
    f"{PROCESSES}/job-list", "type-definition", "type-response", "processID-definition", "processID-response"
)
@conf(
    f"{PROCESSES}/job-list",
    "status-definition",
    "status-response",
    "datetime-definition",
    "datetime-response",
)
@conf(f"{PROCESSES}/job-list", "duration-definition", "duration-response")
def test_job_filters(api: Api) -> None:
    """The jobs of a process, of a status, of a time, of a duration."""
    ended(api, execute(api, {"inputs": {}}, ASYNC).headers["location"])
    for given, holds in (
        ({"processID": "echo"}, lambda job: job["processID"] == "echo"),
        ({"status": "successful"}, lambda job: job["status"] == "successful"),
        ({"type": "process"}, lambda job: job["type"] == "process"),
    ):
        jobs = api.ask("/jobs", **given).json()["jobs"]
        assert jobs
        assert all(holds(job) for job in jobs), given
    assert api.ask("/jobs", datetime="1990-01-01T00:00:00Z/1990-01-02T00:00:00Z").json()["jobs"] == []
    for path in ("type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit"):
        assert api.parameter("/jobs", path)["in"] == "query"
    is_error(api.ask("/jobs", status="surely-unknown"), 400)


@conf(f"{PROCESSES}/callback", "job-callback")
def test_callback_is_described(api: Api) -> None:
    """A subscriber that is no address is refused; what is sent is seen in the API's own tests."""
    wrong = execute(api, {"inputs": {}, "subscriber": {"successUri": "no address"}}, ASYNC)
    is_error(wrong, 400, 422)


@conf(f"{PROCESSES}/json", "definition", "content")
@conf(f"{PROCESSES}/html", "definition", "content")
def test_forms(api: Api) -> None:
    """Processes and jobs come as JSON and as pages."""
    for path in ("/processes", "/processes/echo", "/jobs"):
        assert "json" in api.ask(path, accept="application/json").headers["content-type"]
        page = api.ask(path, accept="text/html")
        assert page.headers["content-type"].startswith("text/html")
        assert etree.HTML(page.text).findtext(".//h1")


@conf(
    f"{PROCESSES}/oas30",
    "completeness",
    "exception-codes",
    "oas-definition-1",
    "oas-definition-2",
    "oas-impl",
)
@conf(f"{PROCESSES}/oas30", "security")
def test_openapi(api: Api) -> None:
    """Processes, their execution and the jobs are in the definition."""
    paths = api.json("/openapi")["paths"]
    for one in api.json("/processes")["processes"]:
        assert "post" in paths[f"/processes/{one['id']}/execution"]
    assert "delete" in paths["/jobs/{jobId}"]
    assert {"200", "404"} <= set(paths["/jobs/{jobId}/results"]["get"]["responses"])
