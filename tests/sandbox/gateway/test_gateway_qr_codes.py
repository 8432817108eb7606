from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .control_client import Control
from .merchant import Merchant
from .payer import Payer
from .set_clock import SetClock

FIXED = {"fixed_amount": True, "payment_amount": 30_000}


def create_qr_code(merchant: Merchant, **more: Any) -> Any:
    body = {"type": "upi_qr", "usage": "multiple_use", "name": "Counter", **more}
    answer = merchant.call("POST", "/v1/payments/qr_codes", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def qr_code_of(merchant: Merchant, qr_code: Any) -> Any:
    return merchant.get(f"/v1/payments/qr_codes/{qr_code['id']}")


def scan(payer: Payer, qr_code: Any) -> Payer:
    return payer.open(urlsplit(qr_code["image_url"]).path.removesuffix(".png"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": None}, "type"),
        ({"type": "bharat_qr"}, "type"),
        ({"usage": "twice"}, "usage"),
        ({"fixed_amount": True}, "payment_amount"),
        ({"fixed_amount": True, "payment_amount": 99}, "payment_amount"),
        ({"payment_amount": 500}, "payment_amount"),
        ({"fixed_amount": "yes"}, "fixed_amount"),
        ({"close_by": 1_700_000_000}, "close_by"),
        ({"close_by": "soon"}, "close_by"),
    ],
)
def test_a_wrong_qr_code_is_refused_with_its_field(merchant: Merchant, body: dict[str, Any], field: str) -> None:
    given = {"type": "upi_qr", "usage": "single_use", **body}
    assert merchant.refused("POST", "/v1/payments/qr_codes", json=given)["field"] == field


def test_a_qr_code_of_an_unknown_customer_is_refused(merchant: Merchant) -> None:
    given = {"type": "upi_qr", "usage": "single_use", "customer_id": "cust_00000000000000"}
    error = merchant.refused("POST", "/v1/payments/qr_codes", json=given)
    assert error["description"] == "The id provided does not exist"


def test_a_code_for_many_payments_stays_open(merchant: Merchant, payer: Payer, control: Control) -> None:
    qr_code = create_qr_code(merchant, **FIXED)
    for _ in range(2):
        assert scan(payer, qr_code).press("Approve").heading == "Approved"
    after = qr_code_of(merchant, qr_code)
    assert (after["status"], after["payments_count_received"], after["payments_amount_received"]) == (
        "active",
        2,
        60_000,
    )
    kinds = [event["event"] for event in control.items("events")]
    assert (kinds.count("qr_code.credited"), kinds.count("payment.captured"), kinds.count("order.paid")) == (2, 2, 0)


def test_a_code_for_one_payment_closes_with_it(merchant: Merchant, payer: Payer, control: Control) -> None:
    qr_code = create_qr_code(merchant, usage="single_use", **FIXED)
    late = Payer(payer.client)
    scan(late, qr_code)
    scan(payer, qr_code).press("Approve")
    after = qr_code_of(merchant, qr_code)
    assert (after["status"], after["close_reason"]) == ("closed", "paid")
    assert late.press("Approve").status == 410
    assert scan(late, qr_code).status == 410
    assert merchant.get(f"/v1/payments/qr_codes/{qr_code['id']}/payments")["count"] == 1
    assert [event["event"] for event in control.items("events")][:2] == ["qr_code.closed", "qr_code.credited"]


def test_the_image_opened_in_a_browser_is_the_phone_that_scanned_it(merchant: Merchant, payer: Payer) -> None:
    path = urlsplit(create_qr_code(merchant, **FIXED)["image_url"]).path
    assert payer.client.get(path).headers["content-type"] == "image/png"
    answer = payer.client.get(path, headers={"accept": "text/html,image/png"})
    assert (answer.status_code, answer.headers["location"]) == (303, path.removesuffix(".png"))


def test_pressing_twice_is_one_payment(merchant: Merchant, payer: Payer) -> None:
    qr_code = create_qr_code(merchant, **FIXED)
    scan(payer, qr_code)
    same_page = payer.page
    payer.press("Approve")
    payer.page = same_page
    payer.press("Approve")
    assert payer.heading == "Approved"
    assert qr_code_of(merchant, qr_code)["payments_count_received"] == 1


def test_the_payer_names_the_amount_of_an_open_code(merchant: Merchant, payer: Payer) -> None:
    qr_code = create_qr_code(merchant)
    assert "am" not in parse_qs(urlsplit(qr_code["image_content"]).query)
    assert scan(payer, qr_code).press("Approve", amount="0.50").status == 422
    payer.press("Approve", amount="250.5")
    assert qr_code_of(merchant, qr_code)["payments_amount_received"] == 25_050


def test_a_declined_scan_credits_nothing(merchant: Merchant, payer: Payer, control: Control) -> None:
    qr_code = create_qr_code(merchant, usage="single_use", **FIXED)
    assert scan(payer, qr_code).press("Decline").heading == "Not paid"
    assert (qr_code_of(merchant, qr_code)["status"], qr_code_of(merchant, qr_code)["payments_count_received"]) == (
        "active",
        0,
    )
    assert scan(payer, qr_code).press("Keep pending").heading == "Pending"
    control.act("payments", control.items("payments")[0]["id"], "succeed")
    assert qr_code_of(merchant, qr_code)["close_reason"] == "paid"


def test_a_code_closes_when_its_time_has_come(
    merchant: Merchant, payer: Payer, control: Control, clock: SetClock
) -> None:
    qr_code = create_qr_code(merchant, close_by=int(clock.now()) + 1_000)
    control.advance(1_001)
    after = qr_code_of(merchant, qr_code)
    assert (after["status"], after["close_reason"], after["closed_at"] > 0) == ("closed", None, True)
    assert scan(payer, qr_code).status == 410
    error = merchant.refused("POST", f"/v1/payments/qr_codes/{qr_code['id']}/close")
    assert error["description"] == "The QR code has already been closed."


def test_the_order_behind_a_scan_is_the_gateways_own(merchant: Merchant, payer: Payer, control: Control) -> None:
    qr_code = create_qr_code(merchant, **FIXED)
    scan(payer, qr_code).press("Approve")
    (payment,) = merchant.get(f"/v1/payments/qr_codes/{qr_code['id']}/payments")["items"]
    assert merchant.get(f"/v1/payments/{payment['id']}") == payment
    assert merchant.get("/v1/orders")["count"] == 0
    order_id = control.items("events")[1]["order_id"]
    assert merchant.refused("GET", f"/v1/orders/{order_id}")["description"] == "The id provided does not exist"


def test_a_payment_of_a_code_can_be_refunded(merchant: Merchant, payer: Payer) -> None:
    qr_code = create_qr_code(merchant, **FIXED)
    scan(payer, qr_code).press("Approve")
    (payment,) = merchant.get(f"/v1/payments/qr_codes/{qr_code['id']}/payments")["items"]
    assert merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={}).json()["amount"] == 30_000
    assert merchant.get(f"/v1/payments/{payment['id']}")["status"] == "refunded"


def test_codes_are_found_by_customer_and_by_payment(merchant: Merchant, payer: Payer) -> None:
    customer = merchant.call("POST", "/v1/customers", json={"name": "Asha", "email": "asha@example.com"}).json()
    wanted = create_qr_code(merchant, customer_id=customer["id"], **FIXED)
    create_qr_code(merchant)
    scan(payer, wanted).press("Approve")
    (payment,) = merchant.get("/v1/payments")["items"]
    assert payment["customer_id"] == customer["id"]
    for query in ({"customer_id": customer["id"]}, {"payment_id": payment["id"]}):
        found = merchant.get("/v1/payments/qr_codes", **query)["items"]
        assert [qr_code["id"] for qr_code in found] == [wanted["id"]]


def test_an_unknown_code_is_a_page_that_says_so(payer: Payer) -> None:
    assert payer.open("/qr/nothing").status == 404
    assert payer.open("/qr/nothing.png").status == 404
