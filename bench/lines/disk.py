"""Bytes on disk per message that was paid and delivered: all tables and indexes, written by the real operations."""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from bench.figures import Figure
from bench.stage import Stage
from bench.traffic import acceptances, open_wallets
from khata.carriers.port import Accepted, Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.operations import (
    Handed,
    accept_batch,
    claim_messages,
    new_lease_token,
    renew_lease,
    settle_news,
)

ACCEPT_COUNT = 2_000
CLAIM_COUNT = 200
CARRIER = "smpp"
TENTHS = 10
"""The tables are vacuumed each time they have grown by a tenth: a message leaves two to three dead rows, and autovacuum
comes when a fifth is dead."""

_SIZES = """
    select relname, pg_total_relation_size(oid) from pg_class
     where relkind = 'r' and relname similar to '(ledger|messaging)!_%' escape '!'
"""


def measure(stage: Stage) -> Iterator[Figure]:
    count = stage.scale.stored_count
    with stage.connection(as_owner=True) as owner:
        _hurry(owner)
        empty = _sizes(owner)
        organisation_ids = open_wallets(1)
        for tenth in range(TENTHS):
            _write(organisation_ids, range(count * tenth // TENTHS, count * (tenth + 1) // TENTHS))
            written = _sizes(owner)
            _vacuum(owner, written)
        vacuumed = _sizes(owner)
    yield _figure("disk per delivered message", empty, written, count)
    yield _figure("disk per delivered message, after VACUUM", empty, vacuumed, count)


def _write(organisation_ids: list[int], numbers: range) -> None:
    for first in range(numbers.start, numbers.stop, ACCEPT_COUNT):
        accept_batch(acceptances(organisation_ids, min(ACCEPT_COUNT, numbers.stop - first), first=first))
        _deliver_all()


def _vacuum(owner: psycopg.Connection[Any], tables: Iterable[str]) -> None:
    for table in tables:
        owner.execute(sql.SQL("vacuum {}").format(sql.Identifier(table)))


def _hurry(owner: psycopg.Connection[Any]) -> None:
    """Nothing is timed here, so nobody has to wait until a commit is on disk; the bytes are the same."""
    owner.execute(sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(owner.info.dbname)))


def _deliver_all() -> None:
    """What worker and message centre do, without the wire between them."""
    token = new_lease_token()
    renew_lease(token=token)
    while messages := claim_messages(token=token, limit=CLAIM_COUNT):
        refs = {message.id: f"{message.id.int & 0xFFFF_FFFF_FFFF_FFFF:016X}" for message in messages}
        settle_news(
            [Handed(m, CARRIER, decide_hand_over([Accepted(refs[m.id])] * m.segments, m.segments)) for m in messages]
        )
        settle_news([_receipt(refs[message.id], message.body) for message in messages])


def _receipt(ref: str, body: str) -> Receipt:
    """Worded as carriers do (SMPP 3.4, appendix B)."""
    at = utc_now()
    raw = (
        f"id:{ref} sub:001 dlvrd:001 submit date:{at:%y%m%d%H%M} done date:{at:%y%m%d%H%M} stat:DELIVRD err:000 "
        f"text:{body[:20]}"
    )
    return Receipt(CARRIER, ref, ReceiptState.DELIVERED, "000", raw, at)


def _sizes(owner: psycopg.Connection[Any]) -> dict[str, int]:
    """Table → bytes, its indexes and overlong values included."""
    return {str(name): int(size) for name, size in owner.execute(_SIZES)}


def _figure(name: str, before: dict[str, int], after: dict[str, int], count: int) -> Figure:
    grown = {table: (size - before[table]) / count for table, size in after.items()}
    largest = sorted(grown, key=grown.__getitem__, reverse=True)
    parts = ", ".join(f"{table} {grown[table]:.0f}" for table in largest if grown[table] >= 1)
    return Figure(name, sum(grown.values()), "B", note=f"{count:,} messages: {parts}")
