"""The one-tap link says whose credits and how much, for seven days, and nobody else can make one."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing

from khata.notices import one_tap
from khata.notices.one_tap import VALID_FOR, OneTap, OneTapLinkInvalid, one_tap_address, read_one_tap
from khata.tenancy.models import Organisation


def link_in(address: str) -> str:
    (link,) = parse_qs(urlsplit(address).query)["link"]
    return link


def test_a_link_says_what_was_put_in(organisation: Organisation) -> None:
    tap = OneTap(organisation.id, 123_450)
    assert read_one_tap(link_in(one_tap_address(tap))) == tap


def test_a_link_ends_after_seven_days(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_in(one_tap_address(OneTap(organisation.id, 100_000)))
    assert timedelta(days=7) == VALID_FOR
    monkeypatch.setattr(one_tap, "VALID_FOR", timedelta(seconds=-1))
    with pytest.raises(OneTapLinkInvalid):
        read_one_tap(link)


def test_a_link_that_was_altered_is_none(organisation: Organisation) -> None:
    link = link_in(one_tap_address(OneTap(organisation.id, 100_000)))
    other = link_in(one_tap_address(OneTap(organisation.id, 900_000)))
    spliced = other.split(":")[0] + ":" + link.split(":", 1)[1]
    for wrong in ("", "x", link[:-1], spliced):
        with pytest.raises(OneTapLinkInvalid):
            read_one_tap(wrong)


def test_what_was_signed_for_something_else_is_no_link() -> None:
    with pytest.raises(OneTapLinkInvalid):
        read_one_tap(signing.dumps(["org_0000000000001", 1], salt="something else"))
