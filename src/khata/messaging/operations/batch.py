"""Many messages in one request: an answer for each, one commit, and one Idempotency-Key for the whole.

A batch in which something was accepted is answered item by item. One in which nothing was, or not all of what had to
be all, is a refused request: it changes nothing, and its key stays free.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.credits import credits_text
from khata.kernel.errors import FieldProblem, InvalidRequest, KhataError, field_problem
from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.operations import InsufficientCredits, WalletFrozen, lock_wallets
from khata.messaging.errors import DestinationThrottled, IdempotencyKeyReused, RateLimited, SpendCapReached
from khata.messaging.models import IdempotencyKey
from khata.messaging.operations.accept import Accepted, Answer, accept_priced
from khata.messaging.operations.replays import request_digest
from khata.messaging.operations.requests import Acceptance, SendRequest, price_all

BATCH_COUNT_MAX = 10_000
CALL_SEND_BATCH = "POST /v1/messages/batch"

_PROBLEMS_TOLD_MAX = 100
_UUID_SIZE = 16


class RefusedItem(NamedTuple):
    """Why one message of an accepted batch was not sent."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class SentBatch:
    """`results`: a message's id or its refusal, in the order asked. `balance_micro` is what was left after it."""

    results: tuple[UUID | RefusedItem, ...]
    credits_micro: int
    balance_micro: int
    is_replayed: bool = False

    @property
    def accepted_count(self) -> int:
        return sum(isinstance(result, UUID) for result in self.results)


@needs_database
def send_batch(
    *,
    organisation_id: int,
    requests: Sequence[SendRequest],
    is_all_or_nothing: bool,
    api_key_id: UUID | None = None,
    idempotency_key: str | None = None,
) -> SentBatch:
    """Accepts what can be accepted of 1 to BATCH_COUNT_MAX requests; all or nothing: every one or none.

    Raises WalletFrozen, RateLimited, DestinationThrottled, SpendCapReached, InvalidRequest (fields are named
    `messages[3].to`), InsufficientCredits (balance and requirement of the whole batch), IdempotencyKeyReused. Then
    nothing was sent and nothing was charged.
    """
    digest = b"" if idempotency_key is None else _digest(requests, is_all_or_nothing)
    asked = price_all([Acceptance(request, organisation_id, api_key_id=api_key_id) for request in requests])
    with in_transaction() as connection:
        # Under this lock a key is certain: batches of one organisation come through one at a time.
        lock_wallets(connection, {organisation_id})
        if idempotency_key is not None and (kept := _load(organisation_id, idempotency_key)):
            return _replay(kept, digest)
        answers = accept_priced(asked)
        if refusal := _refusal(answers, is_all_or_nothing):
            raise refusal
        batch = _batch(answers)
        if idempotency_key is not None:
            _keep(organisation_id, idempotency_key, digest, batch)
    return batch


_STOPS = (WalletFrozen, RateLimited, DestinationThrottled, SpendCapReached)
"""What refuses the whole batch for its own sake, whatever else is wrong with it."""


def _refusal(answers: Sequence[Answer], is_all_or_nothing: bool) -> KhataError | None:
    """What refuses the batch as a whole, if anything does."""
    refused = {place: answer for place, answer in enumerate(answers) if isinstance(answer, KhataError)}
    if not refused or (len(refused) < len(answers) and not is_all_or_nothing):
        return None
    stop = next((error for error in refused.values() if isinstance(error, _STOPS)), None)
    if stop is not None:
        return stop
    short = next((error for error in refused.values() if isinstance(error, InsufficientCredits)), None)
    faulty = {place: error for place, error in refused.items() if not isinstance(error, InsufficientCredits)}
    # Faults come first only where they stand in the way: after a top-up, a batch that may be partial would go.
    if short is None or (faulty and is_all_or_nothing):
        return _invalid(faulty, len(answers))
    return _insufficient(answers, short)


