"""The catalogue finds what people type, with and without accents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.config import get_settings
from gis_core.errors import InvalidParameterError
from layers.processes.registry import PROCESSES
from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES
from ogc_api.facts import Facts
from ogc_api.records.entries import entries, folded
from ogc_api.records.searching import Page, find, read_wanted


def search(**asked: str) -> Page:
    return find(read_wanted(asked), get_settings(), lambda name: Facts())


def found(**asked: str) -> list[str]:
    return [entry.id for entry in search(**asked).found]


def test_everything_is_listed_once() -> None:
    listed = [entry.id for entry in entries()]
    assert len(set(listed)) == len(listed) == len({*LAYERS, *SURFACES, *PROCESSES}) + len(STYLES)


def test_accents_and_capitals_do_not_matter() -> None:
    for asked in ("mật độ phương tiện", "mat do phuong tien", "MẬT  ĐỘ\tPhương tiện"):
        assert found(q=asked, type="dataset")[:2] == ["vehicle-density", "network-density"]
    # A letter with its marks apart, as some keyboards write it.
    assert found(q="lu\u0303") == found(q="lũ")


def test_short_syllables_are_whole_and_longer_words_may_go_on() -> None:
    assert "flood-risk" in found(q="lũ", limit="100")
    assert "vehicle-density" in found(q="traff")
    assert "vehicle-density" not in found(q="tra")
    assert set(found(q="flood", limit="100")) >= set(found(q="flooding", limit="100"))
    assert not found(q="loods")


def test_a_comma_is_or_and_a_space_is_beside() -> None:
    either = set(found(q="camera,lũ", limit="100"))
    assert either == set(found(q="camera", limit="100")) | set(found(q="lũ", limit="100"))
    assert not found(q="lũ camera xyz")


def test_a_title_goes_before_a_description() -> None:
    assert found(q="phường")[0] == "wards"


def test_the_other_parameters() -> None:
    assert found(ids="cameras,flood-risk,nothing") == ["cameras", "flood-risk"]
    assert found(externalIds="postgis:gis.cameras") == ["cameras"]
    assert found(externalIds="flood-risk") == ["flood-risk"]
    assert {entry.kind for entry in search(type="style", limit="1000").found} == {"style"}
    assert not found(bbox="10,50,11,51")
    assert found(bbox="107,16,0,108,17,9") == found()
    assert found(bbox="170,-90,-170,90") == []
    assert found(q="", bbox="", datetime="", ids="") == found()


def test_paging_shows_every_record_once() -> None:
    every, offset = [], 0
    while True:
        page = search(limit="7", offset=str(offset))
        every += [entry.id for entry in page.found]
        if page.next_offset is None:
            break
        offset = page.next_offset
    assert every == [entry.id for entry in entries()]
    assert search(offset="7", limit="7").previous_offset == 0
    assert search(offset="100000").found == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "nothing"), ("limit", "0"), ("limit", "x"), ("offset", "-1"), ("offset", "1e3"),
        ("bbox", "1,2"), ("bbox", "0,5,1,4"), ("datetime", "yesterday"), ("q", ",".join("a" * 51)),
        ("q", "a" * 201), ("offset", "9999999"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        read_wanted({name: value})


@given(st.text(max_size=100))
def test_folding_again_changes_nothing(text: str) -> None:
    once = folded(text)
    assert folded(once) == once


@given(st.text(max_size=60))
def test_any_text_can_be_looked_for(text: str) -> None:
    if len(text.split(",")) <= 50:
        assert search(q=text).matched <= len(list(entries()))
