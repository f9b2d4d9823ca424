"""A layer that is added by command is served by every process at once, in every form, and goes as it came."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import Place, RunningService, serving
from tests.editing import EDITING_SETTINGS, EDITOR

WITHIN_S = 30
"""Generous, for a busy machine; the door of each process looks every second."""
SCHOOLS = (
    "Mã trường,Tên trường,Số học sinh,lon,lat\n"
    "T1,Trường Quốc Học,1500,107.583,16.459\nT2,Hai Bà Trưng,1400,107.59,16.462\n"
)
TILE = "/ogc/collections/schools/tiles/WebMercatorQuad/12/1858/3272"


@pytest.fixture
def workers(place: Place) -> Iterator[list[RunningService]]:
    """Two processes over one database."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(place, **EDITING_SETTINGS)) for _ in range(2)]


def huegis(place: Place, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    done = subprocess.run(
        [sys.executable, "-m", "gis_core", *arguments],
        env=environment | place.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def everywhere(
    workers: list[RunningService], path: str, wanted: Callable[[httpx.Response], bool]
) -> httpx.Response:
    """The answer of the last worker once all give the wanted one, and from then on always."""
    for worker in workers:
        deadline = time.monotonic() + WITHIN_S
        while not wanted(answer := httpx.get(f"{worker.base_url}{path}", timeout=30)):
            assert time.monotonic() < deadline, answer.text[:300]
            assert answer.status_code < 500, answer.text
            time.sleep(0.1)
    return answer


def is_(status: int) -> Callable[[httpx.Response], bool]:
    return lambda answer: answer.status_code == status


def test_a_layer_comes_changes_and_goes_in_every_process(
    workers: list[RunningService], place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "schools.csv"
    file.write_text(SCHOOLS, encoding="utf-8")
    everywhere(workers, "/ogc/collections/schools", is_(404))
    huegis(
        place, "layers", "add", str(file), "--name", "schools",
        "--title-vi", "Trường học", "--title-en", "Schools",
        "--id-column", "Mã trường", "--color", "#1565c0",
    )  # fmt: skip
    everywhere(workers, "/ogc/collections/schools", is_(200))
    for worker in workers:
        _is_served_in_every_form(worker.base_url)
        _is_edited(worker.base_url)

    huegis(place, "layers", "change", "schools", "--title-en", "All schools", "--color", "#ff0000")
    everywhere(
        workers, "/ogc/collections/schools?lang=en", lambda answer: answer.json()["title"] == "All schools"
    )
    everywhere(workers, "/ogc/styles/schools?f=sld11", lambda answer: "#ff0000" in answer.text)

    file.write_text("Mã trường,Cấp,lon,lat\nT9,3,107.5,16.5\n", encoding="utf-8")
    huegis(place, "layers", "change", "schools", "--file", str(file))
    everywhere(
        workers, "/ogc/collections/schools/items",
        lambda answer: [one["id"] for one in answer.json()["features"]] == ["T9"],
    )  # fmt: skip
    everywhere(workers, "/ogc/collections/schools/queryables?f=json", lambda answer: "cap" in answer.text)
    everywhere(workers, TILE, is_(204))

    huegis(place, "layers", "remove", "schools", "--yes")
    for path in ("", "/items", "/schema", "/tiles"):
        everywhere(workers, f"/ogc/collections/schools{path}", is_(404))
    everywhere(workers, TILE, is_(404))
    everywhere(workers, "/ogc/styles/schools", is_(404))
    for worker in workers:
        listed = httpx.get(f"{worker.base_url}/ogc/collections?f=json", timeout=30).json()["collections"]
        assert "schools" not in {one["id"] for one in listed}
        assert "schools" not in httpx.get(f"{worker.base_url}/ogc/openapi?f=json", timeout=30).json()["paths"]


def _is_served_in_every_form(base_url: str) -> None:
    def get(path: str, **parameters: str) -> httpx.Response:
        answer = httpx.get(f"{base_url}{path}", params=parameters, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        return answer

    listed = get("/ogc/collections", f="json").json()["collections"]
    assert "schools" in {one["id"] for one in listed}
    page = get(
        "/ogc/collections/schools/items", filter="ten_truong LIKE 'Trường%'", sortby="-so_hoc_sinh"
    ).json()
    assert [one["id"] for one in page["features"]] == ["T1"]
    assert get("/ogc/collections/schools/items/T2").json()["properties"]["so_hoc_sinh"] == 1400
    assert get("/ogc/collections/schools/items", so_hoc_sinh="1500").json()["numberMatched"] == 1
    schema = get("/ogc/collections/schools/schema", f="json").json()["properties"]
    assert schema["so_hoc_sinh"]["title"] == "Số học sinh"
    assert "ten_truong" in get("/ogc/collections/schools/sortables", f="json").json()["properties"]
    assert get(TILE).content
    for form in ("qml", "sld11", "mbs"):
        assert "#1565c0" in get("/ogc/styles/schools", f=form).text or form == "qml"
    assert "hue-layer-schools" in get("/qgis/hue.qgs").text
    assert "/collections/schools/items" in get("/ogc/openapi", f="json").json()["paths"]
    for page_path in ("", "/ogc/collections", "/ogc/collections/schools", "/ogc/collections/schools/items"):
        html = httpx.get(f"{base_url}{page_path or '/'}", headers={"Accept": "text/html"}, timeout=30)
        assert html.status_code == 200
        assert "Trường học" in html.text, page_path


def _is_edited(base_url: str) -> None:
    """Whoever may edit the declared layers may edit this one."""
    items = f"{base_url}/ogc/collections/schools/items"
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [107.5, 16.4]},
        "properties": {"ten_truong": "Mới", "so_hoc_sinh": 1},
    }
    headers = {"Content-Type": "application/geo+json"}
    assert httpx.post(items, json=feature, headers=headers, timeout=30).status_code == 401
    made = httpx.post(items, json=feature, headers=headers, auth=EDITOR, timeout=30)
    assert made.status_code == 201, made.text
    wrong = {**feature, "properties": {"so_hoc_sinh": "many"}}
    assert (
        httpx.put(made.headers["location"], json=wrong, headers=headers, auth=EDITOR, timeout=30).status_code
        == 422
    )
    assert httpx.delete(made.headers["location"], auth=EDITOR, timeout=30).status_code == 204
