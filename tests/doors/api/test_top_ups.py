"""`/v1/top-ups` against the sandbox gateway: begun, paid, read and listed."""

import logging
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from khata.billing.operations import begin_checkout, settle_top_up
from khata.kernel.ids import uuid_from_public
from khata.payments import registry
from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from tests.drivers.payments.sandbox_gateway import KEY_SECRET, SandboxGateway
from tests.ports import free_port
from tests.sandbox.gateway.payer import Payer

from .program import INSTANT, Program

pytestmark = pytest.mark.usefixtures("sandbox_gateway")

AMOUNT = {"amount": "1000.00"}


def keyed(key: str | None = None) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key or uuid4().hex}}


def begin(program: Program, body: Any = AMOUNT, key: str | None = None) -> httpx.Response:
    return program.post("/v1/top-ups", body, **keyed(key))


def pay(program: Program, gateway: SandboxGateway, id: str) -> None:
    top_up_id = uuid_from_public("top", id)
    start = begin_checkout(organisation_id=program.organisation_id, top_up_id=top_up_id)
    gateway.pay(start)
    settle_top_up(top_up_id=top_up_id)


def test_a_top_up_begins_with_its_price_and_where_to_pay(program: Program) -> None:
    answer = begin(program, {"amount": "1000.00", "currency": "INR"})
    top_up = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/top-ups/{top_up['id']}"
    assert program.get(answer.headers["location"]).json() == top_up
    assert INSTANT.fullmatch(top_up.pop("created_at"))
    assert INSTANT.fullmatch(top_up.pop("expires_at"))
    id = top_up.pop("id")
    assert id.startswith("top_")
    assert top_up == {
        "status": "created",
        "purpose": "credits",
        "amount": "1000.00",
        "tax": "180.00",
        "total": "1180.00",
        "currency": "INR",
        "credits": "5000",
        "bonus_credits": "0",
        "gateway": "razorpay",
        "pay_by": "checkout",
        "checkout_url": f"http://localhost:8000/billing/payments/{id}/checkout/",
        "upi_uri": None,
        "paid_at": None,
        "payments": [],
        "refunds": [],
        "invoice_id": None,
    }


def test_beginning_a_top_up_gives_no_credits_and_paying_it_does(
    program: Program, sandbox_gateway: SandboxGateway
) -> None:
    id = begin(program).json()["id"]
    assert program.get("/v1/balance").json()["available"] == "100"
    pay(program, sandbox_gateway, id)
    top_up = program.get(f"/v1/top-ups/{id}").json()
    assert top_up["status"] == "paid"
    assert INSTANT.fullmatch(top_up["paid_at"])
    (payment,) = top_up["payments"]
    assert payment.pop("reference").startswith("pay_")
    assert INSTANT.fullmatch(payment.pop("created_at"))
    assert isinstance(payment.pop("bank_reference"), str)
    assert payment == {"status": "captured", "method": "netbanking", "amount": "1180.00"}
    assert program.get("/v1/balance").json()["available"] == "5100"


@pytest.mark.parametrize(
    ("amount", "read_as", "credits"),
    [
        ("100", "100.00", "500"),
        ("100.00", "100.00", "500"),
        ("100.1", "100.10", "500.5"),
        ("100.01", "100.01", "500.05"),
        ("0100.00", "100.00", "500"),
        ("500000.00", "500000.00", "2500000"),
    ],
)
def test_an_amount_is_exact_to_the_paisa(program: Program, amount: str, read_as: str, credits: str) -> None:
    top_up = begin(program, {"amount": amount}).json()
    assert (top_up["amount"], top_up["credits"]) == (read_as, credits)


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "below_minimum"),
        ("0.00", "below_minimum"),
        ("99.99", "below_minimum"),
        ("500000.01", "above_maximum"),
        ("9" * 12, "above_maximum"),
        *((text, "not_an_amount") for text in ("", " ", "-5", "+1000", "abc", "1e3", "0x3e8", "∞", "NaN", "1_000")),
        *((text, "not_an_amount") for text in ("100.001", "100.", ".5", "100.0.0", "9" * 13, "9" * 900_000)),
        *((text, "not_an_amount") for text in ("1,000", "1,00,000", "100,50", " 1000 ", "1000\n", "₹1000", "Rs. 1000")),
        *((text, "not_an_amount") for text in ("１００", "١٠٠٠", "1000\u200b", "'; DROP TABLE top_up; --")),
        ("1000\u0000", "invalid_text"),
        *((value, "wrong_type") for value in (5, 1000.0, -1, True, None, ["1000"], {"value": "1000"})),
    ],
)
def test_an_amount_that_is_not_one_is_refused(program: Program, amount: Any, code: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/top-ups", content={"amount": amount}, **keyed())
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("amount", code)]


