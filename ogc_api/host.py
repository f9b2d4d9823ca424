"""The fence around pygeoapi: its documents, for one language and one address at a time.

pygeoapi is never given a client's request. Formats, languages and parameters are settled
before it is asked, so that it has nothing to fail on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from copy import copy
from threading import Lock
from types import SimpleNamespace
from typing import Any

from pygeoapi import api as core
from pygeoapi.api import itemtypes

from gis_core.config import Settings
from layers.registry import LAYERS
from ogc_api.asking import Language
from ogc_api.config import configuration

Document = dict[str, Any]


class Host:
    """pygeoapi with the configuration of this service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._made = LAYERS.edition, _api(settings)

    def landing(self, base: str, spoken: Language) -> Document:
        """The landing page."""
        return self._ask(core.landing_page, base, spoken)

    def collections(self, base: str, spoken: Language) -> Document:
        """The list of collections; no provider is made for it."""
        return self._ask(core.describe_collections, base, spoken)

    def schema(self, base: str, spoken: Language, name: str) -> Document:
        """The schema of a collection."""
        return self._ask(core.get_collection_schema, base, spoken, name)

    def queryables(self, base: str, spoken: Language, name: str) -> Document:
        """The properties of a layer that can be filtered by."""
        return self._ask(itemtypes.get_collection_queryables, base, spoken, name)

    def _ask(self, function: Callable[..., Any], base: str, spoken: Language, *arguments: str) -> Document:
        api = copy(self._current())
        api.base_url = base
        asking = SimpleNamespace(query_params={}, headers={"accept-language": spoken}, scope={"path": "/"})
        _, status, content = function(api, core.APIRequest(asking, api.locales), *arguments)
        if status != 200:
            raise RuntimeError(f"pygeoapi answered {status}: {content}")
        document: Document = json.loads(content)
        return document

    def _current(self) -> core.API:
        """pygeoapi as it is configured for the layers that there are now."""
        edition = LAYERS.edition
        with self._lock:
            if self._made[0] is not edition:
                self._made = edition, _api(self._settings)
            return self._made[1]


def _api(settings: Settings) -> core.API:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    made = core.API(configuration(settings), {})
    # pygeoapi sets up the whole process's logging; that is not its to decide.
    root.handlers[:], root.level = before
    return made
