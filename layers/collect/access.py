"""Who may push: sources that are known by the SHA-256 of a secret token, compared in constant time."""

from __future__ import annotations

import hmac
import ipaddress

from gis_core.access import digest_of
from gis_core.config import Settings
from gis_core.errors import AccessDeniedError

OPEN_SOURCE = "local"
"""Who pushes without a token through a door that is open."""

_SCHEME = "bearer "


def source_of(settings: Settings, authorization: str | None, *, forwarded: bool) -> str:
    """The name of the source that a request comes from.

    Args:
        settings: hold the tokens' digests.
        authorization: the header of that name.
        forwarded: whether the request came through a proxy.

    Raises:
        AccessDeniedError: the door is closed, or the token is none of the known ones.
    """
    if authorization is not None:
        return _known_source(settings, authorization)
    if settings.collect.open and is_loopback(settings.host) and not forwarded:
        return OPEN_SOURCE
    if not settings.collect.tokens:
        raise AccessDeniedError(
            "Pushing is not open: make a token with 'huegis collect token NAME' and put its line "
            "under collect.tokens in config.yml."
        )
    raise AccessDeniedError("Say who you are with the header 'Authorization: Bearer <token>'.")


def _known_source(settings: Settings, authorization: str) -> str:
    digest = digest_of(authorization[len(_SCHEME) :].strip())
    matching = [name for name, known in settings.collect.tokens.items() if hmac.compare_digest(known, digest)]
    if not authorization.lower().startswith(_SCHEME) or not matching:
        raise AccessDeniedError("The token is not one of those that may push here.")
    return matching[0]


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
