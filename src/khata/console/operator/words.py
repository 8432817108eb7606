"""What operators read: kinds of differences, reasons of reviews, figures of deeds."""

from khata.billing.core.reconciliation import Match
from khata.billing.queries import RefundRow
from khata.billing.queries.operator import ActionRow
from khata.billing.queries.reconciliation import FindingRow, RunRow
from khata.console.words import BAD, BUSY, CALM, OK, WARN, Badge, badge, credits_exact, money

_MATCHES = {
    Match.MISSING_HERE: (
        "Missing here",
        BAD,
        "The gateway took this payment for a top-up of ours, and no credits came.",
    ),
    Match.ORPHAN: ("No top-up of ours", WARN, "The gateway took this payment for an order that is not ours."),
    Match.MISSING_THERE: ("Missing there", BAD, "We have this payment as paid, and the gateway does not list it."),
    Match.DIFFERS: ("Differs", WARN, "The gateway and we tell different figures of this payment."),
}
_CLOSED = {"repaired": ("Repaired", OK), "noted": ("Looked at", CALM)}
_REVIEWS = {
    "no_outcome": "After five days the gateway still names no outcome.",
    "no_answer": "For five days the gateway gave no answer about it.",
    "mode_differs": "The gateway read it in the other mode (test or live).",
    "order_differs": "A payment names another order.",
    "currency_differs": "The currency at the gateway is another one.",
    "amount_differs": "The amount at the gateway is not the total of this top-up.",
}
_REFUNDS = {
    "requested": ("Asked for", BUSY),
    "pending": ("On its way", BUSY),
    "processed": ("Given back", OK),
    "failed": ("Failed", BAD),
}
_STATUSES = {
    "created": "Started",
    "authorised": "Authorised",
    "captured": "Paid",
    "refunded": "Refunded",
    "failed": "Failed",
}


def match_badge(match: Match) -> Badge:
    word, look, _ = _MATCHES[match]
    return badge(word, look)


def match_sentence(match: Match) -> str:
    return _MATCHES[match][2]


def finding_badge(finding: FindingRow) -> Badge:
    return badge("Open", BUSY) if finding.is_open else badge(*_CLOSED[finding.state])


def run_badge(run: RunRow) -> Badge:
    if run.finished_at is None:
        return badge("Under way", BUSY)
    if run.error:
        return badge("No list", WARN)
    return badge("Differences", BAD) if run.found_count else badge("Matched", OK)


def refund_badge(refund: RefundRow) -> Badge:
    return badge(*_REFUNDS[refund.state])


def review_sentence(reason: str) -> str:
    return _REVIEWS.get(reason, reason.replace("_", " ").capitalize())


def state_word(state: str) -> str:
    """A top-up's state where there is no row to ask."""
    return "Being checked" if state == "review" else state.replace("_", " ").capitalize()


def status_word(status: str) -> str:
    return _STATUSES.get(status, status.replace("_", " ").capitalize())


def fact_lines(action: ActionRow) -> list[str]:
    """Figures of a deed as `Credits: 500`; micro-credits and minor units are told by their names' ends."""
    return [
        f"{_fact_name(name)}: {_fact_value(name, value)}" for name, value in action.facts if value not in (None, "")
    ]


def _fact_name(name: str) -> str:
    return name.removesuffix("_micro").removesuffix("_minor").replace("_", " ").capitalize()


def _fact_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("_micro"):
        return credits_exact(value)
    if isinstance(value, int) and name.endswith("_minor"):
        return f"₹{money(value)}"
    return str(value)
