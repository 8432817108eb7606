"""What the names mean that came with e-mail, and those that mean more since."""

from collections.abc import Mapping
from typing import Any

from khata.mail.core.addresses import ADDRESS_LENGTH_MAX
from khata.mail.core.records import RecordKind
from khata.mail.models import SuppressionReason
from khata.messaging.core.mail_draft import (
    ATTACHMENTS_BYTES_MAX,
    ATTACHMENTS_COUNT_MAX,
    FILE_NAME_LENGTH_MAX,
    HTML_LENGTH_MAX,
    SUBJECT_LENGTH_MAX,
    TEXT_LENGTH_MAX,
)

_INSTANT = {"format": "date-time"}
_FILES = f"At most {ATTACHMENTS_COUNT_MAX} files, {ATTACHMENTS_BYTES_MAX:,} bytes together."


def _id(prefix: str) -> Mapping[str, Any]:
    return {"pattern": f"^{prefix}_[0-9a-z]{{26}}$"}


MAIL_FIELDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "to": ("A mobile number with country code, or an e-mail address.", {"maxLength": ADDRESS_LENGTH_MAX}),
    "body": ("The text.", {"minLength": 1}),
    "MessageBody.body": (
        f"The text: of an SMS at most 1,600 characters, of an e-mail {TEXT_LENGTH_MAX:,}.",
        {"minLength": 1, "maxLength": TEXT_LENGTH_MAX},
    ),
    "from": (
        (
            "SMS: what phones show as the sender, 1 to 11 letters and digits, or a number; `KHATA` by default. E-mail: "
            "`name@example.com` or `Shown name <name@example.com>` at a verified domain; by default `no-reply@` the "
            "one verified first."
        ),
        {},
    ),
    "MessageBody.subject": ("Of an e-mail, and needed there.", {"maxLength": SUBJECT_LENGTH_MAX}),
    "MessageBody.html": ("Of an e-mail, beside its text.", {"maxLength": HTML_LENGTH_MAX}),
    "MessageBody.attachments": (f"Of an e-mail. {_FILES}", {}),
    "MessageBody.unsubscribe": (
        (
            "Of an e-mail: whether it offers one-click unsubscribe. Say `false` only for what its reader asked for, "
            "like a receipt: that still goes to who unsubscribed."
        ),
        {"default": True},
    ),
    "AttachmentBody.name": ("The file's name.", {"minLength": 1, "maxLength": FILE_NAME_LENGTH_MAX}),
    "AttachmentBody.content_type": ("A media type without parameters, like `application/pdf`.", {}),
    "AttachmentBody.content": ("The file, as base64.", {}),
    "segments": ("How many SMS it takes on the air; 1 for an e-mail.", {"minimum": 1}),
    "encoding": (
        "`gsm7`, or `ucs2` where the text needs Unicode; `utf8` for an e-mail.",
        {"enum": ["gsm7", "ucs2", "utf8"]},
    ),
    "email": ("What an e-mail has besides; `null` for an SMS.", {}),
    "MailDetail.subject": ("The subject.", {}),
    "MailDetail.html": ("The HTML; empty where it has none.", {}),
    "MailDetail.attachments": ("What was attached. The files themselves are not kept.", {}),
    "MailDetail.unsubscribe": ("Whether it offers one-click unsubscribe.", {}),
    "AttachedFile.name": ("The file's name.", {}),
    "size": ("In bytes.", {"minimum": 0}),
    "Domain.id": ("Public id of the domain.", _id("dom")),
    "DomainBody.name": ("The domain, in any script.", {"minLength": 3}),
    "Domain.name": ("The domain, in ASCII.", {}),
    "records": ("The TXT records to publish.", {}),
    "DomainRecord.kind": ("What it is for.", {"enum": [kind.value for kind in RecordKind]}),
    "DomainRecord.name": ("Where it stands.", {}),
    "value": ("What it says.", {}),
    "DomainRecord.state": (
        (
            "What DNS said when it was asked last: `found`, `missing`, `wrong` (it says something else), or `unknown` "
            "where it did not answer; `null` where it was not asked yet."
        ),
        {},
    ),
    "Domain.created_at": ("When it was added.", _INSTANT),
    "verified_at": ("Since when its DKIM record is found.", _INSTANT),
    "checked_at": ("When DNS was asked last.", _INSTANT),
    "Suppression.id": ("Public id of the suppression.", _id("sup")),
    "address": ("The e-mail address, in lower case.", {}),
    "Suppression.reason": ("Why.", {"enum": [reason.value for reason in SuppressionReason]}),
    "Suppression.detail": ("What was said.", {}),
    "Suppression.message_id": ("The message it was about.", _id("msg")),
    "Suppression.created_at": ("Since when.", _INSTANT),
}
