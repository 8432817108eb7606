"""How many wallets stand, read at once for whoever watches them; what messages took is not counted one by one.

A wallet's `seq` has no gaps and its instants rise with it, so the last transfer before an instant is found by halving:
some thirty look-ups by primary key, however many transfers there are. What messages used since is then the difference
of two balances, less the few transfers that are no message's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from khata.kernel.ids import shard_of
from khata.ledger.core import Kind
from khata.ledger.core.book import ROUTES, Account
from khata.ledger.models import Transfer

_MARKS = """
    select organisation_id, last_seq from ledger_wallet
     where (shard, organisation_id) > (%s, %s)
     order by shard, organisation_id limit %s
"""
_STANDINGS = """
    with recursive halving (shard, organisation_id, available, last_seq, seen_seq, low, high) as (
        select shard, organisation_id, available, last_seq, asked.seq, 0::bigint, last_seq
          from unnest(%(shards)s::smallint[], %(organisation_ids)s::bigint[], %(seqs)s::bigint[])
               as asked (shard, organisation_id, seq)
          join ledger_wallet using (shard, organisation_id)
        union all
        select shard, organisation_id, available, last_seq, seen_seq,
               case when at < %(since)s then seq else low end, case when at < %(since)s then high else seq - 1 end
          from halving join ledger_transfer using (shard, organisation_id)
         where low < high and seq = (low + high + 1) / 2
    )
    select seen.organisation_id, last_seq, available - overdue.amount,
           coalesce(opening.available_after, 0) + others.amount - refunded.amount - available, others.added_up_to
      from halving seen
      left join ledger_transfer opening on (opening.shard, opening.organisation_id, opening.seq)
                                         = (seen.shard, seen.organisation_id, low)
      cross join lateral (
           select coalesce(sum(remaining), 0)::bigint as amount from ledger_lot lot
            where (lot.shard, lot.organisation_id) = (seen.shard, seen.organisation_id)
              and is_open and expires_at <= now()) as overdue
      cross join lateral (
           select coalesce(sum(case when kind = any(%(incoming)s::smallint[]) then other.amount else -other.amount end)
                           filter (where seq > low), 0)::bigint as amount,
                  coalesce(max(available_after)
                           filter (where kind = any(%(added)s::smallint[]) and seq > seen_seq), 0) as added_up_to
             from ledger_transfer other
            where (other.shard, other.organisation_id) = (seen.shard, seen.organisation_id)
              and kind = any(%(others)s::smallint[])) as others
      cross join lateral (
           select coalesce(sum(taken.amount), 0)::bigint as amount
             from ledger_transfer refund join ledger_transfer taken using (shard, organisation_id, reference, lot_id)
            where (shard, organisation_id) = (seen.shard, seen.organisation_id)
              and refund.kind = %(refund)s and taken.kind = %(hold)s and taken.seq > low) as refunded
     where low = high
"""
_EXPIRING = """
    select lot.organisation_id, lot.lot_id, remaining, expires_at, transfer.at, lot.reference
      from ledger_lot lot
      join ledger_transfer transfer on (transfer.shard, transfer.organisation_id, transfer.seq)
                                     = (lot.shard, lot.organisation_id, lot.lot_id)
     where is_open and remaining > 0 and expires_at <= %(until)s
       and (expires_at, lot.organisation_id, lot.lot_id) > (%(after)s, %(organisation_id)s, %(lot_id)s)
     order by expires_at, lot.organisation_id, lot.lot_id limit %(limit)s
"""

_ADDED = (Kind.PURCHASE, Kind.GRANT)
_MESSAGES = (Kind.HOLD, Kind.CAPTURE, Kind.VOID)
_OTHERS = tuple(kind for kind, route in ROUTES.items() if kind not in _MESSAGES and Account.AVAILABLE in route)
_INCOMING = tuple(kind for kind in _OTHERS if ROUTES[kind][1] is Account.AVAILABLE)
_ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Micro-credits. `available` leaves out lots whose time has passed but whose expiry is not booked yet."""

    organisation_id: int
    last_seq: int
    available: int
    used: int
    """What messages took since the instant asked for: used and reserved, less what was returned.

    What is set aside for a refund or a dispute counts as reserved until the money is back.
    """
    added_up_to: int
    """The highest balance that credits bought or given after the seq asked for left; 0 where none came."""


@dataclass(frozen=True, slots=True)
class ExpiringLot:
    """`remaining` is in micro-credits and above zero; what lies under open holds is not in it."""

    organisation_id: int
    lot_id: int
    remaining: int
    expires_at: datetime
    made_at: datetime
    reference: UUID
    """Of the purchase or grant that made it."""


def wallet_marks(*, after_id: int | None, limit: int) -> list[tuple[int, int]]:
    """(organisation_id, last_seq) of all wallets, in an order that continues after `after_id`; None begins."""
    shard, organisation_id = (-1, 0) if after_id is None else (shard_of(after_id), after_id)
    return [(row[0], row[1]) for row in _rows(_MARKS, (shard, organisation_id, limit))]


def standings(*, seen: Mapping[int, int], since: datetime) -> list[Standing]:
    """Of the organisations named, each with the `seq` up to which it was seen; those without a wallet are left out."""
    asked = {
        "shards": [shard_of(organisation_id) for organisation_id in seen],
        "organisation_ids": list(seen),
        "seqs": list(seen.values()),
        "since": since,
        "incoming": [kind.value for kind in _INCOMING],
        "added": [kind.value for kind in _ADDED],
        "others": [kind.value for kind in _OTHERS],
        "hold": Kind.HOLD.value,
        "refund": Kind.REFUND.value,
    }
    return [Standing(*row) for row in _rows(_STANDINGS, asked)]


def standing(*, organisation_id: int, since: datetime) -> Standing:
    """Of one organisation, which has a wallet; `added_up_to` is 0."""
    (found,) = standings(seen={organisation_id: _ID_MAX}, since=since)
    return found


def emptied_at(*, organisation_id: int, after_seq: int) -> datetime | None:
    """When the balance first came down to zero after that `seq`; None where it did not."""
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    return rows.filter(seq__gt=after_seq, available_after__lte=0).order_by("seq").values_list("at", flat=True).first()


def expiring_lots(
    *, after: datetime, until: datetime, limit: int, after_lot: ExpiringLot | None = None
) -> list[ExpiringLot]:
    """Lots with something left, soonest first; `after_lot` is the last one of the answer to continue."""
    place = (after_lot.expires_at, after_lot.organisation_id, after_lot.lot_id) if after_lot else (after, _ID_MAX, 0)
    asked = {"after": place[0], "organisation_id": place[1], "lot_id": place[2], "until": until, "limit": limit}
    return [ExpiringLot(*row) for row in _rows(_EXPIRING, asked)]


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
