"""`POST /v1/messages/batch`: an answer for each message, one commit, one key for the whole."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from khata.kernel.ids import uuid_from_public
from khata.ledger.operations import freeze_wallet, verify_ledger
from khata.messaging.models import IdempotencyKey, Message
from khata.messaging.operations import BATCH_COUNT_MAX

from .program import MESSAGE, TO, Program

PATH = "/v1/messages/batch"
UNREACHABLE = MESSAGE | {"to": "12"}
MEGABYTE = 1_048_576


def keyed(key: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key}}


def send(program: Program, messages: list[Any], key: str | None = None, **more: Any) -> httpx.Response:
    return program.post(PATH, {"messages": messages, **more}, **(keyed(key) if key else {}))


def number(place: int) -> str:
    return f"+9198{place:08d}"


def test_every_message_of_a_batch_is_accepted_in_order(program: Program) -> None:
    bodies = [f"Number {place}" for place in range(5)]
    answer = send(program, [MESSAGE | {"body": body} for body in bodies])
    batch = answer.json()
    assert answer.status_code == 202
    assert {name: batch[name] for name in ("accepted", "refused", "credits", "balance")} == {
        "accepted": 5,
        "refused": 0,
        "credits": "5",
        "balance": "95",
    }
    sent = [program.get(f"/v1/messages/{result['id']}").json() for result in batch["results"]]
    assert [message["body"] for message in sent] == bodies
    assert program.get("/v1/balance").json() == {"available": "95", "held": "5", "expiring": []}


def test_one_message_goes_to_many(program: Program) -> None:
    recipients = [number(1), "12", "098123 45678", number(1)]
    answer = program.post(PATH, {"to": recipients, "body": "Hello", "from": "ACME", "reference": "r", "metadata": {}})
    batch = answer.json()
    assert (batch["accepted"], batch["refused"], batch["credits"]) == (3, 1, "3")
    assert batch["results"][1] == {"code": "invalid_recipient", "detail": "No such telephone number exists."}
    sent = [program.get(f"/v1/messages/{r['id']}").json() for r in batch["results"] if "id" in r]
    assert [message["to"] for message in sent] == [number(1), TO, number(1)]
    assert {(m["body"], m["from"], m["reference"]) for m in sent} == {("Hello", "ACME", "r")}


def test_what_can_be_sent_is_sent_and_the_rest_is_told_why(program: Program) -> None:
    messages = [MESSAGE, UNREACHABLE, MESSAGE | {"body": " "}, MESSAGE | {"from": "!"}, MESSAGE]
    batch = send(program, messages).json()
    assert (batch["accepted"], batch["refused"]) == (2, 3)
    codes = [result.get("code", "sent") for result in batch["results"]]
    assert codes == ["sent", "invalid_recipient", "invalid_request", "invalid_request", "sent"]
    assert batch["results"][2]["detail"] == "body: Please write a message."


def test_credits_that_cover_a_part_send_that_part(
    poor_program: Program, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(poor_program.organisation_id, 2)
    batch = send(poor_program, [MESSAGE] * 3).json()
    assert [result.get("code", "sent") for result in batch["results"]] == ["sent", "sent", "insufficient_credits"]
    assert (batch["credits"], batch["balance"]) == ("2", "0")


def test_all_or_nothing_with_all_of_them_good_sends_all(program: Program) -> None:
    batch = send(program, [MESSAGE] * 3, all_or_nothing=True).json()
    assert (batch["accepted"], batch["refused"], batch["balance"]) == (3, 0, "97")


def test_all_or_nothing_with_one_at_fault_names_it_and_sends_none(program: Program) -> None:
    messages = [MESSAGE, UNREACHABLE, MESSAGE | {"body": "", "from": "!"}]
    content = {"messages": messages, "all_or_nothing": True}
    problem = program.refused("POST", 422, "invalid_request", PATH, content=content, **keyed("k1"))
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("messages[1].to", "invalid_recipient"),
        ("messages[2].body", "required"),
        ("messages[2].from", "invalid_sender"),
    ]
    assert problem["detail"] == "2 of 3 messages cannot be sent, so none was sent."


def test_all_or_nothing_without_enough_credits_says_what_the_whole_needs(program: Program) -> None:
    messages = [MESSAGE | {"body": "x" * 161}] * 60
    content = {"messages": messages, "all_or_nothing": True}
    problem = program.refused("POST", 402, "insufficient_credits", PATH, content=content, **keyed("k1"))
    assert (problem["balance"], problem["required"]) == ("100", "120")
    assert problem["top_up_url"] == "http://localhost:8000/billing/add-credits/?amount=100"


def test_faults_are_told_before_missing_credits_where_all_must_go(poor_program: Program) -> None:
    content = {"messages": [MESSAGE, UNREACHABLE], "all_or_nothing": True}
    poor_program.refused("POST", 422, "invalid_request", PATH, content=content)


def test_a_batch_of_which_nothing_can_be_paid_is_refused_with_what_it_needs(poor_program: Program) -> None:
    content = {"messages": [MESSAGE, UNREACHABLE, MESSAGE]}
    problem = poor_program.refused("POST", 402, "insufficient_credits", PATH, content=content, **keyed("k1"))
    assert (problem["balance"], problem["required"]) == ("0", "2")


def test_a_batch_of_which_nothing_can_be_sent_is_refused(program: Program) -> None:
    content = {"to": ["12", "34"], "body": "Hello"}
    problem = program.refused("POST", 422, "invalid_request", PATH, content=content, **keyed("k1"))
    assert [error["field"] for error in problem["errors"]] == ["messages[0].to", "messages[1].to"]


def test_a_refusal_lists_a_hundred_problems_at_most(program: Program) -> None:
    content = {"to": ["12"] * 500, "body": "Hello"}
    problem = program.refused("POST", 422, "invalid_request", PATH, content=content)
    assert len(problem["errors"]) == 100
    assert problem["detail"].endswith("The first 100 of 500 problems are listed.")


def test_a_frozen_organisation_sends_nothing_of_a_batch(program: Program) -> None:
    freeze_wallet(program.organisation_id)
    program.refused("POST", 403, "wallet_frozen", PATH, content={"messages": [MESSAGE, UNREACHABLE]})


def test_ten_thousand_are_sent_in_one_request_and_one_more_is_refused(
    program: Program, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(program.organisation_id, BATCH_COUNT_MAX)
    recipients = [number(place) for place in range(BATCH_COUNT_MAX)]
    batch = program.post(PATH, {"to": recipients, "body": "Hello"}, **keyed("k1")).json()
    assert (batch["accepted"], batch["credits"], batch["balance"]) == (BATCH_COUNT_MAX, "10000", "100")
    ids = [uuid_from_public("msg", result["id"]) for result in batch["results"]]
    kept = dict(Message.objects.filter(organisation_id=program.organisation_id).values_list("id", "recipient"))
    assert [kept[id_] for id_ in ids] == recipients
    assert verify_ledger().is_sound
    problem = program.refused("POST", 422, "invalid_request", PATH, content={"to": [*recipients, TO], "body": "Hello"})
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("to", "out_of_range")]


def test_messages_of_a_batch_are_counted_before_they_are_looked_at(program: Program) -> None:
    content = {"messages": [MESSAGE] * (BATCH_COUNT_MAX + 1)}
    problem = program.refused("POST", 422, "invalid_request", PATH, content=content)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("messages", "out_of_range")]


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        ({"messages": []}, "messages", "out_of_range"),
        ({"to": [], "body": "Hello"}, "to", "out_of_range"),
        ({}, "to", "required"),
        ({"to": [TO]}, "body", "required"),
        ({"to": TO, "body": "Hello"}, "to", "wrong_type"),
        ({"to": [TO, 5], "body": "Hello"}, "to[1]", "wrong_type"),
        ({"messages": MESSAGE}, "messages", "wrong_type"),
        ({"messages": None}, "messages", "wrong_type"),
        ({"messages": [MESSAGE, None]}, "messages[1]", "wrong_type"),
        ({"messages": [MESSAGE, {"to": TO}]}, "messages[1].body", "required"),
        ({"messages": [MESSAGE | {"to": [TO]}]}, "messages[0].to", "wrong_type"),
        ({"messages": [MESSAGE | {"credits": "0"}]}, "messages[0].credits", "unknown_field"),
        ({"messages": [MESSAGE | {"all_or_nothing": True}]}, "messages[0].all_or_nothing", "unknown_field"),
        ({"messages": [MESSAGE | {"metadata": {"a": 1}}]}, "messages[0].metadata", "wrong_type"),
        ({"messages": [MESSAGE], "to": [TO]}, "to", "unknown_field"),
        ({"messages": [MESSAGE], "all_or_nothing": 1}, "all_or_nothing", "wrong_type"),
        ({"messages": [MESSAGE], "all_or_nothing": "true"}, "all_or_nothing", "wrong_type"),
        ({"messages": [MESSAGE | {"reference": "a\0"}]}, "messages", "invalid_text"),
    ],
)
def test_a_batch_that_is_not_one_is_refused(program: Program, content: Any, field: str, code: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", PATH, content=content)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages": [{"to": "+919812345678", "body": "a", "body": "b"}]}',
        b'{"messages": [{"to": "+919812345678", "body": "a"}], "messages": []}',
        b'{"messages": [' + b"[" * 40 + b"]" * 40 + b"]}",
        b'{"messages": [' + b'{"a":' * 50_000,
        b'{"messages": ["' + b'\\"' * 500_000,
        b'{"messages": [NaN]}',
    ],
)
def test_hostile_json_is_refused(program: Program, raw: bytes) -> None:
    program.refused("POST", 400, "malformed_json", PATH, content=raw)


def test_nesting_is_counted_inside_a_message_not_over_all_of_them(program: Program) -> None:
    text = '[{"]\\' * 20
    batch = send(program, [MESSAGE | {"body": text, "metadata": {"a": "[{"}}] * 50).json()
    assert batch["accepted"] == 50
    assert program.get(f"/v1/messages/{batch['results'][49]['id']}").json()["body"] == text


def test_a_name_that_only_stands_in_a_value_does_not_choose_the_body(program: Program) -> None:
    content = {"to": [TO], "body": '"messages": []', "metadata": {"messages": "1"}}
    assert program.post(PATH, content).json()["accepted"] == 1


def test_a_batch_of_eight_megabytes_is_read_and_one_byte_more_is_not(program: Program) -> None:
    content = json.dumps({"messages": [MESSAGE]}).encode()
    fitting = content + b" " * (8 * MEGABYTE - len(content))
    assert program.post(PATH, fitting).status_code == 202
    program.refused("POST", 413, "body_too_large", PATH, content=fitting + b" ")


def test_a_repeated_batch_gets_the_first_answer_again_and_costs_nothing(program: Program) -> None:
    messages = [MESSAGE, UNREACHABLE, MESSAGE]
    first = send(program, messages, "k1")
    after = program.rows()
    again = send(program, messages, "k1")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert program.rows() == after


def test_many_equal_batches_at_once_with_one_key_are_one_batch(program: Program) -> None:
    call = ("POST", PATH, {"json": {"messages": [MESSAGE] * 3}, **keyed("k1")})
    answers = program.call_together([call] * 20)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert program.get("/v1/balance").json()["held"] == "3"


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [MESSAGE]},
        {"messages": [MESSAGE, MESSAGE | {"body": "Bye"}]},
        {"messages": [MESSAGE, MESSAGE], "all_or_nothing": True},
    ],
)
def test_a_batch_key_with_another_batch_is_refused(program: Program, other: Any) -> None:
    send(program, [MESSAGE, MESSAGE], "k1")
    program.refused("POST", 422, "idempotency_key_reused", PATH, content=other, **keyed("k1"))


def test_the_two_ways_to_write_one_batch_are_the_same_request(program: Program) -> None:
    first = send(program, [MESSAGE, MESSAGE], "k1")
    again = program.post(PATH, {"to": [TO, TO], "body": MESSAGE["body"]}, **keyed("k1"))
    assert again.content == first.content


def test_a_key_of_a_message_and_of_a_batch_are_two(program: Program) -> None:
    assert program.post("/v1/messages", MESSAGE, **keyed("k1")).status_code == 202
    assert send(program, [MESSAGE], "k1").status_code == 202


def test_a_refused_batch_leaves_its_key_free(poor_program: Program, give_credits: Callable[[int, int], None]) -> None:
    content = {"messages": [MESSAGE]}
    poor_program.refused("POST", 402, "insufficient_credits", PATH, content=content, **keyed("k1"))
    give_credits(poor_program.organisation_id, 1)
    assert poor_program.post(PATH, content, **keyed("k1")).json()["accepted"] == 1


def test_a_repeat_after_the_credits_ran_out_still_gets_the_first_batch(
    poor_program: Program, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(poor_program.organisation_id, 2)
    first = send(poor_program, [MESSAGE] * 3, "k1")
    freeze_wallet(poor_program.organisation_id)
    assert send(poor_program, [MESSAGE] * 3, "k1").content == first.content


def test_another_organisations_equal_batch_key_is_independent(program: Program, chens_program: Program) -> None:
    ours, theirs = send(program, [MESSAGE], "k1"), send(chens_program, [MESSAGE], "k1")
    assert ours.json()["results"] != theirs.json()["results"]


def test_a_kept_answer_is_small(program: Program) -> None:
    send(program, [MESSAGE] * 100, "k1")
    kept = IdempotencyKey.objects.get(organisation_id=program.organisation_id)
    assert len(json.dumps(kept.answer)) < 100 * 24


def test_batches_and_single_messages_at_once_spend_what_there_is_and_no_more(program: Program) -> None:
    batch = ("POST", PATH, {"json": {"messages": [MESSAGE] * 7}})
    single = ("POST", "/v1/messages", {"json": MESSAGE})
    answers = program.call_together([batch, single] * 20)
    accepted = sum(a.json().get("accepted", 1) for a in answers if a.status_code == 202)
    assert accepted == 100
    assert program.get("/v1/balance").json() == {"available": "0", "held": "100", "expiring": []}
