"""What a process gives, encoded to be kept, and as documents say it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gis_core.errors import GisError
from layers.processes.base import Process, Values
from layers.processes.jobs import Job, Stored

_MIB = 1 << 20
_STATUS_TYPE = "process"


def encoded(process: Process, values: Values, names: Sequence[str], max_mib: float) -> list[Stored]:
    """The outputs that were asked for.

    Raises:
        GisError: together they are larger than is kept.
    """
    found = []
    for name in names:
        value = values[name]
        content = (
            value
            if isinstance(value, bytes)
            else json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        )
        found.append(Stored(name, process.outputs[name].media_type, content))
    size_mib = sum(len(one.content) for one in found) / _MIB
    if size_mib > max_mib:
        raise GisError(
            f"The results take {size_mib:.0f} MiB and at most {max_mib:g} are kept; ask for less, or for "
            "fewer outputs."
        )
    return found


def is_json(media_type: str) -> bool:
    """Whether a value of this media type stands in a JSON document as it is."""
    return media_type == "application/json" or media_type.endswith("+json")


def results_document(job: Job, stored: Mapping[str, Stored], base: str) -> dict[str, Any]:
    """The outputs of a job by name: values, or links where they are to be transmitted by reference."""
    return {
        name: reference(job, stored[name], base) if mode == "reference" else _inline(stored[name])
        for name, mode in job.outputs.items()
        if name in stored
    }


def reference(job: Job, one: Stored, base: str) -> dict[str, str]:
    """The link to one output."""
    return {
        "href": f"{base}/jobs/{job.id}/results/{one.name}",
        "rel": "item",
        "type": one.media_type,
        "title": one.name,
    }


def _inline(one: Stored) -> Any:
    if is_json(one.media_type):
        # Objects are qualified, so that nobody takes their members for those of a link or a format.
        return {"value": json.loads(one.content), "mediaType": one.media_type}
    return {
        "value": base64.b64encode(one.content).decode("ascii"),
        "mediaType": one.media_type,
        "encoding": "base64",
    }


def status_info(job: Job, base: str) -> dict[str, Any]:
    """The status of a job as the standard says it (OGC 18-062r2, 7.12)."""
    address = f"{base}/jobs/{job.id}"
    links = [{"rel": "self", "type": "application/json", "href": address, "title": "Status"}]
    if job.status == "successful":
        links.append(
            {
                "rel": "http://www.opengis.net/def/rel/ogc/1.0/results",
                "type": "application/json",
                "href": f"{address}/results",
                "title": "Results",
            }
        )
    times = {
        "created": job.created_at,
        "started": job.started_at,
        "finished": job.finished_at,
        "updated": job.updated_at,
    }
    told = {
        "processID": job.process,
        "type": _STATUS_TYPE,
        "jobID": str(job.id),
        "status": job.status,
        "progress": job.progress,
    }
    if job.message is not None:
        told["message"] = job.message
    moments = {
        name: at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for name, at in times.items()
        if at is not None
    }
    return {**told, **moments, "links": links}
