"""Asking an SMSC what became of a submission."""

import pytest

from khata.carriers.drivers.smpp import SmppCarrier
from khata.carriers.port import ReceiptState

from .fake_smsc import Bound, FakeSmsc, settings_for

pytestmark = pytest.mark.anyio


async def test_what_became_of_a_submission_is_told() -> None:
    smsc = FakeSmsc(query_answer=(0, b"7f\x00260101120000000+\x00\x02\x00"))
    async with smsc, Bound(smsc, can_query=True) as carrier:
        receipt = await carrier.query("7f", sender="HDRXYZ")
    assert receipt is not None
    assert (receipt.carrier, receipt.carrier_ref, receipt.state) == ("fake", "7f", ReceiptState.DELIVERED)
    assert smsc.query_bodies == [b"7f\0\5\0HDRXYZ\0"]


@pytest.mark.parametrize("answer", [(0x67, b""), (0x03, b""), (0, b"7f\0")])
async def test_an_smsc_that_cannot_tell_says_nothing(answer: tuple[int, bytes]) -> None:
    smsc = FakeSmsc(query_answer=answer)
    async with smsc, Bound(smsc, can_query=True) as carrier:
        assert await carrier.query("7f", sender="HDRXYZ") is None
    assert len(smsc.query_bodies) == 1


@pytest.mark.parametrize(("carrier_ref", "sender"), [("7f\0", "HDRXYZ"), ("7" * 256, "HDRXYZ"), ("7f", "")])
async def test_what_cannot_be_asked_is_not_asked(carrier_ref: str, sender: str) -> None:
    async with FakeSmsc() as smsc, Bound(smsc, can_query=True) as carrier:
        assert await carrier.query(carrier_ref, sender=sender) is None
    assert smsc.query_bodies == []


async def test_an_smsc_without_queries_or_without_a_bind_is_not_asked() -> None:
    async with FakeSmsc() as smsc, Bound(smsc) as carrier:
        assert not carrier.can_query
        assert await carrier.query("7f", sender="HDRXYZ") is None
    assert smsc.query_bodies == []
    assert await SmppCarrier(settings_for(1, can_query=True)).query("7f", sender="HDRXYZ") is None
