"""From `POST /v1/messages` to the carrier: what India's register wants to see stands in the PDU that arrives."""

import asyncio
from pathlib import Path

import pytest

from khata.messaging.core.routes import Route
from tests.database.test_several_carriers import ACCOUNT, DEADLINE_S, worker_of
from tests.routes import route_of, routes_in
from tests.sandbox.far_end import FarEnd
from tests.templates import ENTITY, OTP, register

from .program import TO, Program

TELEMARKETERS = ("1101172974420820002", "1101172974420830004")
CHAIN_HASH = "ba38bbe4ab3780a70aad6071c006e720eed8efc1ff70b00691d3b6844e6497e2"


def test_entity_template_and_chain_arrive_with_a_message(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.KHATA_DLT_TELEMARKETERS", TELEMARKETERS)
    register(program.organisation_id)
    route = route_of(carriers=("first",))
    with FarEnd("smsc", tmp_path, **ACCOUNT) as centre, routes_in(route):
        message = {"to": TO, "body": "481516 is your code for ACME", "template": OTP.template_ref}
        sent = program.post("/v1/messages", message).json()
        asyncio.run(_hand_over(route, centre, f"/v1/messages/{sent['id']}", program))
        (submit,) = centre.get("/submits.json")
    assert (submit["text"], submit["source"]) == (message["body"], OTP.sender)
    assert {tlv["tag"]: bytes.fromhex(tlv["value"]).decode() for tlv in submit["tlvs"]} == {
        "0x1400": ENTITY, "0x1401": OTP.template_ref, "0x1402": CHAIN_HASH,
    }  # fmt: skip


async def _hand_over(route: Route, centre: FarEnd, path: str, program: Program) -> None:
    """Until the API says that the message was delivered."""
    async with worker_of(route, {"first": centre}) as worker, asyncio.timeout(DEADLINE_S):
        assert await worker.dispatcher.claim() == 1
        while (await asyncio.to_thread(program.get, path)).json()["status"] != "delivered":
            await asyncio.sleep(0.05)
