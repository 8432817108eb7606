"""The mailbox as a process: mails in by SMTP, out as pages and JSON."""

import signal
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from ..far_end import DEADLINE_S, FarEnd

LINK = "http://localhost:8000/accounts/confirm/?a=1&b=2"


def mail(to: str, subject: str = "Hello", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Khata <no-reply@example.com>", to, subject
    message.set_content(f"Confirm here: {LINK} <b>not bold</b>")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def deliver(mailbox: FarEnd, message: EmailMessage, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=DEADLINE_S) as client:
        client.send_message(message, to_addrs=recipients or None)


def page(mailbox: FarEnd, path: str) -> BeautifulSoup:
    answer = mailbox.http.get(path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def test_a_mail_is_told_as_it_was_sent(mailbox: FarEnd) -> None:
    deliver(mailbox, mail("asha@example.com", "₹ नमस्ते", "<p>rich</p>"))
    (told,) = mailbox.get("/mails.json", to="asha@example.com")
    assert (told["from"], told["to"], told["subject"]) == ("no-reply@example.com", ["asha@example.com"], "₹ नमस्ते")
    assert LINK in told["text"]
    assert told["html"] == "<p>rich</p>\n"
    assert ["To", "asha@example.com"] in told["headers"]


def test_every_recipient_finds_the_mail_whatever_the_case(mailbox: FarEnd) -> None:
    deliver(mailbox, mail("bilal@example.com"), "bilal@example.com", "hidden@example.com")
    for address in ("Bilal@Example.com", "hidden@example.com"):
        (told,) = mailbox.get("/mails.json", to=address)
        assert told["to"] == ["bilal@example.com", "hidden@example.com"]
    assert mailbox.get("/mails.json", to="nobody@example.com") == []


def test_mails_stand_newest_first(mailbox: FarEnd) -> None:
    for subject in ("first", "second"):
        deliver(mailbox, mail("order@example.com", subject))
    assert [told["subject"] for told in mailbox.get("/mails.json", to="order@example.com")] == ["second", "first"]
    listed = page(mailbox, "/?to=order@example.com")
    assert [heading.get_text() for heading in listed.select(".mail h2")] == ["second", "first"]


def test_the_page_of_a_mail_shows_text_as_text_with_its_links(mailbox: FarEnd) -> None:
    deliver(mailbox, mail("page@example.com", "<i>Subject</i>"))
    (told,) = mailbox.get("/mails.json", to="page@example.com")
    shown = page(mailbox, f"/mails/{told['id']}")
    assert shown.h1
    assert shown.h1.get_text() == "<i>Subject</i>"
    assert "<b>not bold</b>" in shown.select("pre")[-1].get_text()
    assert [link["href"] for link in shown.select("pre a")] == [LINK]
    assert shown.find("iframe") is None


def test_html_is_shown_in_a_cage(mailbox: FarEnd) -> None:
    hostile = "<script>alert(1)</script><img src='http://tracker.example/x.png'><p>rich</p>"
    deliver(mailbox, mail("html@example.com", html=hostile))
    (told,) = mailbox.get("/mails.json", to="html@example.com")
    frame = page(mailbox, f"/mails/{told['id']}").find("iframe")
    assert frame
    assert list(frame["sandbox"]) == ["allow-popups", "allow-popups-to-escape-sandbox"]
    answer = mailbox.http.get(str(frame["src"]))
    policy = answer.headers["content-security-policy"]
    assert hostile in answer.text
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src")
    assert "script" not in policy


def test_the_raw_mail_can_be_saved(mailbox: FarEnd) -> None:
    message = mail("raw@example.com")
    deliver(mailbox, message)
    (told,) = mailbox.get("/mails.json", to="raw@example.com")
    answer = mailbox.http.get(f"/mails/{told['id']}/raw")
    assert answer.headers["content-type"] == "message/rfc822"
    assert b"Subject: Hello\r\n" in answer.content


@pytest.mark.parametrize("path", ["/mails/999999", "/mails/99999999999999999999999", "/mails/1x", "/nothing"])
def test_what_is_not_there_is_not_found(mailbox: FarEnd, path: str) -> None:
    assert mailbox.http.get(path).status_code == 404


def test_another_host_name_is_not_answered(mailbox: FarEnd) -> None:
    assert mailbox.http.get("/mails.json", headers={"Host": "rebound.example"}).status_code == 400


def test_a_mail_above_the_limit_is_refused_and_not_kept(mailbox: FarEnd) -> None:
    message = mail("large@example.com")
    message.add_attachment(bytes(11 * 1024 * 1024), maintype="application", subtype="zip", filename="large.zip")
    with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError)) as refused:
        deliver(mailbox, message)
    assert refused.value.smtp_code == 552
    assert mailbox.get("/mails.json", to="large@example.com") == []


def test_a_line_that_is_no_command_does_not_disturb_the_next_mail(mailbox: FarEnd) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=DEADLINE_S) as client:
        assert client.docmd("NONSENSE")[0] == 500
        client.send_message(mail("after@example.com"))
    assert len(mailbox.get("/mails.json", to="after@example.com")) == 1


def test_an_accepted_mail_survives_a_kill(own_mailbox: FarEnd) -> None:
    deliver(own_mailbox, mail("kept@example.com"))
    own_mailbox.stop(signal.SIGKILL)
    own_mailbox.start()
    assert len(own_mailbox.get("/mails.json", to="kept@example.com")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(own_mailbox: FarEnd, number: int) -> None:
    deliver(own_mailbox, mail("asha@example.com"))
    assert own_mailbox.stop(number) == 0
    assert own_mailbox.output == ""
    assert "mailbox ready" in own_mailbox.errors
    assert "Traceback" not in own_mailbox.errors


def test_a_taken_port_is_told_in_one_sentence(mailbox: FarEnd, tmp_path: Path) -> None:
    second = FarEnd("mailbox", tmp_path)
    second.port = mailbox.port
    process = second.popen()
    _, errors = process.communicate(timeout=DEADLINE_S)
    sentence = f"Port {mailbox.port} on 127.0.0.1 is taken by another program; stop it or choose another port."
    assert (process.returncode, errors) == (1, f"khata-sandbox: {sentence}\n")
    second.http.close()
