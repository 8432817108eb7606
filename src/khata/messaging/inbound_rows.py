"""Rows of messages from phones, in batches: whose they are, and each stored once."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from khata.kernel.ids import shard_of
from khata.messaging.rows import Connection

# The index of messages that can be answered is partial: its condition stands here in the same words.
_OWNERS = """
    select place, coalesce(ours.organisation_id, (
               select organisation_id from messaging_message
                where messaging_message.recipient = named.sender and sender ~ '^[+0-9]'
                  and messaging_message.sender in (named.number, '+' || named.number)
                order by id desc limit 1))
      from unnest(%s::int[], %s::text[], %s::text[]) as named (place, sender, number)
      left join messaging_inboundnumber ours using (number)
"""
# In one order, so that two writers of the same messages never wait for each other in a circle.
_INSERT = """
    insert into messaging_inboundmessage (shard, organisation_id, id, carrier, carrier_ref, sender, recipient, body,
                                          keyword, received_at)
    select * from unnest(%s::smallint[], %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::text[], %s::text[], %s::timestamptz[])
               as new (shard, organisation_id, id, carrier, carrier_ref, sender, recipient)
     order by carrier, carrier_ref, sender, recipient, id
        on conflict do nothing
    returning id
"""


class NewInbound(NamedTuple):
    """A message from a phone about to be stored; `organisation_id` is None where it is nobody's."""

    organisation_id: int | None
    id: UUID
    carrier: str
    carrier_ref: str
    sender: str
    recipient: str
    body: str
    keyword: str
    received_at: datetime


def find_owners(connection: Connection, named: Sequence[tuple[str, str]]) -> list[int | None]:
    """For each phone and number of ours (digits alone) whose it is: the number's owner, or else whoever wrote to that
    phone last from that number.
    """
    columns = [list(range(len(named))), [phone for phone, _ in named], [number for _, number in named]]
    owners = dict(connection.execute(_OWNERS, columns).fetchall())
    return [owners[place] for place in range(len(named))]


def insert_inbound(connection: Connection, messages: Sequence[NewInbound]) -> set[UUID]:
    """Returns the ids of those that are new."""
    columns = [list(column) for column in zip(*messages, strict=True)]
    shards = [None if id_ is None else shard_of(id_) for id_ in columns[0]]
    return {row[0] for row in connection.execute(_INSERT, [shards, *columns])}