@pytest.mark.parametrize("member", ["credits", "total", "tax", "status", "organisation_id", "mode", "order_ref", "id"])
def test_nothing_but_the_amount_is_the_callers_to_say(program: Program, member: str) -> None:
    body = AMOUNT | {member: "1"}
    problem = program.refused("POST", 422, "invalid_request", "/v1/top-ups", content=body, **keyed())
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(member, "unknown_field")]


@pytest.mark.parametrize("currency", ["USD", "inr", "", "INR "])
def test_another_currency_is_refused(program: Program, currency: str) -> None:
    body = AMOUNT | {"currency": currency}
    problem = program.refused("POST", 422, "invalid_request", "/v1/top-ups", content=body, **keyed())
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("currency", "unsupported")]


def test_a_top_up_needs_an_idempotency_key(program: Program) -> None:
    program.refused("POST", 400, "idempotency_key_missing", "/v1/top-ups", content=AMOUNT)


@pytest.mark.parametrize("key", ["", '""', "a" * 256, "é".encode()])
def test_a_top_ups_key_must_be_one(program: Program, key: str | bytes) -> None:
    headers = {"Idempotency-Key": key}
    program.refused("POST", 400, "invalid_idempotency_key", "/v1/top-ups", content=AMOUNT, headers=headers)


def test_a_repeat_is_the_same_top_up(program: Program) -> None:
    first = begin(program, key="k1")
    after = program.rows()
    for key in ("k1", '"k1"'):
        again = begin(program, {"amount": "1000"}, key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["location"] == first.headers["location"]
    assert program.rows() == after


def test_a_top_ups_key_with_another_amount_is_refused(program: Program) -> None:
    begin(program, key="k1")
    other = {"amount": "1000.01"}
    program.refused("POST", 422, "idempotency_key_reused", "/v1/top-ups", content=other, **keyed("k1"))


def test_many_requests_at_once_with_one_key_are_one_top_up(program: Program) -> None:
    answers = program.call_together([("POST", "/v1/top-ups", {"json": AMOUNT, **keyed("k1")})] * 20)
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert [row["id"] for row in program.get("/v1/top-ups").json()["data"]] == [answers[0].json()["id"]]


def test_without_billing_details_the_refusal_names_what_is_missing(chens_program: Program) -> None:
    problem = chens_program.refused("POST", 422, "billing_details_missing", "/v1/top-ups", content=AMOUNT, **keyed())
    assert problem["missing"] == ["state_code", "legal_name"]


def test_while_the_gateway_is_away_the_same_key_may_be_tried_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(registry, "_gateways", {})
        registry.register_gateway(unreachable_gateway())
        answer = begin(program, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert begin(program, key="k1").status_code == 201
    assert len(program.get("/v1/top-ups").json()["data"]) == 1
    assert program.get("/v1/balance").json()["available"] == "100"


def test_top_ups_are_listed_newest_first_page_by_page(program: Program, chens_program: Program) -> None:
    ids = [begin(program, {"amount": f"{100 + number}"}).json()["id"] for number in range(5)][::-1]
    assert [row["id"] for row in program.get("/v1/top-ups").json()["data"]] == ids
    for limit, expected in ((2, [ids[:2], ids[2:4], ids[4:]]), (5, [ids])):
        assert [[row["id"] for row in page] for page in program.pages("/v1/top-ups", limit=limit)] == expected
    assert chens_program.get("/v1/top-ups").json() == {"data": [], "next_cursor": None}
    assert chens_program.get("/v1/top-ups", params={"cursor": ids[0]}).json()["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={text}", "limit") for text in ("", "0", "-1", "101", "1.0", "1e1", "abc", "%EF%BC%91", "9" * 5_000)),
        *((f"limit={text}", "limit") for text in ("01", "0010000", "%201", "1%00", "1;2")),
        *((f"cursor={text}", "cursor") for text in ("", "x", "%00", "%ff", "msg_" + "0" * 26, "top_" + "z" * 26)),
        ("limit=1&limit=2", "query"),
        ("limt=5", "limt"),
        ("organisation_id=1", "organisation_id"),
    ],
)
def test_a_page_that_cannot_be_is_refused(program: Program, query: str, field: str) -> None:
    problem = program.refused("GET", 422, "invalid_request", f"/v1/top-ups?{query}")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_another_organisations_top_up_is_not_found(program: Program, chens_program: Program) -> None:
    id = begin(program).json()["id"]
    chens_program.refused("GET", 404, "not_found", f"/v1/top-ups/{id}")


