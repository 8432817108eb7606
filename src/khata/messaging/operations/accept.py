"""Acceptance: a message exists only with its credits held, in the same commit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from khata.kernel.clock import utc_now
from khata.kernel.credits import credits_text
from khata.kernel.errors import InvalidRequest, KhataError
from khata.kernel.ids import new_uuid, public_id, shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Condition, Outcome, PlaceHold
from khata.ledger.operations import InsufficientCredits, WalletFrozen, post_batch_at
from khata.messaging.core.draft import check_sms
from khata.messaging.core.life import MessageStatus
from khata.messaging.errors import DestinationUnpriced, IdempotencyKeyReused, InvalidRecipient
from khata.messaging.models import IdempotencyKey
from khata.messaging.rows import NewMessage, copy_messages
from khata.pricing.core.rate_card import RateCard
from khata.pricing.queries import rate_card

IDEMPOTENCY_KEPT = timedelta(hours=72)
"""How long an Idempotency-Key is remembered; published in the API's guide."""

_CALL = "POST /v1/messages"
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
class SentMessage:
    """A message just accepted, with what it costs and what is left."""

    id: UUID
    channel: str
    recipient: str
    status: MessageStatus
    segments: int
    encoding: str
    credits_micro: int
    balance_micro: int
    accepted_at: datetime

    @property
    def public_id(self) -> str:
        return public_id("msg", self.id)


class _Refusal(Exception):
    """Rolls an all-or-nothing batch back."""


@needs_database
def send_message(
    *, organisation_id: int, request: SendRequest, member_id: UUID | None = None, api_key_id: UUID | None = None
) -> SentMessage:
    """Accepts one message or raises its refusal; a refused message changes nothing and costs nothing."""
    (answer,) = send_messages(
        organisation_id=organisation_id,
        requests=[request],
        is_all_or_nothing=False,
        member_id=member_id,
        api_key_id=api_key_id,
    )
    if isinstance(answer, KhataError):
        raise answer
    return answer


@needs_database
def send_message_once(
    *, organisation_id: int, request: SendRequest, key: str, api_key_id: UUID | None = None
) -> tuple[SentMessage, bool]:
    """As `send_message`, but one effect per key: a repeat gets the first answer again, and True.

    The key's row is written in the commit of its effect. A refusal leaves none, so the same key may be tried again
    after a top-up. Raises IdempotencyKeyReused where the key came with another request.
    """
    digest = _digest(request)
    if (replayed := _replayed(organisation_id, key, digest)) is not None:
        return replayed, True
    try:
        with in_transaction():
            sent = send_message(organisation_id=organisation_id, request=request, api_key_id=api_key_id)
            IdempotencyKey.objects.create(
                shard=shard_of(organisation_id),
                organisation_id=organisation_id,
                call=_CALL,
                key=key,
                request_digest=digest,
                answer=_to_json(sent),
                created_at=sent.accepted_at,
            )
    except IntegrityError:
        # The same key came twice at once; the wallet's lock let the other one through first, and undid this one.
        replayed = _replayed(organisation_id, key, digest)
        if replayed is None:
            raise
        return replayed, True
    return sent, False


@needs_database
def drop_old_idempotency_keys() -> int:
    """Keys older than IDEMPOTENCY_KEPT. Returns how many went."""
    return IdempotencyKey.objects.filter(created_at__lt=utc_now() - IDEMPOTENCY_KEPT).delete()[0]


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
    card = rate_card()
    priced = [_price(request, card, organisation_id, member_id, api_key_id) for request in requests]
    refusal = next((item for item in priced if isinstance(item, KhataError)), None)
    if is_all_or_nothing and refusal is not None:
        return [item if isinstance(item, KhataError) else refusal for item in priced]
    messages = [item for item in priced if isinstance(item, NewMessage)]
    answers = iter(_accept(organisation_id, messages, is_all_or_nothing=is_all_or_nothing))
    return [item if isinstance(item, KhataError) else next(answers) for item in priced]


