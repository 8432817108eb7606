"""`POST /v1/top-ups/{id}/refunds` against the sandbox gateway."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from khata.billing.operations import subscribe
from tests.drivers.payments.sandbox_gateway import SandboxGateway
from tests.plans import offered

from .program import INSTANT, Program
from .test_top_ups import begin, pay

pytestmark = pytest.mark.usefixtures("sandbox_gateway")


@pytest.fixture
def top_up_id(program: Program, sandbox_gateway: SandboxGateway) -> str:
    """₹1,180 paid for 5,000 credits."""
    id = str(begin(program).json()["id"])
    pay(program, sandbox_gateway, id)
    return id


def keyed(key: str | None = None) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key or uuid4().hex}}


def refund(program: Program, id: str, body: Any, key: str | None = None) -> httpx.Response:
    return program.post(f"/v1/top-ups/{id}/refunds", body, **keyed(key))


def available(program: Program) -> str:
    return str(program.get("/v1/balance").json()["available"])


def test_a_part_is_refunded_with_its_tax_and_its_credits(program: Program, top_up_id: str) -> None:
    answer = refund(program, top_up_id, {"amount": "94.40", "reason": "Ordered too many"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/top-ups/{top_up_id}")
    top_up = program.get(f"/v1/top-ups/{top_up_id}").json()
    assert (top_up["status"], top_up["refunds"]) == ("partly_refunded", [made])
    assert made.pop("id").startswith("rfnd_")
    assert made.pop("reference").startswith("rfnd_")
    assert INSTANT.fullmatch(made.pop("created_at"))
    assert INSTANT.fullmatch(made.pop("finished_at"))
    made.pop("bank_reference")
    assert made == {
        "status": "processed",
        "amount": "94.40",
        "tax": "14.40",
        "credits": "400",
        "reason": "Ordered too many",
    }
    assert available(program) == "4700"


def test_without_an_amount_all_that_is_left_is_refunded(program: Program, top_up_id: str) -> None:
    refund(program, top_up_id, {"amount": "0.01"})
    assert refund(program, top_up_id, {}).json()["amount"] == "1179.99"
    assert program.get(f"/v1/top-ups/{top_up_id}").json()["status"] == "refunded"
    assert available(program) == "100"
    problem = program.refused(
        "POST", 422, "already_refunded", f"/v1/top-ups/{top_up_id}/refunds", content={}, **keyed()
    )
    assert "refunded" in problem["detail"]


def test_a_repeat_is_the_same_refund(program: Program, top_up_id: str) -> None:
    first = refund(program, top_up_id, {"amount": "10"}, key="k1")
    again = refund(program, top_up_id, {"amount": "10.00"}, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    path, other = f"/v1/top-ups/{top_up_id}/refunds", {"amount": "11"}
    program.refused("POST", 422, "idempotency_key_reused", path, content=other, **keyed("k1"))


def test_more_than_is_unspent_is_refused_and_says_how_much_is(program: Program, top_up_id: str) -> None:
    path, body = f"/v1/top-ups/{top_up_id}/refunds", {"amount": "1180.01"}
    problem = program.refused("POST", 422, "refund_exceeds_unspent", path, content=body, **keyed())
    assert problem["refundable"] == "1180.00"


def test_a_top_up_nobody_paid_is_not_refunded(program: Program) -> None:
    path = f"/v1/top-ups/{begin(program).json()['id']}/refunds"
    program.refused("POST", 422, "top_up_not_paid", path, content={}, **keyed())


def test_a_month_of_a_plan_is_not_refunded(program: Program) -> None:
    plan = offered("Starter", fee_minor=100_000, included=5_000, per_rupee=6)
    top_up = subscribe(organisation_id=program.organisation_id, plan_code=plan.code, idempotency_key=uuid4().hex)
    path = f"/v1/top-ups/{top_up.public_id}/refunds"
    program.refused("POST", 422, "plan_payment_not_refundable", path, content={}, **keyed())


def test_another_organisations_top_up_is_not_refunded(program: Program, chens_program: Program, top_up_id: str) -> None:
    chens_program.refused("POST", 404, "not_found", f"/v1/top-ups/{top_up_id}/refunds", content={}, **keyed())
    assert program.get(f"/v1/top-ups/{top_up_id}").json()["refunds"] == []


def test_a_refund_needs_an_idempotency_key(program: Program, top_up_id: str) -> None:
    program.refused("POST", 400, "idempotency_key_missing", f"/v1/top-ups/{top_up_id}/refunds", content={})


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"amount": "0"}, "amount", "below_minimum"),
        ({"amount": "-1"}, "amount", "not_an_amount"),
        ({"amount": 5}, "amount", "wrong_type"),
        ({"reason": "x" * 256}, "reason", "invalid"),
        ({"reason": "a\nb"}, "reason", "invalid"),
        ({"credits": "5"}, "credits", "unknown_field"),
    ],
)
def test_a_refund_that_cannot_be_is_refused(
    program: Program, top_up_id: str, body: dict[str, Any], field: str, code: str
) -> None:
    path = f"/v1/top-ups/{top_up_id}/refunds"
    problem = program.refused("POST", 422, "invalid_request", path, content=body, **keyed())
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


def test_the_credit_history_names_a_refund(program: Program, top_up_id: str) -> None:
    made = refund(program, top_up_id, {"amount": "94.40"}).json()
    entry = program.get("/v1/credit-history").json()["data"][0]
    assert (entry["description"], entry["reference"], entry["credits"]) == ("Refund", made["id"], "-400")
