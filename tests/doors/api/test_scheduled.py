"""`scheduled_at`, and `POST /v1/messages/{id}/cancel`: what a program may rely on."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from khata.kernel.clock import rfc3339, utc_now
from khata.kernel.ids import uuid_from_public
from khata.messaging.core.send_window import IST
from khata.messaging.models import Message
from khata.tenancy.operations import create_api_key
from tests.leases import claim_all

from .program import MESSAGE, TO, Program

DAY = timedelta(days=1)


def at(days: int) -> str:
    return rfc3339(utc_now() + days * DAY)


def scheduled(program: Program, days: int = 1) -> dict[str, Any]:
    sent: dict[str, Any] = program.post("/v1/messages", MESSAGE | {"scheduled_at": at(days)}).json()
    return sent


def test_it_is_answered_and_shown_as_scheduled(program: Program) -> None:
    wanted = at(1)
    answer = program.post("/v1/messages", MESSAGE | {"scheduled_at": wanted})
    assert (answer.status_code, answer.json()["status"], answer.json()["balance"]) == (202, "scheduled", "99")
    message = program.get(answer.headers["location"]).json()
    assert (message["status"], message["scheduled_at"]) == ("scheduled", wanted)
    assert [step["event"] for step in message["timeline"]] == ["accepted", "credits_held", "scheduled"]


def test_any_offset_is_the_same_instant(program: Program) -> None:
    wanted = utc_now() + DAY
    sent = program.post("/v1/messages", MESSAGE | {"scheduled_at": wanted.astimezone(IST).isoformat()})
    assert program.get(sent.headers["location"]).json()["scheduled_at"] == rfc3339(wanted)


@pytest.mark.parametrize("passed", ["2020-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_has_passed_is_now(program: Program, passed: str) -> None:
    answer = program.post("/v1/messages", MESSAGE | {"scheduled_at": passed})
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert program.get(answer.headers["location"]).json()["scheduled_at"] is None


def test_more_than_thirty_days_ahead_is_refused_also_in_a_quote(program: Program) -> None:
    for path in ("/v1/messages", "/v1/quotes"):
        content = MESSAGE | {"scheduled_at": at(31)}
        problem = program.refused("POST", 422, "invalid_request", path, content=content)
        assert [(each["field"], each["code"]) for each in problem["errors"]] == [("scheduled_at", "too_far_ahead")]
    quote = program.post("/v1/quotes", MESSAGE | {"scheduled_at": at(29)})
    assert (quote.status_code, quote.json()["credits"]) == (200, "1")


def test_batches_take_it_in_both_shapes_and_name_the_one_that_is_wrong(program: Program) -> None:
    messages = [MESSAGE, MESSAGE | {"scheduled_at": at(1)}, MESSAGE | {"scheduled_at": at(31)}]
    now, later, refused = program.post("/v1/messages/batch", {"messages": messages}).json()["results"]
    assert refused["code"] == "invalid_request"
    statuses = [program.get(f"/v1/messages/{sent['id']}").json()["status"] for sent in (now, later)]
    assert statuses == ["accepted", "scheduled"]
    many = {"to": [TO, "+919812345679"], "body": "Hello", "scheduled_at": at(2)}
    for sent in program.post("/v1/messages/batch", many).json()["results"]:
        assert program.get(f"/v1/messages/{sent['id']}").json()["status"] == "scheduled"


def test_the_list_finds_what_is_scheduled(program: Program) -> None:
    program.post("/v1/messages", MESSAGE)
    ids = [scheduled(program)["id"] for _ in range(2)]
    (page,) = program.pages("/v1/messages", status="scheduled")
    assert [row["id"] for row in page] == ids[::-1]
    assert all(row["scheduled_at"] for row in page)


def test_a_repeat_with_its_key_is_answered_as_it_was(program: Program) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    content = MESSAGE | {"scheduled_at": at(1)}
    first = program.post("/v1/messages", content, headers=headers)
    Message.objects.filter(id=uuid_from_public("msg", first.json()["id"])).update(due_at=utc_now(), status=2)
    repeat = program.post("/v1/messages", content, headers=headers)
    assert (repeat.json(), repeat.headers["idempotent-replayed"]) == (first.json(), "true")
    other = content | {"scheduled_at": at(2)}
    program.refused("POST", 422, "idempotency_key_reused", "/v1/messages", content=other, headers=headers)


def test_cancelling_answers_with_the_message_and_returns_its_credits(program: Program) -> None:
    sent = scheduled(program)
    for _ in range(2):
        answer = program.call("POST", f"/v1/messages/{sent['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json() == program.get(f"/v1/messages/{sent['id']}").json()
        assert answer.json()["error"]["code"] == "cancelled_on_request"
        assert program.get("/v1/balance").json()["available"] == "100"


def test_what_is_on_its_way_is_a_conflict(program: Program) -> None:
    sent = program.post("/v1/messages", MESSAGE).json()
    claim_all()
    program.refused("POST", 409, "message_under_way", f"/v1/messages/{sent['id']}/cancel")


def test_what_is_not_ones_own_is_not_found(program: Program, chens_program: Program) -> None:
    sent = scheduled(program)
    chens_program.refused("POST", 404, "not_found", f"/v1/messages/{sent['id']}/cancel")
    program.refused("POST", 404, "not_found", "/v1/messages/msg_nonsense/cancel")
    assert program.get(f"/v1/messages/{sent['id']}").json()["status"] == "scheduled"


def test_a_key_that_only_reads_cancels_nothing(program: Program) -> None:
    sent = scheduled(program)
    _, text = create_api_key(
        organisation_id=program.organisation_id, name="Reader", created_by=None, mode="test", scopes=("read",)
    )
    reader = Program(program.organisation_id, text)
    reader.refused("POST", 403, "missing_scope", f"/v1/messages/{sent['id']}/cancel")