def _accept(
    organisation_id: int, messages: Sequence[NewMessage], *, is_all_or_nothing: bool
) -> list[SentMessage | KhataError]:
    if not messages:
        return []
    holds = [PlaceHold(message.organisation_id, message.id, message.credits) for message in messages]
    outcomes: list[Outcome] = []
    try:
        with in_transaction() as connection:
            outcomes, now = post_batch_at(connection, holds)
            pairs = list(zip(messages, outcomes, strict=True))
            accepted = [message for message, outcome in pairs if outcome.condition is Condition.ACCEPTED]
            if is_all_or_nothing and len(accepted) < len(messages):
                raise _Refusal
            copy_messages(connection, accepted, now)
    except _Refusal:
        return _refuse_all(messages, outcomes)
    return [
        _sent(message, outcome, now) if outcome.condition is Condition.ACCEPTED else _refused(message.credits, outcome)
        for message, outcome in pairs
    ]


def _refuse_all(messages: Sequence[NewMessage], outcomes: Sequence[Outcome]) -> list[SentMessage | KhataError]:
    """The whole batch's price against the balance as it was before any hold of it."""
    total = sum(message.credits for message in messages)
    taken = sum(m.credits for m, o in zip(messages, outcomes, strict=True) if o.condition is Condition.ACCEPTED)
    first = next(outcome for outcome in outcomes if outcome.condition is not Condition.ACCEPTED)
    refusal = _refused(total, Outcome(first.condition, outcomes[-1].available_after + taken))
    return [refusal for _ in messages]


def _price(
    request: SendRequest, card: RateCard, organisation_id: int, member_id: UUID | None, api_key_id: UUID | None
) -> NewMessage | KhataError:
    draft = check_sms(
        recipient=request.recipient,
        body=request.body,
        sender=request.sender,
        reference=request.reference,
        metadata=request.metadata,
    )
    if isinstance(draft, list):
        codes = {problem["code"] for problem in draft}
        return (
            InvalidRecipient(draft[0]["detail"], errors=draft)
            if codes == {"invalid_recipient"}
            else InvalidRequest(draft)
        )
    rate = card.rate_for("sms", draft.recipient.removeprefix("+"))
    if rate is None:
        return DestinationUnpriced()
    return NewMessage(
        id=new_uuid(),
        organisation_id=organisation_id,
        channel=_CHANNEL_SMS,
        encoding=_ENCODING_CODES[draft.segmentation.encoding],
        segments=draft.segmentation.segment_count,
        credits=rate.credits_micro * draft.segmentation.segment_count,
        recipient=draft.recipient,
        sender=draft.sender,
        body=draft.body,
        reference=draft.reference,
        metadata=None if draft.metadata is None else dict(draft.metadata),
        api_key_id=api_key_id,
        member_id=member_id,
    )


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


def _refused(required: int, outcome: Outcome) -> KhataError:
    if outcome.condition is Condition.INSUFFICIENT_CREDITS:
        return InsufficientCredits(
            balance=credits_text(outcome.available_after),
            required=credits_text(required),
            balance_micro=outcome.available_after,
            required_micro=required,
        )
    if outcome.condition is Condition.WALLET_FROZEN:
        return WalletFrozen()
    raise AssertionError(f"a fresh hold cannot end in {outcome.condition}")


def _digest(request: SendRequest) -> bytes:
    return sha256(json.dumps(asdict(request), sort_keys=True).encode("utf-8", "surrogatepass")).digest()


def _replayed(organisation_id: int, key: str, digest: bytes) -> SentMessage | None:
    rows = IdempotencyKey.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    row = rows.filter(call=_CALL, key=key).first()
    if row is None:
        return None
    if bytes(row.request_digest) != digest:
        raise IdempotencyKeyReused
    return _from_json(row.answer)


def _to_json(sent: SentMessage) -> dict[str, Any]:
    return {
        **asdict(sent),
        "id": str(sent.id),
        "status": int(sent.status),
        "accepted_at": sent.accepted_at.isoformat(),
    }


def _from_json(stored: dict[str, Any]) -> SentMessage:
    return SentMessage(
        **{
            **stored,
            "id": UUID(stored["id"]),
            "status": MessageStatus(stored["status"]),
            "accepted_at": datetime.fromisoformat(stored["accepted_at"]),
        }
    )
