"""What the tests of editing share: the service that lets people edit, asked by one who may."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import RunningService
from tests.editing import EDITOR


@pytest.fixture
def edited(edited_service: RunningService) -> str:
    """The URL of the database behind the service."""
    return edited_service.place.url


@pytest.fixture
def editor(edited_service: RunningService) -> Iterator[httpx.Client]:
    """Somebody with the role of an editor."""
    with httpx.Client(base_url=edited_service.base_url, timeout=30, auth=EDITOR) as client:
        yield client
