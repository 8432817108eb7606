"""What may stand in a header and in an SMTP command, and what may not."""

import pytest

from khata.mail.core.addresses import Mailbox, NotAnAddress, read_address, read_domain, read_mailbox


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("asha@example.com", "asha@example.com"),
        (" asha@example.com ", "asha@example.com"),
        ("Asha.Rao+news@Example.COM", "Asha.Rao+news@example.com"),
        ("a@b.co", "a@b.co"),
        ("asha@भारत.भारत", "asha@xn--h2brj9c.xn--h2brj9c"),
        ("asha@bücher.example", "asha@xn--bcher-kva.example"),
        (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_ascii(text: str, address: str) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "asha", "asha@", "@example.com", "asha@localhost", "asha@example", "asha@1.2.3.4", "asha@[127.0.0.1]",
        "a sha@example.com", "asha@exam ple.com", ".asha@example.com", "asha.@example.com", "a..b@example.com",
        '"asha"@example.com', "asha(x)@example.com", "asha@example.com>", "<asha@example.com>", "a@b@example.com",
        "asha@example.com\r\nBcc: x@example.com", "asha@example.com\n", "asha\0@example.com", "आशा@example.com",
        "asha@example.com,bilal@example.com", "asha@-example.com", "asha@example-.com", "asha@exa_mple.com",
        f"{'x' * 65}@example.com", f"asha@{'x' * 64}.com", f"asha@{'x.' * 130}com",
        "asha@example.com.", "asha@\ud800.com", "=?utf-8?q?a=0D=0ABcc=3A_x=40example.com?=@example.com",
    ],
)  # fmt: skip
def test_what_no_mail_could_safely_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(NotAnAddress):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("asha@example.com", Mailbox("asha@example.com")),
        ("Asha Rao <asha@example.com>", Mailbox("asha@example.com", "Asha Rao")),
        ('"Rao, Asha" <asha@example.com>', Mailbox("asha@example.com", "Rao, Asha")),
        ("आशा <asha@example.com>", Mailbox("asha@example.com", "आशा")),
        ("<asha@example.com>", Mailbox("asha@example.com")),
        ('" " <asha@example.com>', Mailbox("asha@example.com")),
    ],
)
def test_a_sender_may_have_a_name(text: str, mailbox: Mailbox) -> None:
    assert read_mailbox(text) == mailbox
    assert read_mailbox(mailbox.text) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "Asha\r\nBcc: x@example.com <asha@example.com>",
        "Asha\x00 <asha@example.com>",
        "Asha\u2028 <asha@example.com>",
        "Asha <asha@example.com> <b@example.com>",
        "Asha <asha@example.com",
        'A"sha <asha@example.com>',
        f"{'x' * 101} <asha@example.com>",
        "=?utf-8?q?Asha=0D=0ABcc:_x@example.com?= <asha@example.com>",
        "As>ha <asha@example.com>",
        "Asha <asha@example.com> Rao",
        pytest.param(" " * 100_000, id="blanks"),
        pytest.param("<" * 100_000, id="brackets"),
    ],
)
def test_a_sender_cannot_bring_a_header_along(text: str) -> None:
    with pytest.raises(NotAnAddress):
        read_mailbox(text)


def test_a_domain_reads_the_same_again() -> None:
    assert read_domain(read_domain("Bücher.Example")) == "xn--bcher-kva.example"
