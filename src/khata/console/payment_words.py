"""What the page of a top-up says: one word, one sentence on the money, one main action for every state."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from khata.billing.core.refund_life import RefundState
from khata.billing.queries import DisputeRow, PaymentRow, RefundRow, TopUpFailure, TopUpRow, TopUpState
from khata.console.words import BAD, BUSY, CALM, OK, WARN, Badge, badge, credits_exact, credits_words, money
from khata.payments.port import PaymentMethod
from khata.payments.reversals import DisputeStatus
from khata.payments.ways import PayBy

_NOT_CHARGED = "You were not charged."
_UNCLEAR = (
    "No credits were added. If your bank debited you, they are added once it confirms, "
    "or the money goes back, usually within 5–7 working days."
)

_METHODS = {
    PaymentMethod.UPI: "UPI",
    PaymentMethod.CARD: "Card",
    PaymentMethod.NETBANKING: "Netbanking",
    PaymentMethod.WALLET: "Wallet",
    PaymentMethod.OTHER: "Other",
}
_PLACES = {
    "customer": "on your side",
    "bank": "at the bank",
    "issuer": "at the bank",
    "issuer_bank": "at the bank",
    "customer_psp": "in the UPI app",
    "network": "in the card's network",
    "gateway": "at the payment gateway",
    "internal": "at the payment gateway",
}
"""By the gateways' names for them."""


class Action(StrEnum):
    """The main thing to do next; payment.html draws each."""

    CONTINUE = "continue"
    CHECK = "check"
    PAY = "pay"
    """By the link or the code on this page."""
    SEND = "send"
    AGAIN = "again"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PaymentWords:
    badge: Badge
    sentence: str
    action: Action
    is_open: bool = False
    """Whether the page should look again by itself."""


def payment_words(top_up: TopUpRow) -> PaymentWords:
    """The words for a top-up's state. "You were not charged" is said only where that is certain."""
    match top_up.state:
        case TopUpState.CREATED | TopUpState.PENDING:
            return _open(top_up)
        case TopUpState.PAID:
            return _paid(top_up)
        case TopUpState.FAILED:
            return PaymentWords(badge("Failed", BAD), _money_after_failure(top_up), Action.AGAIN)
        case TopUpState.CANCELLED:
            return PaymentWords(badge("Cancelled", CALM), _money_after_end(top_up), Action.AGAIN)
        case TopUpState.EXPIRED:
            return PaymentWords(badge("Expired", CALM), _money_after_end(top_up), Action.AGAIN)
        case TopUpState.REVIEW:
            words = badge("Being checked", WARN)
            return PaymentWords(words, "Something does not match; the operator has been told.", Action.NONE)
        case TopUpState.PARTLY_REFUNDED | TopUpState.REFUNDED:
            return _refunded(top_up)
        case TopUpState.DISPUTED:
            sentence = (
                "The payer's bank asks for this payment back. Its unspent credits are reserved until that is decided."
            )
            return PaymentWords(badge("Disputed", WARN), sentence, Action.NONE)
        case TopUpState.REVERSED:
            sentence = "The payer's bank took this payment back, so its credits were taken back, too."
            return PaymentWords(badge("Reversed", BAD), sentence, Action.NONE)


def refund_words(refund: RefundRow) -> str:
    """Where the money is, and when it arrives."""
    match refund.state:
        case RefundState.REQUESTED | RefundState.PENDING:
            return "On its way. It usually arrives within 5–7 working days."
        case RefundState.PROCESSED:
            return "Sent to the payer's bank. It usually arrives within 5–7 working days."
        case RefundState.FAILED:
            return "Could not be sent. Its credits came back." if refund.credits_micro else "Could not be sent."


def dispute_words(dispute: DisputeRow) -> str:
    """What the payer's bank has decided."""
    match dispute.status:
        case DisputeStatus.OPEN | DisputeStatus.UNDER_REVIEW:
            return "Being decided by the payer's bank. Unspent credits of this payment are reserved until then."
        case DisputeStatus.WON | DisputeStatus.CLOSED:
            return "Decided for you. The reserved credits came back."
        case DisputeStatus.LOST:
            return "The bank took the payment back, and its credits were taken back."


def method_words(payment: PaymentRow) -> str:
    """What the payer paid with, as far as the gateway has told."""
    return payment.method_detail or _METHODS[payment.method]


def asking_mail(top_up: TopUpRow) -> str:
    """A `mailto:` address that opens a mail with the payment link in it, in whatever program the member writes with."""
    subject = f"Please pay ₹{money(top_up.total_minor)}"
    text = f"Please pay ₹{money(top_up.total_minor)} by this link:\n\n{top_up.pay_url}\n"
    return f"mailto:?{urlencode({'subject': subject, 'body': text}, quote_via=quote)}"


