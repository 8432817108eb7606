"""The SMSC's own journal held against Khata's messages and credits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.ids import uuid_from_public
from khata.ledger.core import Kind
from khata.messaging.core.life import MessageStatus
from tests.sandbox.far_end import FarEnd

from .messages_customers import Customer

KEPT_PER_SEGMENT = MICRO_PER_CREDIT // 10
"""What the route that charges on delivery keeps of a segment that was not delivered."""
_MESSAGES = """
    select message.id, organisation_id, recipient, status, segments, credits, credits_captured, is_possible_duplicate,
           charge_on = 'delivered', carrier
      from messaging_message message join messaging_routeversion route on route.id = route_id
"""
_TRANSFERS = "select reference, kind, sum(amount)::bigint from ledger_transfer group by reference, kind"
_WALLETS = "select organisation_id, available, held from ledger_wallet"
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


class Books(Protocol):
    """Where a run's truth is read."""

    smsc: FarEnd
    customers: tuple[Customer, ...]

    def select(self, query: str) -> list[tuple[Any, ...]]: ...
    def verify_ledger(self) -> tuple[int, str]: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What the API said to one message: its id, or the code of its refusal."""

    organisation_id: int
    phone: str
    message_id: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as Khata has it. Credits in micro-credits."""

    organisation_id: int
    phone: str
    status: MessageStatus
    segments: int
    credits: int
    captured: int | None
    is_possible_duplicate: bool
    is_charged_on_delivery: bool
    carrier: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What the SMSC took for one phone: how often each part, and how often it came to be delivered."""

    times: Mapping[int, int]
    delivered: frozenset[int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problems` are sentences; none means that the journal, the messages and the ledger agree."""

    problems: tuple[str, ...]
    figures: Mapping[str, int]


def compare(books: Books, sent: Iterable[Sent], *, doubted: int) -> Verdict:
    """`doubted` is how many messages were visibly `unknown` before their time was over."""
    sent = list(sent)
    messages = {row[0]: Kept(row[1], row[2], MessageStatus(row[3]), *row[4:]) for row in books.select(_MESSAGES)}
    moved = {(reference, Kind(kind)): amount for reference, kind, amount in books.select(_TRANSFERS)}
    journal = read_journal(books.smsc)
    code, words = books.verify_ledger()
    problems = [
        *_accepted(sent, messages),
        *(problem for kept in messages.values() for problem in judge(kept, journal.get(kept.phone, NOTHING))),
        *_strangers(messages.values(), journal),
        *_settled(messages, moved),
        *_balances(books, messages.values()),
        *([f"verify-ledger: {words}"] if code else []),
    ]
    figures = _figures(sent, messages.values(), journal, doubted)
    return Verdict(tuple(problems), {**figures, "deadlocks": books.select(_DEADLOCKS)[0][0]})


NOTHING = Taken({}, frozenset())


def read_journal(smsc: FarEnd) -> dict[str, Taken]:
    """What the SMSC took, by phone with its plus."""
    times: defaultdict[str, Counter[int]] = defaultdict(Counter)
    delivered: defaultdict[str, set[int]] = defaultdict(set)
    reported = _reported_delivered(smsc)
    for row in _rows(smsc, "/submits.json"):
        if row["status"] != "ESME_ROK":
            continue
        phone, part = f"+{row['phone']}", row["part_number"] or 1
        times[phone][part] += 1
        if row["state"] == "DELIVRD" or row["message_id"] in reported:
            delivered[phone].add(part)
    return {phone: Taken(dict(parts), frozenset(delivered[phone])) for phone, parts in times.items()}


def judge(kept: Kept, taken: Taken) -> Iterable[str]:
    """One message: submitted once at most, ended, and paid for what the SMSC took and no more."""
    allowed = 2 if kept.is_possible_duplicate else 1
    for part, times in taken.times.items():
        if times > allowed:
            yield f"{kept.phone}: segment {part} was submitted {times} times"
    if not kept.status.is_final:
        yield f"{kept.phone} is {kept.status.word}"
        return
    if kept.captured is None:
        yield f"{kept.phone} is {kept.status.word}, and its credits are not settled"
        return
    if kept.status is MessageStatus.DELIVERED and len(taken.delivered) < kept.segments:
        yield f"{kept.phone} is delivered, of {kept.segments} segments the SMSC delivered {len(taken.delivered)}"
    if kept.captured not in _fair_prices(kept, taken):
        yield f"{kept.phone} is {kept.status.word} and cost {kept.captured} of {kept.credits}"


