"""Credit History in words: what each ledger entry was for, and where its own page is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from khata.billing import queries as billing
from khata.billing.queries import TopUpRow
from khata.console.phones import masked_phone
from khata.console.words import money
from khata.ledger.core import Kind
from khata.ledger.queries import HistoryEntry
from khata.messaging import queries as messaging
from khata.messaging.queries import MessageSummary

_OF_MESSAGES = (Kind.HOLD, Kind.VOID)


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
    """The entries in their order, described by two reads however many there are."""
    purchases = {entry.reference for entry in entries if entry.kind == Kind.PURCHASE}
    sends = {entry.reference for entry in entries if entry.kind in _OF_MESSAGES}
    top_ups = billing.top_ups_by_reference(organisation_id=organisation_id, references=purchases) if purchases else {}
    messages = messaging.messages_by_id(organisation_id=organisation_id, ids=sends) if sends else {}
    return [_line(entry, top_ups, messages) for entry in entries]


def _line(entry: HistoryEntry, top_ups: dict[UUID, TopUpRow], messages: dict[UUID, MessageSummary]) -> HistoryLine:
    top_up, message = top_ups.get(entry.reference), messages.get(entry.reference)
    if entry.kind == Kind.PURCHASE and top_up:
        words = f"Top-up · ₹{money(top_up.total_minor)} paid"
        return _made(entry, words, "Top-up", reverse("payment", args=[top_up.id]), top_up.public_id)
    if entry.kind in _OF_MESSAGES and message:
        words = _message_words(entry, message)
        kind = "Used" if entry.kind == Kind.HOLD else "Returned"
        return _made(entry, words, kind, reverse("message", args=[message.id]), message.public_id)
    return _made(entry, *_PLAIN[entry.kind], "", str(entry.reference))


def _message_words(entry: HistoryEntry, message: MessageSummary) -> str:
    what = f"SMS to {masked_phone(message.recipient)}"
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
}