def failure_place(failure: TopUpFailure) -> str:
    """Where a payment failed, after the words "It failed"; "" where the gateway names no place a payer knows."""
    return _PLACES.get(failure.source, "")


def is_on_its_way(top_up: TopUpRow) -> bool:
    """Whether a payment was begun whose end nobody knows yet."""
    return payment_words(top_up).action is Action.CHECK


def _open(top_up: TopUpRow) -> PaymentWords:
    """While every attempt so far certainly took nothing, there is nothing to wait for but the payer."""
    if top_up.is_automatic:
        sentence = "Begun by auto top-up. Your bank tells you before it debits you; credits arrive by themselves."
        return PaymentWords(badge("Pending", BUSY), sentence, Action.CHECK, is_open=True)
    is_idle = not top_up.payments or bool(top_up.failure and top_up.failure.is_outcome_clear)
    if is_idle and top_up.pay_by is not PayBy.CHECKOUT:
        return PaymentWords(badge("Waiting for payment", BUSY), _how_to_pay(top_up), Action.PAY, is_open=True)
    if is_idle:
        words = badge("Waiting for payment", BUSY)
        return PaymentWords(words, "No payment has reached us yet.", Action.CONTINUE, is_open=True)
    sentence = (
        "Your bank has not confirmed yet. Credits arrive by themselves. "
        "You don't need to pay again or keep this page open."
    )
    return PaymentWords(badge("Pending", BUSY), sentence, Action.CHECK, is_open=True)


def _how_to_pay(top_up: TopUpRow) -> str:
    if top_up.order_ref is None:
        return "The gateway has not answered yet. Check again to ask it once more; nothing can be paid twice."
    if top_up.pay_by is PayBy.UPI_QR:
        return "Scan the code with any UPI app. Credits arrive by themselves."
    return "Whoever has this link can pay. Credits arrive by themselves; you don't need to keep this page open."


def _paid(top_up: TopUpRow) -> PaymentWords:
    late = " Confirmed late by your bank." if top_up.is_paid_late else ""
    added = f"{_brought(top_up)} were added.{late}"
    return PaymentWords(badge("Payment Successful", OK), added + _going_back(top_up), Action.SEND)


def _brought(top_up: TopUpRow) -> str:
    if top_up.plan_name:
        return f"Your plan {top_up.plan_name} is paid. Its {credits_words(top_up.credits_micro)}"
    bonus = f" + {credits_exact(top_up.bonus_micro)} bonus" if top_up.bonus_micro else ""
    return f"{credits_words(top_up.credits_micro)}{bonus}"


def _refunded(top_up: TopUpRow) -> PaymentWords:
    money_back, taken = _money_and_credits(top_up, {RefundState.PROCESSED})
    word = "Refunded" if top_up.state is TopUpState.REFUNDED else "Partly refunded"
    sentence = f"{money_back} went back to the payer, with {taken}.{_going_back(top_up)}"
    return PaymentWords(badge(word, CALM), sentence, Action.NONE)


def _going_back(top_up: TopUpRow) -> str:
    """One more sentence where a part is on its way."""
    if not any(refund.state.is_open for refund in _credited_refunds(top_up)):
        return ""
    amount, reserved = _money_and_credits(top_up, {RefundState.REQUESTED, RefundState.PENDING})
    return f" {amount} is on its way back to the payer; {reserved} are reserved for it."


def _money_and_credits(top_up: TopUpRow, states: set[RefundState]) -> tuple[str, str]:
    refunds = [refund for refund in _credited_refunds(top_up) if refund.state in states]
    amount_minor = sum(refund.amount_minor for refund in refunds)
    return f"₹{money(amount_minor)}", credits_words(sum(refund.credits_micro for refund in refunds))


def _credited_refunds(top_up: TopUpRow) -> list[RefundRow]:
    """Those of the payment that brought the credits."""
    credited = top_up.credited_payment
    return [refund for refund in top_up.refunds if credited and refund.payment_ref == credited.payment_ref]


def _money_after_failure(top_up: TopUpRow) -> str:
    return _NOT_CHARGED if top_up.failure and top_up.failure.is_outcome_clear else _UNCLEAR


def _money_after_end(top_up: TopUpRow) -> str:
    is_clear = not top_up.payments or bool(top_up.failure and top_up.failure.is_outcome_clear)
    return _NOT_CHARGED if is_clear else _UNCLEAR
