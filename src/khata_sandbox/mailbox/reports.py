"""What mail servers and readers send back: bounces (RFC 3464) and complaints (RFC 5965), posted to whoever sent."""

import asyncio
import logging
from email.message import Message
from email.policy import Compat32
from email.utils import formatdate
from typing import Final, Literal

import httpx

from khata_sandbox.mailbox.store import StoredMail

Act = Literal["bounce", "full", "complain"]
"""`full`: the mailbox has no room, which may pass."""
ACTS: Final[tuple[Act, ...]] = ("bounce", "full", "complain")

_log = logging.getLogger(__name__)
_STATUS: Final = {
    "bounce": ("5.1.1", "smtp; 550 5.1.1 No such mailbox"),
    "full": ("5.2.2", "smtp; 552 5.2.2 The mailbox is full"),
}
_TRIES: Final = 30
_PAUSE_S: Final = 1.0
_HEADERS: Final = {"content-type": "message/rfc822"}


def word_of(address: str) -> str:
    """What an address asks for by its beginning: `bounce@…`, `full-2@…` and `later+x@…` say bounce, full and later."""
    return address.partition("@")[0].lower().partition("-")[0].partition("+")[0]


def act_of(word: str) -> Act | None:
    return next((act for act in ACTS if act == word), None)


class Reporter:
    """Posts reports to one address; without one, nothing is reported."""

    def __init__(self, report_url: str) -> None:
        self._report_url = report_url
        self._on_the_way: set[asyncio.Task[int]] = set()

    def report_later(self, mail: StoredMail, recipient: str, act: Act) -> None:
        task = asyncio.create_task(self.report(mail, recipient, act))
        self._on_the_way.add(task)
        task.add_done_callback(self._on_the_way.discard)

    async def report(self, mail: StoredMail, recipient: str, act: Act) -> int:
        """The status it was answered with; 0 where nobody was there to tell, however often it was tried."""
        if not self._report_url:
            return 0
        octets = report_of(mail, recipient, act)
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            for _ in range(_TRIES):
                try:
                    answer = await client.post(self._report_url, content=octets, headers=_HEADERS)
                except httpx.HTTPError as error:
                    _log.warning("a report on mail %d was not taken: %s", mail.id, error)
                else:
                    if answer.status_code < 500:
                        return answer.status_code
                await asyncio.sleep(_PAUSE_S)
        return 0


def report_of(mail: StoredMail, recipient: str, act: Act) -> bytes:
    """The report as a mail to the sender of the envelope."""
    report = Message(Compat32(linesep="\r\n"))
    report["From"] = "Mail Delivery System <mailer-daemon@sandbox.invalid>"
    report["To"] = mail.sender or "<>"
    report["Subject"] = "Complaint about a mail" if act == "complain" else "Undelivered mail returned to sender"
    report["Date"] = formatdate()
    report["Message-ID"] = f"<report-{mail.id}-{act}@sandbox.invalid>"
    kind = "feedback-report" if act == "complain" else "delivery-status"
    report.add_header("Content-Type", "multipart/report", report_type=kind)
    report.attach(_text("This mail came back from the sandbox: nothing was ever sent on.\r\n"))
    report.attach(_complaint(mail, recipient) if act == "complain" else _failure(recipient, act))
    returned = Message()
    returned.set_type("text/rfc822-headers")
    # Octets beyond ASCII come out again as they are.
    returned.set_payload(mail.octets.partition(b"\r\n\r\n")[0].decode("ascii", "surrogateescape") + "\r\n")
    report.attach(returned)
    return report.as_bytes()


def _text(text: str) -> Message:
    part = Message()
    part.set_type("text/plain")
    part.set_payload(text)
    return part


def _failure(recipient: str, act: Act) -> Message:
    status, diagnostic = _STATUS[act]
    about_server, about_recipient = Message(), Message()
    about_server["Reporting-MTA"] = "dns; sandbox.invalid"
    about_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = status
    about_recipient["Diagnostic-Code"] = diagnostic
    part = Message()
    part.add_header("Content-Type", "message/delivery-status")
    part.set_payload([about_server, about_recipient])
    return part


def _complaint(mail: StoredMail, recipient: str) -> Message:
    about = Message()
    about["Feedback-Type"] = "abuse"
    about["User-Agent"] = "Khata-Sandbox/1"
    about["Version"] = "1"
    about["Original-Mail-From"] = f"<{mail.sender}>"
    about["Original-Rcpt-To"] = f"<{recipient}>"
    part = Message()
    part.add_header("Content-Type", "message/feedback-report")
    part.set_payload([about])
    return part
