"""The results of a job in the form that was asked for (OGC 18-062r2, 7.11.4 and 7.13)."""

from __future__ import annotations

import re
from secrets import token_hex

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gis_core.errors import quoted
from layers.processes.jobs import Job, Stored
from layers.processes.outputs import reference, results_document
from ogc_api.asking import prefers_html
from ogc_api.errors import not_found
from ogc_api.pages import page

_LINE = b"\r\n"
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$", re.ASCII)
_ENDINGS = {"image/tiff; application=geotiff": "tif", "application/geo+json": "geojson"}


def results_response(request: Request, job: Job, stored: dict[str, Stored], base: str) -> Response:
    """All outputs: a document, or raw as one body, several parts, or links alone."""
    if prefers_html(request):
        shown = [
            {"name": one.name, "type": one.media_type, "size": len(one.content)} for one in stored.values()
        ]
        return page(request, "job_results.html", job=job, outputs=shown)
    if job.response == "document":
        return JSONResponse(results_document(job, stored, base))
    by_value = [stored[name] for name, mode in job.outputs.items() if mode == "value"]
    by_reference = [stored[name] for name, mode in job.outputs.items() if mode == "reference"]
    links = [_link_header(job, one, base) for one in by_reference]
    if not by_value:
        return Response(status_code=204, headers={"Link": ", ".join(links)})
    if len(by_value) == 1 and not by_reference:
        return output_response(job, by_value[0])
    return _in_parts(job, by_value, by_reference, base)


def output_response(job: Job, one: Stored, wanted: str | None = None) -> Response:
    """One output as it is, or the bytes of it that the header Range wants (RFC 9110, 14).

    So GDAL and QGIS open a raster by its address, and read the part that they draw.
    """
    name = f"{job.process}-{one.name}.{_ENDINGS.get(one.media_type, 'json')}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Accept-Ranges": "bytes"}
    size = len(one.content)
    match = _RANGE.match(wanted or "")
    if match is None or not (match[1] or match[2]):
        # Several ranges at a time, and other units, may be answered by the whole.
        return Response(one.content, media_type=one.media_type, headers=headers)
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(size, int(match[2]) + 1 if match[1] and match[2] else size)
    if first >= last:
        raise HTTPException(416, f"The output has {size} bytes.", {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
    return Response(one.content[first:last], 206, headers, media_type=one.media_type)


def output_named(stored: dict[str, Stored], name: str) -> Stored:
    """The output of a name.

    Raises:
        HTTPException: 404, there is none.
    """
    if name not in stored:
        raise not_found(f"The job has no output {quoted(name)}; it has: {', '.join(stored)}.")
    return stored[name]


def _in_parts(job: Job, by_value: list[Stored], by_reference: list[Stored], base: str) -> Response:
    """Outputs as the parts of a multipart message (RFC 2387); a part by reference is a link with no body."""
    boundary = f"huegis-{token_hex(12)}"
    parts = []
    for one in by_value:
        head = f"--{boundary}\r\nContent-Type: {one.media_type}\r\nContent-ID: <{one.name}>\r\n\r\n"
        parts.append(head.encode() + one.content + _LINE)
    for one in by_reference:
        location = reference(job, one, base)["href"]
        head = (
            f"--{boundary}\r\nContent-Type: {one.media_type}\r\nContent-ID: <{one.name}>\r\n"
            f"Content-Location: {location}\r\n\r\n"
        )
        parts.append(head.encode() + _LINE)
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Response(body, media_type=f"multipart/related; boundary={boundary}")


def _link_header(job: Job, one: Stored, base: str) -> str:
    link = reference(job, one, base)
    return f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"; title="{link["title"]}"'
