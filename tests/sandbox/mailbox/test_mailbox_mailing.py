"""The mailbox for whoever sends: DNS, signatures, bounces, complaints, one-click unsubscribe."""

from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from smtplib import SMTP, SMTPRecipientsRefused
from threading import Thread

import dkim
import dns.message
import dns.query
import dns.rcode
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..far_end import FarEnd, wait_until


class Listener:
    """Keeps what is posted to it: (path, content type, body)."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, bytes]] = []
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                posts.append((self.path, self.headers["content-type"], body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[FarEnd]:
    reports = f"{listener.url}/reports/secret"
    with FarEnd("mailbox", tmp_path_factory.mktemp("mailbox"), SANDBOX_MAILBOX_REPORT_URL=reports) as far_end:
        yield far_end


def deliver(mailbox: FarEnd, recipient: str, octets: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    """Its number."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Hello", "shop@example.com", recipient
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content("It is on its way.")
    with SMTP("127.0.0.1", mailbox.port, local_hostname="tests") as client:
        client.sendmail("return@bounces.example.net", recipient, octets or mail.as_bytes())
    return int(mailbox.get("/mails.json", to=recipient)[0]["id"])


def publish(mailbox: FarEnd, name: str, text: str) -> None:
    assert mailbox.http.post("/records.json", json={"name": name, "text": text}).status_code == 200


def ask(mailbox: FarEnd, name: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, "TXT"), "127.0.0.1", port=mailbox.http_port, timeout=30)


def act(mailbox: FarEnd, mail_id: int, word: str) -> int:
    return int(mailbox.http.post(f"/mails/{mail_id}/act.json", json={"act": word}).json()["status"])


def test_what_is_published_is_answered_and_survives_a_restart(tmp_path: Path) -> None:
    with FarEnd("mailbox", tmp_path) as mailbox:
        publish(mailbox, "_dmarc.Example.com.", "v=DMARC1; p=none")
        publish(mailbox, "_dmarc.example.com", "x" * 600)
        mailbox.stop()
        mailbox.start()
        [rrset] = ask(mailbox, "_dmarc.example.com").answer
        assert sorted(b"".join(record.strings).decode() for record in rrset) == ["v=DMARC1; p=none", "x" * 600]
        mailbox.http.request("DELETE", "/records.json", json={"name": "_dmarc.example.com"})
        assert ask(mailbox, "_dmarc.example.com").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(("name", "text"), [("a..b", "x"), ("x" * 64, "x"), ("a.example", ""), ("a.example", "a\nb")])
def test_what_dns_cannot_say_is_refused(mailbox: FarEnd, name: str, text: str) -> None:
    assert mailbox.http.post("/records.json", json={"name": name, "text": text}).status_code == 422


def test_a_signature_passes_once_its_key_is_published(mailbox: FarEnd) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    mail = b"From: shop@signed.example\r\nTo: asha@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"
    signed = dkim.sign(mail, b"s1", b"signed.example", private) + mail
    deliver(mailbox, "signed@example.org", signed)
    assert mailbox.get("/mails.json", to="signed@example.org")[0]["dkim"]["result"] == "fail"
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    encoded = b64encode(public).decode()
    publish(mailbox, "s1._domainkey.signed.example", f"v=DKIM1; k=rsa; p={encoded}")
    [found] = mailbox.get("/mails.json", to="signed@example.org")
    assert found["dkim"] == {"result": "pass", "domain": "signed.example", "detail": ""}
    page = mailbox.http.get(f"/mails/{found['id']}").text
    assert "DKIM: pass" in page


def test_a_mail_without_a_signature_says_so(mailbox: FarEnd) -> None:
    deliver(mailbox, "plain@example.org")
    assert mailbox.get("/mails.json", to="plain@example.org")[0]["dkim"]["result"] == "none"


@pytest.mark.parametrize("octets", [b"no header\r\n\r\nx\r\n", b" begins with a blank\r\n\r\nx\r\n"])
def test_a_mail_the_verifier_cannot_read_is_listed_all_the_same(mailbox: FarEnd, octets: bytes) -> None:
    deliver(mailbox, "odd@example.org", octets)
    assert mailbox.get("/mails.json", to="odd@example.org")[0]["dkim"]["result"] == "fail"


@pytest.mark.parametrize("act_word", ["bounce", "complain"])
def test_a_mail_of_eight_bits_is_reported_like_any_other(mailbox: FarEnd, listener: Listener, act_word: str) -> None:
    mail_id = deliver(mailbox, "eight@example.org", "Subject: नमस्ते\r\n\r\nx\r\n".encode())
    assert act(mailbox, mail_id, act_word) == 200
    assert "Subject: नमस्ते".encode() in listener.posts[-1][2]


