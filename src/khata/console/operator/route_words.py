"""What operators read of carriers and routes."""

from khata.console.words import BAD, CALM, OK, WARN, Badge, badge
from khata.kernel.credits import credits_text
from khata.messaging.core.routes import ChargeOn, Policy, Route
from khata.messaging.figures import CarrierStanding


def carrier_badge(standing: CarrierStanding | None) -> Badge:
    if standing is None:
        return badge("No worker", CALM)
    if not standing.bound_count:
        return badge("Not bound", BAD)
    if standing.resting_count:
        return badge("Keeps failing", BAD)
    return badge("Bound", OK) if standing.bound_count == standing.workers_count else badge("Partly bound", WARN)


def takes_sentence(route: Route) -> str:
    """Which messages take it."""
    prefixes = [f"+{prefix}" for prefix in route.prefixes if prefix]
    recipients = f"To {', '.join(prefixes)}" if prefixes else "To everybody"
    return f"{recipients}, from {', '.join(route.senders)}" if route.senders else f"{recipients}, from any sender"


def policy_sentences(policy: Policy) -> list[str]:
    """When its messages' credits are used, and what becomes of a lost answer."""
    if policy.charge_on is ChargeOn.ACCEPTED:
        sentences = ["Used when a carrier accepts."]
    else:
        sentences = [f"Used when delivered, otherwise returned, after {policy.receipt_wait_h} h at the latest."]
    if policy.kept_per_segment:
        sentences.append(f"{credits_text(policy.kept_per_segment)} credits of each undelivered segment are kept.")
    if policy.is_safe_to_resend:
        sentences.append("After a lost answer sent once more: it may arrive twice.")
    return sentences
