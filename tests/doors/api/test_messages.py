"""`/v1/messages` and `/v1/balance`: what a program may rely on, name by name."""

import uuid
from typing import Any

import pytest

from khata.carriers.port import Accepted, Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.kernel.ids import public_organisation_id
from khata.ledger.operations import freeze_wallet, unfreeze_wallet, verify_ledger
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.operations import Handed, settle_news
from khata.tenancy.operations import change_sending_limits
from tests.leases import claim_all

from .program import INSTANT, MESSAGE, TO, Program


def deliver_all(organisation_id: int) -> None:
    for message in claim_all():
        if message.organisation_id == organisation_id:
            ref = uuid.uuid4().hex
            settle_news([Handed(message, "smpp", decide_hand_over([Accepted(ref)], message.segments))])
            settle_news([Receipt("smpp", ref, ReceiptState.DELIVERED, "000", f"id:{ref} stat:DELIVRD", utc_now())])


def test_an_accepted_message_is_answered_with_its_price_and_what_is_left(program: Program) -> None:
    answer = program.post("/v1/messages", MESSAGE)
    message = answer.json()
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["location"] == f"/v1/messages/{message['id']}"
    assert "idempotent-replayed" not in answer.headers
    assert INSTANT.fullmatch(message.pop("created_at"))
    assert message.pop("id").startswith("msg_")
    assert message == {
        "status": "accepted",
        "channel": "sms",
        "to": TO,
        "segments": 1,
        "encoding": "gsm7",
        "credits": "1",
        "balance": "99",
    }


def test_a_message_tells_all_that_was_said_of_it(program: Program) -> None:
    wanted = {
        "to": "098123 45678",
        "body": "Zażółć" * 20,
        "channel": "sms",
        "from": "ACME",
        "reference": "order-7",
    }
    sent = program.post("/v1/messages", wanted).json()
    message = program.get(f"/v1/messages/{sent['id']}").json()
    assert message.pop("created_at") == sent["created_at"]
    timeline = message.pop("timeline")
    assert all(INSTANT.fullmatch(step["at"]) for step in timeline)
    assert [(step["event"], step["credits"], step["detail"]) for step in timeline] == [
        ("accepted", None, None),
        ("credits_held", "-2", None),
    ]
    assert message == {
        "email": None,
        "id": sent["id"],
        "status": "accepted",
        "channel": "sms",
        "to": TO,
        "from": "ACME",
        "body": wanted["body"],
        "segments": 2,
        "encoding": "ucs2",
        "credits": "2",
        "credits_used": None,
        "reference": "order-7",
        "metadata": None,
        "error": None,
        "scheduled_at": None,
        "submitted_at": None,
        "finished_at": None,
    }


def test_metadata_comes_back_as_it_was_sent(program: Program) -> None:
    metadata = {"cart": "12", "": "é", "b": "[1]"}
    sent = program.post("/v1/messages", MESSAGE | {"metadata": metadata})
    assert program.get(sent.headers["location"]).json()["metadata"] == metadata


def test_a_delivered_message_shows_what_it_used_and_when(program: Program) -> None:
    sent = program.post("/v1/messages", MESSAGE).json()
    deliver_all(program.organisation_id)
    message = program.get(f"/v1/messages/{sent['id']}").json()
    assert (message["status"], message["credits_used"], message["error"]) == ("delivered", "1", None)
    assert INSTANT.fullmatch(message["submitted_at"])
    assert INSTANT.fullmatch(message["finished_at"])
    assert [step["event"] for step in message["timeline"]] == [
        "accepted",
        "credits_held",
        "submitted",
        "credits_captured",
        "delivered",
    ]


def test_optional_fields_may_be_null(program: Program) -> None:
    answer = program.post("/v1/messages", MESSAGE | {"from": None, "reference": None, "metadata": None})
    assert answer.status_code == 202


def test_the_balance_follows_what_is_held_and_used(program: Program) -> None:
    assert program.get("/v1/balance").json() == {"available": "100", "held": "0", "expiring": []}
    program.post("/v1/messages", MESSAGE)
    assert program.get("/v1/balance").json() == {"available": "99", "held": "1", "expiring": []}
    deliver_all(program.organisation_id)
    assert program.get("/v1/balance").json() == {"available": "99", "held": "0", "expiring": []}


def test_without_credits_the_refusal_says_how_much_is_missing_and_where_to_get_it(poor_program: Program) -> None:
    problem = poor_program.refused("POST", 402, "insufficient_credits", "/v1/messages", content=MESSAGE)
    del problem["request_id"]
    assert problem == {
        "type": "/v1/docs/errors/insufficient_credits",
        "title": "Insufficient credits",
        "status": 402,
        "detail": "There are not enough credits. Nothing was sent and nothing was charged.",
        "code": "insufficient_credits",
        "balance": "0",
        "required": "1",
        "organisation": public_organisation_id(poor_program.organisation_id),
        "top_up_url": "http://localhost:8000/billing/add-credits/?amount=100",
    }


