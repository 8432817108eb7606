"""Carries events to customers' programs: claims deliveries that are due, posts them, writes what came back."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.errors import DatabaseUnavailable
from khata.kernel.group_commit import GroupCommit
from khata.kernel.ids import public_id
from khata.kernel.metrics import batch_observer
from khata.kernel.transactions import with_pooled_connection
from khata.webhooks.core.signatures import signed_headers
from khata.webhooks.operations import Outcome, claim_deliveries, write_outcomes
from khata.webhooks.posting import CONNECTIONS_MAX, Poster
from khata.webhooks.rows import ClaimedDelivery
from khata.webhooks.secret_keys import signing_keys
from khata.workers.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)

CLAIM_COUNT_MAX = 64
DRAIN_S = 5.0

_HEADERS = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "Khata-Webhooks/1"}


class WebhookCourier:
    """`claim` is the step of a loop; `drain` ends it. What is cut off is claimed again once its lease is over."""

    def __init__(self, database: DatabaseThreads, poster: Poster) -> None:
        self._database = database
        self._poster = poster
        self._outcomes: GroupCommit[Outcome, None] = GroupCommit(_write, on_batch=batch_observer("webhooks"))
        self._busy: Counter[UUID] = Counter()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._is_stopped = False

    @property
    def in_hand_count(self) -> int:
        return len(self._in_hand)

    async def claim(self) -> int:
        """Takes what there is room for and starts posting it; waits for room first where there is none."""
        if len(self._in_hand) >= CONNECTIONS_MAX:
            await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
        async with self._claiming:
            return 0 if self._is_stopped else await self._claim()

    async def drain(self) -> None:
        """Nothing is claimed any more; what is in hand gets a few seconds."""
        async with self._claiming:  # What a claim under way takes is in hand by then.
            self._is_stopped = True
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=DRAIN_S)
        cut_off = set(self._in_hand)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)
        await self._outcomes.drain()
        await self._poster.close()

    async def _claim(self) -> int:
        limit = min(CLAIM_COUNT_MAX, CONNECTIONS_MAX - len(self._in_hand))
        claimed = await self._database.run(claim_deliveries, busy=+self._busy, limit=limit)
        for delivery in claimed:
            self._busy[delivery.endpoint_id] += 1
            task = asyncio.create_task(self._deliver(delivery))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)
        return len(claimed)

    async def _deliver(self, delivery: ClaimedDelivery) -> None:
        try:
            await self._outcomes.submit(await self._attempt(delivery))
        except DatabaseUnavailable:
            logger.warning("delivery %s waits for the database; it will be made again", delivery.id)
        except Exception:
            logger.exception("delivery %s could not be written down; it will be made again", delivery.id)
        finally:
            self._busy[delivery.endpoint_id] -= 1

    async def _attempt(self, delivery: ClaimedDelivery) -> Outcome:
        began_at, began_s = utc_now(), time.monotonic()
        body = delivery.body.encode()
        keys = signing_keys(delivery.salt, delivery.former_salt, delivery.former_until, began_at)
        signed = signed_headers(
            webhook_id=public_id("evt", delivery.event_id),
            timestamp_s=int(began_at.timestamp()),
            body=body,
            keys=keys,
        )
        answered = await self._poster.post(delivery.url, _HEADERS | signed, body)
        duration_ms = round((time.monotonic() - began_s) * 1_000)
        return Outcome(delivery, began_at, duration_ms, answered.status_code, answered.error, answered.answer)


def _write(outcomes: Sequence[Outcome]) -> list[None]:
    with_pooled_connection(partial(write_outcomes, outcomes))
    return [None] * len(outcomes)
