"""`GET /v1/credit-history`: every change of the available credits, each explained."""

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from khata.kernel.clock import rfc3339, utc_now
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.ids import new_uuid, uuid_from_public
from khata.kernel.transactions import in_transaction
from khata.ledger.core import Capture, ExpireLots, Grant, VoidHold
from khata.ledger.operations import post_batch
from tests.drivers.payments.sandbox_gateway import SandboxGateway

from .program import INSTANT, MESSAGE, Program
from .test_top_ups import begin, pay

PATH = "/v1/credit-history"


def entries(program: Program, **query: Any) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = program.get(PATH, params=query).json()["data"]
    return data


def post(*commands: Any) -> None:
    with in_transaction() as connection:
        assert all(outcome.condition.is_effective for outcome in post_batch(connection, commands))


def test_every_entry_says_what_it_was_for(poor_program: Program, sandbox_gateway: SandboxGateway) -> None:
    program = poor_program
    top_up_id = begin(program, {"amount": "100.00"}).json()["id"]
    pay(program, sandbox_gateway, top_up_id)
    sent = [program.post("/v1/messages", MESSAGE).json()["id"] for _ in range(2)]
    post(VoidHold(program.organisation_id, uuid_from_public("msg", sent[0])))
    post(Capture(program.organisation_id, uuid_from_public("msg", sent[1]), MICRO_PER_CREDIT))
    post(Grant(program.organisation_id, new_uuid(), 5 * MICRO_PER_CREDIT // 2))
    rows = entries(program)
    assert all(INSTANT.fullmatch(row.pop("at")) for row in rows)
    seqs = [row.pop("seq") for row in rows]
    assert seqs == sorted(seqs, reverse=True)
    names = ("kind", "description", "reference", "credits", "balance_after")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("grant", "Bonus credits", None, "2.5", "501.5"),
        ("void", f"SMS to {MESSAGE['to']}, credits returned", sent[0], "1", "499"),
        ("hold", f"SMS to {MESSAGE['to']}", sent[1], "-1", "498"),
        ("hold", f"SMS to {MESSAGE['to']}", sent[0], "-1", "499"),
        ("purchase", "Top-up", top_up_id, "500", "500"),
    ]


def test_the_history_is_read_page_by_page(program: Program, chens_program: Program) -> None:
    for _ in range(4):
        program.post("/v1/messages", MESSAGE)
    everything = entries(program)
    assert len(everything) == 5
    assert list(program.pages(PATH, limit=2)) == [everything[:2], everything[2:4], everything[4:]]
    assert [entry["balance_after"] for entry in entries(chens_program)] == ["100"]


def test_the_history_is_narrowed_down_by_kind_and_time(program: Program) -> None:
    for _ in range(3):
        program.post("/v1/messages", MESSAGE)
    oldest_last = [row["at"] for row in entries(program)]
    assert [row["kind"] for row in entries(program, kind="purchase")] == ["purchase"]
    assert [row["at"] for row in entries(program, kind="hold")] == oldest_last[:3]
    assert entries(program, kind="expire") == []
    assert [row["at"] for row in entries(program, created_after=oldest_last[1])] == oldest_last[:2]
    assert [row["at"] for row in entries(program, created_before=oldest_last[1])] == oldest_last[2:]


def test_credits_that_expired_are_an_entry(program: Program) -> None:
    soon = utc_now() + timedelta(seconds=1)
    post(Grant(program.organisation_id, new_uuid(), MICRO_PER_CREDIT, expires_at=soon))
    deadline = monotonic() + 30
    while not (found := entries(program, kind="expire")):
        assert monotonic() < deadline
        post(ExpireLots(program.organisation_id))
    assert {name: found[0][name] for name in ("description", "reference", "credits", "balance_after")} == {
        "description": "Expired credits",
        "reference": None,
        "credits": "-1",
        "balance_after": "100",
    }


def test_credits_that_will_expire_are_told_with_the_balance(program: Program) -> None:
    on = utc_now() + timedelta(days=1)
    post(Grant(program.organisation_id, new_uuid(), MICRO_PER_CREDIT, expires_at=on))
    assert program.get("/v1/balance").json() == {
        "available": "101",
        "held": "0",
        "expiring": [{"credits": "1", "expires_at": rfc3339(on)}],
    }


def test_an_empty_history_is_empty(poor_program: Program) -> None:
    assert poor_program.get(PATH).json() == {"data": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"cursor={text}", "cursor") for text in ("", "0", "-1", "1.0", "01", "x", "9" * 19, "%00")),
        *((f"kind={text}", "kind") for text in ("", "capture", "Hold", "3", "hold,void")),
        ("limit=0", "limit"),
        ("created_after=yesterday", "created_after"),
        ("kinds=hold", "kinds"),
    ],
)
def test_a_history_that_cannot_be_is_refused(program: Program, query: str, field: str) -> None:
    problem = program.refused("GET", 422, "invalid_request", f"{PATH}?{query}")
    assert {error["field"] for error in problem["errors"]} == {field}
