"""The driver against the sandbox's message centre: another program, another codec, a real socket."""

import asyncio
import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from khata.carriers.drivers.smpp import SmppCarrier
from khata.carriers.drivers.smpp.settings import BindMode
from khata.carriers.drivers.smpp.submissions import LongMessages, SubmitForm
from khata.carriers.port import Accepted, Answer, Dlt, ReceiptState, Refused, Submission, Unavailable, Unknown
from khata.messaging.core.segmentation import segment

from .fake_smsc import Inbox, eventually, settings_for, submission

pytestmark = pytest.mark.anyio

READY = re.compile(r"smpp \S+:(\d+), pages (http://\S+:\d+)/")


@dataclass
class Sandbox:
    carrier: SmppCarrier
    inbox: Inbox
    pages: httpx.AsyncClient

    async def send(self, text: str, recipient: str, concatenation_ref: int = 0x1234) -> list[Answer]:
        found = segment(text)
        return await asyncio.gather(
            *(
                self.carrier.submit(
                    Submission(
                        message_id=uuid.UUID(int=7),
                        recipient=recipient,
                        sender="HDRXYZ",
                        text=part,
                        encoding=found.encoding,
                        part=number,
                        part_count=found.segment_count,
                        concatenation_ref=concatenation_ref,
                    )
                )
                for number, part in enumerate(found.parts, start=1)
            )
        )


@asynccontextmanager
async def sandbox(data_dir: Path, **settings: Any) -> AsyncIterator[Sandbox]:
    log = data_dir / "smsc.log"
    with running_smsc(data_dir / "smsc", log) as process:
        await eventually(lambda: READY.search(log.read_text()) is not None or process.poll() is not None)
        ready = READY.search(log.read_text())
        assert ready, log.read_text()
        inbox = Inbox()
        carrier = SmppCarrier(settings_for(int(ready[1]), **({"response_timeout_s": 2} | settings)))
        await carrier.start(inbox.store)
        await eventually(lambda: carrier.health().is_bound)
        async with httpx.AsyncClient(base_url=ready[2], transport=httpx.AsyncHTTPTransport(retries=5)) as pages:
            yield Sandbox(carrier, inbox, pages)
        await carrier.close()


@contextmanager
def running_smsc(data_dir: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = Path(sys.executable).with_name("khata-sandbox")
    options = ["--port", "0", "--http-port", "0", "--data-dir", str(data_dir), "--receipt-delay-ms", "10"]
    environment = os.environ | {"SANDBOX_SMSC_PASSWORD": "s3cret", "SANDBOX_DIE_WITH_PARENT": "1"}
    with log.open("w") as stderr:
        process = subprocess.Popen([command, "smsc", "--system-id", "asha", *options], env=environment, stderr=stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


async def test_texts_arrive_exact_and_their_receipts_come_back(tmp_path: Path) -> None:
    texts = {
        "+919812340100": "[€] {~} \\ ^|" + "x" * 140 + "€" * 100 + "@£Δ_ñ\n end",
        "+919812340200": "नमस्ते दुनिया, आपका ओटीपी १२३४ है। " * 5,
        "+919812340300": "😀" * 80 + "₹",
        "+919812340400": "Your code is 1234",
        "+919812340500": "€",
    }
    async with sandbox(tmp_path) as far_end:
        accepted: dict[str, list[Answer]] = {to: await far_end.send(text, to) for to, text in texts.items()}
        for to, text in texts.items():
            assert {type(answer) for answer in accepted[to]} == {Accepted}
            answer = await far_end.pages.get("/messages.json", params={"to": to})
            [message] = answer.raise_for_status().json()
            assert (message["text"], message["part_count"]) == (text, segment(text).segment_count)
        refs = {
            answer.carrier_ref for answers in accepted.values() for answer in answers if isinstance(answer, Accepted)
        }
        await eventually(lambda: {receipt.carrier_ref for receipt in far_end.inbox.receipts} == refs)
        assert {receipt.state for receipt in far_end.inbox.receipts} == {ReceiptState.DELIVERED}


async def test_every_kind_of_answer_is_told_apart(tmp_path: Path) -> None:
    expected = {"0001": Refused, "0004": Unknown, "0005": Unavailable, "0006": Accepted}
    async with sandbox(tmp_path) as far_end:
        for ending, kind in expected.items():
            answer = await far_end.carrier.submit(submission(recipient=f"+91981234{ending}"))
            assert type(answer) is kind, ending


async def test_failures_are_told_by_receipts(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as far_end:
        for ending, state in {"0002": ReceiptState.UNDELIVERED, "0008": ReceiptState.EXPIRED}.items():
            [answer] = await far_end.send("hello", f"+91981234{ending}")
            assert isinstance(answer, Accepted)
            await eventually(lambda: len(far_end.inbox.receipts) > 0)
            receipt = far_end.inbox.receipts.pop()
            assert (receipt.carrier_ref, receipt.state) == (answer.carrier_ref, state)


@pytest.mark.parametrize("form", LongMessages)
async def test_long_texts_arrive_exact_in_whatever_form_the_carrier_wants_them(
    tmp_path: Path, form: LongMessages
) -> None:
    text = "a" * 152 + "€" * 100 + "{end}"
    async with sandbox(tmp_path, submit_form=SubmitForm(long_messages=form), binds=2) as far_end:
        if far_end.carrier.takes_whole_messages:
            answers: list[Answer] = [await far_end.carrier.submit(submission(text=text, recipient="+919812340100"))]
        else:
            answers = await far_end.send(text, "+919812340100")
        assert {type(answer) for answer in answers} == {Accepted}
        answer = await far_end.pages.get("/messages.json", params={"to": "+919812340100"})
        [message] = answer.raise_for_status().json()
        assert message["text"] == text
        await eventually(lambda: len(far_end.inbox.receipts) == len(answers))


async def test_registrations_arrive_and_the_message_can_be_asked_about(tmp_path: Path) -> None:
    async with sandbox(tmp_path, can_query=True, bind_mode=BindMode.SEPARATE) as far_end:
        dlt = Dlt("1101172974420810001", "1107123456789012345", ("1101172974420810001", "1101172974420830004"))
        answer = await far_end.carrier.submit(submission(dlt=dlt, recipient="+919812340100"))
        assert isinstance(answer, Accepted)
        await eventually(lambda: len(far_end.inbox.receipts) == 1)
        told = await far_end.carrier.query(answer.carrier_ref, sender="HDRXYZ")
        assert told is not None
        assert told.state is ReceiptState.DELIVERED
        submits = await far_end.pages.get("/submits.json", params={"to": "+919812340100"})
        [submit] = submits.raise_for_status().json()
        assert [(tlv["tag"], bytes.fromhex(tlv["value"]).decode()) for tlv in submit["tlvs"]] == [
            ("0x1400", dlt.entity_id),
            ("0x1401", dlt.template_id),
            ("0x1402", "c0c951afca257c5b87c3da535c09112080483f35b7e6faf35e2428b3b526b694"),
        ]
