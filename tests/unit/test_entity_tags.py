"""Entity tags: another form has another tag, and both name one version."""

from __future__ import annotations

import pytest

from ogc_api.entity_tags import entity_tag, is_same, versions_in

VI, EN = entity_tag("0af3", "http://a", "vi"), entity_tag("0af3", "http://a", "en")


def test_forms_differ_and_versions_do_not() -> None:
    assert VI != EN
    assert VI.startswith('"0af3.')
    assert versions_in(VI) == versions_in(EN) == {"0af3"}


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", "any"),
        (' "a.1" , "b.2"', {"a", "b"}),
        ('W/"a.1"', set()),
        ('W/"a.1", "b.2"', {"b"}),
        ("a.1", set()),
        ("", set()),
        ('"', set()),
    ],
)
def test_what_if_match_names(header: str | None, versions: object) -> None:
    assert versions_in(header) == versions


def test_what_a_client_has_already() -> None:
    assert is_same(VI, VI)
    assert is_same(f'"x", W/{VI}', VI)
    assert is_same("*", VI)
    assert not is_same(EN, VI)
    assert not is_same(None, VI)
    assert not is_same("", VI)
