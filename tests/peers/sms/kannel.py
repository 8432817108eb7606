"""Kannel as a client of the sandbox's message centre: its bearerbox and smsbox, started with a configuration of ours.

The driver is not met here (`kannel_centre.py` does that); this tells that the far end it is tested with is one that
others can speak to as well.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.peers.sms.missing import PeerMissing
from tests.peers.sms.tour import ENTITY, TEMPLATE, TEXTS
from tests.ports import free_port
from tests.sandbox.far_end import FarEnd, wait_until

CONFIGURATION = Template("""\
group = core
admin-port = $admin
admin-password = bar
smsbox-port = $smsbox
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = peer
host = 127.0.0.1
port = $smpp
smsc-username = "kannel"
smsc-password = "s3cret"
system-type = "VMA"
interface-version = 34
transceiver-mode = true
max-pending-submits = 100
msg-id-type = 0
source-addr-ton = 5
source-addr-npi = 0

group = smpp-tlv
name = PE_ID
tag = 0x1400
type = octetstring
length = 30
smsc-id = peer

group = smpp-tlv
name = TEMPLATE_ID
tag = 0x1401
type = octetstring
length = 30
smsc-id = peer

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms

group = sendsms-user
username = tester
password = foobar
max-messages = 10
concatenation = true

group = sms-service
keyword = default
text = "No service"
""")

_ACCEPTED, _DELIVERED = 8, 1

_CUT_EMOJI = "emoji where the cut would be"
_TEXTS = {name: text for name, text in TEXTS.items() if name != _CUT_EMOJI} | {"emoji": "नमस्ते 😀"}
"""Kannel 1.4 cuts surrogate pairs in two, which the message centre shows as it came."""


def run() -> None:
    if not (shutil.which("bearerbox") and shutil.which("smsbox")):
        raise PeerMissing("bearerbox and smsbox (Debian: apt-get install --no-install-recommends kannel)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"SANDBOX_SMSC_SYSTEM_ID": "kannel", "SANDBOX_SMSC_PASSWORD": "s3cret"}
        smsc = stack.enter_context(FarEnd("smsc", folder / "smsc", **environment, SANDBOX_SMSC_RECEIPT_DELAY_MS="50"))
        kannel = stack.enter_context(_kannel(folder, smsc.port))
        reports, report_url = stack.enter_context(_reports())
        for number, (name, text) in enumerate(_TEXTS.items(), start=1):
            _send(kannel, f"+9198123401{number:02}", text, f"{report_url}/{number}")
            _check(smsc, f"+9198123401{number:02}", text)
            _wait_for_reports(reports, number)
            print(f"  {name}: exact, with entity and template; Kannel reports accepted, then delivered")


@contextmanager
def _kannel(folder: Path, smpp_port: int) -> Iterator[httpx.Client]:
    """Bound to the message centre; yields the way to its HTTP interface."""
    ports = {"admin": free_port(), "smsbox": free_port(), "sendsms": free_port(), "smpp": smpp_port}
    (folder / "kannel.conf").write_text(CONFIGURATION.substitute(ports))
    with ExitStack() as stack:
        admin = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{ports['admin']}", trust_env=False))
        stack.enter_context(_box("bearerbox", folder))
        wait_until(lambda: "(online" in _status(admin), "bearerbox to be bound")
        stack.enter_context(_box("smsbox", folder))
        wait_until(lambda: "smsbox" in _status(admin), "smsbox to be connected")
        yield stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{ports['sendsms']}", trust_env=False))


@contextmanager
def _box(name: str, folder: Path) -> Iterator[None]:
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen([name, "kannel.conf"], cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _status(admin: httpx.Client) -> str:
    try:
        return admin.get("/status.txt", params={"password": "bar"}).text
    except httpx.TransportError:
        return ""


@contextmanager
def _reports() -> Iterator[tuple[dict[int, set[int]], str]]:
    """What Kannel calls back with: for each message the types it reported; and the address to call."""
    reports: dict[int, set[int]] = {}

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            reports.setdefault(int(address.path[1:]), set()).add(int(parse_qs(address.query)["type"][0]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield reports, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _wait_for_reports(reports: dict[int, set[int]], number: int) -> None:
    wait_until(lambda: {_ACCEPTED, _DELIVERED} <= reports.get(number, set()), "Kannel to report both states")


def _send(kannel: httpx.Client, to: str, text: str, report_url: str) -> None:
    query = {
        "username": "tester",
        "password": "foobar",
        "from": "HDRXYZ",
        "to": to,
        "text": text,
        "coding": "0" if _is_gsm(text) else "2",
        "charset": "UTF-8",
        "dlr-mask": "31",
        "dlr-url": f"{report_url}?type=%d",
        "meta-data": f"?smpp?PE_ID={ENTITY}&TEMPLATE_ID={TEMPLATE}",
    }
    wait_until(lambda: _is_taken(kannel, query), f"Kannel to take {text!r}")


def _is_taken(kannel: httpx.Client, query: dict[str, str]) -> bool:
    try:
        return kannel.get("/cgi-bin/sendsms", params=query).status_code == 202
    except httpx.TransportError:
        return False


def _is_gsm(text: str) -> bool:
    return all(character in "€" or character.isascii() for character in text)


def _check(smsc: FarEnd, to: str, text: str) -> None:
    def arrived() -> list[dict[str, object]]:
        return [message for message in smsc.get("/messages.json", to=to) if message["text"] == text]

    wait_until(arrived, f"{text!r} to arrive as it was sent, instead of {smsc.get('/messages.json', to=to)}")
    for submit in smsc.get("/submits.json", to=to):
        tlvs = {tlv["tag"]: tlv["value"] for tlv in submit["tlvs"]}
        registered = {"0x1400": ENTITY.encode().hex(), "0x1401": TEMPLATE.encode().hex()}
        assert registered.items() <= tlvs.items(), tlvs
