"""What sending a message would cost now. Nothing is written and nothing is locked."""

from typing import NamedTuple

from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.operations.guards import keep_welcome
from khata.messaging.operations.mails import keep_sendable_mails
from khata.messaging.operations.requests import Acceptance, Entry, Priced, SendRequest, price_all
from khata.messaging.operations.templates import bind_templates
from khata.tenancy.operations import askers_known


class MessageQuote(NamedTuple):
    segments: int
    encoding: str
    credits_micro: int


@needs_database
def quote_message(request: SendRequest, *, organisation_id: int | None = None) -> MessageQuote:
    """Raises what sending it would raise for the request itself: InvalidRequest, InvalidRecipient, DestinationUnpriced,
    NoRoute and, where an organisation asks, CountryNotAllowed, RecipientOptedOut, SenderNotVerified,
    RecipientSuppressed and TemplateNotMatched.

    Whether there are credits for it is the ledger's to say.
    """
    (priced,) = price_all([Acceptance(request, organisation_id)])
    if priced.refusal is not None:
        raise priced.refusal
    if organisation_id is not None:
        _check(priced, organisation_id)
    assert priced.draft is not None
    return MessageQuote(priced.draft.segment_count, priced.draft.encoding, priced.credits)


def _check(priced: Priced, organisation_id: int) -> None:
    with in_transaction() as connection:
        (asker,) = askers_known(connection, [(organisation_id, None)]).values()
        welcome, unwelcome = keep_welcome(connection, [Entry(0, asker, priced)])
        sendable, unsendable = keep_sendable_mails(connection, welcome)
        _, unmatched = bind_templates(connection, sendable)
    for refusal in (unwelcome | unsendable | unmatched).values():
        raise refusal
