"""Reports on e-mails, as mail servers write them and as they are posted to us."""

from datetime import UTC, datetime
from typing import Literal

import pytest

from khata.carriers.callbacks import Callback, ForgedCallback
from khata.carriers.drivers.smtp import SmtpCarrier, settings_of
from khata.carriers.port import CarrierNews, Feedback, Receipt, ReceiptState

SECRET = "a-secret-of-enough-letters"
REF = "b" * 56
BOUNCES = {"bounce_domain": "bounces.example.net", "bounce_secret": SECRET}
CARRIER = SmtpCarrier(settings_of("smtp", {"host": "127.0.0.1", **BOUNCES}, is_sandbox=True))
REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org
To: {ref}@Bounces.Example.net
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="x"

--x
Content-Type: text/plain

Sorry.
--x
Content-Type: message/{part}

{fields}
--x
Content-Type: text/rfc822-headers

Subject: Hello
--x--
"""
FAILURE = """\
Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; gone@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <gone@example.org>:
    no such mailbox
"""
COMPLAINT = """\
Feedback-Type: {kind}
User-Agent: Example/1
Version: 1
"""


def bounce(status: str = "5.1.1", action: str = "failed", ref: str = REF) -> bytes:
    fields = FAILURE.format(status=status, action=action)
    text = REPORT.format(ref=ref, kind="delivery-status", part="delivery-status", fields=fields)
    return text.replace("\n", "\r\n").encode()


def complaint(kind: str = "abuse") -> bytes:
    fields = COMPLAINT.format(kind=kind)
    text = REPORT.format(ref=REF, kind="feedback-report", part="feedback-report", fields=fields)
    return text.replace("\n", "\r\n").encode()


def posted(body: bytes, secret: str = SECRET, method: Literal["GET", "POST"] = "POST") -> Callback:
    return Callback("inbound", method, f"/callbacks/carriers/smtp/inbound/{secret}", "", body, {}, secret)


def read(body: bytes) -> list[CarrierNews]:
    return list(CARRIER.read_callback(posted(body)))


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_a_mailbox_that_is_gone_is_a_receipt_and_suppresses(status: str) -> None:
    receipt, feedback = read(bounce(status))
    assert isinstance(receipt, Receipt)
    assert (receipt.carrier, receipt.carrier_ref) == ("smtp", REF)
    assert (receipt.state, receipt.error_code) == (ReceiptState.UNDELIVERED, status)
    assert "final-recipient: rfc822; gone@example.org" in receipt.raw
    assert REF not in receipt.raw
    assert isinstance(feedback, Feedback)
    assert (feedback.ref, feedback.reason) == (REF, "bounce")
    assert "no such mailbox" in feedback.detail


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "4.4.7", "5.3.4", "5.0.0"])
def test_what_may_pass_suppresses_nothing(status: str) -> None:
    [receipt] = read(bounce(status))
    assert isinstance(receipt, Receipt)
    assert (receipt.state, receipt.error_code) == (ReceiptState.UNDELIVERED, status)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_a_report_of_no_failure_tells_nothing(action: str) -> None:
    assert read(bounce(action=action)) == []


def test_a_complaint_suppresses() -> None:
    [feedback] = read(complaint())
    assert isinstance(feedback, Feedback)
    assert (feedback.ref, feedback.reason) == (REF, "complaint")


def test_a_reader_who_says_it_is_no_spam_does_not_complain() -> None:
    assert read(complaint("not-spam")) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Subject: I am on holiday\r\n\r\nUntil Monday.\r\n",
        bounce(ref="x" * 55),
        bounce().replace(b"Bounces.Example.net", b"elsewhere.example"),
        bounce().replace(b"multipart/report", b"multipart/mixed"),
        bounce().replace(b"delivery-status", b"something-else"),
        b"\xff\x00" * 1_000,
        b"".join(b'Content-Type: multipart/x; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(4_000)) + bounce(),
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + bounce(),
        bounce()[:300],
    ],
)
def test_what_is_no_report_on_a_mail_of_ours_tells_nothing(body: bytes) -> None:
    assert read(body) == []


def test_a_report_in_more_parts_than_any_mail_server_writes_is_not_read() -> None:
    assert len(read(bounce().replace(b"Sorry.", b"boundary=x " * 8))) == 2
    assert read(bounce().replace(b"Sorry.", b"Boundary=x " * 12)) == []


def test_only_the_beginning_of_a_report_is_read() -> None:
    assert len(read(bounce().replace(b"Subject: Hello", b"Subject: Hello" + b"o" * 200_000))) == 2
    assert read(bounce().replace(b"Sorry.", b"Sorry. " * 20_000)) == []


def test_a_report_that_was_cut_short_still_counts() -> None:
    cut = bounce()
    assert len(read(cut[: cut.index(b"--x\r\nContent-Type: text/rfc822-headers")])) == 2


@pytest.mark.parametrize(("secret", "method"), [("", "POST"), ("wrong", "POST"), (SECRET, "GET")])
def test_only_whoever_knows_the_secret_may_tell(secret: str, method: Literal["GET", "POST"]) -> None:
    with pytest.raises(ForgedCallback):
        CARRIER.read_callback(posted(bounce(), secret, method))


def test_a_carrier_without_a_bounce_domain_believes_nobody() -> None:
    carrier = SmtpCarrier(settings_of("plain", {"host": "127.0.0.1"}, is_sandbox=True))
    with pytest.raises(ForgedCallback):
        carrier.read_callback(Callback("inbound", "POST", "/", "", bounce(), {}, ""))


def test_the_moment_it_was_told_is_kept() -> None:
    before = datetime.now(UTC)
    assert all(before <= item.received_at <= datetime.now(UTC) for item in read(bounce()))
