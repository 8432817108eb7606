"""Every fault there is, as data: a new one is a line here and one question (`Luck.strike`) where it bites."""

from typing import Final

from khata_sandbox.switches import Fault

_CONNECTIONS, _ANSWERS, _RECEIPTS, _IDS = "Connections", "Answers to submit_sm", "Receipts", "Ids"
_DELAY_MAXIMUM_MS: Final = 600_000
_STATUS_MAXIMUM: Final = 0xFFFF_FFFF
_ERROR_CODE_MAXIMUM: Final = 99_999


def _waiting(name: str, place: str, label: str, effect: str, value: int) -> Fault:
    return Fault(name, place, label, effect, "milliseconds", value, _DELAY_MAXIMUM_MS)


def _failing(name: str, label: str, effect: str, value: int) -> Fault:
    return Fault(name, _RECEIPTS, label, effect, "error code", value, _ERROR_CODE_MAXIMUM)


FAULTS: Final = (
    Fault("bind_refused", _CONNECTIONS, "Refuse binds", "A bind is refused.", "command_status", 0x0D, _STATUS_MAXIMUM),
    Fault("silent", _CONNECTIONS, "Fall silent", "The connection stays open, and nothing on it is acted upon again."),
    Fault("enquire_link_ignored", _CONNECTIONS, "Ignore enquire_link", "It is not answered."),
    Fault("submit_cut", _CONNECTIONS, "Hang up", "The connection ends when a message comes; nothing is taken."),
    Fault("answer_cut", _CONNECTIONS, "Hang up in an answer", "The message is taken; half its answer comes, no more."),
    Fault("answer_trickled", _CONNECTIONS, "Trickle", "The answer comes octet by octet."),
    Fault("submit_refused", _ANSWERS, "Refuse", "The message is refused.", "command_status", 0x45, _STATUS_MAXIMUM),
    Fault("throttled", _ANSWERS, "Throttle", "ESME_RTHROTTLED; the message is not taken."),
    Fault("queue_full", _ANSWERS, "Queue full", "ESME_RMSGQFUL; the message is not taken."),
    _waiting(
        "answer_late", _ANSWERS, "Answer late", "The message is taken at once and answered after this long.", 2_000
    ),
    Fault("answer_lost", _ANSWERS, "Lose the answer", "The message is taken, delivered, reported: never answered."),
    Fault("query_refused", _ANSWERS, "Refuse queries", "query_sm is answered ESME_RQUERYFAIL."),
    Fault("receipt_early", _RECEIPTS, "Early", "The receipt comes before the answer to submit_sm."),
    _waiting("receipt_late", _RECEIPTS, "Late", "The receipt comes this much later.", 10_000),
    Fault("receipt_lost", _RECEIPTS, "Never", "What became of the message is not reported."),
    Fault("receipt_twice", _RECEIPTS, "Twice", "The same receipt comes again."),
    Fault("receipt_contradicted", _RECEIPTS, "Contradict", "A second receipt says the opposite of the first."),
    Fault("receipt_foreign", _RECEIPTS, "Foreign", "A receipt for an id nobody was given comes as well."),
    _failing("undeliverable", "Undeliverable", "The message comes to UNDELIV with this code.", 1),
    _failing("expired", "Expired", "The message comes to EXPIRED with this code.", 2),
    _failing("rejected", "Rejected", "The message comes to REJECTD with this code, such as one of India's DLT.", 633),
    Fault(
        "id_hex", _IDS, "Decimal, then hex", "The answer gives the id in decimal digits, its receipt in hexadecimal."
    ),
    Fault("id_decimal", _IDS, "Hex, then decimal", "The answer gives the id in hexadecimal, its receipt in decimal."),
    Fault("id_lower", _IDS, "Small letters", "The receipt spells the id in small letters."),
    Fault("id_padded", _IDS, "Padded", "The receipt has zeros before the id."),
)

_BY_NAME: Final = {fault.name: fault for fault in FAULTS}


def find_fault(name: str) -> Fault | None:
    return _BY_NAME.get(name)
