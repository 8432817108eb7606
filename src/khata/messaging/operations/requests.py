"""A request to send and what it comes to: checked and priced, with nothing held and nothing locked yet."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from khata.kernel.errors import InvalidRequest, KhataError
from khata.kernel.ids import new_uuid
from khata.messaging.core.draft import SmsDraft, check_sms
from khata.messaging.errors import DestinationUnpriced, InvalidRecipient
from khata.messaging.operations.replays import request_digest
from khata.pricing.core.rate_card import RateCard
from khata.pricing.queries import rate_card
from khata.tenancy.operations import Asker


class SendRequest(Struct, frozen=True):
    """One message as asked for. `recipient` is a telephone number as people write it."""

    recipient: str
    body: str
    sender: str | None = None
    channel: str = "sms"
    reference: str | None = None
    metadata: Mapping[str, str] | None = None


class Acceptance(Struct, frozen=True):
    """A request with who asks: a signed-in member's organisation, or an API key's digest (read again in the batch)."""

    request: SendRequest
    organisation_id: int | None = None
    member_id: UUID | None = None
    api_key_digest: bytes | None = None
    api_key_id: UUID | None = None
    idempotency_key: str | None = None


class Priced(Struct, frozen=True):
    """An acceptance with its draft and price (micro-credits), or with what is wrong with it."""

    acceptance: Acceptance
    message_id: UUID
    draft: SmsDraft | None = None
    credits: int = 0
    digest: bytes = b""
    refusal: KhataError | None = None


class Entry(Struct, frozen=True):
    """A priced request of a known asker on its way through a batch; `place` is where its answer goes."""

    place: int
    asker: Asker
    priced: Priced

    @property
    def organisation_id(self) -> int:
        return self.asker.organisation_id

    @property
    def key(self) -> tuple[int, str] | None:
        """What makes its effect happen once, if it asked for that."""
        text = self.priced.acceptance.idempotency_key
        return None if text is None else (self.asker.organisation_id, text)


def price_all(acceptances: Sequence[Acceptance]) -> list[Priced]:
    card = rate_card()
    return [_price(acceptance, card) for acceptance in acceptances]


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


def _price(acceptance: Acceptance, card: RateCard) -> Priced:
    priced = price_request(acceptance.request, card)
    if isinstance(priced, KhataError):
        return Priced(acceptance, new_uuid(), refusal=priced)
    digest = b"" if acceptance.idempotency_key is None else request_digest(acceptance.request)
    return Priced(acceptance, new_uuid(), *priced, digest)
