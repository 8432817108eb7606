"""Acceptance: a message exists only with its credits held, in the same commit.

`accept_batch` is the one way in. It takes requests of any number of organisations and answers each on its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from khata.kernel.credits import credits_text
from khata.kernel.errors import InvalidRequest, KhataError
from khata.kernel.ids import new_uuid, public_organisation_id
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Condition, Outcome, PlaceHold
from khata.ledger.operations import InsufficientCredits, WalletFrozen, lock_wallets, post_batch_at
from khata.messaging.core.draft import SmsDraft, check_sms
from khata.messaging.core.life import MessageStatus
from khata.messaging.errors import (
    DestinationUnpriced,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    InvalidRecipient,
)
from khata.messaging.operations.replays import KeptAnswer, SentMessage, keep_answers, load_answers, request_digest
from khata.messaging.rows import Connection, NewMessage, copy_messages
from khata.pricing.core.rate_card import RateCard
from khata.pricing.queries import rate_card
from khata.tenancy.operations import InvalidApiKey, authenticate_api_keys, require_scope

SCOPE = "send"

_CHANNEL_SMS = 1
_ENCODING_CODES = {"gsm7": 1, "ucs2": 2}


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One message as asked for. `recipient` is a telephone number as people write it."""

    recipient: str
    body: str
    sender: str | None = None
    channel: str = "sms"
    reference: str | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A request with who asks: a signed-in member's organisation, or an API key's digest (read again in the batch)."""

    request: SendRequest
    organisation_id: int | None = None
    member_id: UUID | None = None
    api_key_digest: bytes | None = None
    api_key_id: UUID | None = None
    idempotency_key: str | None = None


class Accepted(NamedTuple):
    """`is_replayed` where an Idempotency-Key found the answer of an earlier request."""

    sent: SentMessage
    is_replayed: bool = False


Answer = Accepted | KhataError


class _Entry(NamedTuple):
    """A priced request on its way through the batch; `place` is where its answer goes."""

    place: int
    message: NewMessage
    key: tuple[int, str] | None
    digest: bytes


class _Refusal(Exception):
    """Rolls an all-or-nothing batch back."""


@needs_database
def accept_batch(acceptances: Sequence[Acceptance]) -> list[Answer]:
    """One answer per request, in order. A refused request changes nothing and costs nothing."""
    answers: list[Answer | None] = [None] * len(acceptances)
    card = rate_card()
    with in_transaction() as connection:
        entries = _price_all(_identify(acceptances, answers), card, answers)
        lock_wallets(connection, {entry.message.organisation_id for entry in entries})
        fresh, repeats = _sort_out_repeats(connection, entries, answers)
        _hold_and_write(connection, fresh, answers)
    for repeat, first in repeats:
        answers[repeat.place] = _repeated(repeat, first, answers[first.place])
    return [answer for answer in answers if answer is not None]


def send_message(
    *,
    organisation_id: int,
    request: SendRequest,
    member_id: UUID | None = None,
    api_key_id: UUID | None = None,
    idempotency_key: str | None = None,
) -> SentMessage:
    """Accepts one message or raises its refusal."""
    acceptance = Acceptance(request, organisation_id, member_id, api_key_id=api_key_id, idempotency_key=idempotency_key)
    (answer,) = accept_batch([acceptance])
    if isinstance(answer, KhataError):
        raise answer
    return answer.sent


@needs_database
def send_messages(
    *,
    organisation_id: int,
    requests: Sequence[SendRequest],
    is_all_or_nothing: bool,
    member_id: UUID | None = None,
    api_key_id: UUID | None = None,
) -> list[SentMessage | KhataError]:
    """One answer per request, in order. All or nothing: one refusal leaves none accepted (the others get it too)."""
    acceptances = [Acceptance(request, organisation_id, member_id, api_key_id=api_key_id) for request in requests]
    answers: list[Answer] = []
    try:
        with in_transaction():
            answers = accept_batch(acceptances)
            if is_all_or_nothing and any(isinstance(answer, KhataError) for answer in answers):
                raise _Refusal
    except _Refusal:
        return _refuse_all(organisation_id, answers)
    return [answer.sent if isinstance(answer, Accepted) else answer for answer in answers]


def _identify(acceptances: Sequence[Acceptance], answers: list[Answer | None]) -> list[tuple[int, Acceptance]]:
    """Who asks, read in this very batch: a key revoked before it is dead."""
    digests = {a.api_key_digest for a in acceptances if a.api_key_digest is not None}
    callers = authenticate_api_keys(digests) if digests else {}
    known = []
    for place, acceptance in enumerate(acceptances):
        if acceptance.api_key_digest is None:
            known.append((place, acceptance))
            continue
        caller = callers.get(acceptance.api_key_digest)
        if caller is None:
            answers[place] = InvalidApiKey()
            continue
        try:
            require_scope(caller, SCOPE)
        except KhataError as error:
            answers[place] = error
            continue
        named = Acceptance(
            acceptance.request,
            caller.organisation_id,
            api_key_id=caller.api_key_id,
            idempotency_key=acceptance.idempotency_key,
        )
        known.append((place, named))
    return known


def _price_all(known: Sequence[tuple[int, Acceptance]], card: RateCard, answers: list[Answer | None]) -> list[_Entry]:
    entries = []
    for place, acceptance in known:
        message = _price(acceptance, card)
        if isinstance(message, KhataError):
            answers[place] = message
            continue
        key = acceptance.idempotency_key
        entries.append(
            _Entry(
                place,
                message,
                None if key is None else (message.organisation_id, key),
                b"" if key is None else request_digest(acceptance.request),
            )
        )
    return entries


def price_request(request: SendRequest, card: RateCard) -> tuple[SmsDraft, int] | KhataError:
    """The request ready to go and what it costs (micro-credits), or what is wrong with it."""
    draft = check_sms(
        recipient=request.recipient,
        body=request.body,
        sender=request.sender,
        reference=request.reference,
        metadata=request.metadata,
    )
    if isinstance(draft, list):
        is_recipient = {problem["code"] for problem in draft} == {"invalid_recipient"}
        return InvalidRecipient(draft[0]["detail"], errors=draft) if is_recipient else InvalidRequest(draft)
    rate = card.rate_for("sms", draft.recipient.removeprefix("+"))
    if rate is None:
        return DestinationUnpriced()
    return draft, rate.credits_micro * draft.segmentation.segment_count


def _price(acceptance: Acceptance, card: RateCard) -> NewMessage | KhataError:
    priced = price_request(acceptance.request, card)
    if isinstance(priced, KhataError):
        return priced
    draft, credits = priced
    assert acceptance.organisation_id is not None
    return NewMessage(
        id=new_uuid(),
        organisation_id=acceptance.organisation_id,
        channel=_CHANNEL_SMS,
        encoding=_ENCODING_CODES[draft.segmentation.encoding],
        segments=draft.segmentation.segment_count,
        credits=credits,
        recipient=draft.recipient,
        sender=draft.sender,
        body=draft.body,
        reference=draft.reference,
        metadata=None if draft.metadata is None else dict(draft.metadata),
        api_key_id=acceptance.api_key_id,
        member_id=acceptance.member_id,
    )


def _sort_out_repeats(
    connection: Connection, entries: Sequence[_Entry], answers: list[Answer | None]
) -> tuple[list[_Entry], list[tuple[_Entry, _Entry]]]:
    """Entries to be decided now, and pairs (repeat, first) of one key within this batch."""
    kept = load_answers(connection, {entry.key for entry in entries if entry.key is not None})
    firsts: dict[tuple[int, str], _Entry] = {}
    fresh, repeats = [], []
    for entry in entries:
        if entry.key is None:
            fresh.append(entry)
        elif entry.key in kept:
            answers[entry.place] = _replay(kept[entry.key].sent, kept[entry.key].request_digest, entry)
        elif entry.key in firsts:
            repeats.append((entry, firsts[entry.key]))
        else:
            firsts[entry.key] = entry
            fresh.append(entry)
    return fresh, repeats


def _hold_and_write(connection: Connection, entries: Sequence[_Entry], answers: list[Answer | None]) -> None:
    if not entries:
        return
    holds = [PlaceHold(e.message.organisation_id, e.message.id, e.message.credits, is_fresh=True) for e in entries]
    outcomes, now = post_batch_at(connection, holds)
    accepted = []
    for entry, outcome in zip(entries, outcomes, strict=True):
        if outcome.condition is Condition.ACCEPTED:
            answers[entry.place] = Accepted(_sent(entry.message, outcome, now))
            accepted.append(entry)
        else:
            answers[entry.place] = _refused(entry.message, outcome)
    copy_messages(connection, [entry.message for entry in accepted], now)
    kept = [
        KeptAnswer(entry.key[0], entry.key[1], entry.digest, answer.sent)
        for entry in accepted
        if entry.key is not None and isinstance(answer := answers[entry.place], Accepted)
    ]
    if kept:
        keep_answers(connection, kept)


def _replay(sent: SentMessage, digest: bytes, entry: _Entry) -> Answer:
    return Accepted(sent, is_replayed=True) if digest == entry.digest else IdempotencyKeyReused()


def _repeated(repeat: _Entry, first: _Entry, answer: Answer | None) -> Answer:
    """Two requests with one key in one batch: the first one's effect answers both; its refusal leaves the key free."""
    if isinstance(answer, Accepted):
        return _replay(answer.sent, first.digest, repeat)
    return IdempotencyKeyInFlight()


