"""The data dictionary: complete, bilingual, and the same in every form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from layers.dictionary import DictionaryError, Term, terms, to_csv, to_json, to_markdown, write_dictionary
from layers.observed_properties import OBSERVED_PROPERTIES
from layers.registry import LAYERS, SURFACES


def test_every_column_and_band_is_in_it_once_with_both_meanings() -> None:
    found = list(terms())
    keys = [(term.layer, term.column) for term in found]
    assert len(set(keys)) == len(keys)
    expected = {
        (layer.name, column.name)
        for layer in LAYERS.values()
        for column in (layer.id_column, *layer.properties, layer.geometry_column)
    }
    expected |= {(surface.name, band.name) for surface in SURFACES.values() for band in surface.bands}
    expected |= {("observations", name) for name in OBSERVED_PROPERTIES}
    assert set(keys) == expected
    assert [term for term in found if not (term.meaning_vi and term.meaning_en and term.type)] == []


def test_unit_limits_and_values_are_those_of_the_declaration() -> None:
    found = {(term.layer, term.column): term for term in terms()}
    assert found["cameras", "tilt_deg"] == Term(
        "cameras", "tilt_deg", "number", "deg", "-30", "90", "",
        "Góc nghiêng dưới đường chân trời", "Tilt below the horizon",
    )  # fmt: skip
    assert found["cameras", "status"].values == "active, maintenance, offline"
    assert found["rain_stations", "geom"].type == "point"
    assert found["observations", "temperature_month_c"] == Term(
        "observations", "temperature_month_c", "observed property", "°C", "-30", "50", "",
        "Nhiệt độ trung bình tháng", "Mean temperature of a month",
    )  # fmt: skip


def test_all_forms_say_the_same() -> None:
    said = [list(term) for term in terms()]
    assert list(csv.reader(io.StringIO(to_csv())))[1:] == said
    assert [list(entry.values()) for entry in json.loads(to_json())] == said
    lines = to_markdown().splitlines()
    assert len(lines) == len(said) + 2
    assert {line.count(" | ") for line in lines} == {len(Term._fields) - 1}


@pytest.mark.parametrize("ending", [".csv", ".json", ".md"])
def test_it_is_written_once_and_again_only_when_told(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"dictionary{ending}"
    assert write_dictionary(file) == len(list(terms()))
    assert "Mã camera" in file.read_text(encoding="utf-8")
    with pytest.raises(DictionaryError, match="--overwrite"):
        write_dictionary(file)
    write_dictionary(file, overwrite=True)
    assert list(tmp_path.iterdir()) == [file]


def test_an_unknown_ending_and_a_missing_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match=r"\.csv, \.json, \.md"):
        write_dictionary(tmp_path / "dictionary.xlsx")
    with pytest.raises(DictionaryError, match="cannot be written"):
        write_dictionary(tmp_path / "nowhere" / "dictionary.csv")
