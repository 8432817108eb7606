"""What the page of a top-up says: one word, one sentence on the money, one main action for every state."""

from dataclasses import dataclass
from enum import StrEnum

from khata.billing.queries import TopUpRow, TopUpState
from khata.console.words import BAD, BUSY, CALM, OK, WARN, Badge, badge, credits_words

_NOT_CHARGED = "You were not charged."
_UNCLEAR = (
    "No credits were added. If your bank debited you, they are added once it confirms, "
    "or the money goes back, usually within 5–7 working days."
)


class Action(StrEnum):
    """The main thing to do next; payment.html draws each."""

    CONTINUE = "continue"
    CHECK = "check"
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


def is_on_its_way(top_up: TopUpRow) -> bool:
    """Whether a payment was begun whose end nobody knows yet."""
    return payment_words(top_up).action is Action.CHECK


def _open(top_up: TopUpRow) -> PaymentWords:
    """While every attempt so far certainly took nothing, there is nothing to wait for but the payer."""
    is_idle = not top_up.payments or bool(top_up.failure and top_up.failure.is_outcome_clear)
    if is_idle:
        words = badge("Waiting for payment", BUSY)
        return PaymentWords(words, "No payment has reached us yet.", Action.CONTINUE, is_open=True)
    sentence = (
        "Your bank has not confirmed yet. Credits arrive by themselves. "
        "You don't need to pay again or keep this page open."
    )
    return PaymentWords(badge("Pending", BUSY), sentence, Action.CHECK, is_open=True)


def _paid(top_up: TopUpRow) -> PaymentWords:
    late = " Confirmed late by your bank." if top_up.is_paid_late else ""
    added = f"{credits_words(top_up.credits_micro)} were added.{late}"
    return PaymentWords(badge("Payment Successful", OK), added, Action.SEND)


def _money_after_failure(top_up: TopUpRow) -> str:
    return _NOT_CHARGED if top_up.failure and top_up.failure.is_outcome_clear else _UNCLEAR


def _money_after_end(top_up: TopUpRow) -> str:
    is_clear = not top_up.payments or bool(top_up.failure and top_up.failure.is_outcome_clear)
    return _NOT_CHARGED if is_clear else _UNCLEAR
