"""E-mails on their way out: composed and signed when claimed, ended by silence, their attachments dropped."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

import dkim
import pytest

from khata.carriers.port import Accepted, Feedback, Receipt, ReceiptState, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.mail import queries as mail_queries
from khata.mail.core.composing import Attachment
from khata.mail.core.records import RecordKind
from khata.mail.message_refs import MessageRef, read_ref, ref_text
from khata.mail.operations import remove_domain
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import MessageStatus
from khata.messaging.errors import NoRoute
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import AwaitedPart, MailAttachment, Message
from khata.messaging.operations import (
    Handed,
    MailParts,
    SendRequest,
    drop_sent_attachments,
    look_at_silent,
    quote_message,
    send_message,
    settle_news,
    unsubscribe,
)
from khata.tenancy.models import Organisation
from khata.workers.dispatcher import submissions_of
from tests.leases import claim_all
from tests.mails import verify_domain
from tests.routes import route_of, routes_in

TENTH = 100_000
FILE = Attachment("bill.txt", "text/plain", b"Hello")


@pytest.fixture
def mailer(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 10)
    verify_domain(organisation.id, "acme.example")
    return organisation.id


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


def send(organisation_id: int, to: str = "asha@example.org", *, has_unsubscribe: bool = True) -> UUID:
    parts = MailParts("Your order", "<p>On its way</p>", (FILE,), has_unsubscribe)
    request = SendRequest(to, "It is on its way.", "ACME <orders@acme.example>", "email", mail=parts)
    return send_message(organisation_id=organisation_id, request=request).id


def claimed(*message_ids: UUID) -> list[ClaimedMessage]:
    """Claims all that is due; these of it, in this order."""
    found = {message.id: message for message in claim_all("email")}
    return [found[message_id] for message_id in message_ids]


def hand_over(message_id: UUID) -> str:
    """Taken by the mail server; the reference its bounce would name."""
    [message] = claimed(message_id)
    assert message.mail is not None
    ref = message.mail.ref
    settle_news([Handed(message, "smtp", decide_hand_over([Accepted(ref)], 1))])
    return ref


def status(organisation_id: int, message_id: UUID) -> MessageStatus:
    return queries.message(organisation_id=organisation_id, message_id=message_id).status


def is_signed(octets: bytes, organisation_id: int) -> bool:
    [domain] = mail_queries.domains(organisation_id=organisation_id)
    texts = {record.name: record.value for record, _ in domain.records if record.kind is RecordKind.DKIM}
    return bool(dkim.verify(octets, dnsfunc=lambda name, timeout=0: texts[name.decode().rstrip(".")].encode()))


def test_a_claimed_email_is_whole_and_signed(mailer: int) -> None:
    [message] = claimed(send(mailer))
    assert message.mail is not None
    octets = message.mail.octets
    assert is_signed(octets, mailer)
    mail = message_from_bytes(octets, _class=EmailMessage, policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "ACME <orders@acme.example>",
        "asha@example.org",
        "Your order",
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(mail["List-Unsubscribe"]).startswith("<http://localhost:8000/unsubscribe/")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == ("It is on its way.", "<p>On its way</p>")
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("bill.txt", "Hello")


def test_without_a_way_out_no_header_offers_one(mailer: int) -> None:
    [message] = claimed(send(mailer, has_unsubscribe=False))
    assert message.mail is not None
    assert b"unsubscribe" not in message.mail.octets.lower()
    assert is_signed(message.mail.octets, mailer)


def test_an_email_whose_domain_was_removed_is_not_made_ready(mailer: int) -> None:
    message_id = send(mailer)
    [domain] = mail_queries.domains(organisation_id=mailer)
    remove_domain(organisation_id=mailer, domain_id=domain.id)
    [message] = claimed(message_id)
    assert message.mail is None
    with pytest.raises(LookupError, match="removed"):
        submissions_of(message, is_whole=True)


def test_silence_for_three_days_means_that_it_arrived(mailer: int) -> None:
    message_id = send(mailer)
    hand_over(message_id)
    assert status(mailer, message_id) is MessageStatus.SUBMITTED
    long_ago = utc_now() - timedelta(hours=73)
    AwaitedPart.objects.filter(message_id=message_id).update(submitted_at=long_ago, due_at=long_ago)
    look_at_silent(askable=(), ask_max=0)
    assert status(mailer, message_id) is MessageStatus.DELIVERED
    assert balance(organisation_id=mailer).available == 10_000_000 - TENTH


def test_an_answer_that_was_lost_is_no_delivery_and_its_credits_stay_held(mailer: int) -> None:
    message_id = send(mailer)
    [message] = claimed(message_id)
    settle_news([Handed(message, "smtp", decide_hand_over([Unknown("lost")], 1))])
    assert status(mailer, message_id) is MessageStatus.UNKNOWN
    assert balance(organisation_id=mailer).held == TENTH


def test_a_bounce_ends_it_and_suppresses_its_address(mailer: int) -> None:
    message_id = send(mailer, "Gone@example.org")
    ref = hand_over(message_id)
    now = utc_now()
    receipt = Receipt("smtp", ref, ReceiptState.UNDELIVERED, "5.1.1", "raw", now)
    settle_news([receipt, Feedback("smtp", ref, "bounce", "no such mailbox", now)])
    settle_news([receipt, Feedback("smtp", ref, "bounce", "no such mailbox", now)])
    assert status(mailer, message_id) is MessageStatus.UNDELIVERED
    [row] = mail_queries.suppressions(organisation_id=mailer).rows
    assert (row.address, row.reason, row.detail, row.message_id) == (
        "gone@example.org", "bounce", "no such mailbox", message_id,
    )  # fmt: skip


@pytest.mark.parametrize("purpose", ["bounce", "unsubscribe"])
def test_a_reference_nobody_was_given_changes_nothing(mailer: int, purpose: str) -> None:
    ref = MessageRef(mailer, send(mailer))
    good = ref_text("bounce", ref) if purpose == "bounce" else ref_text("unsubscribe", ref)
    crossed = ref_text("unsubscribe", ref) if purpose == "bounce" else ref_text("bounce", ref)
    forged = good[:-1] + ("a" if good[-1] != "a" else "b")
    for text in (crossed, forged, "", "x" * 56, good[:-1], good + "a", "é" * 56):
        if purpose == "bounce":
            settle_news([Feedback("smtp", text, "complaint", "", utc_now())])
        else:
            assert unsubscribe(text) is None
    assert mail_queries.suppressions(organisation_id=mailer).rows == []


def test_a_reference_reads_as_it_was_written() -> None:
    ref = MessageRef(2**63 - 1, UUID(int=2**128 - 1))
    text = ref_text("bounce", ref)
    assert len(text) == 56
    assert (read_ref("bounce", text), read_ref("bounce", text.upper())) == (ref, ref)


@pytest.mark.parametrize(
    ("sender", "route"), [("ACME <orders@acme.example>", "orders"), (None, "default"), ("x@acme.example", None)]
)
def test_an_email_takes_the_route_of_its_senders_address(mailer: int, sender: str | None, route: str | None) -> None:
    routes = {
        "orders": route_of(channel="email", senders=("orders@acme.example",)),
        "default": route_of(channel="email", senders=("no-reply@acme.example",)),
    }
    request = SendRequest("asha@example.org", "It is on its way.", sender, "email", mail=MailParts("Your order"))
    with routes_in(*routes.values()):
        if route is None:
            with pytest.raises(NoRoute):
                send_message(organisation_id=mailer, request=request)
        else:
            sent = send_message(organisation_id=mailer, request=request)
            assert [one.id for one in claim_all(routes[route].name)] == [sent.id]


def test_an_email_whose_default_sender_no_route_takes_is_refused(mailer: int) -> None:
    request = SendRequest("asha@example.org", "It is on its way.", None, "email", mail=MailParts("Your order"))
    with routes_in(route_of(channel="email", senders=("orders@acme.example",))):
        with pytest.raises(NoRoute):
            send_message(organisation_id=mailer, request=request)
        with pytest.raises(NoRoute):
            quote_message(request, organisation_id=mailer)
        assert quote_message(request).credits_micro == TENTH
    assert balance(organisation_id=mailer).available == 10_000_000


def test_the_senders_own_log_does_not_show_what_would_prove_a_bounce(mailer: int) -> None:
    message_id = send(mailer)
    ref = hand_over(message_id)
    shown = queries.message(organisation_id=mailer, message_id=message_id)
    assert ref not in repr(shown)
    assert all(ref not in step.detail for step in shown.timeline)


def test_attachments_are_kept_until_no_hand_over_is_left(mailer: int) -> None:
    sent, lost = send(mailer), send(mailer)
    taken, doubtful = claimed(sent, lost)
    assert taken.mail is not None
    settle_news(
        [
            Handed(taken, "smtp", decide_hand_over([Accepted(taken.mail.ref)], 1)),
            Handed(doubtful, "smtp", decide_hand_over([Unknown("lost")], 1)),
        ]
    )
    waiting = send(mailer)
    drop_sent_attachments()
    kept = set(MailAttachment.objects.filter(organisation_id=mailer).values_list("message_id", flat=True))
    assert kept == {waiting, lost}
    with in_transaction():
        Message.objects.filter(organisation_id=mailer).update(due_at=utc_now() + timedelta(days=1))