@pytest.mark.parametrize("id", ["top_" + "0" * 26, "top_" + "z" * 26, "msg_" + "0" * 26, "top_", "%00", "..%2fbalance"])
def test_an_id_that_is_no_top_up_is_not_found(program: Program, id: str) -> None:
    program.refused("GET", 404, "not_found", f"/v1/top-ups/{id}")


def test_no_secret_reaches_the_log_on_the_way_to_the_gateway(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert begin(program).status_code == 201
    assert [secret for secret in (program.key, KEY_SECRET) if secret in caplog.text] == []


def unreachable_gateway() -> RazorpayGateway:
    url = f"http://127.0.0.1:{free_port()}"
    settings = RazorpaySettings(
        base_url=url,
        checkout_url=url,
        key_id="rzp_test_away",
        key_secret="secret",
        webhook_secrets=("secret",),
        merchant_name="Khata",
        is_sandbox=True,
    )
    return RazorpayGateway(settings)


@pytest.mark.parametrize("way", ["link", "upi_qr"])
def test_a_link_or_a_code_says_where_and_how_it_is_paid(
    program: Program, sandbox_gateway: SandboxGateway, way: str
) -> None:
    answer = begin(program, {**AMOUNT, "pay_by": way})
    top_up = answer.json()
    assert (answer.status_code, top_up["pay_by"], top_up["status"]) == (201, way, "created")
    if way == "link":
        assert top_up["checkout_url"].startswith(f"{sandbox_gateway.url}/l/")
        assert top_up["upi_uri"] is None
    else:
        assert top_up["checkout_url"] == f"http://localhost:8000/billing/payments/{top_up['id']}/"
        assert top_up["upi_uri"].startswith("upi://pay?")
    assert program.get(f"/v1/top-ups/{top_up['id']}").json() == top_up


def test_a_link_paid_by_somebody_else_brings_credits(program: Program, sandbox_gateway: SandboxGateway) -> None:
    top_up = begin(program, {**AMOUNT, "pay_by": "link"}).json()
    payer = Payer(sandbox_gateway.http).open(urlsplit(top_up["checkout_url"]).path)
    payer.press("Proceed to pay").press("Pay", within="#netbanking").press("Success")
    settle_top_up(top_up_id=uuid_from_public("top", top_up["id"]))
    assert program.get(f"/v1/top-ups/{top_up['id']}").json()["status"] == "paid"
    assert program.get("/v1/balance").json()["available"] == "5100"


def test_a_gateway_can_be_chosen_among_those_configured(program: Program) -> None:
    chosen = begin(program, {**AMOUNT, "gateway": "razorpay"})
    assert (chosen.status_code, chosen.json()["gateway"]) == (201, "razorpay")
    unknown = {**AMOUNT, "gateway": "paypal"}
    problem = program.refused("POST", 422, "invalid_request", "/v1/top-ups", content=unknown, **keyed())
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("gateway", "unknown")
    assert "razorpay" in error["detail"]


@pytest.mark.parametrize(
    ("way", "code"), [("cash", "unsupported"), ("", "unsupported"), (None, "wrong_type"), (1, "wrong_type")]
)
def test_a_way_to_pay_nobody_knows_is_refused(program: Program, way: object, code: str) -> None:
    body = AMOUNT | {"pay_by": way}
    problem = program.refused("POST", 422, "invalid_request", "/v1/top-ups", content=body, **keyed())
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("pay_by", code)]
