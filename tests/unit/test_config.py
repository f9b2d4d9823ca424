"""Settings: the file states every default, and a mistake is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gis_core.config import Settings, get_settings
from gis_core.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "config.yml"


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUEGIS_CONFIG", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_config_yml_states_every_setting_with_its_default() -> None:
    defaults = Settings().model_dump(mode="json")
    stated = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    # A solution states what is its own; what all have in common stands once above them.
    solutions = Settings(solutions=stated["solutions"]).model_dump(mode="json")["solutions"]
    assert stated | {"solutions": solutions} == defaults


def test_every_block_of_config_yml_is_commented() -> None:
    """Whoever opens the file reads what a setting is for without opening the code."""
    blocks = CONFIG.read_text(encoding="utf-8").strip().split("\n\n")
    assert [block for block in blocks if "#" not in block] == []


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUEGIS_CONFIG", str(CONFIG))
    monkeypatch.setenv("HUEGIS_PORT", "9090")
    monkeypatch.setenv("HUEGIS_OGC_API__MAX_LIMIT", "50")
    settings = get_settings()
    assert settings.port == 9090
    assert settings.ogc_api.max_limit == 50


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HUEGIS_PORT", "eighty", "port"),
        ("HUEGIS_PORT", "70000", "port"),
        ("HUEGIS_OGC_API__MAX_LIMIT", "0", "ogc_api.max_limit"),
        ("HUEGIS_OGC_API__TYPO", "1", "ogc_api.TYPO"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"(?i){said}"):
        get_settings()


def test_a_misspelt_setting_in_the_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("prot: 8080\n")
    with pytest.raises(ConfigError, match="prot"):
        get_settings()


def test_a_broken_file_and_a_missing_one_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("port: [8080\n")
    with pytest.raises(ConfigError, match="YAML"):
        get_settings()
    monkeypatch.setenv("HUEGIS_CONFIG", "nowhere.yml")
    with pytest.raises(ConfigError, match=r"nowhere\.yml"):
        get_settings()


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "http://127.0.0.1:8080"), ("::1", "http://[::1]:8080")]
)
def test_the_address_of_the_service_is_a_url(host: str, address: str) -> None:
    assert Settings(host=host).base_url == address


@pytest.mark.parametrize(
    ("enabled", "database_url", "wanted"),
    [
        (None, None, True),
        (None, "postgresql://their/own", False),
        ("true", "postgresql://their/own", True),
        ("false", None, False),
    ],
)
def test_the_sample_goes_into_a_database_of_the_users_own_only_when_told(
    monkeypatch: pytest.MonkeyPatch, enabled: str | None, database_url: str | None, wanted: bool
) -> None:
    for name, value in (("HUEGIS_SAMPLE__ENABLED", enabled), ("HUEGIS_DATABASE_URL", database_url)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert get_settings().wants_sample is wanted
