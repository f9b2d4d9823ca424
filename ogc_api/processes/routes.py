"""``/processes`` and ``/jobs``: what can be computed, having it computed, and what has become of that.

Whoever says nothing of themselves may compute as well: what that costs is bounded by the queue, and
their jobs are everybody's to see and to dismiss. The jobs of an account are that account's alone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.access import READER, Doorkeeper
from gis_core.config import Settings
from gis_core.db import writing
from gis_core.errors import GisError, JobNotFoundError, QueryTimeoutError, quoted
from layers.processes.base import Process
from layers.processes.jobs import (
    Asked,
    Job,
    Stored,
    dismiss,
    find_job,
    find_jobs,
    outputs_of,
    submit,
)
from layers.processes.registry import PROCESSES, find_process
from ogc_api.asking import base_url, language, parameters
from ogc_api.described import described
from ogc_api.editing.routes import is_open
from ogc_api.endpoint import Endpoint
from ogc_api.processes import documents
from ogc_api.processes.asked import preferred, read_execute
from ogc_api.processes.listing import PARAMETERS, read_listing, whole
from ogc_api.processes.problems import no_results, problem_response
from ogc_api.processes.results import output_named, output_response, results_response

_MIB = 1 << 20
_FIRST_LOOK_S, _LAST_LOOK_S = 0.05, 0.5
_JSON = "application/json"

Answer = Callable[[Request], Response]
Change = Callable[[Request], Awaitable[Response]]


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of processes and jobs, below ``/ogc``."""
    api = _Processes(settings)
    job = "/ogc/jobs/{job}"
    return [
        Route("/ogc/processes", _ProcessEndpoint(api.processes)),
        Route("/ogc/processes/{process}", _ProcessEndpoint(api.process)),
        Route("/ogc/processes/{process}/execution", _ProcessEndpoint(None, {"POST": api.execute})),
        Route("/ogc/jobs", _ProcessEndpoint(api.jobs)),
        Route(job, _ProcessEndpoint(api.job, {"DELETE": api.dismiss})),
        Route(f"{job}/results", _ProcessEndpoint(api.results)),
        Route(f"{job}/results/{{output}}", _ProcessEndpoint(api.output)),
    ]


class _ProcessEndpoint(Endpoint):
    """Answers GET as every endpoint does, and the methods that change something."""

    def __init__(self, answer: Answer | None, changes: Mapping[str, Change] | None = None) -> None:
        super().__init__(answer or _nothing)
        reading = () if answer is None else ("GET", "HEAD")
        self._changes = changes or {}
        self._methods = (*reading, *self._changes, "OPTIONS")

    async def _respond(self, request: Request) -> Response:
        allow = {"Allow": ", ".join(self._methods)}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        try:
            if request.method not in self._methods:
                sentence = f"{request.method} is not possible here; there are: {', '.join(self._methods)}."
                raise HTTPException(405, sentence, allow)
            if request.method in self._changes:
                return await self._changes[request.method](request)
            return await run_in_threadpool(self._answer, request)
        except ClientDisconnect:
            # Nobody is there any more to read an answer.
            return Response(status_code=400)
        except (GisError, HTTPException) as error:
            return problem_response(request, error)


def _nothing(request: Request) -> Response:
    raise HTTPException(405, "Send an execute request by POST.")


