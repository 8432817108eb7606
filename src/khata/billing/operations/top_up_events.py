"""Telling customers' programs what became of top-ups, in the transaction that decides it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from khata.billing import queries
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import Refund, TopUp
from khata.billing.top_up_object import top_up_object
from khata.webhooks.operations import Event, EventType, listening, record_events


def record_settled(
    connection: psycopg.Connection[Any],
    top_up: TopUp,
    now: datetime,
    *,
    was: str,
    is_credited_now: bool,
    refunds: Sequence[Refund],
) -> None:
    """`was` is the state before; `refunds` are those processed just now. Once all of it is written."""
    kinds = [EventType.TOP_UP_PAID] if is_credited_now else []
    if top_up.state == TopUpState.FAILED and was != TopUpState.FAILED:
        kinds.append(EventType.TOP_UP_FAILED)
    kinds += [EventType.TOP_UP_REFUNDED] * len(refunds)
    record_top_up(connection, top_up, now, kinds)


def record_top_up(
    connection: psycopg.Connection[Any], top_up: TopUp, now: datetime, kinds: Sequence[EventType]
) -> None:
    """The top-up is read only where an endpoint wants to hear of it."""
    id_ = top_up.organisation_id
    if not kinds or not listening(connection, [id_]).get(id_, frozenset()).intersection(kinds):
        return
    told = top_up_object(queries.top_up_for_anyone(top_up_id=top_up.id))
    record_events(connection, [Event(id_, kind, now, told) for kind in kinds])
