"""Several connections to one SMSC, and encrypted ones."""

import asyncio
import ssl
from collections import Counter
from pathlib import Path

import pytest

from khata.carriers.drivers.smpp.settings import BindMode
from khata.carriers.port import Accepted, Unavailable, Unknown

from .fake_smsc import (
    BIND_RECEIVER,
    BIND_TRANSMITTER,
    DELIVER,
    Bound,
    FakeSmsc,
    Inbox,
    Link,
    accept,
    delivery_body,
    eventually,
    stay_silent,
    submission,
)

pytestmark = pytest.mark.anyio

CERTIFICATE = Path(__file__).with_name("loopback.pem")
RECEIPT = delivery_body(b"id:7f stat:DELIVRD err:000 text:")


async def test_submissions_are_spread_over_all_binds_each_with_its_own_window() -> None:
    taken: list[Link] = []

    async def note(link: Link, _sequence: int, _body: bytes) -> None:
        taken.append(link)

    async with FakeSmsc(on_submit=note) as smsc, Bound(smsc, binds=2, window=3) as carrier:
        await eventually(lambda: carrier.health().detail == "bound")
        assert carrier.window == 6
        under_way = [asyncio.create_task(carrier.submit(submission())) for _ in range(10)]
        await eventually(lambda: len(taken) == 6)
        assert carrier.health().outstanding_count == 6
        assert sorted(Counter(map(id, taken)).values()) == [3, 3]
        for link in smsc.links:
            link.drop()
        answers = await asyncio.gather(*under_way)
    assert Counter(map(type, answers)) == {Unknown: 6, Unavailable: 4}


async def test_a_lost_bind_does_not_stop_the_other_and_comes_back() -> None:
    async with FakeSmsc() as smsc, Bound(smsc, binds=2, reconnect_min_s=0.2, reconnect_max_s=0.4) as carrier:
        await eventually(lambda: carrier.health().detail == "bound")
        smsc.links[0].drop()
        await eventually(lambda: "connection lost" in carrier.health().detail)
        assert carrier.health().is_bound
        answers = await asyncio.gather(*(carrier.submit(submission()) for _ in range(5)))
        assert {type(answer) for answer in answers} == {Accepted}
        await eventually(lambda: len(smsc.links) == 3 and carrier.health().detail == "bound")


async def test_what_waited_for_a_bind_that_went_goes_by_the_other() -> None:
    silent: list[Link] = []

    async def hold_the_first(link: Link, sequence: int, body: bytes) -> None:
        if not silent:
            silent.append(link)
        if link is not silent[0]:
            await accept(link, sequence, body)

    async with FakeSmsc(on_submit=hold_the_first) as smsc, Bound(smsc, binds=2, window=1) as carrier:
        await eventually(lambda: carrier.health().detail == "bound")
        first, *others = [asyncio.create_task(carrier.submit(submission())) for _ in range(4)]
        await eventually(lambda: len(silent) == 1)
        await smsc.round_trip()
        silent[0].drop()
        assert isinstance(await first, Unknown)
        assert {type(answer) for answer in await asyncio.gather(*others)} == {Accepted}


async def test_a_transmitter_submits_and_a_receiver_takes_receipts() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox, bind_mode=BindMode.SEPARATE) as carrier:
        await eventually(lambda: carrier.health().detail == "bound")
        by_kind = {link.bound_by: link for link in smsc.links}
        assert set(by_kind) == {BIND_TRANSMITTER, BIND_RECEIVER}
        assert isinstance(await carrier.submit(submission()), Accepted)
        await by_kind[BIND_RECEIVER].send(DELIVER, 5, 0, RECEIPT)
        await eventually(lambda: len(inbox.receipts) == 1)


async def test_without_a_transmitter_nothing_is_submitted_and_a_missing_receiver_is_told() -> None:
    async with FakeSmsc(on_submit=stay_silent) as smsc:
        once = Bound(smsc, bind_mode=BindMode.SEPARATE, reconnect_min_s=60, reconnect_max_s=60)
        async with once as carrier:
            await eventually(lambda: carrier.health().detail == "bound")
            by_kind = {link.bound_by: link for link in smsc.links}
            by_kind[BIND_RECEIVER].drop()
            await eventually(lambda: carrier.health().detail.startswith("receiver 1: connection lost"))
            assert carrier.health().is_bound
            by_kind[BIND_TRANSMITTER].drop()
            await eventually(lambda: not carrier.health().is_bound)
            assert isinstance(await carrier.submit(submission()), Unavailable)


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_with_tls_a_trusted_smsc_is_spoken_to() -> None:
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with FakeSmsc(tls=server_context()) as smsc, Bound(smsc, tls=trusting) as carrier:
        assert isinstance(await carrier.submit(submission()), Accepted)


async def test_with_tls_an_smsc_nobody_vouches_for_is_not_told_the_password() -> None:
    async with FakeSmsc(tls=server_context()) as smsc:
        bound = Bound(smsc, tls=ssl.create_default_context())
        await bound.carrier.start(Inbox().store)
        await eventually(lambda: "CERTIFICATE_VERIFY_FAILED" in bound.carrier.health().detail)
        await bound.carrier.close()
        assert smsc.bind_bodies == []