def test_two_hundred_sends_at_once_on_one_hundred_credits_accept_exactly_one_hundred(program: Program) -> None:
    answers = program.call_together([("POST", "/v1/messages", {"json": MESSAGE})] * 200)
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(202), statuses.count(402)) == (100, 100)
    assert program.get("/v1/balance").json() == {"available": "0", "held": "100", "expiring": []}
    assert program.organisation_id not in verify_ledger().organisation_ids_unsound


def test_a_frozen_organisation_sends_nothing_until_it_is_thawed(program: Program) -> None:
    freeze_wallet(program.organisation_id)
    problem = program.refused("POST", 403, "wallet_frozen", "/v1/messages", content=MESSAGE)
    assert "errors" not in problem
    assert program.get("/v1/balance").status_code == 200
    unfreeze_wallet(program.organisation_id)
    assert program.post("/v1/messages", MESSAGE).status_code == 202


@pytest.mark.parametrize(
    "to", ["", "abc", "12", "+910000000000", "+91981234567800", "+442083661177", "+91 98123\n45678x"]
)
def test_a_recipient_no_message_can_reach_is_refused(program: Program, to: str) -> None:
    problem = program.refused("POST", 422, "invalid_recipient", "/v1/messages", content=MESSAGE | {"to": to})
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("to", "invalid_recipient")]


def test_a_destination_without_a_price_is_refused(program: Program) -> None:
    elsewhere = MESSAGE | {"to": "+4915112345678"}
    program.refused("POST", 422, "destination_unpriced", "/v1/messages", content=elsewhere)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("body", "", "required"),
        ("body", " \n ", "required"),
        ("body", "x" * 1_601, "too_long"),
        ("body", "x" * 900_000, "too_long"),
        ("body", "a\x1bb", "control_character"),
        ("from", "", "invalid_sender"),
        ("from", "ACME\r\nX", "invalid_sender"),
        ("from", "ACME\n", "invalid_sender"),
        ("from", "x" * 900_000, "invalid_sender"),
        ("reference", "", "invalid"),
        ("reference", "x" * 129, "invalid"),
        ("metadata", {"a": "x" * 257}, "invalid"),
        ("metadata", {"x" * 257: "a"}, "invalid"),
        ("metadata", {str(number): "" for number in range(21)}, "invalid"),
    ],
)
def test_a_field_outside_its_bounds_is_named(program: Program, field: str, value: object, code: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=MESSAGE | {field: value})
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


def test_everything_wrong_with_a_message_is_told_at_once(program: Program) -> None:
    wrong = {"to": "x", "body": "", "from": "?", "reference": "", "metadata": {"a": "x" * 300}}
    problem = program.refused("POST", 422, "invalid_request", "/v1/messages", content=wrong)
    assert {error["field"] for error in problem["errors"]} == set(wrong)


@pytest.mark.parametrize(
    "id",
    [
        "msg_" + "0" * 26,
        "msg_" + "z" * 26,
        "msg_" + "0" * 25,
        "top_" + "0" * 26,
        "0" * 26,
        "x" * 10_000,
        "%00",
        "%ff",
        "..%2f..%2fetc%2fpasswd",
        "1%20or%201=1--",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_an_id_that_is_none_of_ours_is_not_found(program: Program, id: str) -> None:
    program.refused("GET", 404, "not_found", f"/v1/messages/{id}")


def test_another_organisations_message_is_not_found(program: Program, chens_program: Program) -> None:
    sent = program.post("/v1/messages", MESSAGE).json()
    theirs = chens_program.refused("GET", 404, "not_found", f"/v1/messages/{sent['id']}")
    nobodys = chens_program.refused("GET", 404, "not_found", f"/v1/messages/msg_{'0' * 26}")
    assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}


def test_faster_than_allowed_is_told_when_to_come_again(program: Program) -> None:
    limits: Any = {"credits_per_day_max": None, "credits_per_month_max": None}
    change_sending_limits(organisation_id=program.organisation_id, messages_per_minute_max=1, **limits)
    assert program.post("/v1/messages", MESSAGE).status_code == 202
    problem = program.refused("POST", 429, "rate_limited", "/v1/messages", content=MESSAGE)
    answer = program.post("/v1/messages", MESSAGE)
    assert int(answer.headers["retry-after"]) <= problem["retry_after_s"] <= 60
