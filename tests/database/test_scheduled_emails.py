"""E-mails for later: whole when their time comes, and not sent to who wants none by then."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest

from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.mail.core.composing import Attachment
from khata.mail.models import SuppressionReason
from khata.mail.operations import NewSuppression, note_suppressions
from khata.messaging import queries
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message
from khata.messaging.operations import MailParts, SendRequest, cancel_message, drop_sent_attachments, send_message
from khata.tenancy.models import Organisation
from tests.leases import claim_all, release_all
from tests.mails import verify_domain

TENTH = 100_000
TO = "Asha@example.org"
FILE = Attachment("bill.txt", "text/plain", b"Hello")


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


@pytest.fixture
def mailer(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 10)
    verify_domain(organisation.id, "acme.example")
    return organisation.id


def schedule(organisation_id: int, to: str = TO, *, has_unsubscribe: bool = True) -> UUID:
    parts = MailParts("Your order", "", (FILE,), has_unsubscribe)
    at = utc_now() + timedelta(days=1)
    request = SendRequest(to, "It is on its way.", "orders@acme.example", "email", mail=parts, scheduled_at=at)
    return send_message(organisation_id=organisation_id, request=request).id


def release(*message_ids: UUID) -> dict[UUID, ClaimedMessage]:
    """Their time comes; those that go, claimed."""
    Message.objects.filter(id__in=message_ids).update(due_at=utc_now())
    release_all()
    return {message.id: message for message in claim_all("email") if message.id in message_ids}


def suppress(organisation_id: int, reason: SuppressionReason) -> None:
    with in_transaction() as connection:
        note_suppressions(connection, [NewSuppression(organisation_id, TO.lower(), reason, "", None)])


def test_it_keeps_its_attachments_until_it_has_gone_and_is_dated_by_its_time(mailer: int) -> None:
    message_id = schedule(mailer)
    drop_sent_attachments()
    mail = release(message_id)[message_id].mail
    assert mail is not None
    assert b"bill.txt" in mail.octets
    scheduled_at = queries.message(organisation_id=mailer, message_id=message_id).scheduled_at
    assert scheduled_at is not None
    assert parsedate_to_datetime(message_from_bytes(mail.octets)["Date"]) == scheduled_at.replace(microsecond=0)


def test_one_that_is_cancelled_loses_its_attachments(mailer: int) -> None:
    message_id = schedule(mailer)
    cancel_message(organisation_id=mailer, message_id=message_id)
    assert drop_sent_attachments() >= 1
    assert balance(organisation_id=mailer).available == 100 * TENTH


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_nothing_goes_to_an_address_suppressed_meanwhile(mailer: int, reason: SuppressionReason) -> None:
    unwelcome, welcome = schedule(mailer), schedule(mailer, "bilal@example.org")
    suppress(mailer, reason)
    assert list(release(unwelcome, welcome)) == [welcome]
    found = queries.message(organisation_id=mailer, message_id=unwelcome)
    assert (found.status, found.error_code) == (MessageStatus.CANCELLED, Cancellation.RECIPIENT_SUPPRESSED)
    now = balance(organisation_id=mailer)
    assert (now.available, now.held) == (99 * TENTH, TENTH)


def test_what_was_asked_for_still_goes_to_who_unsubscribed_and_to_nobody_who_complained(mailer: int) -> None:
    first, second = (schedule(mailer, has_unsubscribe=False) for _ in range(2))
    suppress(mailer, SuppressionReason.UNSUBSCRIBE)
    assert list(release(first)) == [first]
    suppress(mailer, SuppressionReason.COMPLAINT)
    assert list(release(second)) == []
    assert queries.message(organisation_id=mailer, message_id=second).status is MessageStatus.CANCELLED
