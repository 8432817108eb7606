"""What an e-mail may be made of, where only its core sees the request: no door has looked at it before."""

from typing import Any

import pytest

from khata.mail.core.composing import Attachment
from khata.messaging.core.mail_draft import MailDraft, check_mail

ASKED: dict[str, Any] = {
    "recipient": "asha@example.org",
    "sender": "orders@acme.example",
    "subject": "Your order",
    "body": "It is on its way.",
    "html": "",
    "attachments": (),
    "has_unsubscribe": True,
    "reference": None,
    "metadata": None,
}


def checked(**change: Any) -> list[str] | MailDraft:
    """The draft, or the fields that are wrong."""
    found = check_mail(**ASKED | change)
    return found if isinstance(found, MailDraft) else [problem["field"] for problem in found]


@pytest.mark.parametrize("name", ["a\ud800.pdf", "a\x85.pdf", "=?utf-8?q?a=0D=0AX-Header:_y?=.pdf", "a/b", "x" * 121])
def test_a_file_may_not_have_a_name_that_no_header_could_carry(name: str) -> None:
    assert checked(attachments=[Attachment(name, "application/pdf", b"")]) == ["attachments[0].name"]


def test_half_a_surrogate_pair_is_no_text() -> None:
    for field in ("subject", "body", "html"):
        assert checked(**{field: "a\ud800"}) == [field]


def test_a_subject_may_look_like_an_encoded_word() -> None:
    draft = checked(subject="2 + 2 =?utf-8?q?4?=")
    assert isinstance(draft, MailDraft)
    assert draft.subject == "2 + 2 =?utf-8?q?4?="
