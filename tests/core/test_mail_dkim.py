"""Signatures, verified by a library nobody here wrote."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.mail.core.addresses import Mailbox
from khata.mail.core.composing import Attachment, Letter, compose
from khata.mail.core.dkim import SigningKey, new_key_pair, sign

KEYS = new_key_pair()
KEY = SigningKey("example.com", "kh1", KEYS.private)
WRITTEN_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LETTER = Letter(
    sender=Mailbox("asha@example.com", "Asha Rao"),
    recipient="bilal@example.org",
    subject="Your order",
    text="Hello\n\n  two  blanks \n.a line that begins with a dot\n\n\n",
    html="<p>नमस्ते</p>",
    attachments=(Attachment("bill.pdf", "application/pdf", bytes(range(256))),),
    message_id="msg_1@example.com",
    written_at=WRITTEN_AT,
    unsubscribe_url=f"https://khata.example/unsubscribe/{'x' * 60}",
)
HEADER_NAMES = sorted(
    [
        b"DKIM-Signature", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"From", b"To", b"Subject", b"Date",
        b"Message-ID", b"MIME-Version", b"Content-Type",
    ]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200)


def is_authentic(mail: bytes, public: str = KEYS.public) -> bool:
    def answer(name: bytes, timeout: int = 0) -> bytes:
        assert name == b"kh1._domainkey.example.com."
        return f"v=DKIM1; k=rsa; p={public}".encode()

    return bool(dkim.verify(mail, dnsfunc=answer))


def signed(letter: Letter = LETTER) -> bytes:
    return sign(compose(letter), KEY, signed_at_s=int(WRITTEN_AT.timestamp()))


def header_names(mail: bytes) -> list[bytes]:
    head = mail.partition(b"\r\n\r\n")[0]
    return sorted(line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t")))


def test_a_signed_mail_verifies() -> None:
    assert is_authentic(signed())


@pytest.mark.parametrize(
    "alter",
    [
        lambda mail: mail.replace(b"Your order", b"Our order"),
        lambda mail: mail.replace(b"bilal@", b"chen@"),
        lambda mail: mail.replace(b"two", b"ten"),
        lambda mail: mail.replace(b"/unsubscribe/", b"/elsewhere/"),
        lambda mail: b"From: chen@example.com\r\n" + mail,
        lambda mail: mail + b"One more line\r\n",
    ],
    ids=["subject", "recipient", "text", "unsubscribe", "second sender", "appended"],
)
def test_an_altered_mail_does_not_verify(alter: Callable[[bytes], bytes]) -> None:
    altered = alter(signed())
    assert altered != signed()
    assert not is_authentic(altered)


def test_another_key_does_not_verify() -> None:
    assert not is_authentic(signed(), new_key_pair().public)


def test_what_relays_may_do_to_blanks_breaks_nothing() -> None:
    relayed = signed().replace(b"Subject: Your order", b"Subject:   Your\r\n order ")
    assert is_authentic(relayed + b"\r\n\r\n")


@given(subject=TEXTS, text=st.text(st.characters(exclude_categories=["Cs"]), max_size=500), name=TEXTS)
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_verifies_and_keeps_its_headers(subject: str, text: str, name: str) -> None:
    mail = signed(LETTER._replace(subject=subject, text=text, html="", sender=Mailbox("asha@example.com", name)))
    assert is_authentic(mail)
    assert header_names(mail) == HEADER_NAMES
    assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert mail.isascii()


@pytest.mark.parametrize(
    "text",
    ["=?utf-8?q?Hello=0D=0ABcc:_x@example.com?=", "₹ =?utf-8?b?DQpCY2M6IHg=?=", "2 + 2 =?"],
)
def test_what_looks_like_an_encoded_word_stays_text_and_hides_no_header(text: str) -> None:
    mail = signed(LETTER._replace(subject=text, sender=Mailbox("asha@example.com", text)))
    assert is_authentic(mail)
    assert header_names(mail) == HEADER_NAMES
    read = message_from_bytes(mail, policy=policy.default)
    assert (read["Subject"], read["From"].addresses[0].display_name) == (text, text)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello\r\nBcc: x@example.com"},
        {"sender": Mailbox("asha@example.com", "Asha\nBcc: x@example.com")},
        {"recipient": "bilal@example.org\r\nBcc: x@example.com"},
        {"attachments": (Attachment("a\r\nX-Header: y", "text/plain", b""),)},
        {"attachments": (Attachment("=?utf-8?q?a=0D=0AX-Header:_y?=", "text/plain", b""),)},
    ],
)
def test_a_line_break_in_a_header_cannot_be_composed(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose(LETTER._replace(**change))
