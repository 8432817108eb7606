"""Idempotency-Key on `POST /v1/messages`: one key, at most one effect, one answer."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from khata.kernel.clock import utc_now
from khata.ledger.operations import freeze_wallet
from khata.messaging.operations import SendRequest
from khata.messaging.operations.replays import request_digest
from khata.tenancy.operations import revoke_api_key
from khata.tenancy.queries import api_keys

from .program import MESSAGE, Program

OTHER = MESSAGE | {"body": "Bye"}


def keyed(key: str | bytes) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key}}


def send(program: Program, key: str, message: Any = MESSAGE) -> httpx.Response:
    return program.post("/v1/messages", message, **keyed(key))


def assert_replayed(answer: httpx.Response, first: httpx.Response) -> None:
    assert answer.headers["idempotent-replayed"] == "true"
    assert (answer.status_code, answer.content) == (first.status_code, first.content)
    assert answer.headers["location"] == first.headers["location"]
    assert answer.headers["x-request-id"] != first.headers["x-request-id"]


def test_a_repeat_gets_the_first_answer_again_and_costs_nothing(program: Program) -> None:
    first = send(program, "k1")
    after = program.rows()
    assert first.status_code == 202
    assert "idempotent-replayed" not in first.headers
    assert_replayed(send(program, "k1"), first)
    assert program.rows() == after


def test_a_hundred_requests_at_once_with_one_key_are_one_message(program: Program) -> None:
    answers = program.call_together([("POST", "/v1/messages", {"json": MESSAGE, **keyed("k1")})] * 100)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert program.get("/v1/balance").json() == {"available": "99", "held": "1", "expiring": []}


def test_a_hundred_requests_at_once_with_one_key_and_credits_for_one_are_one_message(
    poor_program: Program, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(poor_program.organisation_id, 1)
    answers = poor_program.call_together([("POST", "/v1/messages", {"json": MESSAGE, **keyed("k1")})] * 100)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}


def test_a_quoted_key_is_the_bare_one(program: Program) -> None:
    first = send(program, "k 1")
    assert_replayed(send(program, '"k 1"'), first)


def test_the_same_message_written_otherwise_is_the_same_request(program: Program) -> None:
    first = send(program, "k1", {"to": "+919812345678", "body": "Hello", "metadata": {"a": "1", "b": "2"}})
    rewritten = b'{ "metadata": {"b":"2", "a":"\\u0031"}, "body":"Hello",\n"to":"+919812345678", "channel": "sms" }'
    assert_replayed(send(program, "k1", rewritten), first)


@pytest.mark.parametrize("field", ["to", "body", "from", "reference", "metadata"])
def test_a_key_with_another_request_is_refused(program: Program, field: str) -> None:
    send(program, "k1")
    other = {"to": "+919812345679", "body": "Bye", "from": "ACME", "reference": "r", "metadata": {"a": "b"}}
    changed = MESSAGE | {field: other[field]}
    program.refused("POST", 422, "idempotency_key_reused", "/v1/messages", content=changed, **keyed("k1"))


@pytest.mark.parametrize("key", ["", '""', "a" * 256, f'"{"a" * 256}"', "é".encode(), b"a\x01", "a\tb", b"\xff"])
def test_a_key_that_is_not_one_is_refused(program: Program, key: str | bytes) -> None:
    program.refused("POST", 400, "invalid_idempotency_key", "/v1/messages", content=MESSAGE, **keyed(key))


def test_two_keys_are_refused(program: Program) -> None:
    headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k1"), ("Idempotency-Key", "k2")]
    body = json.dumps(MESSAGE).encode()
    answer = program.call("POST", "/v1/messages", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert program.get("/v1/balance").json()["held"] == "0"


@pytest.mark.parametrize("key", ["a" * 255, f'"{"a" * 255}"', "~", "5b6e20ab-61e0-4fa2-ab6e-c0a5030a3e14"])
def test_a_key_of_up_to_255_printable_characters_is_taken(program: Program, key: str) -> None:
    first = send(program, key)
    assert_replayed(send(program, key), first)


def test_without_a_key_every_request_is_a_message_of_its_own(program: Program) -> None:
    ids = {program.post("/v1/messages", MESSAGE).json()["id"] for _ in range(3)}
    assert len(ids) == 3


def test_another_organisations_equal_key_is_independent(program: Program, chens_program: Program) -> None:
    ours, theirs = send(program, "k1"), send(chens_program, "k1", OTHER)
    assert (ours.status_code, theirs.status_code) == (202, 202)
    assert ours.json()["id"] != theirs.json()["id"]


def test_a_refused_request_leaves_its_key_free(poor_program: Program, give_credits: Callable[[int, int], None]) -> None:
    poor_program.refused("POST", 402, "insufficient_credits", "/v1/messages", content=MESSAGE, **keyed("k1"))
    poor_program.refused("POST", 422, "invalid_recipient", "/v1/messages", content=MESSAGE | {"to": "x"}, **keyed("k1"))
    give_credits(poor_program.organisation_id, 1)
    assert send(poor_program, "k1").status_code == 202


def test_a_repeat_after_the_credits_ran_out_still_gets_the_first_answer(
    poor_program: Program, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(poor_program.organisation_id, 1)
    first = send(poor_program, "k1")
    assert_replayed(send(poor_program, "k1"), first)
    poor_program.refused("POST", 402, "insufficient_credits", "/v1/messages", content=OTHER, **keyed("k2"))


def test_a_repeat_to_a_frozen_organisation_still_gets_the_first_answer(program: Program) -> None:
    first = send(program, "k1")
    freeze_wallet(program.organisation_id)
    assert_replayed(send(program, "k1"), first)


def test_a_repeat_with_a_revoked_key_is_refused(program: Program) -> None:
    send(program, "k1")
    (row,) = api_keys(organisation_id=program.organisation_id)
    revoke_api_key(organisation_id=program.organisation_id, api_key_id=row.id)
    program.refused("POST", 401, "invalid_api_key", "/v1/messages", content=MESSAGE, **keyed("k1"))


def test_a_request_without_a_time_has_the_digest_it_always_had() -> None:
    """Answers kept before there were such times are found by it."""
    before = b'{"recipient":"+91","body":",\\"scheduled_at\\":null","sender":null,"channel":"sms","reference":null,'
    before += b'"metadata":null,"template":null,"mail":null}'
    plain = SendRequest("+91", ',"scheduled_at":null')
    assert request_digest(plain) == hashlib.sha256(before).digest()
    assert request_digest([True, [plain, plain]]) == hashlib.sha256(b"[true,[%b,%b]]" % (before, before)).digest()
    later = SendRequest("+91", ',"scheduled_at":null', scheduled_at=utc_now())
    assert request_digest(later) != request_digest(plain)
