"""Delivery receipts: what is reported about one message, as values and as the deliver_sm that carries it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from khata_sandbox.smsc import gsm7
from khata_sandbox.smsc.numbers import ESM_CLASS_RECEIPT, MessageState, Tag
from khata_sandbox.smsc.pdu import ShortMessage

STAT: Final = {
    MessageState.ENROUTE: "ENROUTE",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
}
"""Appendix B of the specification: the seven letters that stand in a receipt's text."""
_TEXT_LENGTH: Final = 20

SUCCESS_OR_FAILURE: Final = 1
FAILURE_ONLY: Final = 2


@dataclass(frozen=True, slots=True)
class Receipt:
    """Times are milliseconds since 1970 UTC."""

    id: int
    message_id: str
    """As the answer to submit_sm gave it."""
    told_id: str
    """As this receipt gives it."""
    source: str
    """Of the message; the receipt travels the other way."""
    destination: str
    text: str
    state: MessageState
    error_code: int
    submitted_at: int
    due_at: int

    def body(self) -> str:
        """The text, in the form nearly every message centre uses (Appendix B)."""
        delivered = "001" if self.state is MessageState.DELIVERED else "000"
        return (
            f"id:{self.told_id} sub:001 dlvrd:{delivered} submit date:{minute(self.submitted_at)} "
            f"done date:{minute(self.due_at)} stat:{STAT[self.state]} err:{self.error_code:03} text:"
            f"{self.text[:_TEXT_LENGTH]}"
        )

    def encode(self) -> bytes:
        """The body of the deliver_sm."""
        return ShortMessage(
            source=self.destination,
            source_ton=1,
            source_npi=1,
            destination=self.source,
            esm_class=ESM_CLASS_RECEIPT,
            short_message=gsm7.encode(self.body()),
            tlvs=(
                (Tag.RECEIPTED_MESSAGE_ID, self.told_id.encode("ascii") + b"\0"),
                (Tag.MESSAGE_STATE, bytes((self.state,))),
            ),
        ).encode()


def is_wanted(registered_delivery: int, state: MessageState) -> bool:
    """Whether the two low bits of registered_delivery (section 5.2.17) ask for a receipt with this final state."""
    asked = registered_delivery & 0b11
    return asked == SUCCESS_OR_FAILURE or (asked == FAILURE_ONLY and state is not MessageState.DELIVERED)


def minute(at_ms: int) -> str:
    """YYMMDDhhmm in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%y%m%d%H%M")
