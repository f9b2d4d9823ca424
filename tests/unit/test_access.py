"""Who is asking, and who has guessed too often."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gis_core.access import READER, Doorkeeper, digest_of, new_token
from gis_core.access_settings import Access, Account
from gis_core.commands.access import access
from gis_core.errors import NotAuthenticatedError, TooManyFailuresError

TOKEN = "a token of the civil defence"  # noqa: S105 - opens a door in these tests alone
ACCESS = Access(
    accounts={
        "civil": Account(sha256=digest_of(TOKEN)),
        "roads": Account(sha256=digest_of("mật khẩu"), roles=("roads", "editor")),
    },
    max_failures=3,
    failure_window_s=60,
)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def basic(name: str, token: str) -> str:
    return f"Basic {b64encode(f'{name}:{token}'.encode()).decode()}"


def test_the_digest_is_sha_256() -> None:
    # FIPS 180-2, appendix B.1.
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_tokens_are_long_and_differ() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43  # 256 bits in base64


def test_whoever_says_nothing_reads() -> None:
    assert Doorkeeper(ACCESS).who(None, "192.0.2.1") == READER


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (f"Bearer {TOKEN}", "civil"),
        (f"bearer {TOKEN}", "civil"),
        (basic("civil", TOKEN), "civil"),
        (basic("roads", "mật khẩu"), "roads"),
    ],
)
def test_an_account_is_known_by_its_token(header: str, name: str) -> None:
    asker = Doorkeeper(ACCESS).who(header, "192.0.2.1")
    assert asker.name == name
    assert asker.roles == set(ACCESS.accounts[name].roles)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        TOKEN,
        f"Digest {TOKEN}",
        basic("roads", TOKEN),
        basic("civil", ""),
        basic("", TOKEN),
        "Basic §§§",
        "Basic /w==",
        basic("civil", TOKEN) + "=x",
    ],
)
def test_other_credentials_are_nobody(header: str) -> None:
    with pytest.raises(NotAuthenticatedError, match="not one of those"):
        Doorkeeper(ACCESS).who(header, "192.0.2.1")


@given(st.text())
def test_no_header_passes_by_chance(header: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        Doorkeeper(ACCESS).who(header, "192.0.2.1")


def test_whoever_guesses_too_often_waits() -> None:
    clock = Clock()
    keeper = Doorkeeper(ACCESS, clock)
    for _ in range(3):
        with pytest.raises(NotAuthenticatedError):
            keeper.who("Bearer wrong", "192.0.2.1")
        clock.now_s += 10
    with pytest.raises(TooManyFailuresError) as refused:
        keeper.who(f"Bearer {TOKEN}", "192.0.2.1")
    assert refused.value.retry_after_s == pytest.approx(30)
    assert keeper.who(f"Bearer {TOKEN}", "192.0.2.2").name == "civil"
    assert keeper.who(None, "192.0.2.1") == READER
    clock.now_s += 30
    assert keeper.who(f"Bearer {TOKEN}", "192.0.2.1").name == "civil"


def test_one_ipv6_subscriber_has_many_addresses_and_one_count() -> None:
    keeper = Doorkeeper(ACCESS, Clock())
    for host in range(3):
        with pytest.raises(NotAuthenticatedError):
            keeper.who("Bearer wrong", f"2001:db8:1:2::{host:x}")
    with pytest.raises(TooManyFailuresError):
        keeper.who("Bearer wrong", "2001:db8:1:2:ffff::1")
    with pytest.raises(NotAuthenticatedError):
        keeper.who("Bearer wrong", "2001:db8:1:3::1")


def test_good_credentials_do_not_count() -> None:
    keeper = Doorkeeper(ACCESS, Clock())
    for _ in range(10):
        assert keeper.who(f"Bearer {TOKEN}", "192.0.2.1").name == "civil"


def test_the_command_makes_a_token_and_the_line_that_lets_it_in() -> None:
    said = CliRunner().invoke(access, ["token", "civil", "--role", "editor", "--role", "roads"]).output
    made = re.search(r"Token, shown this once: (\S+)", said)
    line = said.rstrip().splitlines()[-1]
    assert made is not None
    settings = Access(accounts=yaml.safe_load(line))
    asker = Doorkeeper(settings).who(f"Bearer {made[1]}", "192.0.2.1")
    assert asker == ("civil", {"editor", "roads"})


def test_a_name_that_the_settings_would_refuse_gets_no_token() -> None:
    for arguments in (["a b"], ["x:y"], ["civil", "--role", "{}"]):
        assert CliRunner().invoke(access, ["token", *arguments]).exit_code == 2
