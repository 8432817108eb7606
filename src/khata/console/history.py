"""Credit History in words: what each ledger entry was for, and where its own page is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from khata.billing import queries as billing
from khata.billing.queries import PeriodRow, RefundRow, Reversal, TopUpRow
from khata.console.phones import masked_phone
from khata.console.words import money
from khata.ledger.core import Kind
from khata.ledger.queries import HistoryEntry
from khata.messaging import queries as messaging
from khata.messaging.queries import MessageSummary

_OF_MESSAGES = (Kind.HOLD, Kind.VOID)
_OF_GRANTS = (Kind.GRANT, Kind.EXPIRE)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One row of Credit History: micro-credits; `url` is "" where nothing is linked."""

    seq: int
    at: datetime
    description: str
    kind: str
    url: str
    reference: str
    credits: int
    balance_after: int


def history_lines(organisation_id: int, entries: list[HistoryEntry]) -> list[HistoryLine]:
    """The entries in their order, described by few reads however many there are."""
    purchases = {entry.reference for entry in entries if entry.kind == Kind.PURCHASE}
    sends = {entry.reference for entry in entries if entry.kind in _OF_MESSAGES}
    top_ups = billing.top_ups_by_reference(organisation_id=organisation_id, references=purchases) if purchases else {}
    messages = messaging.messages_by_id(organisation_id=organisation_id, ids=sends) if sends else {}
    grants = {entry.reference for entry in entries if entry.kind in _OF_GRANTS}
    periods = billing.periods_by_reference(organisation_id=organisation_id, references=grants) if grants else {}
    unknown = {entry.reference for entry in entries} - top_ups.keys() - messages.keys() - periods.keys()
    reversals = billing.reversals_by_reference(organisation_id=organisation_id, references=unknown) if unknown else {}
    return [
        _of_plan(entry, periods[entry.reference])
        if entry.reference in periods
        else _line(entry, top_ups, messages, reversals)
        for entry in entries
    ]


def _line(
    entry: HistoryEntry,
    top_ups: dict[UUID, TopUpRow],
    messages: dict[UUID, MessageSummary],
    reversals: dict[UUID, Reversal],
) -> HistoryLine:
    if entry.reference in reversals:
        return _reversed(entry, reversals[entry.reference])
    top_up, message = top_ups.get(entry.reference), messages.get(entry.reference)
    if entry.kind == Kind.PURCHASE and top_up:
        words = f"Top-up · ₹{money(top_up.total_minor)} paid"
        return _made(entry, words, "Top-up", reverse("payment", args=[top_up.id]), top_up.public_id)
    if entry.kind in _OF_MESSAGES and message:
        words = _message_words(entry, message)
        kind = "Used" if entry.kind == Kind.HOLD else "Returned"
        return _made(entry, words, kind, reverse("message", args=[message.id]), message.public_id)
    return _made(entry, *_PLAIN[entry.kind], "", str(entry.reference))


def _of_plan(entry: HistoryEntry, period: PeriodRow) -> HistoryLine:
    url = reverse("payment", args=[period.top_up_id]) if period.top_up_id else reverse("plan")
    if entry.kind == Kind.EXPIRE:
        return _made(entry, f"Included credits of {period.plan_name} expired", "Expiry", url, str(entry.reference))
    return _made(entry, f"Included credits · {period.plan_name}", "Plan", url, str(entry.reference))


def _reversed(entry: HistoryEntry, reversal: Reversal) -> HistoryLine:
    is_refund = isinstance(reversal, RefundRow)
    what = f"{'Refund' if is_refund else 'Disputed payment'} · ₹{money(reversal.amount_minor)}"
    reference = reversal.public_id if isinstance(reversal, RefundRow) else reversal.dispute_ref
    url = reverse("payment", args=[reversal.top_up_id])
    match entry.kind:
        case Kind.VOID:
            return _made(entry, f"{what} · returned", "Returned", url, reference)
        case Kind.HOLD if not is_refund:
            return _made(entry, f"{what} · reserved", "Disputed", url, reference)
        case Kind.REVERSE if not is_refund:
            return _made(entry, f"{what} · taken back by the bank", "Reversed", url, reference)
        case _:
            return _made(entry, what, "Refund", url, reference)


def _message_words(entry: HistoryEntry, message: MessageSummary) -> str:
    what = f"{message.channel_words} to {masked_phone(message.recipient)}"
    if entry.kind == Kind.VOID:
        return f"{what} · returned"
    return what if message.credits_captured_micro is not None else f"{what} · reserved"


def _made(entry: HistoryEntry, description: str, kind: str, url: str, reference: str) -> HistoryLine:
    return HistoryLine(
        seq=entry.seq,
        at=entry.at,
        description=description,
        kind=kind,
        url=url,
        reference=reference,
        credits=entry.credits,
        balance_after=entry.balance_after,
    )


_PLAIN = {
    Kind.PURCHASE: ("Top-up", "Top-up"),
    Kind.GRANT: ("Bonus credits", "Bonus"),
    Kind.HOLD: ("Message", "Used"),
    Kind.VOID: ("Message · returned", "Returned"),
    Kind.EXPIRE: ("Credits expired", "Expiry"),
    Kind.REVERSE: ("Payment taken back", "Reversed"),
}
