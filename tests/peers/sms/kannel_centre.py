"""Kannel's own test message centre (drive_smpp), which reads every PDU with Kannel's codec and logs what it read.

It binds no transceiver, and accepts without message ids: in doubt, as the driver has it. Receipts, queries and texts
with headers are for node-smpp to tell; Kannel's log ends a text at its first NUL octet.
"""

import asyncio
import re
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from khata.carriers.port import Unknown
from khata_sandbox.smsc import gsm7
from tests.peers.sms.missing import PeerMissing
from tests.peers.sms.tour import TEXTS, VENDOR, Centre, bound, eventually, submissions_of
from tests.ports import free_port

FOLDER = "/usr/lib/kannel/test"
SMSBOX_PORT = 13001
"""Fixed in drive_smpp, which ends where nobody listens there: it would be Kannel's bearerbox."""
DELIVERIES_COUNT = 3
"""How many deliver_sm it sends to a receiver."""
STEPS = (
    ("a short text", "udh"),
    ("every kind of escape", "udh"),
    ("an escape where the cut would be", "sar"),
    ("Hindi in several parts", "udh"),
)
_TEXT = re.compile(r"submit_sm: short_message = <(.*)>$", re.MULTILINE)
_PARAMETER = re.compile(r"Unknown TLV\(0x(\w{4}),0x\w{4},(\w+)\) for PDU type \(submit_sm\)")


def run() -> None:
    program = shutil.which("drive_smpp", path=FOLDER)
    if program is None:
        raise PeerMissing("drive_smpp (Debian: apt-get install --no-install-recommends kannel-extras)")
    # Connections are never accepted by the listener; that they are made is enough.
    with socket.create_server(("127.0.0.1", SMSBOX_PORT)):
        for name, long_messages in STEPS:
            with tempfile.TemporaryDirectory() as folder, _centre(program, Path(folder) / "log") as (port, log):
                asyncio.run(_step(name, long_messages, port, log))


async def _step(name: str, long_messages: str, port: int, log: Path) -> None:
    """Sends one text; Kannel must read it as it is, and hear every deliver_sm of its own answered."""
    async with bound(Centre(port, []), bind_mode="separate", long_messages=long_messages) as (carrier, _):
        submissions = submissions_of(TEXTS[name], is_whole=False)
        answers = await asyncio.gather(*map(carrier.submit, submissions))
        assert answers == [Unknown("accepted without a message id")] * len(submissions), answers
        await eventually(lambda: _read(log).count("PDU of type deliver_sm_resp") == DELIVERIES_COUNT)
    await eventually(lambda: _read(log).count("PDU of type unbind") == 2)
    texts = _TEXT.findall(_read(log))
    assert len(texts) == len(submissions), texts
    is_shown = long_messages == "sar" or len(submissions) == 1
    assert not is_shown or texts == [gsm7.encode(part.text).decode("latin-1") for part in submissions], texts
    seen = Counter((str(int(tag, 16)), value) for tag, value in _PARAMETER.findall(_read(log)))
    assert seen == dict.fromkeys(VENDOR.items(), len(submissions)), seen
    exact = ", exact" if is_shown else ""
    print(f"  {name}: {len(texts)} submit_sm read{exact}, with entity, template and chain hash")


def _read(log: Path) -> str:
    return log.read_text("latin-1")


@contextmanager
def _centre(program: str, log: Path) -> Iterator[tuple[int, Path]]:
    port = free_port()
    command = [program, "-v", "0", "-p", str(port), "-m", str(DELIVERIES_COUNT)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield port, log
        finally:
            process.kill()
