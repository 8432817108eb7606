"""What sending a message would cost now. Nothing is written and nothing is locked."""

from typing import NamedTuple

from khata.kernel.errors import KhataError
from khata.kernel.transactions import needs_database
from khata.messaging.operations.requests import SendRequest, price_request
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
    priced = price_request(request, rate_card())
    if isinstance(priced, KhataError):
        raise priced
    draft, credits_micro = priced
    return MessageQuote(draft.segmentation.segment_count, draft.segmentation.encoding, credits_micro)
