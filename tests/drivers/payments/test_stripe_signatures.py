"""Stripe's webhooks: what is genuine and fresh is read, everything else is refused alike."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from khata.payments.drivers.stripe.signatures import is_webhook_authentic
from khata.payments.port import ForgedWebhook, WebhookHint

from .stripe_script import SESSION_REF

SECRET, OLD_SECRET = "whsec_new", "whsec_old"
GOOD: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "checkout_url": "http://127.0.0.1:1",
    "secret_key": "sk_test_signatures",
    "webhook_secrets": (SECRET, OLD_SECRET),
    "is_sandbox": True,
}
GATEWAY = StripeGateway(StripeSettings(**GOOD))
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": SESSION_REF, "object": "checkout.session", "payment_intent": "pi_1"}},
}


def sign(body: bytes, secret: str = SECRET, at_s: float | None = None) -> str:
    at = str(int(time.time() if at_s is None else at_s))
    return f"t={at},v1={hmac.new(secret.encode(), at.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def read(event: Any, header: str | None = None) -> WebhookHint:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return GATEWAY.read_webhook(body=body, headers={"stripe-signature": header or sign(body)})


def about(kind: str, **subject: Any) -> WebhookHint:
    return read(EVENT | {"type": kind, "data": {"object": subject}})


BODY = json.dumps(EVENT).encode()


def test_the_signature_is_over_the_time_and_the_raw_body() -> None:
    """Reckoned by hand with openssl: printf '1500000000.{}' | openssl dgst -sha256 -hmac whsec_hand"""
    header = "t=1500000000,v1=f15ff0f48fe20915adbd27284dd368d9f1409eb7fcf43bc3bbf15d8b8e3b4966"
    assert is_webhook_authentic(secrets=["whsec_hand"], body=b"{}", header=header, now_s=1_500_000_000)


def test_a_genuine_webhook_says_where_to_look() -> None:
    assert read(EVENT) == WebhookHint("evt_1", "checkout.session.completed", SESSION_REF, None)


@pytest.mark.parametrize(
    ("kind", "subject", "payment_ref"),
    [
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, "ch_1"),
        ("refund.updated", {"id": "re_1", "charge": "ch_1"}, "ch_1"),
        ("charge.dispute.closed", {"id": "du_1", "charge": {"id": "ch_1"}}, "ch_1"),
        ("payment_intent.succeeded", {"id": "pi_1", "latest_charge": "py_1"}, "py_1"),
        ("payout.paid", {"id": "po_1"}, None),
        ("balance.available", {}, None),
        ("charge.refunded", {"id": "ch_'; drop table"}, None),
        ("charge.refunded", {"id": "ch_" + "x" * 99}, None),
        ("charge.refunded", {"id": 7, "charge": []}, None),
    ],
)
def test_an_event_that_names_no_session_names_its_payment_if_it_has_one(
    kind: str, subject: dict[str, Any], payment_ref: str | None
) -> None:
    hint = about(kind, **subject)
    assert (hint.kind, hint.order_ref, hint.payment_ref) == (kind, None, payment_ref)


@pytest.mark.parametrize("data", [None, [], {}, {"object": None}, {"object": "ch_1"}], ids=str)
def test_a_genuine_event_about_nothing_names_nothing(data: Any) -> None:
    hint = read(EVENT | {"data": data})
    assert (hint.order_ref, hint.payment_ref) == (None, None)


def test_a_webhook_signed_with_the_earlier_secret_is_genuine() -> None:
    assert read(EVENT, sign(BODY, OLD_SECRET)).order_ref == SESSION_REF


def test_while_secrets_change_any_of_several_signatures_may_fit() -> None:
    at = time.time()
    of_another = sign(BODY, "whsec_of_another", at).partition(",")[2]
    assert read(EVENT, f"{sign(BODY, SECRET, at)},{of_another},v0=00").order_ref == SESSION_REF
    header = f"t={int(at)},{of_another},{sign(BODY, SECRET, at).partition(',')[2]}"
    assert read(EVENT, header).order_ref == SESSION_REF


@pytest.mark.parametrize("away_s", [-290, 290])
def test_a_clock_that_is_a_little_off_is_put_up_with(away_s: int) -> None:
    assert read(EVENT, sign(BODY, at_s=time.time() + away_s)).order_ref == SESSION_REF


FORGED: dict[str, Callable[[], str]] = {
    # Made when the test runs: signed when it was collected, a header would be refused, or not, for its age alone.
    "nothing": lambda: "",
    "no time": lambda: sign(BODY).partition(",")[2],
    "no signature": lambda: sign(BODY).partition(",")[0],
    "two times": lambda: f"t=1,{sign(BODY)}",
    "another signature": lambda: f"{sign(BODY).partition(',')[0]},v1={'0' * 64}",
    "upper case": lambda: sign(BODY).replace("v1=", "V1="),
    "only the scheme for tests": lambda: sign(BODY).replace("v1=", "v0="),
    "no hex": lambda: "t=1,v1=ü\ud800\0",
    "a time that is no number": lambda: sign(BODY).replace("t=", "t=-"),
    "digits of another script": lambda: "t=१२३,v1=00",
    "signed with the API key": lambda: sign(BODY, "sk_test_signatures"),
    "signed with an empty secret": lambda: sign(BODY, ""),
    "sent again six minutes later": lambda: sign(BODY, at_s=time.time() - 360),
    "from six minutes ahead": lambda: sign(BODY, at_s=time.time() + 360),
    "over another body": lambda: sign(BODY + b" "),
    "over the body alone": lambda: (
        f"t={int(time.time())},v1={hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}"
    ),
}


@pytest.mark.parametrize("header", FORGED.values(), ids=FORGED)
def test_what_stripe_did_not_sign_just_now_is_forged(header: Callable[[], str]) -> None:
    with pytest.raises(ForgedWebhook):
        read(EVENT, header() or "unsigned")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"[" * 100_000,
        b"{}",
        json.dumps(EVENT | {"id": "a b"}).encode(),
        json.dumps(EVENT | {"id": "evt_" + "x" * 61}).encode(),
        json.dumps(EVENT | {"type": "A B"}).encode(),
        json.dumps(EVENT | {"type": 7}).encode(),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_too(body: bytes) -> None:
    with pytest.raises(ForgedWebhook):
        read(body)


@pytest.mark.parametrize("livemode", [True, None, 0, "false"])
def test_an_event_about_real_money_is_refused_by_a_test_account(livemode: Any) -> None:
    with pytest.raises(ForgedWebhook):
        read(EVENT | {"livemode": livemode})


def test_a_return_names_its_session_and_proves_nothing() -> None:
    hint = GATEWAY.read_return(order_ref=SESSION_REF, fields={"session_id": SESSION_REF})
    assert (hint.outcome, hint.is_authentic) == ("paid", False)
    assert GATEWAY.read_return(order_ref=SESSION_REF, fields={"session_id": "cs_other"}).outcome == "unknown"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": ""},
        {"secret_key": "pk_test_1"},
        {"secret_key": "rzp_test_1"},
        {"secret_key": "sk_live_top-secret"},
        {"webhook_secrets": ("good", "")},
        {"base_url": "ftp://gateway"},
        {"checkout_url": "gateway"},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_without_telling_secrets(wrong: dict[str, Any]) -> None:
    assert SECRET not in repr(StripeSettings(**GOOD))
    assert "sk_test" not in repr(StripeSettings(**GOOD))
    with pytest.raises(ValueError) as refused:
        StripeSettings(**{**GOOD, **wrong})
    assert "top-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "mode"), [("sk_test_1", "test"), ("rk_test_1", "test"), ("sk_live_1", "live"), ("rk_live_1", "live")]
)
def test_the_key_says_whether_its_money_is_real(key: str, mode: str) -> None:
    assert StripeSettings(**{**GOOD, "secret_key": key, "is_sandbox": False}).mode == mode
