"""Asks carriers what became of submissions they have not reported on for long, a few at a time."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from khata.carriers.port import Carrier, CarrierNews
from khata.messaging.operations import Question, look_at_silent
from khata.workers.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)

ASK_MAX = 20
"""So many questions a round: a carrier that was silent for a day must not be flooded when it comes back."""

Store = Callable[[CarrierNews], "asyncio.Future[None]"]


class Asker:
    """`ask` is the step of a loop. An answer is news like any receipt; none leaves things as they are."""

    def __init__(self, carriers: Sequence[Carrier], database: DatabaseThreads, store: Store) -> None:
        self._carriers = {carrier.name: carrier for carrier in carriers}
        self._database = database
        self._store = store

    async def ask(self) -> int:
        """Ends what waited too long, and asks about what is due. Returns 0: a round a second is enough."""
        names = [name for name, carrier in self._carriers.items() if carrier.can_query and carrier.health().is_bound]
        questions = await self._database.run(look_at_silent, askable=names, ask_max=ASK_MAX)
        await asyncio.gather(*map(self._ask, questions))
        return 0

    async def _ask(self, question: Question) -> None:
        try:
            receipt = await self._carriers[question.carrier].query(question.carrier_ref, sender=question.sender)
            if receipt is not None:
                await self._store(receipt)
        except Exception:
            logger.exception("%s could not be asked about %s", question.carrier, question.carrier_ref)
