"""Twilio's states and codes in ours, and in plain words. Source: its list of error codes and its message resource."""

from khata.carriers.port import ReceiptState

STATES = {
    "accepted": ReceiptState.ENROUTE,
    "scheduled": ReceiptState.ENROUTE,
    "queued": ReceiptState.ENROUTE,
    "sending": ReceiptState.ENROUTE,
    "sent": ReceiptState.ACCEPTED,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.DELIVERED,
    "undelivered": ReceiptState.UNDELIVERED,
    "failed": ReceiptState.REJECTED,
    "canceled": ReceiptState.REJECTED,
}
"""What is not here is not believed."""

EXPIRED_CODE = "30036"

QUEUE_FULL_CODES = frozenset({"20429", "21611"})
ACCOUNT_CODES = frozenset({"10001", "20003", "20005", "20403", "20404"})
"""About the account or its credentials, so about every message: they wait until an operator has mended it."""

_WORDS = {
    "10001": "The account is not active; its balance may be used up",
    "20003": "The credentials are wrong, or the account is suspended",
    "20005": "The account is not active",
    "20403": "The account lacks permission; it may be suspended",
    "20404": "The account was not found",
    "20429": "Too many requests",
    "21211": "The recipient is no valid number",
    "21212": "The sender is not valid",
    "21408": "Sending to this country is not enabled in the account",
    "21602": "The text is missing",
    "21603": "The sender is missing",
    "21604": "The recipient is missing",
    "21606": "The sender does not belong to the account or cannot send SMS",
    "21608": "A trial account sends to verified numbers only",
    "21610": "The recipient has opted out",
    "21611": "The sender's queue is full",
    "21612": "This recipient cannot be reached from this sender",
    "21614": "The recipient is no mobile number",
    "21617": "The text is too long",
    "21658": "The text is too long",
    "30001": "The queue is full",
    "30002": "The account is suspended, perhaps for lack of funds",
    "30003": "The phone could not be reached",
    "30004": "The message was blocked",
    "30005": "The phone is unknown",
    "30006": "A landline, or a network that cannot be reached",
    "30007": "The message was filtered",
    "30008": "The network gives no reason",
    "30010": "The price is above the maximum",
    "30036": "The message was not delivered in time",
}


def words(code: str, told: str = "") -> str:
    """One sentence: ours where the code is known, otherwise what Twilio told."""
    sentence = _WORDS.get(code) or told.strip().removesuffix(".") or "No reason was given"
    return f"{sentence} ({code})." if code else f"{sentence}."
