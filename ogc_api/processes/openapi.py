"""The paths of processes and jobs in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from gis_core.config import Settings
from gis_core.types import Text
from layers.processes.base import Process
from layers.processes.registry import PROCESSES
from layers.processes.tables import STATUSES
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.editing.documents import credentials_errors
from ogc_api.openapi_blocks import documented, errors, get, in_path, query, shared
from ogc_api.processes.documents import MAX_PROCESSES
from ogc_api.processes.listing import DEFAULT_LIMIT, LAST_NUMBER, LONGEST_S, MAX_LIMIT

TAG = "processes"
_DRAFT_ONLY = frozenset({"contentMediaType", "contentEncoding"})
_OBJECT = {"schema": {"type": "object"}}
_TEXT = {"schema": {"type": "string"}}
_EXECUTE_ERRORS = ("400", "404", "405", "413", "415", "422", "429", "500", "503")
_MAY_FAIL = ("400", "404", "422", "500", "503")


def paths(spoken: Language, settings: Settings) -> Document:
    """Every path below ``/processes`` and ``/jobs``."""

    def say(vi: str, en: str) -> str:
        return said(Text(vi, en), spoken)

    whole: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": MAX_PROCESSES}
    limit = query("limit", whole | {"default": MAX_PROCESSES}, say("Số mục mỗi trang.", "Entries on a page."))
    offset = query("offset", whole | {"minimum": 0, "default": 0}, say("Bỏ qua.", "Entries to leave out."))
    job = in_path(
        "jobId", {"type": "string", "format": "uuid"}, Text("Mã tác vụ.", "Identifier of the job."), spoken
    )
    forms = shared("f", "lang")
    jobs = get("getJobs", say("Các tác vụ", "Jobs"), TAG, [*_listing(say), *forms], documented("400"))
    one = get(
        "getStatus", say("Trạng thái tác vụ", "Status of a job"), TAG, [job, *forms], documented("400", "404")
    )
    one["delete"] = {
        "operationId": "dismissJob",
        "summary": say("Hủy tác vụ", "Dismiss a job"),
        "tags": [TAG],
        "parameters": [job, *forms],
        "responses": documented("400", "404", "503"),
    }
    results = get("getResults", say("Kết quả", "Results"), TAG, [job, *forms], _results(spoken, *_MAY_FAIL))
    output = in_path(
        "output",
        {"type": "string", "enum": sorted({name for one in PROCESSES.values() for name in one.outputs})},
        Text("Tên kết quả.", "Name of the output."),
        spoken,
    )
    answers = _results(spoken, *_MAY_FAIL, "416")
    answers["206"] = answers["200"]
    single = get("getOutput", say("Một kết quả", "One output"), TAG, [job, output, *forms], answers)
    found: Document = {
        "/processes": get(
            "getProcesses",
            say("Các phép xử lý", "Processes"),
            TAG,
            [limit, offset, *forms],
            documented("400"),
        ),
        "/jobs": jobs,
        "/jobs/{jobId}": one,
        "/jobs/{jobId}/results": results,
        "/jobs/{jobId}/results/{output}": single,
    }
    for process in PROCESSES.values():
        found |= _process_paths(spoken, process)
    for path, operations in found.items():
        if path.startswith("/jobs"):
            for operation in operations.values():
                operation["responses"] = operation["responses"] | credentials_errors()
    return found


def responses(spoken: Language) -> Document:
    """The answers to which the paths refer."""
    kinds = ("application/json", "application/geo+json", "image/tiff", "multipart/related", "text/html")
    content: Document = {kind: {} for kind in kinds}
    return {
        "ProcessResults": {
            "description": said(Text("Kết quả.", "The results."), spoken),
            "content": content,
        },
        "ResultLinks": {
            "description": said(Text("Liên kết tới kết quả.", "Links to the results."), spoken),
            "headers": {"Link": _TEXT},
        },
    }


def _results(spoken: Language, *statuses: str) -> Document:
    return {
        "200": {"$ref": "#/components/responses/ProcessResults"},
        "204": {"$ref": "#/components/responses/ResultLinks"},
        **errors(*statuses),
    }


def _listing(say: Any) -> list[Document]:
    def names(name: str, schema: Document, what: str) -> Document:
        listed = {"type": "array", "items": schema, "minItems": 1}
        return {**query(name, listed, what), "style": "form", "explode": False}

    seconds = {"type": "integer", "minimum": 0, "maximum": LONGEST_S}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    before = {"type": "integer", "minimum": 1, "maximum": LAST_NUMBER}
    return [
        names("type", {"type": "string", "enum": ["process"]}, say("Loại tác vụ.", "Type of the job.")),
        names("processID", {"type": "string", "minLength": 1}, say("Phép xử lý.", "Process.")),
        names("status", {"type": "string", "enum": [*STATUSES]}, say("Trạng thái.", "Status.")),
        *shared("datetime"),
        query("minDuration", seconds, say("Chạy ít nhất (giây).", "Ran at least so long (s).")),
        query("maxDuration", seconds, say("Chạy nhiều nhất (giây).", "Ran at most so long (s).")),
        query("limit", limit, say("Số tác vụ mỗi trang.", "Jobs on a page.")),
        query("before", before, say("Lấy từ liên kết 'next'.", "From the link 'next'.")),
    ]


def _process_paths(spoken: Language, process: Process) -> Document:
    name = process.id.title().replace("-", "")
    path = f"/processes/{process.id}"
    body = {"required": True, "content": {"application/json": {"schema": _execute_schema(process)}}}
    created = {
        "description": said(Text("Tác vụ đã được nhận.", "The job was accepted."), spoken),
        "headers": {"Location": _TEXT, "Preference-Applied": _TEXT},
        "content": {"application/json": _OBJECT},
    }
    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": said(
            Text("respond-async: không chờ, nhận mã tác vụ.", "respond-async: do not wait, get a job."),
            spoken,
        ),
        "schema": {"type": "string", "enum": ["respond-async", "wait=60"]},
    }
    answers = _results(spoken, *_EXECUTE_ERRORS) | {"201": created} | credentials_errors()
    return {
        path: get(
            f"describe{name}Process", said(process.title, spoken), TAG, shared("f", "lang"), documented("400")
        ),
        f"{path}/execution": {
            "post": {
                "operationId": f"execute{name}",
                "summary": said(process.title, spoken),
                "description": said(process.description, spoken),
                "tags": [TAG],
                "parameters": [prefer, *shared("f", "lang")],
                "requestBody": body,
                "responses": answers,
            }
        },
    }


def _execute_schema(process: Process) -> Document:
    inputs = process.inputs()
    address = {"type": "string", "format": "uri"}
    given: Document = {
        "type": "object",
        "properties": {name: _for_openapi(one.schema) for name, one in inputs.items()},
        "additionalProperties": False,
    }
    required = [name for name, one in inputs.items() if one.required]
    if required:
        given["required"] = required
    output = {
        "type": "object",
        "properties": {"transmissionMode": {"type": "string", "enum": ["value", "reference"]}},
    }
    schema: Document = {
        "type": "object",
        "properties": {
            "inputs": given,
            "outputs": {
                "type": "object",
                "properties": dict.fromkeys(process.outputs, output),
                "additionalProperties": False,
            },
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
            "subscriber": {
                "type": "object",
                "required": ["successUri"],
                "properties": dict.fromkeys(("successUri", "inProgressUri", "failedUri"), address),
            },
        },
        "example": {"inputs": process.example, "response": "document"},
    }
    return schema | {"required": ["inputs"]} if required else schema


def _for_openapi(schema: Any) -> Any:
    """A schema without what OpenAPI 3.0 does not know."""
    if isinstance(schema, dict):
        return {name: _for_openapi(value) for name, value in schema.items() if name not in _DRAFT_ONLY}
    return [_for_openapi(one) for one in schema] if isinstance(schema, list) else schema
