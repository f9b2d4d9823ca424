"""Other hosts that a client names: told of jobs, or asked for inputs. Only those of the settings."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from gis_core.errors import InvalidParameterError, SourceUnavailableError, quoted
from gis_core.process_settings import Processes

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.5
_MIB = 1 << 20


def check_address(address: str, parameter: str, settings: Processes) -> None:
    """Refuse an address that is not at a host of the setting ``processes.hosts``.

    Raises:
        InvalidParameterError: it is none of http or https, or at another host.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidParameterError(parameter, f"{quoted(address)} is no address.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise InvalidParameterError(parameter, f"{quoted(address)} is no address of http or https.")
    names = {host.lower(), f"{host.lower()}:{port}"}
    if not names & {allowed.lower() for allowed in settings.hosts}:
        raise InvalidParameterError(
            parameter,
            f"this service may not talk to {quoted(host)}; who runs it can allow that in processes.hosts.",
        )


def fetch_json(address: str, parameter: str, settings: Processes, max_mib: float) -> Any:
    """The JSON document at an allowed address.

    Raises:
        InvalidParameterError: the address is not allowed, or there is no JSON.
        SourceUnavailableError: the host does not answer.
    """
    check_address(address, parameter, settings)
    try:
        # A redirect could lead to a host that is not allowed, so none is followed.
        with httpx.stream("GET", address, timeout=settings.host_timeout_s, follow_redirects=False) as answer:
            content = bytearray()
            for part in answer.iter_bytes():
                content += part
                if len(content) > max_mib * _MIB:
                    raise InvalidParameterError(
                        parameter, f"what it links to is larger than {max_mib:g} MiB."
                    )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailableError(f"The host of input '{parameter}' does not answer.") from error
    if answer.status_code != 200:
        raise InvalidParameterError(parameter, f"what it links to answers with status {answer.status_code}.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidParameterError(parameter, "what it links to is not JSON.") from error


def tell(
    address: str, document: Any, settings: Processes, pause: Callable[[float], None] = time.sleep
) -> bool:
    """Post a document to a subscriber; tried a few times, then left at that. Whether it was taken."""
    for attempt in range(settings.host_attempts):
        if attempt:
            pause(_FIRST_PAUSE_S * 2**attempt)
        try:
            answer = httpx.post(
                address, json=document, timeout=settings.host_timeout_s, follow_redirects=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("subscriber at %s was not reached: %s", urlsplit(address).hostname, error)
            continue
        if answer.is_success:
            return True
        _log.warning("subscriber at %s answered %d", urlsplit(address).hostname, answer.status_code)
        if answer.is_client_error:
            return False
    return False
