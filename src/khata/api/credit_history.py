"""`GET /v1/credit-history`: every change of the available credits, newest first."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get

from khata.api.authentication import authenticate
from khata.api.query import Query, read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.billing.queries import RefundRow, Reversal, reversals_by_reference, top_ups_by_reference
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.ledger.core import Kind
from khata.ledger.queries import HISTORY_KINDS, HistoryEntry, HistoryFilter, history
from khata.messaging.queries import messages_by_id

KINDS = {kind.name.lower(): kind for kind in HISTORY_KINDS}

_SEQ = re.compile(r"[1-9][0-9]{0,17}")
_OF_MESSAGES = (Kind.HOLD, Kind.VOID)


class CreditChange(msgspec.Struct):
    """One entry; `credits` is signed, `balance_after` exact at that moment."""

    seq: int
    at: str
    kind: str
    description: str
    reference: str | None
    credits: str
    balance_after: str


class CreditHistoryPage(msgspec.Struct):
    data: list[CreditChange]
    next_cursor: str | None


@get("/v1/credit-history")
async def list_credit_history(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


def _list(request: Request[Any, Any, Any]) -> CreditHistoryPage:
    caller = authenticate(request, "read")
    query = read_query(request, "kind", "created_after", "created_before", "limit", "cursor")
    page = history(
        organisation_id=caller.organisation_id,
        where=_filter(query),
        before_seq=query.cursor(_seq),
        limit=query.limit(),
    )
    public = _public_ids(caller.organisation_id, page.rows)
    return CreditHistoryPage([_shown(entry, public) for entry in page.rows], page.next_cursor)


def _filter(query: Query) -> HistoryFilter:
    kind = query.one_of("kind", KINDS)
    return HistoryFilter(
        kinds=HISTORY_KINDS if kind is None else (kind,),
        created_after=query.instant("created_after"),
        created_before=query.instant("created_before"),
    )


def _seq(text: str) -> int:
    if not _SEQ.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _public_ids(organisation_id: int, entries: list[HistoryEntry]) -> Mapping[UUID, tuple[str | None, str]]:
    """Reference → (public id, words), by few reads however many entries there are."""
    purchases = {entry.reference for entry in entries if entry.kind is Kind.PURCHASE}
    sends = {entry.reference for entry in entries if entry.kind in _OF_MESSAGES}
    top_ups = top_ups_by_reference(organisation_id=organisation_id, references=purchases) if purchases else {}
    messages = messages_by_id(organisation_id=organisation_id, ids=sends) if sends else {}
    unknown = {entry.reference for entry in entries} - top_ups.keys() - messages.keys()
    reversals = reversals_by_reference(organisation_id=organisation_id, references=unknown) if unknown else {}
    return (
        {reference: (row.public_id, "Top-up") for reference, row in top_ups.items()}
        | {id_: (row.public_id, f"{row.channel_words} to {row.recipient}") for id_, row in messages.items()}
        | {reference: _reversal(row) for reference, row in reversals.items()}
    )


def _reversal(row: Reversal) -> tuple[str | None, str]:
    return (row.public_id, "Refund") if isinstance(row, RefundRow) else (None, "Disputed payment")


def _shown(entry: HistoryEntry, public: Mapping[UUID, tuple[str | None, str]]) -> CreditChange:
    reference, words = public.get(entry.reference, (None, _WORDS[entry.kind]))
    return CreditChange(
        seq=entry.seq,
        at=rfc3339(entry.at),
        kind=entry.kind.name.lower(),
        description=f"{words}, credits returned" if entry.kind is Kind.VOID else words,
        reference=reference,
        credits=credits_text(entry.credits),
        balance_after=credits_text(entry.balance_after),
    )


_WORDS = {
    Kind.PURCHASE: "Top-up",
    Kind.GRANT: "Bonus credits",
    Kind.HOLD: "Message",
    Kind.VOID: "Message",
    Kind.EXPIRE: "Expired credits",
    Kind.REVERSE: "Payment taken back",
}
