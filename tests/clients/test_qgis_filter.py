"""QGIS and GDAL filter our layers: the features that leave the service are counted on their way."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from tests.conftest import RunningService

SYSTEM_PYTHON = Path("/usr/bin/python3")
FIRST_WITH_CQL2 = 33200
"""QGIS 3.32 was the first to send filters in CQL2; older ones send times and boxes alone."""

READ = """
import json, sys
from qgis.core import *

application = QgsApplication([], False)
application.initQgis()
base, name, subset = sys.argv[1:4]
layer = QgsVectorLayer(f"url='{base}/ogc' typename='{name}' pageSize='1000'", name, "OAPIF")
taken = layer.setSubsetString(subset) if subset else True
said = {
    "version": Qgis.QGIS_VERSION_INT,
    "valid": layer.isValid() and taken,
    "ids": sorted(feature["id"] for feature in layer.getFeatures()),
    "types": {one.name(): one.typeName() for one in layer.fields()},
    "crs": layer.crs().authid(),
}
print(json.dumps(said), flush=True)
del layer
application.exitQgis()
"""


@dataclass
class Counter:
    """A door in front of the service: what was asked through it, and how many features came back."""

    base_url: str = ""
    asked: list[str] = field(default_factory=list)
    features: list[int] = field(default_factory=list)

    def filters(self) -> list[dict[str, list[str]]]:
        """The query parameters of the requests for more than a first look."""
        queries = [parse_qs(urlsplit(path).query) for path in self.asked if "/items" in path]
        return [query for query in queries if query.get("limit") != ["10"]]


@contextmanager
def counted(service: RunningService) -> Iterator[Counter]:
    """The service behind a door that counts."""
    counter = Counter()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # With the client's own Host, links lead through the door again.
            headers = {name: self.headers[name] for name in ("Accept", "Host") if name in self.headers}
            answer = httpx.get(service.base_url + self.path, headers=headers, timeout=60)
            counter.asked.append(unquote(self.path))
            if answer.headers["content-type"] == "application/geo+json" and "/items" in self.path:
                counter.features.append(answer.json().get("numberReturned", 1))
            self.send_response(answer.status_code)
            for name in ("content-type", "content-crs"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests' output is theirs."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    counter.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield counter
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read_with_qgis(base_url: str, layer: str, subset: str, home: Path) -> dict[str, object]:
    """What QGIS reads of a layer under a filter."""
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("QGIS is not installed: apt-get install python3-qgis")
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", READ, base_url, layer, subset],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def matching(service: RunningService, layer: str, **parameters: str) -> list[str]:
    """The identifiers that the service itself says match."""
    items = f"{service.base_url}/ogc/collections/{layer}/items"
    page = httpx.get(items, params={"limit": "10000", **parameters}, timeout=60).json()
    assert page["numberMatched"] == page["numberReturned"] > 0
    return sorted(feature["id"] for feature in page["features"])


def test_qgis_reads_a_layer_in_one_page(service: RunningService, tmp_path: Path) -> None:
    with counted(service) as counter:
        read = read_with_qgis(counter.base_url, "cameras", "", tmp_path)
    assert read["valid"]
    assert read["ids"] == matching(service, "cameras")
    assert read["crs"] in ("EPSG:4326", "OGC:CRS84")
    types = dict(read["types"])  # type: ignore[call-overload]
    assert types["mast_height_m"] in ("Real", "double")
    assert types["purpose"] in ("String", "string")


@pytest.mark.parametrize(
    ("subset", "cql2"),
    [
        ("\"purpose\" = 'forest'", "purpose = 'forest'"),
        ('"mast_height_m" > 20 AND "purpose" = \'forest\'', "mast_height_m > 20 AND purpose = 'forest'"),
        ("\"name\" LIKE '%a%'", "name LIKE '%a%'"),
        ("\"purpose\" IN ('forest', 'flood')", "purpose IN ('forest','flood')"),
        ('"road_segment_code" IS NULL', "road_segment_code IS NULL"),
    ],
)
def test_a_filter_of_qgis_gives_the_right_features(
    service: RunningService, tmp_path: Path, subset: str, cql2: str
) -> None:
    with counted(service) as counter:
        read = read_with_qgis(counter.base_url, "cameras", subset, tmp_path)
    expected = matching(service, "cameras", filter=cql2)
    assert read["valid"]
    assert read["ids"] == expected
    if int(str(read["version"])) >= FIRST_WITH_CQL2:
        assert all("filter" in query for query in counter.filters())
        assert max(counter.features) == max(10, len(expected))
    else:
        assert not any("filter" in query for query in counter.filters())


def test_qgis_leaves_a_filter_of_time_to_the_service(service: RunningService, tmp_path: Path) -> None:
    start = "2025-10-27T16:00:00Z"
    with counted(service) as counter:
        read = read_with_qgis(counter.base_url, "detections", f"\"detected_at\" >= '{start}'", tmp_path)
    expected = matching(service, "detections", filter=f"detected_at >= TIMESTAMP('{start}')")
    assert read["ids"] == expected
    assert all("datetime" in query or "filter" in query for query in counter.filters())
    # Of a quarter of a million rows no more leave than match, beside the first ten that show the types.
    assert sum(counter.features) <= len(expected) + 10


def test_gdal_leaves_equalities_to_the_service(service: RunningService) -> None:
    with counted(service) as counter:
        done = subprocess.run(
            ["ogr2ogr", "-f", "CSV", "/vsistdout/", f"OAPIF:{counter.base_url}/ogc/collections/cameras",
             "cameras", "-where", "purpose = 'forest' AND mast_height_m > 20", "-oo", "PAGE_SIZE=1000"],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    expected = matching(service, "cameras", filter="purpose = 'forest' AND mast_height_m > 20")
    assert len(done.stdout.splitlines()) == len(expected) + 1
    assert any("purpose" in query or "filter" in query for query in counter.filters())
    assert counter.features[-1] <= len(matching(service, "cameras", purpose="forest"))
