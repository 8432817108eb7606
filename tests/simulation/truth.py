"""The gateway's own journal held against Khata's books: payments, credits, refunds, disputes, tax documents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from khata.billing.core.invoices import DocumentKind
from khata.billing.core.refund_life import RefundState
from khata.billing.models import Dispute, PaymentAttempt, Refund, TaxDocument, TopUp
from khata.billing.operations.reversal_credits import derived_reference
from khata.ledger.core import Kind
from khata.ledger.models import Transfer
from khata.ledger.proof import prove_ledger
from khata.payments.reversals import DisputeStatus
from khata.payments.ways import PayBy


@dataclass(frozen=True, slots=True)
class Taken:
    """A captured payment as the gateway's journal has it. Money in paise."""

    payment_ref: str
    order_ref: str
    amount_minor: int
    refunded_minor: int
    disputed_minor: int

    @property
    def kept_minor(self) -> int:
        return self.amount_minor - self.refunded_minor - self.disputed_minor


@dataclass(frozen=True, slots=True)
class Journal:
    """Everything the gateway took, by payment."""

    taken: Mapping[str, Taken]
    open_refunds_count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problems` are sentences; none means that ledger, gateway and documents agree to the paisa."""

    problems: tuple[str, ...]
    figures: Mapping[str, int]


def read_journal(gateway: httpx.Client) -> Journal:
    """By the control API, which pages and hides nothing."""
    refunds = _items(gateway, "refunds")
    refunded = _sums((one["payment_id"], one["amount"]) for one in refunds if one["status"] == "processed")
    disputed = _sums((one["payment_id"], one["amount_deducted"]) for one in _items(gateway, "disputes"))
    taken = {
        one["id"]: Taken(one["id"], one["order_id"], one["amount"], refunded[one["id"]], disputed[one["id"]])
        for one in _items(gateway, "payments")
        if one["captured"]
    }
    return Journal(taken, sum(one["status"] == "pending" for one in refunds))


def compare(journal: Journal, organisation_ids: Iterable[int]) -> Verdict:
    """Of the top-ups of these organisations, which must be all that used this gateway."""
    books = _Books(tuple(organisation_ids))
    problems = [
        *_payments(journal, books),
        *_money_back(journal, books),
        *_credits(books),
        *_documents(books),
        *_sums_agree(journal, books),
        *prove_ledger().problems,
    ]
    return Verdict(tuple(problems), _figures(journal, books))


class _Books:
    """Ours, read once."""

    def __init__(self, organisation_ids: tuple[int, ...]) -> None:
        mine = {"top_up__organisation_id__in": organisation_ids}
        self.top_ups = {row.id: row for row in TopUp.objects.filter(organisation_id__in=organisation_ids)}
        self.attempts = {row.payment_ref: row for row in PaymentAttempt.objects.filter(**mine)}
        self.refunds = list(Refund.objects.filter(**mine).select_related("attempt"))
        self.lost = list(Dispute.objects.filter(**mine, status=DisputeStatus.LOST).select_related("attempt"))
        self.documents = list(TaxDocument.objects.filter(top_up__organisation_id__in=organisation_ids))
        self.moved: defaultdict[tuple[Kind, UUID], int] = defaultdict(int)
        for row in Transfer.objects.filter(organisation_id__in=organisation_ids):
            self.moved[Kind(row.kind), row.reference] += row.amount

    @property
    def processed(self) -> list[Refund]:
        return [row for row in self.refunds if row.state == RefundState.PROCESSED]

    @property
    def refunded(self) -> defaultdict[str, int]:
        """By payment, in paise."""
        return _sums((row.attempt.payment_ref, row.amount_minor) for row in self.processed)

    @property
    def disputed(self) -> defaultdict[str, int]:
        """By payment, in paise: no more than has not been refunded."""
        refunded = self.refunded
        left = {ref: row.amount_minor - refunded[ref] for ref, row in self.attempts.items()}
        refs = [(row.attempt.payment_ref, row.amount_minor) for row in self.lost]
        return _sums((ref, min(amount_minor, left[ref])) for ref, amount_minor in refs)

    @property
    def credited(self) -> dict[str, PaymentAttempt]:
        return {ref: row for ref, row in self.attempts.items() if row.purchase_reference is not None}


def _payments(journal: Journal, books: _Books) -> Iterable[str]:
    """Each captured payment is credited once or has gone back; nothing else is credited."""
    for ref, taken in journal.taken.items():
        attempt = books.attempts.get(ref)
        if attempt is None:
            yield f"{ref} was captured and is not known here"
            continue
        top_up = books.top_ups[attempt.top_up_id]
        if attempt.purchase_reference is None and taken.kept_minor > 0:
            yield f"{ref} was captured, and neither credited nor given back: {top_up.public_id} is {top_up.state}"
        if attempt.purchase_reference is not None and taken.amount_minor != top_up.total_minor:
            yield f"{ref} was credited for {top_up.total_minor} and captured for {taken.amount_minor}"
    for ref in books.credited.keys() - journal.taken.keys():
        yield f"{ref} was credited and never captured"
    twice = Counter(row.top_up_id for row in books.credited.values())
    yield from (
        f"{books.top_ups[id_].public_id} was credited {count} times" for id_, count in twice.items() if count > 1
    )


def _money_back(journal: Journal, books: _Books) -> Iterable[str]:
    refunded, disputed = books.refunded, books.disputed
    for ref, taken in journal.taken.items():
        if refunded[ref] != taken.refunded_minor:
            yield f"{ref}: refunded {refunded[ref]} here, {taken.refunded_minor} at the gateway"
        if disputed[ref] != taken.disputed_minor:
            yield f"{ref}: lost {disputed[ref]} in disputes here, {taken.disputed_minor} at the gateway"
    still_open = [row.public_id for row in books.refunds if RefundState(row.state).is_open]
    if still_open or journal.open_refunds_count:
        yield f"open refunds: {still_open} here, {journal.open_refunds_count} at the gateway"


def _credits(books: _Books) -> Iterable[str]:
    """What the ledger moved is what the rows say, purchase by purchase and refund by refund."""
    for ref, attempt in books.credited.items():
        assert attempt.purchase_reference is not None
        bought = books.moved[Kind.PURCHASE, attempt.purchase_reference]
        if bought != books.top_ups[attempt.top_up_id].credits_micro:
            yield f"{ref}: {bought} micro-credits were bought"
    for row in books.refunds:
        restored = books.moved[Kind.PURCHASE, derived_reference(row, "restored")]
        gone = books.moved[Kind.REFUND, row.reference] + books.moved[Kind.REVERSE, row.reference] - restored
        if gone != (row.credits_micro if row.state == RefundState.PROCESSED else 0):
            yield f"{row.public_id} is {row.state}: {gone} micro-credits are gone for it"
    for dispute in books.lost:
        taken = books.moved[Kind.REVERSE, dispute.reversal_reference]
        if taken != dispute.credits_micro:
            yield f"{dispute.dispute_ref} is lost: {taken} micro-credits were taken for it"
    explained = {row.purchase_reference for row in books.credited.values()}
    explained |= {derived_reference(row, "restored") for row in books.refunds}
    strangers = [ref for kind, ref in books.moved if kind is Kind.PURCHASE and ref not in explained]
    if strangers:
        yield f"purchases nobody paid for: {strangers}"


def _documents(books: _Books) -> Iterable[str]:
    invoices = _sums((row.top_up_id, row.total_minor) for row in books.documents if row.kind == DocumentKind.INVOICE)
    notes = {row.refund_id: row.total_minor for row in books.documents if row.refund_id is not None}
    paid = {row.top_up_id for row in books.credited.values()}
    for id_, top_up in books.top_ups.items():
        if invoices[id_] != (top_up.total_minor if id_ in paid else 0):
            yield f"{top_up.public_id}: invoices over {invoices[id_]}"
    wanted = {row.id: row.amount_minor for row in books.processed if row.attempt.purchase_reference is not None}
    if wanted != notes:
        differing = {id_ for id_, _ in wanted.items() ^ notes.items()}
        yield f"credit notes differ from refunds: {sorted(map(str, differing))}"


def _sums_agree(journal: Journal, books: _Books) -> Iterable[str]:
    figures = _figures(journal, books)
    if figures["kept at the gateway"] != figures["credited less money back"]:
        yield f"the sums differ: {figures}"
    if figures["invoiced less credit notes"] != figures["credited less money back"]:
        yield f"the documents differ: {figures}"


def _figures(journal: Journal, books: _Books) -> dict[str, int]:
    credited = sum(row.amount_minor for row in books.credited.values())
    refunds = sum(row.amount_minor for row in books.processed if row.attempt.purchase_reference is not None)
    disputed = books.disputed
    lost = sum(disputed[ref] for ref in books.credited)
    signs = {DocumentKind.INVOICE: 1, DocumentKind.CREDIT_NOTE: -1}
    return {
        "captured at the gateway": sum(one.amount_minor for one in journal.taken.values()),
        "kept at the gateway": sum(one.kept_minor for one in journal.taken.values()),
        "credited": credited,
        **{f"credited by {way}": _by_way(books, way) for way in PayBy},
        "credited less money back": credited - refunds - lost,
        "invoiced less credit notes": sum(signs[DocumentKind(row.kind)] * row.total_minor for row in books.documents),
    }


def _by_way(books: _Books, way: PayBy) -> int:
    return sum(row.amount_minor for row in books.credited.values() if books.top_ups[row.top_up_id].pay_by == way)


def _items(gateway: httpx.Client, kind: str) -> list[Any]:
    answer = gateway.get(f"/_sandbox/{kind}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


def _sums(pairs: Iterable[tuple[Any, int]]) -> defaultdict[Any, int]:
    sums: defaultdict[Any, int] = defaultdict(int)
    for key, amount in pairs:
        sums[key] += amount
    return sums
