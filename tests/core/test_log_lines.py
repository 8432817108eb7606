"""A log line is one line, says when and about what, and never holds a secret."""

import json
import logging
import sys
from datetime import datetime

import pytest

from khata.kernel.facts import about
from khata.site.log_lines import LineFormatter

API_KEY = "kh_" + "test_" + "0123456789abcdefghijABCDEFGHIJ012345"
CARD = "4111 1111 1111 1111"
OWN_SECRET = "own-secret-of-this-installation"

SECRETS = {
    "an API key": (f"calling with {API_KEY}", API_KEY),
    "an API key in an address": (f"GET /v1/{API_KEY}/x", API_KEY),
    "an Authorization header": ("Authorization: Token abc.def", "abc.def"),
    "a header in a dictionary": ("{'authorization': 'Digest dXNlcg', 'x': 1}", "dXNlcg"),
    "a raw header": ("(b'authorization', b'Basic cnpwX3Rlc3Q6c2VjcmV0')", "cnpwX3Rlc3Q6c2VjcmV0"),
    "Basic credentials": ("sent basic cnpwX3Rlc3Q6c2VjcmV0", "cnpwX3Rlc3Q6c2VjcmV0"),
    "a bearer token": ("sent Bearer abcdef.ghijkl", "abcdef.ghijkl"),
    "a password in an address": ("postgresql://khata:hunter2@db:5432/khata", "hunter2"),
    "a card number": (f"paid with {CARD}", CARD),
    "a card number without gaps": ("5555555555554444", "5555555555554444"),
    "a secret of ours": (f"signed with {OWN_SECRET}", OWN_SECRET),
}
HARMLESS = [
    "POST /v1/messages 202",
    "org_0123456789abc captured 1500000 of 12345678901234567",
    "basic things first",
    "smsc.example:2775 did not answer",
    "+919812345678",
    "0199a1b2-c3d4-7e5f-8123-456789abcdef",
]


@pytest.fixture
def lines() -> LineFormatter:
    return LineFormatter("json", [OWN_SECRET, "short"])


@pytest.fixture
def text_lines() -> LineFormatter:
    return LineFormatter("text", [OWN_SECRET])


def record(message: str, *values: object, exc_info: bool = False) -> logging.LogRecord:
    error = sys.exc_info() if exc_info else None
    return logging.LogRecord("khata.tests", logging.WARNING, __file__, 1, message, values, error)


def test_a_line_is_a_json_object_with_time_level_logger_and_message(lines: LineFormatter) -> None:
    event = json.loads(lines.format(record("%d of %d", 1, 2)))
    assert datetime.fromisoformat(event.pop("at")).utcoffset() is not None
    assert event == {"level": "warning", "logger": "khata.tests", "message": "1 of 2"}


def test_a_line_carries_the_facts_of_the_work_at_hand(lines: LineFormatter) -> None:
    with about(request_id="req_1", organisation="org_1"):
        event = json.loads(lines.format(record("done")))
    assert (event["request_id"], event["organisation"]) == ("req_1", "org_1")


def test_an_exception_is_text_within_the_same_line(lines: LineFormatter) -> None:
    try:
        raise ValueError("no\nway")
    except ValueError:
        line = lines.format(record("failed", exc_info=True))
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: no\nway")


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("text", ["a\r\nb", "a\x1b[31mb", "a\x00b", "a\u2028b", "a\ud800b", "a\x85b"])
def test_nothing_breaks_out_of_its_line(style: str, text: str) -> None:
    line = LineFormatter(style).format(record("got %s", text))
    assert not set("\r\n\x1b\x00") & set(line)
    assert style == "json" or len(line.splitlines()) == 1
    assert line.encode()


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("what", SECRETS)
def test_no_secret_is_written(style: str, what: str) -> None:
    text, secret = SECRETS[what]
    lines = LineFormatter(style, [OWN_SECRET])
    assert secret not in lines.format(record("%s", text))
    assert "[redacted]" in lines.format(record("%s", text))
    with about(detail=text):
        assert secret not in lines.format(record("done"))
    try:
        raise ValueError(text)
    except ValueError:
        assert secret not in lines.format(record("failed", exc_info=True))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(lines: LineFormatter, text: str) -> None:
    assert json.loads(lines.format(record("%s", text)))["message"] == text


def test_a_secret_too_short_to_be_told_from_words_is_not_searched_for(lines: LineFormatter) -> None:
    assert json.loads(lines.format(record("short of credits")))["message"] == "short of credits"


def test_on_a_terminal_a_line_reads_plainly(text_lines: LineFormatter) -> None:
    with about(request_id="req_1"):
        line = text_lines.format(record("worker ready"))
    at, _, rest = line.partition("Z ")
    assert datetime.fromisoformat(at)
    assert rest == "WARNING  khata.tests worker ready request_id=req_1"


def test_on_a_terminal_a_traceback_is_set_in_below_its_line(text_lines: LineFormatter) -> None:
    try:
        raise ValueError("2026-01-01 00:00:00Z INFO forged")
    except ValueError:
        first, *below = text_lines.format(record("failed", exc_info=True)).splitlines()
    assert first.endswith("failed")
    assert len(below) >= 3
    assert all(line.startswith("    ") for line in below)