class _Processes:
    """One method for each resource."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keeper = Doorkeeper(settings.access)

    def processes(self, request: Request) -> Response:
        given = parameters(request, ("limit", "offset"), ("json", "html"))
        most = len(PROCESSES)
        limit = whole(given, "limit", 1, documents.MAX_PROCESSES) or documents.MAX_PROCESSES
        start = whole(given, "offset", 0, documents.MAX_PROCESSES) or 0
        return described(
            request,
            self._settings,
            "processes.html",
            lambda base, spoken: documents.process_list(base, spoken, limit, min(start, most)),
            known=("limit", "offset"),
        )

    def process(self, request: Request) -> Response:
        process = find_process(request.path_params["process"])
        return described(
            request,
            self._settings,
            "process.html",
            lambda base, spoken: documents.process_document(base, spoken, process),
            execution=f"{base_url(request, self._settings)}/processes/{process.id}/execution",
        )

    async def execute(self, request: Request) -> Response:
        process = find_process(request.path_params["process"])
        parameters(request, (), ("json", "html"))
        account = self._account(request)
        body = await self._body(request)
        prefers = preferred(request)
        asked = await run_in_threadpool(self._asked, request, process, body, account)
        waits = not prefers.respond_async
        job_id = await run_in_threadpool(_submitted, asked._replace(waited_for=waits))
        if waits:
            return await self._awaited(request, job_id, account, prefers.wait_s)
        job, _ = await run_in_threadpool(_found, job_id, account)
        base, spoken = base_url(request, self._settings), language(request)
        headers = {
            "Location": f"{base}/jobs/{job_id}",
            "Preference-Applied": "respond-async",
            "Content-Language": spoken,
        }
        return JSONResponse(documents.job_document(base, spoken, job), 201, headers)

    def jobs(self, request: Request) -> Response:
        listing = read_listing(request)
        with writing() as connection:
            found = find_jobs(connection, listing.wanted, self._account(request), listing.limit + 1)
        shown, more = found[: listing.limit], len(found) > listing.limit
        return _fresh(
            described(
                request,
                self._settings,
                "jobs.html",
                lambda base, spoken: documents.job_list(base, spoken, shown, listing.given, more=more),
                known=PARAMETERS,
            )
        )

    def job(self, request: Request) -> Response:
        job, _ = self._found(request)
        return _fresh(
            described(
                request,
                self._settings,
                "job.html",
                lambda base, spoken: documents.job_document(base, spoken, job),
                process=PROCESSES.get(job.process),
            )
        )

    async def dismiss(self, request: Request) -> Response:
        parameters(request, (), ("json", "html"))
        account, job_id = self._account(request), _job_id(request)
        job = await run_in_threadpool(_dismissed, job_id, account)
        base, spoken = base_url(request, self._settings), language(request)
        return JSONResponse(documents.job_document(base, spoken, job), headers={"Content-Language": spoken})

    def results(self, request: Request) -> Response:
        parameters(request, (), ("json", "html"))
        job, stored = self._finished(request)
        return results_response(request, job, stored, base_url(request, self._settings))

    def output(self, request: Request) -> Response:
        parameters(request, (), ("json", "html"))
        job, stored = self._finished(request)
        one = output_named(stored, request.path_params["output"])
        return output_response(job, one, request.headers.get("range"))

    def _found(self, request: Request) -> tuple[Job, dict[str, Stored]]:
        return _found(_job_id(request), self._account(request))

    def _finished(self, request: Request) -> tuple[Job, dict[str, Stored]]:
        job, stored = self._found(request)
        if job.status != "successful":
            raise no_results(job)
        return job, stored

    def _account(self, request: Request) -> str | None:
        """The account that asks, None for everybody else; where there is none, nobody is asked."""
        if not is_open(self._settings):
            return READER.name
        return self._keeper.who(request.headers.get("authorization"), _address(request)).name

    async def _body(self, request: Request) -> bytes:
        # A page of another site can post text without asking; it cannot post this type.
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _JSON:
            raise HTTPException(415, f"Send the execute request as {_JSON}.", {"Accept-Post": _JSON})
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPException(415, "Send the request as it is, without Content-Encoding.")
        limit_mib = self._settings.access.max_body_mib
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > limit_mib * _MIB:
                raise HTTPException(413, f"The request is larger than {limit_mib:g} MiB.")
        return bytes(content)

    def _asked(self, request: Request, process: Process, body: bytes, account: str | None) -> Asked:
        base = base_url(request, self._settings)
        return read_execute(process, body, self._settings, base, (_address(request), account))

    async def _awaited(
        self, request: Request, job_id: UUID, account: str | None, wait_s: float | None
    ) -> Response:
        """The results once they are there; whoever goes away, or waits too long, has the job dismissed."""
        most_s = self._settings.processes.wait_s
        limit_s = most_s if wait_s is None else min(wait_s, most_s)
        until, pause_s = time.monotonic() + limit_s, _FIRST_LOOK_S
        while True:
            job, stored = await run_in_threadpool(_found, job_id, account)
            if job.status == "successful":
                return results_response(request, job, stored, base_url(request, self._settings))
            if job.status in ("failed", "dismissed"):
                raise no_results(job)
            if time.monotonic() > until:
                await run_in_threadpool(_dismissed, job_id, account)
                raise QueryTimeoutError(
                    f"It was not done within {limit_s:g} s and was stopped; ask again with the header "
                    "'Prefer: respond-async', and look after the job."
                )
            if await request.is_disconnected():
                await run_in_threadpool(_dismissed, job_id, account)
                raise ClientDisconnect
            await anyio.sleep(pause_s)
            pause_s = min(_LAST_LOOK_S, pause_s * 1.5)


def _submitted(asked: Asked) -> UUID:
    with writing() as connection:
        return submit(connection, asked)


def _found(job_id: UUID, account: str | None) -> tuple[Job, dict[str, Stored]]:
    with writing() as connection:
        job = find_job(connection, job_id, account)
        return job, outputs_of(connection, job_id) if job.status == "successful" else {}


def _dismissed(job_id: UUID, account: str | None) -> Job:
    with writing() as connection:
        return dismiss(connection, job_id, account)


def _job_id(request: Request) -> UUID:
    text: str = request.path_params["job"]
    try:
        return UUID(text)
    except ValueError as error:
        raise JobNotFoundError(f"There is no job {quoted(text)}; /ogc/jobs lists them.") from error


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    return response
