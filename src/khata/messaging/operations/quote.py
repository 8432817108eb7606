"""What sending a message would cost now. Nothing is written and nothing is locked."""

from typing import NamedTuple

from khata.kernel.errors import InvalidRequest
from khata.kernel.transactions import needs_database
from khata.messaging.core.draft import check_sms
from khata.messaging.errors import DestinationUnpriced, InvalidRecipient
from khata.messaging.operations.accept import SendRequest
from khata.pricing.queries import rate_card


class MessageQuote(NamedTuple):
    segments: int
    encoding: str
    credits_micro: int


@needs_database
def quote_message(request: SendRequest) -> MessageQuote:
    """Raises what sending it would raise for the request itself: InvalidRequest, InvalidRecipient, DestinationUnpriced.

    Whether there are credits for it is the ledger's to say.
    """
    draft = check_sms(
        recipient=request.recipient,
        body=request.body,
        sender=request.sender,
        reference=request.reference,
        metadata=request.metadata,
    )
    if isinstance(draft, list):
        is_recipient = {problem["code"] for problem in draft} == {"invalid_recipient"}
        raise InvalidRecipient(draft[0]["detail"], errors=draft) if is_recipient else InvalidRequest(draft)
    rate = rate_card().rate_for("sms", draft.recipient.removeprefix("+"))
    if rate is None:
        raise DestinationUnpriced
    cut = draft.segmentation
    return MessageQuote(cut.segment_count, cut.encoding, rate.credits_micro * cut.segment_count)
