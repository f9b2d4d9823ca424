"""Who is asking: a reader without credentials, or an account known by the SHA-256 of its token.

A token comes as ``Authorization: Bearer <token>`` or as the password of Basic authentication,
beside the account's name, which is how QGIS sends it. Digests are compared in constant time, and
an address that fails too often is not listened to for a while.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

from gis_core.access_settings import Access
from gis_core.errors import NotAuthenticatedError, TooManyFailuresError

_REMEMBERED_ADDRESSES = 10_000
_IPV6_SUBSCRIBER_BITS = 64
"""One subscriber has a whole network of so many leading bits, and as many addresses as it likes."""


class Asker(NamedTuple):
    """Who is asking: an account's name and roles; a reader has neither."""

    name: str | None
    roles: frozenset[str]


READER = Asker(None, frozenset())
"""Whoever says nothing of themselves: may read what is public."""


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What the settings hold of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Doorkeeper:
    """Tells who is asking, and stops listening to addresses that only guess.

    Each process counts failures by itself. ``clock`` gives seconds that never go back.
    """

    def __init__(self, settings: Access, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts = dict(settings.accounts)
        self._failures = _Failures(settings.max_failures, settings.failure_window_s, clock)

    def who(self, authorization: str | None, address: str) -> Asker:
        """Who sends this ``Authorization`` header from this address; without one it is a reader.

        Raises:
            NotAuthenticatedError: the credentials are none of an account's.
            TooManyFailuresError: too many came from there that were not; these were not looked at.
        """
        if authorization is None:
            return READER
        source = source_of(address)
        self._failures.check(source)
        found = self._account(authorization)
        if found is None:
            self._failures.note(source)
            raise NotAuthenticatedError("The name or the token is not one of those that are known here.")
        return found

    def _account(self, authorization: str) -> Asker | None:
        name, token = _credentials(authorization)
        digest = digest_of(token)
        found = None
        # Every account is compared, so that the time taken says nothing of which one it is.
        for known, account in self._accounts.items():
            same = hmac.compare_digest(account.sha256, digest)
            if token and same and (name is None or name == known):
                found = Asker(known, frozenset(account.roles))
        return found


class _Failures:
    """When each source failed lately; the sources longest silent are forgotten first."""

    def __init__(self, most: int, window_s: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._lock = Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, source: str) -> None:
        with self._lock:
            recent = self._recent(source)
            if len(recent) >= self._most:
                raise TooManyFailuresError(recent[0] + self._window_s - self._clock())

    def note(self, source: str) -> None:
        with self._lock:
            recent = self._recent(source)
            recent.append(self._clock())
            self._seen[source] = recent
            self._seen.move_to_end(source)
            if len(self._seen) > _REMEMBERED_ADDRESSES:
                self._seen.popitem(last=False)

    def _recent(self, source: str) -> deque[float]:
        recent = self._seen.get(source, deque(maxlen=self._most))
        while recent and recent[0] <= self._clock() - self._window_s:
            recent.popleft()
        return recent


def _credentials(authorization: str) -> tuple[str | None, str]:
    """The account's name, None where none is said, and the token; an empty token is nobody's."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return None, rest.strip()
    if scheme.lower() == "basic":
        try:
            name, _, token = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except ValueError:  # no base64, or no UTF-8 in it
            return None, ""
        return name, token
    return None, ""


def source_of(address: str) -> str:
    """What stands for a client's address where something is counted: of IPv6 its whole network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, _IPV6_SUBSCRIBER_BITS), strict=False))
