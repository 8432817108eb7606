"""Returns and webhooks: what is genuine is read, everything else is refused alike."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.drivers.razorpay.signatures import is_return_authentic
from khata.payments.port import ForgedWebhook, WebhookHint

SECRET, OLD_SECRET = "webhook-new", "webhook-old"
ORDER_REF, PAYMENT_REF = "order_IEIaMR65cu6nz3", "pay_IH4NVgf4Dreq1l"
GATEWAY = RazorpayGateway(
    RazorpaySettings(
        base_url="http://127.0.0.1:1",
        checkout_url="http://127.0.0.1:1",
        key_id="rzp_test_signatures",
        key_secret="EnLs21M47BllR3X8PSFtjtbd",
        webhook_secrets=(SECRET, OLD_SECRET),
        merchant_name="Khata",
        is_sandbox=True,
    )
)
SIGNATURE = "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f"
"""Published with these two ids and this key secret."""

RETURN = {"razorpay_payment_id": PAYMENT_REF, "razorpay_order_id": ORDER_REF, "razorpay_signature": SIGNATURE}
EVENT = {
    "entity": "event",
    "event": "payment.captured",
    "payload": {"payment": {"entity": {"id": PAYMENT_REF, "order_id": ORDER_REF}}},
}


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, **changes: str) -> dict[str, str]:
    return {"x-razorpay-signature": sign(body), "x-razorpay-event-id": "evt_1", **changes}


def read(event: Any) -> WebhookHint:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return GATEWAY.read_webhook(body=body, headers=headers(body))


@pytest.mark.parametrize(
    ("secret", "order_ref", "payment_ref", "signature"),
    [
        ("EnLs21M47BllR3X8PSFtjtbd", ORDER_REF, PAYMENT_REF, SIGNATURE),
        (
            "key_secret",
            "fake_order_id",
            "fake_payment_id",
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
        ),
    ],
)
def test_published_signatures_fit(secret: str, order_ref: str, payment_ref: str, signature: str) -> None:
    assert is_return_authentic(key_secret=secret, message=f"{order_ref}|{payment_ref}", signature=signature)


def test_a_genuine_return_says_paid() -> None:
    hint = GATEWAY.read_return(order_ref=ORDER_REF, fields=RETURN)
    assert (hint.outcome, hint.is_authentic, hint.payment_ref) == ("paid", True, PAYMENT_REF)


@pytest.mark.parametrize(
    "change",
    [
        {"razorpay_signature": SIGNATURE[:-1] + "0"},
        {"razorpay_signature": SIGNATURE.upper()},
        {"razorpay_signature": ""},
        {"razorpay_signature": "ü\ud800"},
        {"razorpay_payment_id": "pay_another"},
        {"razorpay_payment_id": f"{PAYMENT_REF}\n"},
    ],
    ids=str,
)
def test_a_tampered_return_says_nothing(change: dict[str, str]) -> None:
    hint = GATEWAY.read_return(order_ref=ORDER_REF, fields=RETURN | change)
    assert (hint.outcome, hint.is_authentic, hint.payment_ref) == ("unknown", False, None)


def test_the_posted_order_id_is_not_looked_at() -> None:
    assert GATEWAY.read_return(order_ref=ORDER_REF, fields=RETURN | {"razorpay_order_id": "order_x"}).is_authentic
    assert not GATEWAY.read_return(order_ref="order_of_another", fields=RETURN).is_authentic


def test_a_failed_return_brings_its_reason() -> None:
    fields = {"error[code]": "BAD_REQUEST_ERROR", "error[reason]": "card_declined", "error[description]": "No."}
    hint = GATEWAY.read_return(order_ref=ORDER_REF, fields=fields)
    assert (hint.outcome, hint.is_authentic) == ("failed", False)
    assert (hint.error_code, hint.error_reason, hint.error_description) == ("BAD_REQUEST_ERROR", "card_declined", "No.")


def test_an_empty_return_says_nothing() -> None:
    assert GATEWAY.read_return(order_ref=ORDER_REF, fields={}).outcome == "unknown"


def test_a_genuine_webhook_says_where_to_look() -> None:
    assert read(EVENT) == WebhookHint("evt_1", "payment.captured", ORDER_REF, PAYMENT_REF)


def test_a_signature_is_over_the_bytes_as_they_came() -> None:
    """Blanks, escapes and the order of keys are the sender's; whoever writes the JSON anew gets other bytes."""
    body = b'{ "payload":{}, "event" :"order.paid","note":"\\u20b9 1,180" }'
    assert GATEWAY.read_webhook(body=body, headers=headers(body)).kind == "order.paid"


