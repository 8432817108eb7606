"""E-mails on a message's way: checked and kept at acceptance, composed and signed at hand-over.

Nothing here asks the database anything for a batch without e-mails.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from khata.carriers.port import Mail
from khata.kernel.arrays import array_texts
from khata.kernel.copying import copy_rows
from khata.kernel.errors import KhataError, field_problem
from khata.kernel.ids import public_id, shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.mail import queries as mail
from khata.mail.configuration import mail_configuration
from khata.mail.core.addresses import read_mailbox
from khata.mail.core.composing import Attachment, Letter, compose
from khata.mail.core.dkim import SigningKey, sign
from khata.mail.message_refs import MessageRef, ref_text
from khata.mail.models import SuppressionReason
from khata.mail.operations import RecipientSuppressed, SenderNotVerified
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.mail_draft import MailDraft
from khata.messaging.errors import NoRoute
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import CHANNEL_CODES
from khata.messaging.operations.requests import Entry, with_sender
from khata.messaging.rows import Connection

_EMAIL = CHANNEL_CODES["email"]

_COPY_CONTENTS = """
    copy messaging_mailcontent (organisation_id, message_id, shard, has_unsubscribe, subject, html, files)
    from stdin (format binary)
"""
_CONTENT_TYPES = ("int8", "uuid", "int2", "bool", "text", "text", "jsonb")
_COPY_ATTACHMENTS = """
    copy messaging_mailattachment (organisation_id, message_id, shard, place, name, content_type, content)
    from stdin (format binary)
"""
_ATTACHMENT_TYPES = ("int8", "uuid", "int2", "int2", "text", "text", "bytea")
_LOAD_CONTENTS = """
    select message_id, subject, html, has_unsubscribe
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, message_id)
      join messaging_mailcontent using (shard, organisation_id, message_id)
"""
_LOAD_ATTACHMENTS = """
    select message_id, name, content_type, content
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, message_id)
      join messaging_mailattachment using (shard, organisation_id, message_id)
     order by message_id, place
"""
_DROP_ATTACHMENTS = """
    delete from messaging_mailattachment attachment using messaging_message message
     where (message.shard, message.organisation_id, message.id)
         = (attachment.shard, attachment.organisation_id, attachment.message_id)
       and not is_open and message.status <> all (%s)
"""
_NEEDS_ITS_OCTETS = [int(MessageStatus.SCHEDULED), int(MessageStatus.UNKNOWN)]
"""Beside what is open: these may still be handed over, or once more."""


class _Content(NamedTuple):
    subject: str
    html: str
    has_unsubscribe: bool
    attachments: tuple[Attachment, ...]


def keep_sendable_mails(connection: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], dict[int, KhataError]]:
    """The entries that may go on, and the refusals by place: senders not verified, addresses suppressed, no route.

    An e-mail without a sender gets its organisation's default one.
    """
    mails = [entry for entry in entries if isinstance(entry.priced.draft, MailDraft)]
    if not mails:
        return list(entries), {}
    named, refused = _with_senders(mails)
    drafts = {place: _draft(entry) for place, entry in named.items()}
    verified = mail.verified_among(
        connection, {(named[place].organisation_id, draft.mailbox.domain) for place, draft in drafts.items()}
    )
    suppressed = mail.suppressed_among(
        connection, {(named[place].organisation_id, draft.recipient) for place, draft in drafts.items()}
    )
    for place, entry in named.items():
        refusal = _refusal(entry.organisation_id, drafts[place], verified, suppressed)
        if refusal is not None:
            refused[place] = refusal
    return [named.get(entry.place, entry) for entry in entries if entry.place not in refused], refused


def write_mails(connection: Connection, entries: Sequence[Entry]) -> None:
    """Beside the rows of accepted messages, what e-mails have besides."""
    mails = [(entry, draft) for entry in entries if isinstance(draft := entry.priced.draft, MailDraft)]
    contents = [
        (*_key(entry), draft.has_unsubscribe, draft.subject, draft.html, _files(draft)) for entry, draft in mails
    ]
    copy_rows(connection, _COPY_CONTENTS, _CONTENT_TYPES, contents)
    attached = [
        (*_key(entry), place, *attachment)
        for entry, draft in mails
        for place, attachment in enumerate(draft.attachments)
    ]
    copy_rows(connection, _COPY_ATTACHMENTS, _ATTACHMENT_TYPES, attached)


class LoadedMails(NamedTuple):
    """What the e-mails among claimed messages are made of: read in the claim's transaction, composed after it."""

    contents: Mapping[UUID, _Content]
    keys: Mapping[mail.Place, SigningKey]


