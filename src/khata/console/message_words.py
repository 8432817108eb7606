"""What a message's status is called, and what it means for the credits."""

from khata.console.words import BAD, BUSY, CALM, LATER, OK, WARN, badge, credits_words, minute
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.core.send_window import IST
from khata.messaging.queries import MessageDetail

BADGES = {
    MessageStatus.SCHEDULED: badge("Scheduled", LATER),
    MessageStatus.ACCEPTED: badge("Accepted", BUSY),
    MessageStatus.SUBMITTING: badge("Queued", BUSY),
    MessageStatus.SUBMITTED: badge("Sent", BUSY),
    MessageStatus.UNKNOWN: badge("Not confirmed", WARN),
    MessageStatus.DELIVERED: badge("Delivered", OK),
    MessageStatus.UNDELIVERED: badge("Failed", BAD),
    MessageStatus.FAILED: badge("Rejected", BAD),
    MessageStatus.EXPIRED: badge("Expired", BAD),
    MessageStatus.CANCELLED: badge("Cancelled", CALM),
}

EVENTS = {
    "accepted": "Accepted",
    "credits_held": "Credits reserved",
    "scheduled": "Scheduled",
    "waiting": "Waiting",
    "submitted": "Sent to carrier",
    "delivered": "Delivered",
    "undelivered": "Failed",
    "failed": "Rejected",
    "expired": "Expired",
    "unknown": "Not confirmed",
    "cancelled": "Cancelled",
    "credits_captured": "Credits used",
    "credits_returned": "Credits returned",
}

_SENTENCES = {
    MessageStatus.ACCEPTED: "We have it, and hand it to a carrier next.",
    MessageStatus.SUBMITTING: "It is being handed to a carrier.",
    MessageStatus.SUBMITTED: "The carrier has it. We wait for its delivery report.",
    MessageStatus.DELIVERED: "The carrier reports that it reached the phone.",
    MessageStatus.UNDELIVERED: "The carrier could not deliver it. Check the number, or try again later.",
    MessageStatus.FAILED: "No carrier took it, so nothing was sent.",
    MessageStatus.EXPIRED: "The phone could not be reached in time. Try again when it may be on.",
}

_CANCELLED: dict[str, str] = {
    Cancellation.RECIPIENT_OPTED_OUT: "It was cancelled before it was sent: its recipient opted out meanwhile.",
    Cancellation.RECIPIENT_SUPPRESSED: "It was cancelled before it was sent: its address was suppressed meanwhile.",
    Cancellation.ON_REQUEST: "Cancelled before it was sent, as asked for.",
}
"""By error code."""

_MAIL_SENTENCES = _SENTENCES | {
    MessageStatus.SUBMITTED: "The mail server has it. Where it bounces, that shows here within three days.",
    MessageStatus.DELIVERED: "The mail server took it, and no bounce came back.",
    MessageStatus.UNDELIVERED: "It bounced: its reader's mail server did not keep it.",
    MessageStatus.FAILED: "No mail server took it, so nothing was sent.",
    MessageStatus.EXPIRED: "The mail server never confirmed that it took it.",
}


def message_sentence(message: MessageDetail) -> str:
    """One plain sentence on what happened, and one on the credits."""
    if message.status is MessageStatus.UNKNOWN and message.credits_captured_micro is None:
        return f"The carrier has not answered. {_credits_stay(message)} reserved until it does."
    if message.status is MessageStatus.SCHEDULED:
        return _scheduled_sentence(message)
    if message.waits_for is not None:
        return f"It waits for {message.waits_for.astimezone(IST):%H:%M IST}: such messages go out only by day."
    return f"{_sentence(message)} {_cost_sentence(message)}".strip()


def _scheduled_sentence(message: MessageDetail) -> str:
    at, stay = minute(message.due_at), f"{_credits_stay(message)} reserved until then."
    if message.waits_for is not None:
        return f"It waits for {at}: such messages go out only by day. {stay}"
    return f"It is scheduled for {at}. {stay}"


def _sentence(message: MessageDetail) -> str:
    if message.status is MessageStatus.CANCELLED:
        return _CANCELLED.get(message.error_code, "It was cancelled before it was sent.")
    sentences = _MAIL_SENTENCES if message.channel == "email" else _SENTENCES
    return sentences.get(message.status, "The carrier has not answered.")


def _credits_stay(message: MessageDetail) -> str:
    verb = "stays" if message.credits_micro == MICRO_PER_CREDIT else "stay"
    return f"{credits_words(message.credits_micro)} {verb}"


def _cost_sentence(message: MessageDetail) -> str:
    if message.credits_captured_micro is None:
        return ""
    return "" if message.credits_captured_micro else "Not charged."
