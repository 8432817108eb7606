"""What the names mean in what is sent, and in what became of it."""

from collections.abc import Mapping

from khata.api.messages import STATUSES
from khata.api.reference.forms import CREDITS, INSTANT, Described, id_form
from khata.mail.core.addresses import ADDRESS_LENGTH_MAX
from khata.messaging.core.draft import BODY_LENGTH_MAX, METADATA_COUNT_MAX, METADATA_LENGTH_MAX, REFERENCE_LENGTH_MAX
from khata.messaging.core.mail_draft import (
    ATTACHMENTS_BYTES_MAX,
    ATTACHMENTS_COUNT_MAX,
    FILE_NAME_LENGTH_MAX,
    HTML_LENGTH_MAX,
    SUBJECT_LENGTH_MAX,
    TEXT_LENGTH_MAX,
)

_OF_AN_SMS = "What phones show as the sender: 1 to 11 letters and digits, or a number; `KHATA` by default."
_WHEN = (
    "When it is to be handed over, with its offset; at most 30 days ahead. Without one, or where that has passed, it "
    "goes at once."
)

MESSAGE_FIELDS: Mapping[str, Described] = {
    # Asked for
    "to": ("A mobile number with country code, or an e-mail address.", {"maxLength": ADDRESS_LENGTH_MAX}),
    "BroadcastBody.to": ("Mobile numbers with country code, one message each.", {}),
    "body": ("The text.", {"minLength": 1}),
    "MessageBody.body": (
        f"The text: of an SMS at most {BODY_LENGTH_MAX:,} characters, of an e-mail {TEXT_LENGTH_MAX:,}.",
        {"minLength": 1, "maxLength": TEXT_LENGTH_MAX},
    ),
    "BroadcastBody.body": ("The text.", {"minLength": 1, "maxLength": BODY_LENGTH_MAX}),
    "channel": ("How it travels.", {}),
    "from": (
        (
            f"{_OF_AN_SMS} Of an e-mail: `name@example.com` or `Shown name <name@example.com>` at a verified domain; "
            "by default `no-reply@` the one verified first."
        ),
        {},
    ),
    "BroadcastBody.from": (_OF_AN_SMS, {}),
    "MessageBody.reference": (
        "A text of yours, to find the message by.",
        {"minLength": 1, "maxLength": REFERENCE_LENGTH_MAX},
    ),
    "BroadcastBody.reference": ("A text of yours, given to every message.", {"maxLength": REFERENCE_LENGTH_MAX}),
    "metadata": (
        f"Pairs of texts of yours, each at most {METADATA_LENGTH_MAX} characters.",
        {"maxProperties": METADATA_COUNT_MAX},
    ),
    "template": (
        "For messages to India: the register's number of the template it goes by. By default it is found by the text.",
        {},
    ),
    "MessageBody.scheduled_at": (_WHEN, INSTANT),
    "BroadcastBody.scheduled_at": (_WHEN, INSTANT),
    "messages": ("The messages, 1 to 10,000.", {}),
    "all_or_nothing": ("Whether one refused message refuses all.", {}),
    # Asked for with an e-mail
    "MessageBody.subject": ("Of an e-mail, and needed there.", {"maxLength": SUBJECT_LENGTH_MAX}),
    "MessageBody.html": ("Of an e-mail, beside its text.", {"maxLength": HTML_LENGTH_MAX}),
    "MessageBody.attachments": (
        f"Of an e-mail. At most {ATTACHMENTS_COUNT_MAX} files, {ATTACHMENTS_BYTES_MAX:,} bytes together.",
        {},
    ),
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
    # What became of it
    "DetailedMessage.id": ("Public id of the message.", id_form("msg")),
    "ListedMessage.id": ("Public id of the message.", id_form("msg")),
    "SentBody.id": ("Public id of the message.", id_form("msg")),
    "BatchResult.id": ("Public id of the message, where it was accepted.", id_form("msg")),
    "status": ("State of the message.", {"enum": list(STATUSES)}),
    "segments": ("How many SMS it takes on the air; 1 for an e-mail.", {"minimum": 1}),
    "encoding": (
        "`gsm7`, or `ucs2` where the text needs Unicode; `utf8` for an e-mail.",
        {"enum": ["gsm7", "ucs2", "utf8"]},
    ),
    "credits": ("Price in credits.", CREDITS),
    "credits_used": ("What was used of `credits`; `null` until that is settled.", CREDITS),
    "balance": ("Available credits, after this.", CREDITS),
    "reference": ("The `reference` it was sent with.", {}),
    "error": ("Why it was not delivered.", {}),
    "created_at": ("When it was accepted.", INSTANT),
    "scheduled_at": ("When it is to be handed over, or was; `null` for what was to go at once.", INSTANT),
    "submitted_at": ("When it was handed to the carrier.", INSTANT),
    "finished_at": ("When its state became final.", INSTANT),
    "timeline": ("What happened, oldest first.", {}),
    "event": (
        (
            "`accepted`, `credits_held`, `scheduled`, `waiting`, `submitted`, `unknown`, `credits_captured`, "
            "`credits_returned`, or a final state."
        ),
        {},
    ),
    "at": ("When.", INSTANT),
    "TimelineStep.credits": ("Credits moved by this step, signed.", CREDITS),
    "detail": ("A sentence for people; it may change.", {}),
    "code": ("A name for programs; it never changes.", {}),
    "email": ("What an e-mail has besides; `null` for an SMS.", {}),
    "MailDetail.subject": ("The subject.", {}),
    "MailDetail.html": ("The HTML; empty where it has none.", {}),
    "MailDetail.attachments": ("What was attached. The files themselves are not kept.", {}),
    "MailDetail.unsubscribe": ("Whether it offers one-click unsubscribe.", {}),
    "AttachedFile.name": ("The file's name.", {}),
    "size": ("In bytes.", {"minimum": 0}),
    # Batches and quotes
    "accepted": ("How many messages were accepted.", {"minimum": 1}),
    "refused": ("How many were not.", {"minimum": 0}),
    "Batch.credits": ("Price of all that were accepted.", CREDITS),
    "results": ("One for each message, in the order asked.", {}),
    "Quote.balance": ("Available credits now.", CREDITS),
    "sufficient": ("Whether the balance covers it.", {}),
}
