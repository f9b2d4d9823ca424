"""The pages in a real Chromium: they draw, they fit a phone, they ask no other host, they trust no text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from shapely import Point

from gis_core.config import get_settings
from gis_core.db import writing
from layers.registry import LAYERS
from layers.store import load
from maps.export import export_maps
from maps.request import Ask

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed; on Debian or Ubuntu: apt-get install chromium"
)

SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
MAPS = ("fire", "traffic", "flood", "all")
IN_SIGHT_ON_MAPS = ("h1", ".time time", ".heading .simulated", ".map", "#legend", ".legend li >> nth=0")
EVIL = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Watch:
    """What a page did besides drawing."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@contextmanager
def opened(browser: Browser, address: str, size: str = "desktop") -> Iterator[tuple[Page, Watch]]:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="vi-VN")
    watch = Watch(page)
    try:
        page.goto(address, wait_until="networkidle")
        yield page, watch
    finally:
        page.close()


def click_on(page: Page, drawn: Locator) -> None:
    """Click on a line or a shape itself; the middle of its box may lie beside it."""
    x, y = drawn.evaluate(
        """path => {
            const half = path.getPointAtLength(path.getTotalLength() / 2);
            const at = half.matrixTransform(path.getScreenCTM());
            return [at.x, at.y];
        }"""
    )
    page.mouse.click(x, y)


def open_layer_control(page: Page) -> None:
    """Move onto the control, which opens under the pointer and then covers its own button."""
    box = page.locator(".leaflet-control-layers").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".leaflet-control-layers-expanded").wait_for()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["", *(f"maps/{name}" for name in MAPS)])
def test_a_page_opens_quietly_fits_and_stays_at_home(
    browser: Browser, service: Any, path: str, size: str
) -> None:
    width, height = SIZES[size]
    with opened(browser, f"{service.base_url}/{path}", size) as (page, watch):
        assert watch.complaints == []
        strangers = [url for url in watch.requests if not url.startswith((service.base_url + "/", "data:"))]
        assert strangers == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.fonts.check('1rem \"Be Vietnam Pro\"', 'Thừa Thiên-Huế')")
        for part in IN_SIGHT_ON_MAPS if path else ("h1", ".hero .simulated"):
            box = page.locator(part).bounding_box()
            assert box is not None, part
            assert 0 <= box["y"] < height, part
        if path:
            assert re.fullmatch(r"\d\d:\d\d \d\d-\d\d-\d{4}", page.locator(".time time").inner_text())


@pytest.mark.parametrize("name", MAPS)
def test_features_open_their_popup_and_layers_switch(browser: Browser, service: Any, name: str) -> None:
    pane = "lines" if name == "traffic" else "points"
    with opened(browser, f"{service.base_url}/maps/{name}") as (page, watch):
        click_on(page, page.locator(f".leaflet-{pane}-pane path.leaflet-interactive").last)
        popup = page.locator(".leaflet-popup .popup")
        popup.wait_for()
        assert popup.locator("h2").inner_text()
        assert popup.locator("dt").count() >= 2
        assert popup.locator(".simulated").is_visible()
        open_layer_control(page)
        boxes = page.locator(".leaflet-control-layers-overlays input")
        shown = page.locator(".leaflet-map-pane path, .leaflet-map-pane canvas.picture")
        for index in range(boxes.count()):
            boxes.nth(index).uncheck()
        assert shown.count() == 0
        for index in range(boxes.count()):
            boxes.nth(index).check()
        assert shown.count() > 10
        assert watch.complaints == []


def test_gauges_say_their_stage_and_alarm_on_the_map(browser: Browser, service: Any) -> None:
    with opened(browser, f"{service.base_url}/maps/flood?at=2025-10-27T20:00") as (page, _):
        labels = page.locator(".leaflet-tooltip.label").all_inner_texts()
        assert any(re.fullmatch(r"Kim Long \d,\d\d m – trên BĐ3 \d,\d\d m", label) for label in labels)


