"""What OGC API - Processes says of processes and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from gis_core.types import Text
from layers.processes.base import Input, Output, Process
from layers.processes.jobs import Job
from layers.processes.outputs import status_info
from layers.processes.registry import PROCESSES
from ogc_api.asking import Language, said
from ogc_api.described import Document, Link, both_forms, link

_CONF = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
CONFORMANCE = tuple(
    f"{_CONF}/{name}"
    for name in (
        "core",
        "ogc-process-description",
        "json",
        "html",
        "oas30",
        "job-list",
        "callback",
        "dismiss",
    )
)
"""The conformance classes of Part 1 that are true."""

RESULTS_REL = "http://www.opengis.net/def/rel/ogc/1.0/results"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_PROCESSES = Text("Các phép xử lý", "Processes")
_JOBS = Text("Các tác vụ", "Jobs")
_EXECUTE = Text("Thực hiện (POST)", "Execute (POST)")
_RESULTS = Text("Kết quả", "Results")
_NEXT = Text("Trang sau", "Next page")
_CONTROL = ["sync-execute", "async-execute", "dismiss"]
_TRANSMISSION = ["value", "reference"]
MAX_PROCESSES = 1000
"""Processes on a page at most, and by default."""


def landing_links(base: str, spoken: Language) -> list[Link]:
    """What the landing page says of processes and jobs."""
    return [
        link(f"{_REL}/processes", "application/json", said(_PROCESSES, spoken), f"{base}/processes"),
        link(f"{_REL}/job-list", "application/json", said(_JOBS, spoken), f"{base}/jobs"),
    ]


def process_list(base: str, spoken: Language, limit: int, start: int) -> Document:
    """A page of the list of processes."""
    shown = list(PROCESSES.values())[start : start + limit]
    links = both_forms(f"{base}/processes", spoken)
    if start + limit < len(PROCESSES):
        query = urlencode({"limit": limit, "offset": start + limit})
        links.append(link("next", "application/json", said(_NEXT, spoken), f"{base}/processes?{query}"))
    return {
        "title": said(_PROCESSES, spoken),
        "processes": [_summary(base, spoken, one) for one in shown],
        "links": links,
    }


def process_document(base: str, spoken: Language, process: Process) -> Document:
    """The description of a process (OGC 18-062r2, 7.10 and 8)."""
    address = f"{base}/processes/{process.id}"
    return {
        **_summary(base, spoken, process),
        "inputs": {name: _input(spoken, one) for name, one in process.inputs().items()},
        "outputs": {name: _output(spoken, one) for name, one in process.outputs.items()},
        "links": [
            *both_forms(address, spoken),
            link(f"{_REL}/execute", "application/json", said(_EXECUTE, spoken), f"{address}/execution"),
        ],
        "example": {"inputs": process.example},
    }


def _summary(base: str, spoken: Language, process: Process) -> Document:
    return {
        "id": process.id,
        "version": process.version,
        "title": said(process.title, spoken),
        "description": said(process.description, spoken),
        "keywords": [*process.keywords],
        "jobControlOptions": [*_CONTROL],
        "outputTransmission": [*_TRANSMISSION],
        "links": [
            link(
                "self",
                "application/json",
                said(process.title, spoken),
                f"{base}/processes/{process.id}?f=json",
            ),
            link(
                "alternate", "text/html", said(process.title, spoken), f"{base}/processes/{process.id}?f=html"
            ),
        ],
    }


def _input(spoken: Language, one: Input) -> Document:
    return {
        "title": said(one.title, spoken),
        "description": said(one.description, spoken),
        "minOccurs": 1 if one.required else 0,
        "maxOccurs": 1,
        "schema": one.schema,
    }


def _output(spoken: Language, one: Output) -> Document:
    return {
        "title": said(one.title, spoken),
        "description": said(one.description, spoken),
        "schema": one.schema,
    }


def job_list(
    base: str, spoken: Language, jobs: Sequence[Job], asked: dict[str, Any], *, more: bool
) -> Document:
    """A page of the list of jobs; ``asked`` are the parameters that it was asked for by."""
    links = both_forms(f"{base}/jobs", spoken)
    if more:
        query = urlencode({**asked, "before": jobs[-1].number}, doseq=True)
        links.append(link("next", "application/json", said(_NEXT, spoken), f"{base}/jobs?{query}"))
    return {
        "title": said(_JOBS, spoken),
        "jobs": [job_document(base, spoken, one) for one in jobs],
        "links": links,
    }


def job_document(base: str, spoken: Language, job: Job) -> Document:
    """The status of a job, with links between its own forms."""
    document = status_info(job, base)
    others = [one for one in document["links"] if one["rel"] != "self"]
    titled = [one | {"title": said(_RESULTS, spoken)} for one in others]
    up = link("up", "application/json", said(_JOBS, spoken), f"{base}/jobs")
    return document | {"links": [*both_forms(f"{base}/jobs/{job.id}", spoken), up, *titled]}
