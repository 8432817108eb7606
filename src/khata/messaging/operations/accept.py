"""Acceptance: a message exists only with its credits held, in the same commit.

`accept_batch` is the one way in. It takes requests of any number of organisations and answers each on its own.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from khata.kernel.credits import credits_text
from khata.kernel.errors import KhataError
from khata.kernel.ids import public_organisation_id, shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Condition, Outcome, PlaceHold
from khata.ledger.operations import InsufficientCredits, WalletFrozen, Wallets, lock_wallets, post_batch_at
from khata.messaging.configuration import dlt_configuration
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.scheduling import time_to_come
from khata.messaging.core.send_window import due_at
from khata.messaging.errors import IdempotencyKeyInFlight, IdempotencyKeyReused
from khata.messaging.models import CHANNEL_CODES, ENCODINGS
from khata.messaging.operations.allowances import keep_within_limits, note_spending
from khata.messaging.operations.askers import identify
from khata.messaging.operations.guards import keep_welcome
from khata.messaging.operations.mails import keep_sendable_mails, write_mails
from khata.messaging.operations.replays import KeptAnswer, SentMessage, keep_answers, load_answers
from khata.messaging.operations.requests import Acceptance, Entry, Priced, SendRequest, price_all
from khata.messaging.operations.templates import bind_templates
from khata.messaging.operations.velocities import keep_within_velocity, note_traffic
from khata.messaging.rows import Connection, NewMessage, copy_messages

_ENCODING_CODES = {word: code for code, word in ENCODINGS.items()}
_ACCEPTED, _SCHEDULED = int(MessageStatus.ACCEPTED), int(MessageStatus.SCHEDULED)


class Accepted(Struct, frozen=True):
    """`is_replayed` where an Idempotency-Key found the answer of an earlier request."""

    sent: SentMessage
    is_replayed: bool = False


Answer = Accepted | KhataError


class _Refusal(Exception):
    """Rolls an all-or-nothing batch back."""


def accept_batch(acceptances: Sequence[Acceptance]) -> list[Answer]:
    """One answer per request, in order. A refused request changes nothing and costs nothing."""
    return accept_priced(price_all(acceptances))


@needs_database
def accept_priced(asked: Sequence[Priced]) -> list[Answer]:
    """The same for requests priced a moment ago, so that no lock waits for arithmetic."""
    answers: list[Answer | None] = [None] * len(asked)
    with in_transaction() as connection:
        entries, strange = identify(connection, asked)
        wallets = lock_wallets(connection, {entry.organisation_id for entry in entries})
        fresh, repeats = _sort_out_repeats(connection, entries, answers)
        welcome, unwelcome = keep_welcome(connection, fresh)
        sendable, unsendable = keep_sendable_mails(connection, welcome)
        bound, unmatched = bind_templates(connection, sendable)
        usual, traffic, throttled = keep_within_velocity(connection, bound)
        allowed, spending, limited = keep_within_limits(connection, usual)
        accepted = _hold_and_write(connection, wallets, allowed, answers)
        note_traffic(connection, traffic, accepted)
        note_spending(connection, spending, accepted)
    for place, refusal in (strange | unwelcome | unsendable | unmatched | throttled | limited).items():
        answers[place] = refusal
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


def _sort_out_repeats(
    connection: Connection, entries: Sequence[Entry], answers: list[Answer | None]
) -> tuple[list[Entry], list[tuple[Entry, Entry]]]:
    """Entries to be decided now, and pairs (repeat, first) of one key within this batch."""
    kept = load_answers(connection, {key for entry in entries if (key := entry.key) is not None})
    firsts: dict[tuple[int, str], Entry] = {}
    fresh, repeats = [], []
    for entry in entries:
        key = entry.key
        if key is None:
            fresh.append(entry)
        elif key in kept:
            answers[entry.place] = _replay(kept[key].sent, kept[key].request_digest, entry)
        elif key in firsts:
            repeats.append((entry, firsts[key]))
        else:
            firsts[key] = entry
            fresh.append(entry)
    return fresh, repeats


def _hold_and_write(
    connection: Connection, wallets: Wallets, entries: Sequence[Entry], answers: list[Answer | None]
) -> list[Entry]:
    """Returns the entries that were accepted."""
    if not entries:
        return []
    holds = [PlaceHold(e.organisation_id, e.priced.message_id, e.priced.credits, is_fresh=True) for e in entries]
    outcomes, now = post_batch_at(connection, wallets, holds)
    accepted: list[Entry] = []
    kept: list[KeptAnswer] = []

    def answer_each() -> Iterator[NewMessage]:
        for entry, outcome in zip(entries, outcomes, strict=True):
            if outcome.condition is not Condition.ACCEPTED:
                answers[entry.place] = _refused(entry, outcome)
                continue
            scheduled_at = time_to_come(entry.priced.acceptance.request.scheduled_at, now)
            sent = _sent(entry.priced, outcome, now, scheduled_at)
            answers[entry.place] = Accepted(sent)
            accepted.append(entry)
            if (key := entry.key) is not None:
                kept.append(KeptAnswer(*key, entry.priced.digest, sent))
            yield _row(entry, now, scheduled_at)

    copy_messages(connection, answer_each())
    write_mails(connection, accepted)
    keep_answers(connection, kept)
    return accepted


def _row(entry: Entry, now: datetime, scheduled_at: datetime | None) -> NewMessage:
    priced, asker = entry.priced, entry.asker
    draft = priced.draft
    assert draft is not None
    ready_at = scheduled_at or now
    return NewMessage(
        shard_of(asker.organisation_id),
        asker.organisation_id,
        priced.message_id,
        CHANNEL_CODES[draft.channel],
        _ACCEPTED if scheduled_at is None else _SCHEDULED,
        priced.credits,
        now,
        ready_at if priced.template is None else due_at(priced.template.category, ready_at, dlt_configuration().window),
        asker.api_key_id,
        priced.acceptance.member_id,
        _ENCODING_CODES[draft.encoding],
        draft.segment_count,
        0,
        draft.recipient,
        draft.sender,
        draft.body,
        draft.reference,
        None if draft.metadata is None else dict(draft.metadata),
        template_id=None if priced.template is None else priced.template.id,
        route_id=priced.route_id,
        scheduled_at=scheduled_at,
    )


def _replay(sent: SentMessage, digest: bytes, entry: Entry) -> Answer:
    return Accepted(sent, is_replayed=True) if digest == entry.priced.digest else IdempotencyKeyReused()


def _repeated(repeat: Entry, first: Entry, answer: Answer | None) -> Answer:
    """Two requests with one key in one batch: the first one's effect answers both; its refusal leaves the key free."""
    if isinstance(answer, Accepted):
        return _replay(answer.sent, first.priced.digest, repeat)
    return IdempotencyKeyInFlight()


def _sent(priced: Priced, outcome: Outcome, now: datetime, scheduled_at: datetime | None) -> SentMessage:
    draft = priced.draft
    assert draft is not None
    return SentMessage(
        priced.message_id,
        draft.channel,
        draft.recipient,
        MessageStatus.ACCEPTED if scheduled_at is None else MessageStatus.SCHEDULED,
        draft.segment_count,
        draft.encoding,
        priced.credits,
        outcome.available_after,
        now,
    )


def _refused(entry: Entry, outcome: Outcome) -> KhataError:
    if outcome.condition is Condition.INSUFFICIENT_CREDITS:
        return _insufficient(entry.organisation_id, entry.priced.credits, outcome.available_after)
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