def test_unobserved_segments_are_grey_and_say_so(browser: Browser, service: Any) -> None:
    with opened(browser, f"{service.base_url}/maps/traffic") as (page, _):
        grey = page.locator('.leaflet-lines-pane path[stroke="#9aa0a6"]')
        assert grey.count() > 0
        inside = grey.evaluate_all(
            """(paths) => paths.findIndex((path) => {
                const half = path.getPointAtLength(path.getTotalLength() / 2);
                const at = half.matrixTransform(path.getScreenCTM());
                return document.elementFromPoint(at.x, at.y) === path; })"""
        )
        click_on(page, grey.nth(inside))
        assert "Không quan sát" in page.locator(".leaflet-popup dd").all_inner_texts()


def test_the_other_language_keeps_the_time(browser: Browser, service: Any) -> None:
    with opened(browser, f"{service.base_url}/maps/flood?at=2025-10-27T20:00") as (page, _):
        page.locator(".languages a[hreflang=en]").click()
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator(".time time").inner_text() == "20:00 27-10-2025"


def test_the_form_asks_for_another_time(browser: Browser, service: Any) -> None:
    with opened(browser, f"{service.base_url}/maps/flood") as (page, watch):
        page.locator("input[name=at]").fill("2025-10-26T06:00")
        page.locator("select[name=window]").select_option("6h")
        page.locator(".when button").click()
        assert page.locator(".time time").inner_text() == "06:00 26-10-2025"
        assert page.locator("select[name=window]").input_value() == "6h"
        assert watch.complaints == []


def test_the_keyboard_reaches_content_and_map(browser: Browser, service: Any) -> None:
    with opened(browser, f"{service.base_url}/maps/fire") as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
        assert page.locator(".folium-map").get_attribute("tabindex") == "0"


def put_evil_camera() -> None:
    common = {"origin": EVIL, "simulated": True}
    camera = common | {
        "code": EVIL, "name": EVIL, "owner_agency": EVIL, "purpose": "forest", "mast_height_m": 8.0,
        "azimuth_deg": 0.0, "tilt_deg": 5.0, "field_of_view_deg": 60.0, "range_m": 5000.0,
        "frame_interval_s": 60.0, "ai_solutions": [EVIL], "status": "active",
    }  # fmt: skip
    seen = common | {
        "detected_at": datetime(2025, 10, 27, tzinfo=UTC), "camera_code": EVIL, "subject": "forest_fire",
        "class_name": EVIL, "status": "suspected", "steward_agency": EVIL, "origin_key": "1",
    }  # fmt: skip
    gauge = common | {"code": "G", "name": EVIL, "river": EVIL, "datum": EVIL}
    with writing() as connection:
        for name, row in (("cameras", camera), ("detections", seen), ("river_gauges", gauge)):
            frame = gpd.GeoDataFrame(
                {key: [value] for key, value in row.items()}, geometry=[Point(107.58, 16.46)], crs=4326
            )
            load(connection, LAYERS[name], frame)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", ["fire", "flood", "all"])
def test_an_exported_map_opens_from_a_folder_and_shows_evil_names_as_text(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    put_evil_camera()
    (file,) = export_maps(tmp_path / "maps", [name], get_settings(), Ask())
    with opened(browser, file.as_uri()) as (page, watch):
        assert watch.complaints == []
        assert all(url.startswith((tmp_path.as_uri(), "data:")) for url in watch.requests)
        click_on(page, page.locator(".leaflet-points-pane path.leaflet-interactive").last)
        popup = page.locator(".leaflet-popup .popup")
        popup.wait_for()
        assert EVIL in popup.inner_text()
        if name == "flood":
            assert EVIL in page.locator(".leaflet-tooltip.label").inner_text()
            assert EVIL in page.locator("table").first.inner_text()
        assert page.locator("img[onerror]").count() == 0
        assert watch.dialogs == []
        assert watch.complaints == []
