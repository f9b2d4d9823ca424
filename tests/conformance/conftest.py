"""The service, as the walks ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.walk import Api
from tests.conftest import RunningService


@pytest.fixture(scope="session")
def api(service: RunningService) -> Iterator[Api]:
    """A client of the running service."""
    client = Api(service.base_url)
    yield client
    client.close()
