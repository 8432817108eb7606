"""Messages, ours and phones', as customers' programs see them: the API answers with them, webhooks carry them."""

from datetime import datetime
from typing import Any

from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.messaging.inbound_queries import InboundRow
from khata.messaging.queries import MessageDetail


def message_object(message: MessageDetail) -> dict[str, Any]:
    """Fit for JSON: credits as decimal strings, times as RFC 3339."""
    used = message.credits_captured_micro
    has_error = bool(message.error_code)
    return {
        "id": message.public_id,
        "status": message.status.word,
        "channel": message.channel,
        "to": message.recipient,
        "from": message.sender,
        "body": message.body,
        "segments": message.segments,
        "encoding": message.encoding,
        "credits": credits_text(message.credits_micro),
        "credits_used": None if used is None else credits_text(used),
        "reference": message.reference,
        "metadata": message.metadata,
        "error": {"code": message.error_code, "detail": message.error_detail} if has_error else None,
        "created_at": rfc3339(message.accepted_at),
        "scheduled_at": _instant(message.scheduled_at),
        "submitted_at": _instant(message.submitted_at),
        "finished_at": _instant(message.finished_at),
    }


def inbound_object(message: InboundRow) -> dict[str, Any]:
    """Fit for JSON; `keyword` is None where the text is no such word."""
    return {
        "id": message.public_id,
        "from": message.sender,
        "to": message.recipient,
        "body": message.body,
        "keyword": message.keyword or None,
        "received_at": rfc3339(message.received_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
