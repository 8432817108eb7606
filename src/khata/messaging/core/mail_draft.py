"""A request to send an e-mail, checked: nothing that is let through can add a header or a command of its own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from khata.kernel.errors import FieldProblem, field_problem
from khata.mail.core.addresses import ENCODED_WORD, UNPRINTABLE, Mailbox, NotAnAddress, read_address, read_mailbox
from khata.mail.core.composing import Attachment
from khata.messaging.core.draft import CONTROL, check_extras

SUBJECT_LENGTH_MAX = 250
TEXT_LENGTH_MAX = 100_000
HTML_LENGTH_MAX = 500_000
ATTACHMENTS_COUNT_MAX = 10
ATTACHMENTS_BYTES_MAX = 700_000
"""Of all together: as base64 they must fit a request of one megabyte."""
FILE_NAME_LENGTH_MAX = 120

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_COMPOSITE = ("multipart/", "message/")


class MailDraft(NamedTuple):
    recipient: str
    sender: str
    """As `mailbox` reads: `Shown name <name@example.com>`."""
    mailbox: Mailbox
    subject: str
    body: str
    html: str
    attachments: Sequence[Attachment]
    has_unsubscribe: bool
    reference: str | None
    metadata: Mapping[str, str] | None
    channel: Literal["email"] = "email"
    encoding: str = "utf8"
    segment_count: int = 1


def check_mail(
    *,
    recipient: str,
    sender: str | None,
    subject: str,
    body: str,
    html: str,
    attachments: Sequence[Attachment],
    has_unsubscribe: bool,
    reference: str | None,
    metadata: Mapping[str, Any] | None,
) -> MailDraft | list[FieldProblem]:
    """The draft, or everything that is wrong with the request. Without `sender` its mailbox is empty as yet."""
    problems: list[FieldProblem] = []
    address = _checked_recipient(recipient, problems)
    mailbox = _checked_sender(sender, problems)
    _check_subject(subject, problems)
    _check_text("body", body, TEXT_LENGTH_MAX, problems)
    if not body.strip():
        problems.append(field_problem("body", "required", "Please write a text, also where there is HTML."))
    _check_text("html", html, HTML_LENGTH_MAX, problems)
    _check_attachments(attachments, problems)
    check_extras(reference, metadata, problems)
    if problems:
        return problems
    return MailDraft(
        address, mailbox.text, mailbox, subject, body, html, attachments, has_unsubscribe, reference, metadata
    )


def _checked_recipient(text: str, problems: list[FieldProblem]) -> str:
    try:
        return read_address(text)
    except NotAnAddress as error:
        problems.append(field_problem("to", "invalid_recipient", str(error)))
        return ""


def _checked_sender(text: str | None, problems: list[FieldProblem]) -> Mailbox:
    try:
        return Mailbox("") if text is None else read_mailbox(text)
    except NotAnAddress as error:
        problems.append(field_problem("from", "invalid_sender", str(error)))
        return Mailbox("")


def _check_subject(subject: str, problems: list[FieldProblem]) -> None:
    if not subject.strip():
        problems.append(field_problem("subject", "required", "An e-mail needs a subject."))
    elif len(subject) > SUBJECT_LENGTH_MAX:
        problems.append(field_problem("subject", "too_long", f"At most {SUBJECT_LENGTH_MAX} characters."))
    elif UNPRINTABLE.search(subject):
        problems.append(field_problem("subject", "control_character", "A subject is one line without controls."))


def _check_text(field: str, text: str, length_max: int, problems: list[FieldProblem]) -> None:
    if len(text) > length_max:
        problems.append(field_problem(field, "too_long", f"At most {length_max:,} characters."))
    elif CONTROL.search(text) or not _is_text(text):
        problems.append(field_problem(field, "control_character", "The text holds a control character."))


def _check_attachments(attachments: Sequence[Attachment], problems: list[FieldProblem]) -> None:
    if len(attachments) > ATTACHMENTS_COUNT_MAX:
        problems.append(field_problem("attachments", "too_many", f"At most {ATTACHMENTS_COUNT_MAX}."))
    if sum(len(each.content) for each in attachments) > ATTACHMENTS_BYTES_MAX:
        detail = f"At most {ATTACHMENTS_BYTES_MAX:,} bytes together."
        problems.append(field_problem("attachments", "too_long", detail))
    for place, attachment in enumerate(attachments):
        name, kind = attachment.name, attachment.content_type
        if not _is_file_name(name):
            detail = f"A file's name: 1 to {FILE_NAME_LENGTH_MAX} characters, no slash, quotation mark, control or =?."
            problems.append(field_problem(f"attachments[{place}].name", "invalid", detail))
        if not _CONTENT_TYPE.fullmatch(kind) or kind.startswith(_COMPOSITE):
            detail = "A media type without parameters, like application/pdf."
            problems.append(field_problem(f"attachments[{place}].content_type", "invalid", detail))


def _is_file_name(text: str) -> bool:
    is_one_line = not UNPRINTABLE.search(text) and ENCODED_WORD not in text
    return is_one_line and 0 < len(text) <= FILE_NAME_LENGTH_MAX and not set(text) & set('/\\"')


def _is_text(text: str) -> bool:
    """Whether it has no half of a surrogate pair."""
    return not re.search("[\ud800-\udfff]", text)
