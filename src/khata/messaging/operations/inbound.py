"""Messages from phones: stored once, told to whom they are for; STOP and START do what they say."""

from collections.abc import Iterable, Sequence

from khata.carriers.port import InboundMessage
from khata.kernel.ids import new_uuid
from khata.messaging.configuration import home_region
from khata.messaging.core.keywords import Keyword, keyword_in
from khata.messaging.core.recipients import NotReachable, e164
from khata.messaging.guard_rows import Number, delete_opted_out
from khata.messaging.inbound_queries import InboundRow
from khata.messaging.inbound_rows import NewInbound, find_owners, insert_inbound
from khata.messaging.message_object import inbound_object
from khata.messaging.operations.opt_outs import write_opt_outs
from khata.messaging.rows import Connection
from khata.webhooks.operations import Event, EventType, record_events

REASON = "Sent STOP"


def write_inbound(connection: Connection, messages: Sequence[InboundMessage]) -> None:
    """Stores them in the caller's transaction, each once; what came before has no effect again."""
    if not messages:
        return
    readable = [_readable(message) for message in messages]
    owners = find_owners(connection, [(message.sender, _digits(message.recipient)) for message in readable])
    rows = [_row(message, owner) for message, owner in zip(readable, owners, strict=True)]
    new_ids = insert_inbound(connection, rows)
    new = [row for row in rows if row.id in new_ids and row.organisation_id is not None]
    _obey(connection, new)
    record_events(connection, [_event(row) for row in new])


def _obey(connection: Connection, messages: Iterable[NewInbound]) -> None:
    """Of several words from one phone the last counts."""
    wanted = {
        number: message.keyword
        for message in messages
        if message.keyword in (Keyword.STOP, Keyword.START) and (number := _number(message)) is not None
    }
    stopped = [number for number, keyword in wanted.items() if keyword == Keyword.STOP]
    started = [number for number, keyword in wanted.items() if keyword == Keyword.START]
    if stopped:
        write_opt_outs(connection, stopped, REASON)
    if started:
        delete_opted_out(connection, started)


def _number(message: NewInbound) -> Number | None:
    """None for a sender that no message can be sent to."""
    assert message.organisation_id is not None
    try:
        return Number(message.organisation_id, e164(message.sender, home_region()))
    except NotReachable:
        return None


def _row(message: InboundMessage, owner: int | None) -> NewInbound:
    carrier, ref, sender, recipient, text, received_at = message
    keyword = keyword_in(text) or ""
    return NewInbound(owner, new_uuid(), carrier, ref, sender, recipient, text, keyword, received_at)


def _event(row: NewInbound) -> Event:
    assert row.organisation_id is not None
    shown = InboundRow(row.id, row.sender, row.recipient, row.body, row.keyword, row.carrier, row.received_at)
    return Event(row.organisation_id, EventType.MESSAGE_RECEIVED, row.received_at, inbound_object(shown))


def _readable(message: InboundMessage) -> InboundMessage:
    """What the database cannot keep (NUL, halves of characters) must not stop the messages behind it."""
    carrier, *texts, received_at = message
    ref, sender, recipient, text = (each.replace("\0", "\ufffd").encode(errors="replace").decode() for each in texts)
    return InboundMessage(carrier, ref, sender, recipient, text, received_at)


def _digits(number: str) -> str:
    return number.strip().removeprefix("+")
