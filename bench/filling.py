"""A long past in a minute: an organisation's messages and transfers, made by the server itself."""

from typing import Any

import psycopg

from khata.kernel.ids import shard_of
from khata.ledger.core import Account, Kind
from khata.messaging.core.life import MessageStatus

CHUNK_COUNT = 250_000
"""Messages per statement and commit."""
PRICE_MICRO = 1_000_000

# Every message has a hold and a capture. The first transfer, the grant, was written by the real operation.
_CHUNK = """
with made as materialized (
    select n, uuidv7() as id, now() as at from generate_series(%(first)s::bigint, %(last)s::bigint) as n
), messages as (
    insert into messaging_message (
        shard, organisation_id, id, channel, status, credits, credits_captured, accepted_at, due_at, submitted_at,
        settled_at, finished_at, encoding, segments, attempts, recipient, sender, body, carrier, carrier_refs)
    select %(shard)s, %(organisation_id)s, id, 1, %(delivered)s, %(price)s, %(price)s, at, at, at,
           at, at, 1, 1, 1, '+9198' || lpad((n %% 1000000)::text, 6, '0') || '55', 'KHATA',
           'Your code is ' || lpad((n %% 1000000)::text, 6, '0'), 'smpp', to_hex(n)
      from made
)
insert into ledger_transfer (shard, organisation_id, seq, kind, source, target, amount, lot_id, reference,
                             available_after, at)
select %(shard)s, %(organisation_id)s, 1 + 2 * n - (2 - step), case step when 1 then %(hold)s else %(capture)s end,
       case step when 1 then %(available)s else %(held)s end, case step when 1 then %(held)s else %(consumed)s end,
       %(price)s, 1, id, %(credits)s - n * %(price)s, at
  from made cross join generate_series(1, 2) as step
 order by n, step
"""
_BOOKED = """
update ledger_wallet
   set available = available - %(used)s, last_seq = last_seq + %(transfers)s
 where shard = %(shard)s and organisation_id = %(organisation_id)s
"""
_DRAWN = """
update ledger_lot set remaining = remaining - %(used)s
 where shard = %(shard)s and organisation_id = %(organisation_id)s
"""


def fill_history(
    owner: psycopg.Connection[Any], *, organisation_id: int, transfers_count: int, credits_micro: int
) -> None:
    """Gives an organisation, which has a grant of `credits_micro`, that many transfers and half as many messages.

    Good for reading: the numbers fit together, but nothing is sealed.
    """
    messages_count = transfers_count // 2
    key = {"shard": shard_of(organisation_id), "organisation_id": organisation_id, "price": PRICE_MICRO}
    names = {
        "delivered": int(MessageStatus.DELIVERED),
        "hold": int(Kind.HOLD),
        "capture": int(Kind.CAPTURE),
        "available": int(Account.AVAILABLE),
        "held": int(Account.HELD),
        "consumed": int(Account.CONSUMED),
    }
    for first in range(1, messages_count + 1, CHUNK_COUNT):
        last = min(first + CHUNK_COUNT - 1, messages_count)
        owner.execute(_CHUNK, {**key, **names, "first": first, "last": last, "credits": credits_micro})
    booked = {**key, "used": messages_count * PRICE_MICRO, "transfers": 2 * messages_count}
    owner.execute(_BOOKED, booked)
    owner.execute(_DRAWN, booked)
    # As the server's own housekeeping would, some minutes later.
    owner.execute("vacuum (analyze) messaging_message")
    owner.execute("vacuum (analyze) ledger_transfer")