def _sent(message: NewMessage, outcome: Outcome, now: datetime) -> SentMessage:
    return SentMessage(
        id=message.id,
        channel="sms",
        recipient=message.recipient,
        status=MessageStatus.ACCEPTED,
        segments=message.segments,
        encoding="gsm7" if message.encoding == _ENCODING_CODES["gsm7"] else "ucs2",
        credits_micro=message.credits,
        balance_micro=outcome.available_after,
        accepted_at=now,
    )


def _refused(message: NewMessage, outcome: Outcome) -> KhataError:
    if outcome.condition is Condition.INSUFFICIENT_CREDITS:
        return _insufficient(message.organisation_id, message.credits, outcome.available_after)
    if outcome.condition is Condition.WALLET_FROZEN:
        return WalletFrozen()
    raise AssertionError(f"a fresh hold cannot end in {outcome.condition}")


def _insufficient(organisation_id: int, required: int, balance: int) -> InsufficientCredits:
    return InsufficientCredits(
        organisation=public_organisation_id(organisation_id),
        balance=credits_text(balance),
        required=credits_text(required),
        balance_micro=balance,
        required_micro=required,
    )


def _refuse_all(organisation_id: int, answers: Sequence[Answer]) -> list[SentMessage | KhataError]:
    """Each refused one keeps its reason, the others get the first; lack of credits is told for the whole batch."""
    refusals = [answer for answer in answers if isinstance(answer, KhataError)]
    short = next((refusal for refusal in refusals if isinstance(refusal, InsufficientCredits)), None)
    if short is None:
        return [answer if isinstance(answer, KhataError) else refusals[0] for answer in answers]
    taken = sum(answer.sent.credits_micro for answer in answers if isinstance(answer, Accepted))
    missing = sum(refusal.extra["required_micro"] for refusal in refusals if isinstance(refusal, InsufficientCredits))
    whole = _insufficient(
        organisation_id, taken + missing, short.extra["balance_micro"] + _taken_before(answers, short)
    )
    return [whole for _ in answers]


def _taken_before(answers: Sequence[Answer], short: InsufficientCredits) -> int:
    """What this batch itself had held when `short` was refused: it was undone, so it counts as balance again."""
    before = answers[: answers.index(short)]
    return sum(answer.sent.credits_micro for answer in before if isinstance(answer, Accepted))
