"""Reading mails: ordinary ones are told exactly, any other octets never break the reader."""

from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from khata_sandbox.mailbox.reading import Attachment, read_mail


def test_a_mail_with_text_html_and_attachment_is_told_exactly() -> None:
    message = EmailMessage()
    message["From"] = "Asha <asha@example.com>"
    message["Subject"] = "₹1,000.00 नमस्ते"
    message.set_content("plain ₹\n")
    message.add_alternative("<p>rich ₹</p>\n", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice.pdf")
    mail = read_mail(message.as_bytes())
    assert (mail.subject, mail.text, mail.html) == ("₹1,000.00 नमस्ते", "plain ₹\n", "<p>rich ₹</p>\n")
    assert mail.attachments == (Attachment("invoice.pdf", "application/pdf", 4),)
    assert mail.header("from") == "Asha <asha@example.com>"
    assert mail.header("X-Absent") == ""


def test_a_subject_folded_right_after_its_name_begins_with_its_first_word() -> None:
    mail = read_mail(b"Subject: \r\n =?utf-8?q?Paid=3A_=E2=82=B91?=\r\n\r\nx")
    assert mail.subject == "Paid: ₹1"


def test_a_mail_of_html_alone_has_no_text() -> None:
    mail = read_mail(b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>hi</p>\r\n")
    assert (mail.text, mail.html.strip()) == ("", "<p>hi</p>")


def test_an_unknown_character_set_is_still_shown() -> None:
    assert "hello" in read_mail(b"Content-Type: text/plain; charset=klingon\r\n\r\nhello\r\n").text


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"Subject: x\r\n\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"]),
)
def test_any_octets_are_a_mail_of_some_kind(octets: bytes, beginning: bytes) -> None:
    mail = read_mail(beginning + octets)
    shown = [mail.subject, mail.text, mail.html, *(part for header in mail.headers for part in header)]
    assert not any("\ud800" <= character <= "\udfff" for text in shown for character in text)