def _fair_prices(kept: Kept, taken: Taken) -> set[int]:
    """What its route's policy may take for it (micro-credits).

    How many segments Khata knows to be taken lies between none and what the SMSC took; a reported one is known.
    """
    if kept.status is MessageStatus.DELIVERED:
        return {kept.credits}
    price = kept.credits // kept.segments
    each = min(KEPT_PER_SEGMENT, price) if kept.is_charged_on_delivery else price
    known = range(len(taken.times) + 1)
    if kept.status is MessageStatus.UNDELIVERED:
        known = range(kept.segments, kept.segments + 1)
    return {each * count for count in known}


def _accepted(sent: list[Sent], messages: Mapping[Any, Kept]) -> Iterable[str]:
    """What the API accepted is what there is."""
    accepted = {uuid_from_public("msg", one.message_id): one for one in sent if one.message_id}
    yield from (f"{accepted[id_].phone} was accepted and is not there" for id_ in accepted.keys() - messages.keys())
    yield from (f"{messages[id_].phone} is there and was not accepted" for id_ in messages.keys() - accepted.keys())


def _strangers(messages: Iterable[Kept], journal: Mapping[str, Taken]) -> Iterable[str]:
    known = {kept.phone for kept in messages}
    yield from (f"{phone} was submitted and never accepted" for phone in journal.keys() - known)


def _settled(messages: Mapping[Any, Kept], moved: Mapping[tuple[Any, Kind], int]) -> Iterable[str]:
    """What was held is the price; what was used and what returned make it up."""
    for id_, kept in messages.items():
        held, used = moved.get((id_, Kind.HOLD), 0), moved.get((id_, Kind.CAPTURE), 0)
        if held != kept.credits or used != (kept.captured or 0):
            yield f"{kept.phone} costs {kept.credits} and {kept.captured}; the ledger says {held} and {used}"


def _balances(books: Books, messages: Iterable[Kept]) -> Iterable[str]:
    used: Counter[int] = Counter()
    for kept in messages:
        used[kept.organisation_id] += kept.captured or 0
    wallets = {row[0]: row[1:] for row in books.select(_WALLETS)}
    for customer in books.customers:
        expected = (customer.credits * MICRO_PER_CREDIT - used[customer.organisation_id], 0)
        if wallets[customer.organisation_id] != expected:
            found = wallets[customer.organisation_id]
            yield f"organisation {customer.organisation_id} should have {expected} and has {found}"


def _figures(
    sent: list[Sent], messages: Iterable[Kept], journal: Mapping[str, Taken], doubted: int
) -> Mapping[str, int]:
    refusals = Counter(f"refused: {one.refusal}" for one in sent if one.refusal)
    kept = list(messages)
    statuses = Counter(one.status.word for one in kept)
    submits = sum(sum(taken.times.values()) for taken in journal.values())
    return {
        "sent": len(sent),
        **dict(sorted(refusals.items())),
        **dict(sorted(statuses.items())),
        "were unknown": doubted,
        "possible duplicates": sum(one.is_possible_duplicate for one in kept),
        "segments accepted": sum(one.segments for one in kept),
        "segments the SMSC took": submits,
    }


def _reported_delivered(smsc: FarEnd) -> set[str]:
    """Ids of submissions with a receipt that said so, rightly or wrongly."""
    return {row["message_id"] for row in _rows(smsc, "/receipts.json") if row["state"] == "DELIVRD"}


def _rows(smsc: FarEnd, path: str) -> Iterable[dict[str, Any]]:
    after = 0
    while rows := smsc.get(path, after=str(after)):
        yield from rows
        after = rows[-1]["id"]
