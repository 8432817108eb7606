"""The ceiling of dispatch: our SMPP driver and the message centre, with receipts and without a database."""

import asyncio
import time
from collections.abc import Iterator

from bench.stage import Stage, wait_until
from bench.traffic import body, recipient
from khata.carriers.drivers.smpp import SmppCarrier, SmppSettings
from khata.carriers.port import Accepted, CarrierNews, Submission
from khata.kernel.ids import new_uuid

BOUND_DEADLINE_S, RECEIPTS_DEADLINE_S = 10.0, 60.0


async def smpp_per_s(stage: Stage, count: int) -> float:
    """Submissions a second until the last one's receipt has come. Raises TimeoutError."""
    receipts_due, all_came = iter(range(count, 0, -1)), asyncio.Event()

    async def store(news: CarrierNews) -> None:
        if next(receipts_due) == 1:
            all_came.set()

    carrier = SmppCarrier(_settings(stage))
    await carrier.start(store)
    try:
        await asyncio.to_thread(wait_until, lambda: carrier.health().is_bound, BOUND_DEADLINE_S, "the driver is bound")
        return await _submit_all(carrier, count, all_came)
    finally:
        await carrier.close()


async def _submit_all(carrier: SmppCarrier, count: int, all_came: asyncio.Event) -> float:
    numbers = iter(range(count))
    began = time.perf_counter()
    async with asyncio.TaskGroup() as senders:
        for _ in range(carrier.window):
            senders.create_task(_submit_each(carrier, numbers))
    async with asyncio.timeout(RECEIPTS_DEADLINE_S):
        await all_came.wait()
    return count / (time.perf_counter() - began)


async def _submit_each(carrier: SmppCarrier, numbers: Iterator[int]) -> None:
    """Takes the next one as soon as it has its answer; as many of these as the window is wide."""
    for number in numbers:
        answer = await carrier.submit(
            Submission(
                message_id=new_uuid(),
                recipient=recipient(number),
                sender="KHATA",
                text=body(number),
                encoding="gsm7",
                part=1,
                part_count=1,
                concatenation_ref=0,
            )
        )
        assert isinstance(answer, Accepted), answer


def _settings(stage: Stage) -> SmppSettings:
    return SmppSettings(
        name="bare",
        host=stage.options.connect_host,
        port=stage.options.ports.smsc,
        system_id=stage.state.smpp_system_id,
        password=stage.state.smpp_password,
        is_sandbox=True,
    )
