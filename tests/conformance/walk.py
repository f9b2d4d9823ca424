"""What the walks share: which abstract test a function is, and a client that reads documents once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import httpx

Document = dict[str, Any]
Test = TypeVar("Test", bound=Callable[..., None])

SPEC = "http://www.opengis.net/spec"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"

LAYER = "cameras"
"""A layer with rows, without time."""
EVENTS = "detections"
"""A layer whose rows have a time."""
SURFACE = "flood-risk"


class Walked(NamedTuple):
    """An abstract test and the function that is it."""

    conformance_class: str
    test: str
    function: str
    title: str


WALKED: list[Walked] = []
"""Every abstract test that some function in this folder is."""


def conf(conformance_class: str, *tests: str) -> Callable[[Test], Test]:
    """Says that a function is the abstract tests of these names, of the class at ``SPEC/…``."""

    def note(function: Test) -> Test:
        title = (function.__doc__ or "").strip().split("\n")[0]
        place = f"{function.__module__.rpartition('.')[2]}.py::{function.__name__}"
        WALKED.extend(Walked(f"{SPEC}/{conformance_class}", test, place, title) for test in tests)
        return function

    return note


class Api:
    """The service under test. Documents are asked for once."""

    def __init__(self, base_url: str) -> None:
        self.base = f"{base_url}/ogc"
        self._client = httpx.Client(timeout=60, headers={"Accept-Language": "en"})
        self._read: dict[str, Document] = {}

    def close(self) -> None:
        self._client.close()

    def ask(
        self, path: str, *, method: str = "GET", accept: str = "*/*", **parameters: Any
    ) -> httpx.Response:
        """The answer, whatever its status; underscores of a parameter's name stand for hyphens."""
        address = path if path.startswith("http") else self.base + path
        query = {name.replace("_", "-"): str(value) for name, value in parameters.items()}
        return self._client.request(method, address, params=query or None, headers={"Accept": accept})

    def json(self, path: str, **parameters: Any) -> Document:
        """A document that must be there, as JSON."""
        key = f"{path} {parameters}"
        if key not in self._read:
            answer = self.ask(path, accept="application/json", **parameters)
            assert answer.status_code == 200, (path, parameters, answer.text)
            self._read[key] = answer.json()
        return self._read[key]

    def features(self, layer: str, **parameters: Any) -> list[Document]:
        """The features of a page of a layer."""
        features: list[Document] = self.json(f"/collections/{layer}/items", **parameters)["features"]
        return features

    def ids(self, layer: str, **parameters: Any) -> set[str]:
        """The identifiers of the features that match; there must be no more than a page has."""
        page = self.json(f"/collections/{layer}/items", **{"limit": 10_000, **parameters})
        assert not links(page, "next"), (layer, parameters)
        return {str(feature["id"]) for feature in page["features"]}

    def status(self, path: str, **parameters: Any) -> int:
        return self.ask(path, **parameters).status_code

    @property
    def declared(self) -> list[str]:
        classes: list[str] = self.json("/conformance")["conformsTo"]
        return classes

    @property
    def collections(self) -> dict[str, Document]:
        return {entry["id"]: entry for entry in self.json("/collections")["collections"]}

    @property
    def layers(self) -> list[str]:
        """The collections that have features."""
        return [name for name, entry in self.collections.items() if entry.get("itemType") == "feature"]

    def operations(self, ending: str = "") -> Iterator[tuple[str, Document]]:
        """Paths of the OpenAPI document that end so, with their GET operation."""
        for path, item in self.json("/openapi")["paths"].items():
            if path.endswith(ending) and "get" in item:
                yield path, item["get"]

    def parameter(self, path: str, name: str) -> Document:
        """A parameter of GET at a path of the OpenAPI document, reference resolved."""
        document = self.json("/openapi")
        for given in document["paths"][path]["get"]["parameters"]:
            entry = given
            if "$ref" in given:
                entry = document["components"]["parameters"][given["$ref"].rpartition("/")[2]]
            if entry["name"] == name:
                resolved: Document = entry
                return resolved
        raise AssertionError(f"{path} has no parameter {name}")


def links(document: Document, rel: str) -> list[Document]:
    """The links of a relation, given as its address or its name in the OGC's register."""
    return [link for link in document["links"] if link["rel"] in (rel, f"{REL}/{rel}", f"[ogc-rel:{rel}]")]


def is_error(answer: httpx.Response, *statuses: int) -> None:
    """The answer is one of these errors, and says so in a sentence."""
    assert answer.status_code in statuses, (str(answer.url), answer.status_code, answer.text[:300])
    assert answer.json()["code"]
    assert answer.json()["description"]