def _invalid(faulty: dict[int, KhataError], count: int) -> InvalidRequest:
    problems = list(chain.from_iterable(_problems(place, error) for place, error in faulty.items()))
    told = problems[:_PROBLEMS_TOLD_MAX]
    rest = "" if len(told) == len(problems) else f" The first {len(told)} of {len(problems)} problems are listed."
    return InvalidRequest(told, f"{len(faulty)} of {count} messages cannot be sent, so none was sent.{rest}")


def _problems(place: int, error: KhataError) -> list[FieldProblem]:
    errors = error.extra.get("errors") or [field_problem("to", error.code(), error.detail)]
    return [field_problem(f"messages[{place}].{e['field']}", e["code"], e["detail"]) for e in errors]


def _insufficient(answers: Sequence[Answer], short: InsufficientCredits) -> InsufficientCredits:
    """The first answer that was decided by the wallet tells what was there before the batch."""
    priced = [answer for answer in answers if isinstance(answer, Accepted | InsufficientCredits)]
    balance = _balance_before(priced[0])
    required = sum(a.sent.credits_micro if isinstance(a, Accepted) else int(a.extra["required_micro"]) for a in priced)
    texts = {"balance": credits_text(balance), "required": credits_text(required)}
    return InsufficientCredits(**short.extra | texts | {"balance_micro": balance, "required_micro": required})


def _balance_before(first: Accepted | InsufficientCredits) -> int:
    if isinstance(first, Accepted):
        return first.sent.balance_micro + first.sent.credits_micro
    return int(first.extra["balance_micro"])


def _batch(answers: Sequence[Answer]) -> SentBatch:
    sent = [answer.sent for answer in answers if isinstance(answer, Accepted)]
    return SentBatch(
        results=tuple(a.sent.id if isinstance(a, Accepted) else RefusedItem(a.code(), a.detail) for a in answers),
        credits_micro=sum(message.credits_micro for message in sent),
        balance_micro=sent[-1].balance_micro,
    )


def _digest(requests: Sequence[SendRequest], is_all_or_nothing: bool) -> bytes:
    return request_digest([is_all_or_nothing, requests])


def _load(organisation_id: int, key: str) -> IdempotencyKey | None:
    shard = shard_of(organisation_id)
    return IdempotencyKey.objects.filter(
        shard=shard, organisation_id=organisation_id, call=CALL_SEND_BATCH, key=key
    ).first()


def _keep(organisation_id: int, key: str, digest: bytes, batch: SentBatch) -> None:
    IdempotencyKey.objects.create(
        shard=shard_of(organisation_id),
        organisation_id=organisation_id,
        call=CALL_SEND_BATCH,
        key=key,
        request_digest=digest,
        answer=_to_json(batch),
        created_at=utc_now(),
    )


def _replay(kept: IdempotencyKey, digest: bytes) -> SentBatch:
    if bytes(kept.request_digest) != digest:
        raise IdempotencyKeyReused
    return replace(_from_json(kept.answer), is_replayed=True)


def _to_json(batch: SentBatch) -> dict[str, Any]:
    """Compact: ids as their bytes one after another (some 21 characters a message), refusals by their place."""
    ids = b"".join(result.bytes for result in batch.results if isinstance(result, UUID))
    return {
        "ids": b64encode(ids).decode(),
        "refused": [[place, *item] for place, item in enumerate(batch.results) if isinstance(item, RefusedItem)],
        "credits_micro": batch.credits_micro,
        "balance_micro": batch.balance_micro,
    }


def _from_json(stored: dict[str, Any]) -> SentBatch:
    packed = b64decode(stored["ids"])
    ids = (UUID(bytes=packed[at : at + _UUID_SIZE]) for at in range(0, len(packed), _UUID_SIZE))
    refused = {place: RefusedItem(code, detail) for place, code, detail in stored["refused"]}
    count = len(packed) // _UUID_SIZE + len(refused)
    return SentBatch(
        results=tuple(refused[place] if place in refused else next(ids) for place in range(count)),
        credits_micro=stored["credits_micro"],
        balance_micro=stored["balance_micro"],
    )
