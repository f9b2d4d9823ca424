"""The frame of a map: heading, time, legend and tables around what folium draws."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

import folium
from branca.element import Figure
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gis_core import __version__
from gis_core.time import LOCAL_ZONE, Window, local_text, parse_duration
from gis_core.types import Text
from layers.raster import Band, SurfaceRecord
from maps import texts
from maps.request import Ask
from maps.words import Language, fill, number, other, pick

Shape = Literal["dot", "square", "line", "area"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: what is drawn so, and what it means."""

    label: Text
    color: str
    shape: Shape = "dot"
    size_px: float = 7.0
    opacity: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """A group of a legend, with a remark beneath it where one is needed."""

    title: Text
    entries: tuple[Entry, ...]
    remark: Text | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A small table beside the map: the same facts for those who do not see it."""

    title: Text
    headings: tuple[Text, ...]
    rows: tuple[tuple[Text | str, ...], ...]


@dataclass(frozen=True)
class MapPage:
    """One map, ready to be put on a page."""

    name: str
    title: Text
    lead: Text
    window: Window | None
    map: folium.Map
    legends: tuple[Legend, ...]
    tables: tuple[Table, ...] = ()
    remarks: tuple[Text, ...] = ()
    simulated: bool = False


def surface_legend(band: Band) -> Legend:
    """The legend of a surface's band, from its steps; a unit such as 1/km² stands in the title already."""
    title = band.title
    if not band.unit.startswith("1"):
        title = fill(Text("{title} ({unit})", "{title} ({unit})"), title=title, unit=band.unit)
    return Legend(title, tuple(Entry(stop.label, stop.color, "area") for stop in band.stops))


def is_of_time(record: SurfaceRecord, shown: Window | None) -> bool:
    """Whether a surface tells of the time that a map shows; another day's would belie the rest of it."""
    return shown is not None and shown.start < record.window.end <= shown.end


def surface_remark(title: Text, record: SurfaceRecord | None, shown: Window | None) -> Text:
    """When and for which time a surface was computed, or that it was not."""
    if record is None:
        return texts.surface_missing(title)
    return texts.surface_built(title, record, of_another_time=not is_of_time(record, shown))


def render_map(
    page: MapPage,
    ask: Ask,
    *,
    root: str,
    standalone: bool = False,
    linked: Collection[str] = tuple(texts.MAP_TITLES),
) -> str:
    """The whole page of a map.

    Args:
        page: what to show.
        ask: what was asked for; its language is that of all texts.
        root: relative way to where ``static`` and ``assets`` lie, ending in a slash or empty.
        standalone: whether it will be opened from a folder, without the service.
        linked: names of the maps that it links to.
    """
    figure = page.map.get_root()
    if not isinstance(figure, Figure):
        raise TypeError("a folium map stands in a figure")
    figure.render()
    # Scripts and styles of the header would come from other hosts; the frame loads the installed ones.
    return render(
        "map.html",
        ask.language,
        root=root,
        standalone=standalone,
        page=page,
        ask=ask,
        map_html=Markup(figure.html.render()),  # noqa: S704  folium's own element, without outside text
        map_script=Markup(figure.script.render()),  # noqa: S704  every outside text in it went through tojson
        map_name=page.map.get_name(),
        map_words={name: pick(text, ask.language) for name, text in _MAP_WORDS.items()},
        linked=linked,
        query=lambda language: _query(ask, language),
    )


_MAP_WORDS = {
    "zoomIn": texts.ZOOM_IN,
    "zoomOut": texts.ZOOM_OUT,
    "layers": texts.LAYERS,
    "close": texts.CLOSE,
    "map": texts.MAP_OF,
    "origin": texts.ORIGIN,
    "originNone": texts.ORIGIN_NONE,
    "originCamera": texts.ORIGIN_CAMERA,
    "originFailed": texts.ORIGIN_FAILED,
}


def _query(ask: Ask, language: Language) -> str:
    """The page's own query in another language."""
    values: dict[str, str] = {"lang": language}
    if ask.at is not None:
        values["at"] = ask.at.isoformat()
    if ask.window is not None:
        values["window"] = f"{ask.window.total_seconds() / 60:g}min"
    return urlencode(values)


def render(template: str, language: Language, **values: Any) -> str:
    """A template of this package in a language; ``t`` in it says a text in that language."""
    return (
        environment()
        .get_template(template)
        .render(
            lang=language,
            t=lambda text: pick(text, language),
            o=lambda text: other(text, language),
            texts=texts,
            version=__version__,
            **values,
        )
    )


@cache
def environment() -> Environment:
    """The templates, every value in them escaped."""
    made = Environment(
        loader=PackageLoader("maps"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["local"] = local_text
    made.filters["number"] = number
    made.filters["duration"] = parse_duration
    made.filters["local_input"] = lambda instant: instant.astimezone(LOCAL_ZONE).strftime("%Y-%m-%dT%H:%M")
    return made
