"""What the guide shows works: its tables are read as the carriers file is."""

import re
import tomllib
from typing import Any

import pytest

from khata.carriers.drivers import http, twilio
from khata.carriers.drivers.http.rules import answer_of, rules_of
from khata.carriers.http_session import HttpAnswer
from khata.carriers.port import Accepted, Refused, Unavailable
from khata.carriers.table import Table
from tests.house.project import ROOT

GUIDE = (ROOT / "docs/guide/http-carriers.md").read_text()
TABLES = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)]
TWILIO, INDIA, LINE = TABLES
ANY_SECRET = "0123456789abcdef"
"""Fits whatever a secret must be."""


def table_of(document: dict[str, Any]) -> dict[str, Any]:
    """The one carrier of a document, as its driver is given it."""
    [carrier] = document["carriers"]
    put_in = {key.removesuffix("_env"): ANY_SECRET if key.endswith("_env") else v for key, v in carrier.items()}
    return {key: value for key, value in put_in.items() if key not in ("name", "driver")} | {
        "public_url": "https://credits.example"
    }


def test_the_account_of_the_guide_is_one() -> None:
    settings = twilio.settings_of("twilio", table_of(TWILIO), is_sandbox=False)
    assert settings.status_callback_url == "https://credits.example/callbacks/carriers/twilio/status"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"type": "success", "request_id": "r1"}', Accepted("r1")),
        (200, b'{"type": "error", "code": "107", "message": "Bad"}', Refused("107", "Bad")),
        (200, b'{"type": "error", "code": "302", "message": "Busy"}', Unavailable("302: Busy", is_throttled=True)),
        (503, b"", Unavailable("answered 503", is_throttled=True)),
    ],
)
def test_the_gateway_of_the_guide_is_read_as_it_says(status: int, body: bytes, expected: object) -> None:
    settings = http.settings_of("acme", table_of(INDIA), is_sandbox=False)
    assert answer_of(HttpAnswer(status, body), settings.rules, reference="msg_1") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"OK: 4711", Accepted("4711")), (b"ERR 107: invalid number", Refused("107", "invalid number"))],
)
def test_the_patterns_of_the_guide_are_read_as_they_say(body: bytes, expected: object) -> None:
    rules = rules_of(Table("acme", LINE["carriers"]))
    assert answer_of(HttpAnswer(200, body), rules, reference="msg_1") == expected