def load_mails(connection: Connection, claimed: Sequence[ClaimedMessage]) -> LoadedMails:
    mails = [message for message in claimed if message.channel == _EMAIL]
    if not mails:
        return LoadedMails({}, {})
    named = array_texts(((shard_of(one.organisation_id), one.organisation_id, one.id) for one in mails), 3)
    attachments: dict[UUID, list[Attachment]] = {}
    for message_id, name, content_type, content in connection.execute(_LOAD_ATTACHMENTS, named):
        attachments.setdefault(message_id, []).append(Attachment(name, content_type, bytes(content)))
    contents = {
        row[0]: _Content(row[1], row[2], row[3], tuple(attachments.get(row[0], ())))
        for row in connection.execute(_LOAD_CONTENTS, named)
    }
    domains = {(one.organisation_id, read_mailbox(one.sender).domain) for one in mails}
    return LoadedMails(contents, mail.signing_keys(connection, domains))


def with_mails(claimed: Sequence[ClaimedMessage], loaded: LoadedMails, now: datetime) -> list[ClaimedMessage]:
    """The claimed messages, e-mails among them composed and signed; one whose key is gone stays without its octets."""
    return [message._replace(mail=_mail(message, loaded, now)) if message.channel == _EMAIL else message
            for message in claimed]  # fmt: skip


def is_stopped_by(reason: SuppressionReason | None, *, has_unsubscribe: bool) -> bool:
    """Who unsubscribed wants no newsletters; a receipt, which has no way out, may still be sent."""
    return reason is not None and (has_unsubscribe or reason is not SuppressionReason.UNSUBSCRIBE)


@needs_database
def drop_sent_attachments() -> int:
    """Octets of messages that need no further hand-over. Returns how many attachments went."""
    with in_transaction() as connection:
        return connection.execute(_DROP_ATTACHMENTS, (_NEEDS_ITS_OCTETS,)).rowcount


def _with_senders(mails: Sequence[Entry]) -> tuple[dict[int, Entry], dict[int, KhataError]]:
    """By place; refused is what no route takes from its organisation's sender."""
    lacking = {entry.organisation_id for entry in mails if not _draft(entry).sender}
    defaults = {id_: mail.default_sender(organisation_id=id_) for id_ in lacking}
    named: dict[int, Entry] = {}
    refused: dict[int, KhataError] = {}
    for entry in mails:
        ready = _with_sender(entry, defaults.get(entry.organisation_id))
        if ready is None:
            refused[entry.place] = NoRoute()
        else:
            named[entry.place] = ready
    return named, refused


def _with_sender(entry: Entry, default: str | None) -> Entry | None:
    draft = _draft(entry)
    if draft.sender or default is None:
        return entry
    return with_sender(entry, draft._replace(sender=default, mailbox=read_mailbox(default)))


def _refusal(
    organisation_id: int,
    draft: MailDraft,
    verified: set[mail.Place],
    suppressed: Mapping[mail.Place, SuppressionReason],
) -> KhataError | None:
    if (organisation_id, draft.mailbox.domain) not in verified:
        return SenderNotVerified(errors=[field_problem("from", "sender_not_verified", SenderNotVerified().detail)])
    reason = suppressed.get((organisation_id, draft.recipient.lower()))
    if reason is None or not is_stopped_by(reason, has_unsubscribe=draft.has_unsubscribe):
        return None
    detail = f"This address {reason.label.lower()}, so nothing is sent to it."
    return RecipientSuppressed(detail, errors=[field_problem("to", "recipient_suppressed", detail)])


def _draft(entry: Entry) -> MailDraft:
    draft = entry.priced.draft
    assert isinstance(draft, MailDraft)
    return draft


def _key(entry: Entry) -> tuple[int, UUID, int]:
    return entry.organisation_id, entry.priced.message_id, shard_of(entry.organisation_id)


def _files(draft: MailDraft) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "content_type": each.content_type, "bytes": len(each.content)} for each in draft.attachments
    ]


def _mail(message: ClaimedMessage, loaded: LoadedMails, now: datetime) -> Mail | None:
    sender = read_mailbox(message.sender)
    key = loaded.keys.get((message.organisation_id, sender.domain))
    content = loaded.contents.get(message.id)
    if key is None or content is None:
        return None
    ref = MessageRef(message.organisation_id, message.id)
    letter = Letter(
        sender=sender,
        recipient=message.recipient,
        subject=content.subject,
        text=message.body,
        html=content.html,
        attachments=content.attachments,
        message_id=f"{public_id('msg', message.id)}@{sender.domain}",
        written_at=message.valid_from,
        unsubscribe_url=_unsubscribe_url(ref) if content.has_unsubscribe else "",
    )
    return Mail(sign(compose(letter), key, signed_at_s=int(now.timestamp())), ref_text("bounce", ref))


def _unsubscribe_url(ref: MessageRef) -> str:
    return f"{mail_configuration().base_url}/unsubscribe/{ref_text('unsubscribe', ref)}"
