"""What is SMTP's own: return addresses, codes, connections kept open, encryption."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from khata.carriers.drivers.smtp import SmtpCarrier, settings_of
from khata.carriers.port import Accepted, Answer, Mail, Refused, Submission, Unavailable, Unknown

from .bench import eventually
from .contract import store_nothing
from .smtp_far_end import MailServer, mail_server
from .test_smtp_bounces import BOUNCES, REF, SECRET

pytestmark = pytest.mark.anyio

MAIL = b"From: a@example.com\r\nSubject: Hello\r\n\r\n.A dot first\r\n"


def carrier_for(port: int, **more: Any) -> SmtpCarrier:
    table = {"host": "127.0.0.1", "port": port, "timeout_s": 2, **more}
    return SmtpCarrier(settings_of("smtp", table, is_sandbox=True))


def mail_to(word: str) -> Submission:
    mail = Mail(MAIL, REF)
    sender = "ACME <orders@acme.example>"
    return Submission(uuid.uuid4(), f"{word}@example.org", sender, "Hello", "utf8", 1, 1, 0, mail=mail)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def carrier(server: MailServer) -> AsyncIterator[SmtpCarrier]:
    started = carrier_for(server.port, **BOUNCES)
    await started.start(store_nothing)
    yield started
    await started.close()


async def test_a_mail_arrives_octet_by_octet_under_its_own_return_address(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    assert await carrier.submit(mail_to("asha")) == Accepted(REF)
    [(sender, recipient, octets)] = server.taken
    assert (sender, recipient) == (f"{REF}@bounces.example.net", "asha@example.org")
    assert octets == MAIL.replace(b"\r\n.A", b"\r\n..A")


async def test_without_a_bounce_domain_bounces_go_to_the_sender(server: MailServer) -> None:
    carrier = carrier_for(server.port)
    await carrier.start(store_nothing)
    await carrier.submit(mail_to("asha"))
    await carrier.close()
    assert server.taken[0][0] == "orders@acme.example"


@pytest.mark.parametrize(
    ("word", "is_expected"),
    [
        ("refused", lambda answer: isinstance(answer, Refused) and answer.code == "5.1.1"),
        ("spam", lambda answer: isinstance(answer, Refused) and answer.code == "5.7.1"),
        ("later", lambda answer: isinstance(answer, Unavailable) and answer.is_throttled),
        ("lost", lambda answer: isinstance(answer, Unknown)),
        ("silent", lambda answer: isinstance(answer, Unknown)),
    ],
)
async def test_an_answer_means_what_it_says(
    carrier: SmtpCarrier, word: str, is_expected: Callable[[Answer], bool]
) -> None:
    answer = await carrier.submit(mail_to(word))
    assert is_expected(answer), answer
    assert isinstance(await carrier.submit(mail_to("asha")), Accepted), "one bad answer must not stop the others"


async def test_connections_are_used_again(server: MailServer, carrier: SmtpCarrier) -> None:
    for _ in range(5):
        assert isinstance(await carrier.submit(mail_to("asha")), Accepted)
    assert server.connections_count == 1


async def test_a_server_that_closed_an_idle_connection_costs_no_mail(server: MailServer, carrier: SmtpCarrier) -> None:
    await carrier.submit(mail_to("lost"))
    assert isinstance(await carrier.submit(mail_to("asha")), Accepted)


async def test_closing_leaves_what_is_not_answered_in_doubt(server: MailServer) -> None:
    carrier = carrier_for(server.port, timeout_s=600)
    await carrier.start(store_nothing)
    open_one = asyncio.create_task(carrier.submit(mail_to("silent")))
    await eventually(lambda: carrier.health().outstanding_count == 1)
    await carrier.close()
    assert isinstance(await open_one, Unknown)


async def test_an_sms_is_refused(carrier: SmtpCarrier) -> None:
    assert isinstance(await carrier.submit(mail_to("asha")._replace(mail=None)), Refused)


async def test_starttls_is_used_and_its_certificate_checked(tmp_path: Path) -> None:
    context, ca_file = certificate(tmp_path)
    async with mail_server(context) as server:
        trusting = carrier_for(server.port, tls="starttls", ca_file=str(ca_file))
        doubting = carrier_for(server.port, tls="starttls")
        for carrier in (trusting, doubting):
            await carrier.start(store_nothing)
        assert isinstance(await trusting.submit(mail_to("asha")), Accepted)
        assert len(server.hellos) == 2, "one before and one after the handshake"
        assert isinstance(await doubting.submit(mail_to("asha")), Unavailable)
        for carrier in (trusting, doubting):
            await carrier.close()
        assert len(server.taken) == 1


async def test_where_starttls_is_required_and_not_offered_nothing_is_sent(server: MailServer) -> None:
    carrier = carrier_for(server.port, tls="starttls")
    await carrier.start(store_nothing)
    assert isinstance(await carrier.submit(mail_to("asha")), Unavailable)
    await carrier.close()
    assert server.taken == []


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"host": "mail.example.net", "tls": "none"}, "tls must be starttls or implicit"),
        ({"host": "mail.example.net", "tls": "maybe"}, "tls is one of"),
        ({"host": "mail.example.net", "username": "khata"}, "belong together"),
        ({"host": "mail.example.net", "bounce_domain": "bounces.example.net"}, "belong together"),
        ({"host": "mail.example.net", "bounce_domain": "b.example", "bounce_secret": "short"}, "16 or more"),
        ({"host": "mail.example.net", "bounce_domain": "no domain", "bounce_secret": SECRET}, "must be a domain"),
        ({"host": "mail.example.net", "ca_file": __file__}, "ca_file cannot be used"),
        ({"host": "127.0.0.1", "ca_file": __file__}, "ca_file is of no use"),
        ({"host": "mail.example.net", "colour": "red"}, "unknown: colour"),
        ({}, "host must be"),
    ],
)
def test_settings_that_cannot_work_are_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        settings_of("post", table, is_sandbox=False)


def test_off_loopback_starttls_is_the_default() -> None:
    assert settings_of("post", {"host": "mail.example.net"}, is_sandbox=False).tls == "starttls"
    assert settings_of("post", {"host": "127.0.0.1"}, is_sandbox=False).tls == "none"


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for 127.0.0.1, signed by itself, and that certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "mail.pem", folder / "mail.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
