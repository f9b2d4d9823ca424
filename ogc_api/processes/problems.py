"""Errors as this standard wants them: with the type of the exception, beside what the API always says."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gis_core import errors
from gis_core.errors import (
    GisError,
    JobNotFinishedError,
    JobNotFoundError,
    ProcessNotFoundError,
    QueueFullError,
)
from gis_core.service import STATUS_OF
from layers.processes.jobs import Job
from ogc_api.errors import error_response

_EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
_TYPES: dict[type[Exception], str] = {
    ProcessNotFoundError: f"{_EXCEPTION}/no-such-process",
    JobNotFoundError: f"{_EXCEPTION}/no-such-job",
    JobNotFinishedError: f"{_EXCEPTION}/result-not-ready",
}
_NO_TYPE = "about:blank"
_UNFIT = 422
"""The inputs are well-formed, and nothing can be computed from them."""


def problem_response(request: Request, error: GisError | HTTPException) -> Response:
    """The answer that stands for an error, as JSON (RFC 7807 members too) or as a page."""
    plain = error_response(request, error)
    if isinstance(error, QueueFullError):
        plain.headers["Retry-After"] = f"{error.retry_after_s:.0f}"
    if not isinstance(plain, JSONResponse):
        return plain
    said = json.loads(bytes(plain.body))
    headers = {
        name: value for name, value in plain.headers.items() if name not in ("content-length", "content-type")
    }
    problem = {
        "type": _TYPES.get(type(error), _NO_TYPE),
        "title": said["code"],
        "status": plain.status_code,
        "detail": said["description"],
        **said,
    }
    return JSONResponse(problem, plain.status_code, headers)


def failure_of(job: Job) -> GisError | HTTPException:
    """What a failed job failed with, as its request would have been answered."""
    sentence = job.message or "The job failed."
    kind = getattr(errors, job.error or "", None)
    if not (isinstance(kind, type) and issubclass(kind, GisError)):
        return HTTPException(500, sentence)
    status = next((STATUS_OF[one] for one in kind.__mro__ if one in STATUS_OF), _UNFIT)
    return HTTPException(status, sentence)


def no_results(job: Job) -> GisError | HTTPException:
    """Why a job has no results."""
    if job.status == "failed":
        return failure_of(job)
    if job.status == "dismissed":
        return HTTPException(404, "The job was dismissed and has no results.")
    return JobNotFinishedError(f"The job is {job.status} and has no results yet; ask again.")