def test_the_log_does_not_tell_where_reports_go(tmp_path: Path, listener: Listener) -> None:
    with FarEnd("mailbox", tmp_path, SANDBOX_MAILBOX_REPORT_URL=f"{listener.url}/reports/secret") as mailbox:
        assert act(mailbox, deliver(mailbox, "angry@example.org"), "complain") == 200
        mailbox.stop()
    assert "mailbox ready" in mailbox.errors
    assert "secret" not in mailbox.errors


@pytest.mark.parametrize(("word", "status"), [("bounce", "5.1.1"), ("full-2", "5.2.2")])
def test_some_addresses_bounce_by_themselves(mailbox: FarEnd, listener: Listener, word: str, status: str) -> None:
    deliver(mailbox, f"{word}@example.org")

    def report() -> bytes | None:
        return next((body for _, _, body in listener.posts if f"{word}@example.org".encode() in body), None)

    found = message_from_bytes(wait_until(report, "the bounce"))
    assert found["To"] == "return@bounces.example.net"
    assert (found.get_content_type(), found.get_param("report-type")) == ("multipart/report", "delivery-status")
    [about] = [part for part in found.walk() if part.get_content_type() == "message/delivery-status"]
    assert about.get_payload()[1]["Status"] == status  # type: ignore[index,union-attr]


def test_any_mail_can_be_complained_about(mailbox: FarEnd, listener: Listener) -> None:
    mail_id = deliver(mailbox, "angry@example.org")
    assert act(mailbox, mail_id, "complain") == 200
    path, content_type, body = listener.posts[-1]
    assert (path, content_type) == ("/reports/secret", "message/rfc822")
    assert b"Feedback-Type: abuse" in body
    assert b"<angry@example.org>" in body


def test_one_click_posts_what_the_mail_says(mailbox: FarEnd, listener: Listener) -> None:
    headers = {
        "List-Unsubscribe": f"<mailto:x@example.com>, <{listener.url}/out/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    mail_id = deliver(mailbox, "reader@example.org", headers=headers)
    assert act(mailbox, mail_id, "unsubscribe") == 200
    assert listener.posts[-1] == ("/out/1", "application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"List-Unsubscribe": "<http://127.0.0.1:1/out>"},
        {"List-Unsubscribe": "<mailto:x@example.com>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        {"List-Unsubscribe": "<https://example.com/out>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    ],
)
def test_where_one_click_is_not_offered_or_leads_outside_nobody_is_asked(
    mailbox: FarEnd, headers: dict[str, str]
) -> None:
    assert act(mailbox, deliver(mailbox, "nobody@example.org", headers=headers), "unsubscribe") == 0


def test_some_addresses_are_refused_or_put_off(mailbox: FarEnd) -> None:
    for address, code in (("refuse@example.org", 550), ("refuse+1@example.org", 550), ("later-1@example.org", 451)):
        with pytest.raises(SMTPRecipientsRefused) as refused:
            deliver(mailbox, address)
        assert refused.value.recipients[address][0] == code
    assert deliver(mailbox, "later-1@example.org")


def test_no_other_site_can_press_a_button(mailbox: FarEnd) -> None:
    mail_id = deliver(mailbox, "safe@example.org")
    assert mailbox.http.post(f"/mails/{mail_id}/act", data={"act": "bounce"}).status_code == 403
    assert mailbox.http.post("/dns", data={"name": "a.example", "text": "x"}).status_code == 403
    assert mailbox.http.post(f"/mails/{mail_id}/act.json", content=b'{"act": "bounce"}').status_code == 415


@pytest.mark.parametrize(
    ("content", "status"),
    [("{", 400), ("[" * 9_000, 400), ("[]", 422), ('{"name": "a.example"}' + " " * 10_000, 413)],
)
def test_what_is_no_small_json_object_is_refused(mailbox: FarEnd, content: str, status: int) -> None:
    def pieces() -> Iterator[bytes]:
        """Sent without a length."""
        yield content.encode()

    answer = mailbox.http.post("/records.json", content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == status


def test_people_publish_and_remove_records_on_a_page(mailbox: FarEnd) -> None:
    token = mailbox.http.get("/dns").text.partition('name="form_token" value="')[2].partition('"')[0]
    given = {"form_token": token, "name": "page.example", "text": "v=spf1 -all"}
    assert mailbox.http.post("/dns", data=given).status_code == 303
    assert "v=spf1 -all" in mailbox.http.get("/dns").text
    mailbox.http.post("/dns", data={"form_token": token, "withdraw": "page.example"})
    assert "v=spf1 -all" not in mailbox.http.get("/dns").text
