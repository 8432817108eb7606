"""What becomes of one accepted message, and which receipts tell it: its number and its luck decide."""

from typing import Final, NamedTuple

from khata_sandbox.smsc.numbers import MessageState
from khata_sandbox.smsc.scenarios import Answer, Scenario
from khata_sandbox.smsc.switches import Luck

_ERROR_CODES: Final = {MessageState.DELIVERED: 0, MessageState.UNDELIVERABLE: 1, MessageState.EXPIRED: 2}
_FAILURES: Final = {
    "undeliverable": MessageState.UNDELIVERABLE,
    "expired": MessageState.EXPIRED,
    "rejected": MessageState.REJECTED,
}
_FOREIGN_PREFIX: Final = "FEED"


class End(NamedTuple):
    """A final state and the code that says why, 0 = no error."""

    state: MessageState
    error_code: int


class Report(NamedTuple):
    """One receipt to be."""

    end: End
    told_id: str


class Outcome(NamedTuple):
    """`reports` come one after the other, `late_ms` later than they would."""

    end: End
    reports: tuple[Report, ...]
    late_ms: int
    is_early: bool


class Ids(NamedTuple):
    """One id twice: as the answer gives it and as its receipts do."""

    answered: str
    told: str


def decide_ids(number: str, luck: Luck) -> Ids:
    """`number` is hexadecimal, in capitals."""
    if luck.strike("id_hex"):
        return Ids(str(int(number, 16)), number)
    if luck.strike("id_decimal"):
        return Ids(number, str(int(number, 16)))
    if luck.strike("id_lower"):
        return Ids(number, number.lower())
    if luck.strike("id_padded"):
        return Ids(number, number.zfill(len(number) + 4))
    return Ids(number, number)


def decide_outcome(ids: Ids, scenario: Scenario, luck: Luck) -> Outcome:
    ends = [End(state, _ERROR_CODES[state]) for state in scenario.receipts]
    failure = _failure(luck)
    if failure:
        ends[:1] = [failure] if ends else []
    end = failure or (ends[0] if ends else End(MessageState.DELIVERED, 0))
    is_early = scenario.answer is Answer.AFTER_RECEIPT or luck.strike("receipt_early") is not None
    late = None if is_early else luck.strike("receipt_late")
    return Outcome(end, tuple(_reports(ends, ids, luck)), late.value if late else 0, is_early)


def _failure(luck: Luck) -> End | None:
    for fault, state in _FAILURES.items():
        if switch := luck.strike(fault):
            return End(state, switch.value)
    return None


def _reports(ends: list[End], ids: Ids, luck: Luck) -> list[Report]:
    reports = [Report(end, ids.told) for end in ends]
    if not reports or luck.strike("receipt_lost"):
        return []
    if luck.strike("receipt_twice"):
        reports.insert(1, reports[0])
    if luck.strike("receipt_contradicted"):
        reports.append(Report(_opposite(ends[0]), ids.told))
    if luck.strike("receipt_foreign"):
        reports.append(Report(ends[0], _FOREIGN_PREFIX + ids.told))
    return reports


def _opposite(end: End) -> End:
    if end.state is MessageState.DELIVERED:
        return End(MessageState.UNDELIVERABLE, _ERROR_CODES[MessageState.UNDELIVERABLE])
    return End(MessageState.DELIVERED, 0)
