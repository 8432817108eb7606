"""A message whose storing fails while its parts come again."""

import asyncio

import pytest

from khata.carriers.drivers.smpp.inbound import Inbound, Part
from khata.carriers.drivers.smpp.joining import Joiner

pytestmark = pytest.mark.anyio


async def test_a_part_that_comes_again_while_storing_fails_finds_the_others_still_there() -> None:
    stored: list[str] = []
    fails_now = asyncio.Event()

    async def store(_inbound: Inbound, text: str) -> None:
        if not fails_now.is_set():
            await fails_now.wait()
            raise OSError("the database is away")
        stored.append(text)

    def take(number: int, octets: bytes) -> "asyncio.Future[None]":
        part = Part(7, 2, number)
        return joiner.take(Inbound("+919812345678", "56161", 0, octets, part), part)

    joiner = Joiner(store)
    first_tries = [take(1, b"one "), take(2, b"two")]
    await asyncio.sleep(0)
    again = take(2, b"two")
    fails_now.set()
    results = await asyncio.gather(*first_tries, return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]
    await joiner.close()
    await again
    assert stored == ["one two"]
