"""One effect per Idempotency-Key: the answer is kept in the commit of its effect, and given again to a repeat.

A refusal keeps nothing, so the same key may be tried again after a top-up. The wallet's lock lets one batch of an
organisation through at a time, so a key read under it is certain.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from khata.kernel.clock import utc_now
from khata.kernel.copying import copy_rows
from khata.kernel.ids import public_id, shard_of
from khata.kernel.transactions import needs_database
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import IdempotencyKey
from khata.messaging.rows import Connection

IDEMPOTENCY_KEPT = timedelta(hours=72)
"""How long a key is remembered; published in the API's guide."""

CALL_SEND = "POST /v1/messages"

_NO_TIME = b',"scheduled_at":null'
"""A field's alone: inside a text its quotes would be escaped."""

_LOAD = """
    select kept.organisation_id, kept.key, request_digest, answer
      from unnest(%s::smallint[], %s::bigint[], %s::text[]) as named (shard, organisation_id, key)
      join messaging_idempotencykey kept on kept.shard = named.shard and kept.organisation_id = named.organisation_id
       and kept.call = %s and kept.key = named.key
"""
_COPY = """
    copy messaging_idempotencykey (shard, organisation_id, call, key, request_digest, answer, created_at)
    from stdin (format binary)
"""
_TYPES = ("int2", "int8", "text", "text", "bytea", "jsonb", "timestamptz")


class SentMessage(Struct, frozen=True):
    """A message just accepted, with what it costs and what was left then."""

    id: UUID
    channel: str
    recipient: str
    status: MessageStatus
    segments: int
    encoding: str
    credits_micro: int
    balance_micro: int
    accepted_at: datetime

    @property
    def public_id(self) -> str:
        return public_id("msg", self.id)


class KeptAnswer(NamedTuple):
    organisation_id: int
    key: str
    request_digest: bytes
    sent: SentMessage


def request_digest(request: Any) -> bytes:
    """Tells one request from another: SHA-256 over its fields.

    A time that nobody asked for is left out, so that a key kept before there were any still finds its answer.
    """
    fields = msgspec.json.encode(request, order="deterministic")
    return sha256(fields.replace(_NO_TIME, b"")).digest()


def load_answers(connection: Connection, keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], KeptAnswer]:
    """The answers kept for (organisation_id, key) pairs. Call it under the wallets' locks."""
    if not keys:
        return {}
    columns = ([shard_of(id_) for id_, _ in keys], [id_ for id_, _ in keys], [key for _, key in keys], CALL_SEND)
    rows = connection.execute(_LOAD, columns)
    return {
        (row[0], row[1]): KeptAnswer(row[0], row[1], bytes(row[2]), msgspec.json.decode(row[3], type=SentMessage))
        for row in rows
    }


def keep_answers(connection: Connection, answers: Iterable[KeptAnswer]) -> None:
    rows = (
        (
            shard_of(kept.organisation_id), kept.organisation_id, CALL_SEND, kept.key, kept.request_digest,
            msgspec.to_builtins(kept.sent), kept.sent.accepted_at,
        )
        for kept in answers
    )  # fmt: skip
    copy_rows(connection, _COPY, _TYPES, rows)


@needs_database
def drop_old_idempotency_keys() -> int:
    """Keys older than IDEMPOTENCY_KEPT. Returns how many went."""
    return IdempotencyKey.objects.filter(created_at__lt=utc_now() - IDEMPOTENCY_KEPT).delete()[0]
