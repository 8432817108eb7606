"""Messages that wait and are not to go any more: their sender says so, sending is stopped for their organisation, or
their API key is revoked.

Whoever claims looks and holds back what was stopped, so nothing goes out that was claimed after the stop. The sweep
cancels it, and whatever else of it still waits for its carrier or for its hour.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.operations import post_batch
from khata.ledger.queries import frozen_among
from khata.messaging.core.hand_over import settling_command
from khata.messaging.core.life import UNCLAIMED, Cancellation, MessageStatus, may_cancel
from khata.messaging.errors import MessageUnderWay
from khata.messaging.hand_over_rows import Change, ClaimedMessage, LockedMessage, database_time, lock, write_changes
from khata.messaging.operations.settling import Key, settle_each
from khata.messaging.rows import Connection
from khata.tenancy.operations import revoked_among

HELD_BACK = timedelta(minutes=1)
"""Long enough for the sweep to come by; and if it cannot, for the messages behind them to go first."""
LOOKED_THROUGH_COUNT = 20_000
"""How many of each route's oldest waiting messages a sweep looks through: more than can be claimed until the next."""

_WAITING = """
    select oldest.organisation_id, oldest.id, oldest.api_key_id
      from messaging_routeversion route cross join lateral (
           select organisation_id, message.id, api_key_id from messaging_message message
            where is_open and route_id = route.id and status = %(accepted)s
            order by message.id limit %(most)s) as oldest
"""
_HEAD = {"accepted": int(MessageStatus.ACCEPTED), "most": LOOKED_THROUGH_COUNT}
_ASKERS = f"select distinct organisation_id, api_key_id from ({_WAITING}) as waiting"  # noqa: S608 - its own words
_WAITING_OF = f"""
    select organisation_id, id from ({_WAITING}) as waiting
     where organisation_id = %(organisation)s and api_key_id is not distinct from %(api_key)s::uuid limit %(limit)s
"""  # noqa: S608 - its own words

_Asker = tuple[int, UUID | None]
"""An organisation, and the API key its message came by."""


class _Stopped(NamedTuple):
    organisation_ids: set[int]
    api_key_ids: set[UUID]

    def reason(self, organisation_id: int, api_key_id: UUID | None) -> Cancellation | None:
        if organisation_id in self.organisation_ids:
            return Cancellation.SENDING_STOPPED
        return Cancellation.API_KEY_REVOKED if api_key_id in self.api_key_ids else None


@needs_database
def cancel_message(*, organisation_id: int, message_id: UUID) -> None:
    """With its credits returned; nothing changes where it is cancelled already. Raises NotFound, MessageUnderWay."""
    with in_transaction() as connection:
        message = lock(connection, [(organisation_id, message_id)]).get(message_id)
        if message is None:
            raise NotFound
        if message.status is MessageStatus.CANCELLED:
            return
        if not may_cancel(message.status, is_possible_duplicate=message.is_possible_duplicate):
            raise MessageUnderWay
        _write_cancelled(connection, [message], Cancellation.ON_REQUEST)


def cancel_each(keys: Sequence[Key], reason: Cancellation) -> int:
    """Those that still wait, each organisation's whose wallet can be written. Returns how many."""
    return settle_each(keys, partial(_cancel, reason))


def hold_back(connection: Connection, claimed: Sequence[ClaimedMessage]) -> list[ClaimedMessage]:
    """The claimed messages that may go; the others wait again, for the sweep to cancel them."""
    stopped = _stopped(connection, {(message.organisation_id, message.api_key_id) for message in claimed})
    if not any(stopped):
        return list(claimed)
    now = database_time(connection)
    later = Change(MessageStatus.ACCEPTED, now, due_at=now + HELD_BACK)
    going, waiting = [], []
    for message in claimed:
        if stopped.reason(message.organisation_id, message.api_key_id) is None:
            going.append(message)
        else:
            waiting.append((message, later))
    write_changes(connection, waiting)
    return going


def cancel_waiting(*, limit: int) -> int:
    """Cancels messages that nobody has claimed, at most `limit` of each asker. Returns how many."""
    with in_transaction() as connection:
        askers: list[_Asker] = connection.execute(_ASKERS, _HEAD).fetchall()
        stopped = _stopped(connection, askers)
    return sum(_cancel_of(asker, reason, limit) for asker in askers if (reason := stopped.reason(*asker)) is not None)


def _cancel_of(asker: _Asker, reason: Cancellation, limit: int) -> int:
    parameters = {**_HEAD, "organisation": asker[0], "api_key": asker[1], "limit": limit}
    with in_transaction() as connection:
        keys = connection.execute(_WAITING_OF, parameters).fetchall()
    return cancel_each(keys, reason)


def _cancel(reason: Cancellation, connection: Connection, keys: Sequence[Key]) -> int:
    waiting = [message for message in lock(connection, keys).values() if message.status in UNCLAIMED]
    return _write_cancelled(connection, waiting, reason)


def _write_cancelled(connection: Connection, messages: Sequence[LockedMessage], reason: Cancellation) -> int:
    """With their credits returned."""
    post_batch(connection, [settling_command(message.organisation_id, message.id, 0) for message in messages])
    now = database_time(connection)
    cancelled = Change(MessageStatus.CANCELLED, now, captured=0, error_code=reason, error_detail=reason.detail)
    return len(write_changes(connection, [(message, cancelled) for message in messages]))


def _stopped(connection: Connection, askers: Collection[_Asker]) -> _Stopped:
    """Of these organisations and API keys."""
    organisation_ids = {organisation_id for organisation_id, _ in askers}
    api_key_ids = {api_key_id for _, api_key_id in askers if api_key_id is not None}
    return _Stopped(
        frozen_among(connection, organisation_ids) if organisation_ids else set(),
        revoked_among(connection, api_key_ids) if api_key_ids else set(),
    )
