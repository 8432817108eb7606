"""What the SMPP driver is put through at every message centre; each step says what arrived, or fails."""

import asyncio
import json
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from khata.carriers.drivers.smpp import SmppCarrier, settings_of
from khata.carriers.port import Accepted, CarrierNews, Dlt, InboundMessage, Receipt, ReceiptState, Submission
from khata.messaging.core.segmentation import segment

DEADLINE_S = 60

ENTITY, DELIVERY, TEMPLATE = "1101172974420810001", "1101172974420830004", "1107123456789012345"
CHAIN_HASH = "c0c951afca257c5b87c3da535c09112080483f35b7e6faf35e2428b3b526b694"
DLT = Dlt(ENTITY, TEMPLATE, (ENTITY, DELIVERY))
VENDOR = {"5120": ENTITY.encode().hex(), "5121": TEMPLATE.encode().hex(), "5122": CHAIN_HASH.encode().hex()}

TEXTS = {
    "a short text": "Your code is 1234",
    "every kind of escape": "[€] {~} \\ ^|",
    "an escape where the cut would be": "a" * 152 + "€" + "b" * 152 + "{" + "c" * 20,
    "Hindi in several parts": "नमस्ते दुनिया, आपका ओटीपी १२३४ है। " * 5,
    "emoji where the cut would be": "न" * 66 + "😀" * 40,
    "one rupee sign": "₹" + "x" * 100,
}

REPLY_NUMBER = "+919812345999"
REPLY = "नमस्ते 😀, धन्यवाद"


@dataclass
class Centre:
    """Somebody else's message centre, as a process that prints a JSON line for everything it sees."""

    port: int
    submits: list[dict[str, Any]]
    errors: list[Any] = field(default_factory=list)


@contextmanager
def centre(command: Sequence[str], folder: Path) -> Iterator[Centre]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = process.stdout
    try:
        found = Centre(json.loads(lines.readline())["port"], [])

        def read() -> None:
            for line in lines:
                fact = json.loads(line)
                (found.errors if "error" in fact else found.submits).append(fact)

        Thread(target=read, daemon=True).start()
        yield found
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_S)


def walk(found: Centre) -> None:
    """All steps. Raises AssertionError or TimeoutError at the first that fails."""
    asyncio.run(_walk(found))


async def _walk(found: Centre) -> None:
    for name, text in TEXTS.items():
        await _step(f"arrives exact: {name}", found, text)
    await _step(
        "arrives exact by sar parameters", found, TEXTS["an escape where the cut would be"], long_messages="sar"
    )
    whole = TEXTS["Hindi in several parts"]
    await _step("arrives exact as one message_payload", found, whole, long_messages="payload")
    await _step("arrives by a transmitter, receipts by a receiver", found, "Namaste", bind_mode="separate")
    await _step("arrives over three binds", found, TEXTS["emoji where the cut would be"], binds=3)
    await _reply(found)
    await _refused_bind(found)
    assert found.errors == [], found.errors


async def _step(name: str, found: Centre, text: str, **settings: Any) -> None:
    """Sends `text`; the centre must see it exact, with its registrations; each part's receipt and query must settle."""
    found.submits.clear()
    async with bound(found, **settings) as (carrier, news):
        submissions = submissions_of(text, is_whole=carrier.takes_whole_messages)
        answers = await asyncio.gather(*map(carrier.submit, submissions))
        refs = {answer.carrier_ref for answer in answers if isinstance(answer, Accepted)}
        assert len(refs) == len(submissions), answers
        await eventually(lambda: {item.carrier_ref for item in news if isinstance(item, Receipt)} == refs)
        assert {item.state for item in news if isinstance(item, Receipt)} == {ReceiptState.DELIVERED}
        asked = await carrier.query(next(iter(refs)), sender="HDRXYZ")
        assert asked is not None, "query_sm was not answered"
        assert asked.state is ReceiptState.DELIVERED
    seen = sorted(found.submits, key=_part_number)
    assert "".join(submit["text"] for submit in seen) == text, seen
    assert all(submit["vendor"] == VENDOR for submit in seen), seen
    assert all(submit["sender"] == [5, 0, "HDRXYZ"] for submit in seen), seen
    assert all(submit["recipient"] == [1, 1, "919812345678"] for submit in seen), seen
    print(f"  {name}: {len(seen)} submit_sm, {len(refs)} receipts, entity, template and chain hash seen")


async def _reply(found: Centre) -> None:
    async with bound(found) as (carrier, news):
        [submission] = submissions_of("STOP to stop", is_whole=False, recipient=REPLY_NUMBER)
        assert isinstance(await carrier.submit(submission), Accepted)
        await eventually(lambda: any(isinstance(item, InboundMessage) for item in news))
    [inbound] = [item for item in news if isinstance(item, InboundMessage)]
    assert (inbound.sender, inbound.text) == (REPLY_NUMBER, REPLY), inbound
    print("  a phone's answer in two parts, cut inside an emoji, is joined exact")


async def _refused_bind(found: Centre) -> None:
    carrier = SmppCarrier(_settings(found, password="wrong"))
    await carrier.start(_Inbox().store)
    await eventually(lambda: "ESME_RINVPASWD" in carrier.health().detail)
    await carrier.close()
    print("  a wrong password is told: ESME_RINVPASWD")


class _Inbox(list[CarrierNews]):
    async def store(self, news: CarrierNews) -> None:
        self.append(news)


@asynccontextmanager
async def bound(found: Centre, **settings: Any) -> AsyncIterator[tuple[SmppCarrier, _Inbox]]:
    carrier, news = SmppCarrier(_settings(found, **settings)), _Inbox()
    await carrier.start(news.store)
    try:
        await eventually(lambda: carrier.health().detail == "bound")
        yield carrier, news
    finally:
        await carrier.close()


def _settings(found: Centre, **changes: Any) -> Any:
    table = {
        "host": "127.0.0.1",
        "port": found.port,
        "system_id": "asha",
        "password": "s3cret",
        "message_ids": "decimal_in_receipts",
        "can_query": True,
    }
    return settings_of("peer", table | changes, is_sandbox=True)


def submissions_of(text: str, *, is_whole: bool, recipient: str = "+919812345678") -> list[Submission]:
    found = segment(text)
    parts = (text,) if is_whole else found.parts
    return [
        Submission(uuid.UUID(int=7), recipient, "HDRXYZ", part, found.encoding, number, len(parts), 0x1234, DLT)
        for number, part in enumerate(parts, start=1)
    ]


def _part_number(submit: dict[str, Any]) -> int:
    """As the centre read it, from header or parameters; 1 where there are none."""
    if submit["header"]:
        return int(submit["header"][0][-2:], 16)
    return submit["sar"][2] or 1


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.01)
