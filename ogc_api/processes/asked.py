"""What an execute request asks for (OGC 18-062r2, 7.11)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from starlette.requests import Request

from gis_core.config import Settings
from gis_core.errors import InvalidParameterError, quoted
from layers.processes.base import Process
from layers.processes.checking import check_text, checked_inputs
from layers.processes.hosts import check_address, fetch_json
from layers.processes.jobs import Asked

_TRANSMISSIONS = ("value", "reference")
_SUBSCRIBED = ("successUri", "inProgressUri", "failedUri")


class Preferred(NamedTuple):
    """What the header Prefer says: whether to answer at once, and how long to wait at most."""

    respond_async: bool
    wait_s: float | None


def preferred(request: Request) -> Preferred:
    """The preferences that we know (RFC 7240); what we do not know is left alone, as that asks."""
    given: dict[str, str] = {}
    for one in ",".join(request.headers.getlist("prefer")).split(","):
        name, _, value = one.partition(";")[0].partition("=")
        given.setdefault(name.strip().lower(), value.strip().strip('"'))
    wait = given.get("wait", "")
    wait_s = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else None
    return Preferred("respond-async" in given, wait_s)


def read_execute(
    process: Process, body: bytes, settings: Settings, base: str, asker: tuple[str, str | None]
) -> Asked:
    """The job that a request asks for, checked.

    Raises:
        InvalidParameterError: the document is no execute request, or an input is wrong.
        SourceUnavailableError: an input lies at a host that does not answer.
    """
    document = _document(body)
    check_text(document)

    def fetch(address: str, name: str) -> Any:
        return fetch_json(address, name, settings.processes, settings.access.max_body_mib)

    inputs = checked_inputs(process, document.get("inputs", {}), fetch)
    response = document.get("response", "raw")
    if response not in ("raw", "document"):
        raise InvalidParameterError("response", f"{quoted(str(response))} is not one of: raw, document.")
    address, account = asker
    return Asked(
        process.id,
        inputs,
        _outputs(process, document.get("outputs", {})),
        response,
        _subscriber(document.get("subscriber"), settings, base),
        # Of an address only a digest is kept, and only to count.
        asker=sha256(f"{account or ''}|{'' if account else address}".encode()).hexdigest()[:16],
        account=account,
    )


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidParameterError("body", "it is not JSON.") from error
    if not isinstance(document, dict):
        raise InvalidParameterError("body", 'send an object such as {"inputs": {}}.')
    return document


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _outputs(process: Process, given: Any) -> dict[str, str]:
    """How each output is transmitted; all of them by value where none is named."""
    if not isinstance(given, Mapping):
        raise InvalidParameterError("outputs", "give an object of outputs by name.")
    found: dict[str, str] = {}
    for name, told in given.items():
        if name not in process.outputs:
            raise InvalidParameterError(
                name, f"process '{process.id}' has no such output; it has: {', '.join(process.outputs)}."
            )
        if not isinstance(told, Mapping):
            raise InvalidParameterError(name, "say how to transmit it by an object, which may be empty.")
        mode = told.get("transmissionMode", "value")
        if mode not in _TRANSMISSIONS:
            raise InvalidParameterError(name, f"transmissionMode is one of: {', '.join(_TRANSMISSIONS)}.")
        _check_format(process, name, told.get("format", {}))
        found[name] = mode
    return found or dict.fromkeys(process.outputs, "value")


def _check_format(process: Process, name: str, given: Any) -> None:
    kind = given.get("mediaType") if isinstance(given, Mapping) else None
    ours = process.outputs[name].media_type
    if not isinstance(given, Mapping) or kind not in (None, ours, ours.partition(";")[0]):
        raise InvalidParameterError(name, f"its format is {ours} alone.")


def _subscriber(given: Any, settings: Settings, base: str) -> dict[str, str] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or "successUri" not in given:
        raise InvalidParameterError("subscriber", "give an object with successUri.")
    found = {"base": base}
    for name in _SUBSCRIBED:
        if name in given:
            if not isinstance(given[name], str):
                raise InvalidParameterError(f"subscriber.{name}", "give an address as text.")
            check_address(given[name], f"subscriber.{name}", settings.processes)
            found[name] = given[name]
    return found
