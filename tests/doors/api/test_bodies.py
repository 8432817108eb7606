"""Hostile JSON: refused, without effect, and never as a fault of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from .program import MESSAGE, TO, Program

MEGABYTE = 1_048_576
GOOD = json.dumps(MESSAGE).encode()


def message_with(raw: bytes) -> bytes:
    """The good message and one more member, raw."""
    return GOOD[:-1] + b", " + raw + b"}"


MALFORMED = {
    "nothing": b"",
    "only white space": b" \n\t ",
    "cut short": GOOD[:-5],
    "a byte-order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
    "bad UTF-8": message_with(b'"reference": "\xff"'),
    "a surrogate in UTF-8": message_with(b'"reference": "\xed\xa0\x80"'),
    "NaN": message_with(b'"reference": NaN'),
    "Infinity": message_with(b'"reference": -Infinity'),
    "a repeated name": message_with(b'"body": "Bye"'),
    "a repeated name, escaped": message_with(b'"bo\\u0064y": "Bye"'),
    "a repeated name inside": message_with(b'"metadata": {"a": "1", "a": "2"}'),
    "a raw control character": message_with(b'"reference": "a\x01"'),
    "a trailing comma": GOOD[:-1] + b",}",
    "a comment": GOOD[:-1] + b"/**/}",
    "single quotes": GOOD.replace(b'"', b"'"),
    "two documents": GOOD + GOOD,
    "two lines of JSON": GOOD + b"\n" + GOOD,
    "an array": b"[]",
    "an array of messages": b"[" + GOOD + b"]",
    "a bare string": b'"Hello"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "100 arrays deep": message_with(b'"metadata": ' + b"[" * 100 + b"]" * 100),
    "100 objects deep": message_with(b'"metadata": ' + b'{"a":' * 100 + b"1" + b"}" * 100),
    "5000 deep": message_with(b'"metadata": ' + b"[" * 5_000 + b"]" * 5_000),
    "5000 deep and unclosed": message_with(b'"metadata": ' + b"[" * 5_000)[:-1],
    "5000 deep after an escaped quote": message_with(b'"a": "\\\\\\"", "b": ' + b"[" * 5_000 + b"]" * 5_000),
    "a number of 5000 digits": message_with(b'"reference": ' + b"9" * 5_000),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_body_that_is_not_one_json_object_is_refused(program: Program, what: str) -> None:
    program.refused("POST", 400, "malformed_json", "/v1/messages", content=MALFORMED[what])


WRONG = [
    (b'"organisation_id": 1', "organisation_id", "unknown_field"),
    (b'"id": "msg_1"', "id", "unknown_field"),
    (b'"credits": "0"', "credits", "unknown_field"),
    (b'"status": "delivered"', "status", "unknown_field"),
    (b'"due_at": null', "due_at", "unknown_field"),
    (b'"scheduled_at": 1795449600', "scheduled_at", "wrong_type"),
    (b'"scheduled_at": "tomorrow"', "scheduled_at", "not_a_time"),
    (b'"scheduled_at": "2026-11-25T09:00:00"', "scheduled_at", "not_a_time"),
    (b'"scheduled_at": "9999-12-31T23:59:59-14:00"', "scheduled_at", "too_far_ahead"),
    (b'"": 1', "", "unknown_field"),
    (b'"reference": true', "reference", "wrong_type"),
    (b'"reference": 5', "reference", "wrong_type"),
    (b'"reference": 1e999', "reference", "wrong_type"),
    (b'"reference": ["a"]', "reference", "wrong_type"),
    (b'"from": {}', "from", "wrong_type"),
    (b'"channel": "fax"', "channel", "unsupported"),
    (b'"channel": null', "channel", "wrong_type"),
    (b'"metadata": []', "metadata", "wrong_type"),
    (b'"metadata": "a"', "metadata", "wrong_type"),
    (b'"metadata": {"a": 1}', "metadata", "wrong_type"),
    (b'"metadata": {"a": null}', "metadata", "wrong_type"),
    (b'"metadata": {"a": {"b": "c"}}', "metadata", "wrong_type"),
    (b'"reference": "\\ud800"', "reference", "invalid_text"),
    (b'"reference": "\\udc00\\ud800"', "reference", "invalid_text"),
    (b'"reference": "a\\u0000"', "reference", "invalid_text"),
    (b'"from": "\\u0000"', "from", "invalid_text"),
    (b'"channel": "\\ud800"', "channel", "invalid_text"),
    (b'"metadata": {"a": "\\u0000"}', "metadata", "invalid_text"),
    (b'"metadata": {"\\udc00": "a"}', "metadata", "invalid_text"),
    (b'"a\\ud800": 1', "a\ufffd", "invalid_text"),
]


@pytest.mark.parametrize(("raw", "field", "code"), WRONG, ids=[raw.decode() for raw, _, _ in WRONG])
def test_a_member_that_does_not_belong_there_is_named(program: Program, raw: bytes, field: str, code: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=message_with(raw))
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("to", [True, False, None, 919812345678, 9.19812345678e11, [TO], {"to": TO}])
def test_a_recipient_that_is_no_string_is_refused(program: Program, to: Any) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=MESSAGE | {"to": to})
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("to", "wrong_type")]


@pytest.mark.parametrize(("body", "field"), [({}, "to"), ({"to": TO}, "body"), ({"body": "Hello"}, "to")])
def test_a_missing_field_is_named(program: Program, body: dict[str, str], field: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=body)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, "required")]


@pytest.mark.parametrize("huge", [{"x" * 900_000: 1}, {"channel": "x" * 900_000}, {"metadata": {"x" * 900_000: 1}}])
def test_a_refusal_does_not_say_a_megabyte_back(program: Program, huge: dict[str, Any]) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=MESSAGE | huge)
    assert len(json.dumps(problem)) < 2_000


def test_brackets_inside_a_text_are_no_nesting(program: Program) -> None:
    text = '[{"' * 40
    sent = program.post("/v1/messages", MESSAGE | {"body": text, "reference": "\\" * 7 + "[" * 40})
    assert sent.status_code == 202
    assert program.get(sent.headers["location"]).json()["body"] == text


def test_an_escaped_surrogate_pair_is_text(program: Program) -> None:
    sent = program.post("/v1/messages", b'{"to": "%s", "body": "\\ud83d\\ude00"}' % TO.encode())
    assert program.get(sent.headers["location"]).json()["body"] == "😀"


def test_a_body_of_one_megabyte_is_read_and_one_byte_more_is_not(program: Program) -> None:
    fitting = GOOD + b" " * (MEGABYTE - len(GOOD))
    assert program.post("/v1/messages", fitting).status_code == 202
    program.refused("POST", 413, "body_too_large", "/v1/messages", content=fitting + b" ")


def test_a_body_that_only_grows_too_large_on_the_way_is_refused(program: Program) -> None:
    taken: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(1_000):
            taken.append(number)
            yield b" " * 65_536

    program.refused("POST", 413, "body_too_large", "/v1/messages", content=chunks())
    assert 0 < len(taken) < 100


@pytest.mark.parametrize("declared", ["1048577", "9" * 30])
def test_a_body_declared_too_large_is_refused_unread(program: Program, declared: str) -> None:
    headers = {"Content-Length": declared}
    program.refused("POST", 413, "body_too_large", "/v1/messages", content=GOOD, headers=headers)


@pytest.mark.parametrize("declared", [b"abc", b"\xb2"])
def test_a_length_that_is_no_number_is_refused(program: Program, declared: bytes) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": declared}
    program.refused("POST", 400, "malformed_request", "/v1/messages", content=GOOD, headers=headers)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"],
)
def test_a_body_of_another_type_is_refused(program: Program, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    program.refused("POST", 415, "unsupported_media_type", "/v1/messages", content=GOOD, headers=headers)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_json_with_or_without_parameters(program: Program, content_type: str) -> None:
    assert program.post("/v1/messages", GOOD, headers={"Content-Type": content_type}).status_code == 202