def test_a_webhook_signed_with_the_earlier_secret_is_genuine() -> None:
    body = json.dumps(EVENT).encode()
    signed = headers(body) | {"x-razorpay-signature": sign(body, OLD_SECRET)}
    assert GATEWAY.read_webhook(body=body, headers=signed).order_ref == ORDER_REF


def test_an_order_event_without_a_payment_names_its_order() -> None:
    hint = read({"event": "order.paid", "payload": {"order": {"entity": {"id": ORDER_REF}}}})
    assert (hint.order_ref, hint.payment_ref) == (ORDER_REF, None)


@pytest.mark.parametrize(
    "payload", [None, [], {}, {"payment": None}, {"payment": {"entity": []}}, {"order": {"entity": {"id": 7}}}], ids=str
)
def test_a_genuine_webhook_about_something_else_names_no_order(payload: Any) -> None:
    assert read({"event": "settlement.processed", "payload": payload}).order_ref is None


@pytest.mark.parametrize("order_ref", ["order_", "order_a\0b", "pay_1", "order_'; drop table", "order_" + "x" * 99, ""])
def test_a_reference_of_no_known_shape_is_left_out(order_ref: str) -> None:
    assert read({"event": "order.paid", "payload": {"order": {"entity": {"id": order_ref}}}}).order_ref is None


BODY = json.dumps(EVENT).encode()
FORGED: dict[str, tuple[bytes, dict[str, str]]] = {
    "no headers at all": (BODY, {}),
    "no signature": (BODY, {"x-razorpay-event-id": "evt_1"}),
    "another signature": (BODY, headers(BODY) | {"x-razorpay-signature": "0" * 64}),
    "a signature that is no hex": (BODY, headers(BODY) | {"x-razorpay-signature": "ü\ud800\0"}),
    "signed with the key secret": (
        BODY,
        headers(BODY) | {"x-razorpay-signature": sign(BODY, "EnLs21M47BllR3X8PSFtjtbd")},
    ),
    "one byte changed": (BODY.replace(b"captured", b"capturee"), headers(BODY)),
    "the same JSON encoded again": (json.dumps(EVENT, indent=1).encode(), headers(BODY)),
    "an empty body": (b"", headers(BODY)),
    "no event id": (BODY, headers(BODY) | {"x-razorpay-event-id": ""}),
    "an event id of another shape": (BODY, headers(BODY) | {"x-razorpay-event-id": "a b"}),
    "an endless event id": (BODY, headers(BODY) | {"x-razorpay-event-id": "x" * 65}),
}


@pytest.mark.parametrize(("body", "sent"), FORGED.values(), ids=FORGED)
def test_what_the_gateway_did_not_sign_is_forged(body: bytes, sent: dict[str, str]) -> None:
    with pytest.raises(ForgedWebhook):
        GATEWAY.read_webhook(body=body, headers=sent)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"{", b"null", b"[]", b'"x"', b"[" * 100_000, b"{}", b'{"event": 7}', b'{"event": "A B"}'],
)
def test_a_signed_body_that_is_no_event_is_refused_too(body: bytes) -> None:
    with pytest.raises(ForgedWebhook):
        read(body)
