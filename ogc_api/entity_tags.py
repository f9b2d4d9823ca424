"""Entity tags of features (RFC 9110, section 8.8.3): the version of the row, and which form of it is shown.

A change names the tag that it was made from; of that only the version counts, so that whoever read
the feature in another CRS or language may change it as well.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Literal

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def entity_tag(version: str, *form: str) -> str:
    """The strong tag of a version of a feature, shown in a form: all that makes its bytes differ."""
    digest = blake2b("\n".join(form).encode(), digest_size=4).hexdigest()
    return f'"{version}.{digest}"'


def content_tag(*content: bytes) -> str:
    """The tag of what an answer says, for one that has no version."""
    digest = blake2b(digest_size=12)
    for part in content:
        digest.update(part)
    return f'"{digest.hexdigest()}"'


def is_same(header: str | None, tag: str) -> bool:
    """Whether ``If-None-Match`` names this tag, so that the client has the answer already."""
    if header is None:
        return False
    return header.strip() == "*" or tag.strip('"') in [text for _, text in _TAG.findall(header)]


def versions_in(header: str | None) -> frozenset[str] | Literal["any"] | None:
    """The versions that ``If-Match`` names; weak tags name none, as they do not tell bytes apart."""
    if header is None:
        return None
    if header.strip() == "*":
        return "any"
    return frozenset(text.partition(".")[0] for weak, text in _TAG.findall(header) if not weak)
