"""Credit notes: one for each processed refund, against its invoice, to the paisa."""

from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from khata.billing.core.invoices import DocumentKind, TaxDocument
from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.core.tax import TaxLine
from khata.billing.models import PaymentAttempt, Refund
from khata.billing.models import TaxDocument as Row
from khata.billing.operations import settle_top_up
from khata.billing.operations.deferral import SEND_CREDIT_NOTE_MAIL
from khata.billing.operations.invoices import issue_credit_note
from khata.billing.operations.mails import send_credit_note_mail
from khata.billing.queries import TopUpRow
from khata.billing.queries import invoices as queries
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.payments.port import PaymentStatus
from khata.payments.reversals import DisputeStatus
from tests.database.billing import jobs
from tests.database.billing.staged_gateway import StagedGateway


@pytest.fixture
def paid(top_up: TopUpRow, gateway: StagedGateway) -> TopUpRow:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    return settle_top_up(top_up_id=top_up.id)


def refunded(
    top_up: TopUpRow, amount_minor: int, tax_minor: int, credits: int = 0, attempt: PaymentAttempt | None = None
) -> Refund:
    """A refund that the gateway has processed."""
    attempt = attempt or PaymentAttempt.objects.get(top_up_id=top_up.id, purchase_reference__isnull=False)
    return Refund.objects.create(
        top_up_id=top_up.id, attempt=attempt, origin=RefundOrigin.ASKED, state=RefundState.PROCESSED,
        amount_minor=amount_minor, tax_minor=tax_minor, credits_micro=credits * 1_000_000, gateway_code="razorpay",
        mode="test", refund_ref=f"rfnd_{uuid4().hex[:14]}", started_by="khata", reference=uuid4(), ended_at=utc_now(),
    )  # fmt: skip


def note_of(refund: Refund) -> TaxDocument:
    with in_transaction():
        issue_credit_note(refund, utc_now())
    return queries.tax_document_for_anyone(document_id=Row.objects.get(refund=refund).id)


def amounts(note: TaxDocument) -> list[int]:
    return [line.amount_minor for line in note.tax_lines]


def test_four_hundred_credits_worth_give_their_credit_note(paid: TopUpRow) -> None:
    note = note_of(refunded(paid, 9_440, 1_440, credits=400))
    invoice = queries.invoice_of(top_up_id=paid.id)
    assert invoice is not None
    assert (note.kind, note.number[:3]) == (DocumentKind.CREDIT_NOTE, "CN/")
    assert (note.taxable_minor, note.total_minor, note.rounding_minor) == (8_000, 9_440, 0)
    assert note.tax_lines == (TaxLine("CGST 9 %", 720), TaxLine("SGST 9 %", 720))
    assert note.description == "400 prepaid credits taken back"
    assert note.corrects is not None
    assert (note.corrects.number, note.corrects.issued_at) == (invoice.number, invoice.issued_at)
    assert (note.customer, note.supplier, note.place_of_supply, note.payment_ref) == (
        invoice.customer,
        invoice.supplier,
        invoice.place_of_supply,
        invoice.payment_ref,
    )


def test_odd_paise_are_rounded_in_sight_and_all_notes_together_are_the_invoice(paid: TopUpRow) -> None:
    parts = [(7, 1), (33_333, 5_085), (84_660, 12_914)]
    notes = [note_of(refunded(paid, *part)) for part in parts]
    assert [(amounts(note), note.rounding_minor) for note in notes] == [
        ([0, 0], 1),
        ([2_543, 2_543], -1),
        ([6_457, 6_457], 0),
    ]
    assert sum(note.total_minor for note in notes) == 118_000
    assert [sum(pair) for pair in zip(*map(amounts, notes), strict=True)] == [9_000, 9_000]
    for note in notes:
        assert note.taxable_minor + note.tax_minor + note.rounding_minor == note.total_minor


def test_a_refund_gets_one_credit_note_however_often_it_is_settled(paid: TopUpRow) -> None:
    refund = refunded(paid, 118_000, 18_000, credits=5_000)
    assert note_of(refund) == note_of(refund)


def test_the_database_itself_refuses_a_second_credit_note(paid: TopUpRow) -> None:
    row = Row.objects.get(id=note_of(refunded(paid, 1_180, 180)).id)
    row.pk, row.serial = uuid4(), row.serial + 1_000_000
    with pytest.raises(IntegrityError, match="refund_id"), transaction.atomic():
        row.save(force_insert=True)


def test_a_rollback_takes_note_number_and_mail_with_it(paid: TopUpRow) -> None:
    refund = refunded(paid, 1_180, 180)
    with in_transaction():
        issue_credit_note(refund, utc_now())
        lost = Row.objects.get(refund=refund)
        transaction.set_rollback(True)
    assert not Row.objects.filter(refund=refund).exists()
    assert jobs.waiting(lost.id) == []
    assert note_of(refund).number == lost.number


def test_a_surplus_payment_given_back_needs_no_credit_note(paid: TopUpRow, gateway: StagedGateway) -> None:
    surplus = gateway.stage(paid.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=paid.id)
    attempt = PaymentAttempt.objects.get(payment_ref=surplus.payment_ref)
    with in_transaction():
        issue_credit_note(refunded(paid, 118_000, 0, attempt=attempt), utc_now())
    assert not Row.objects.filter(top_up_id=paid.id, kind=DocumentKind.CREDIT_NOTE).exists()


def test_the_credit_note_is_mailed_with_its_pdf(paid: TopUpRow, asha: object) -> None:
    note = note_of(refunded(paid, 9_440, 1_440, credits=400))
    assert jobs.waiting(note.id) == [SEND_CREDIT_NOTE_MAIL]
    mail.outbox.clear()
    send_credit_note_mail(document_id=note.id)
    (message,) = mail.outbox
    assert message.subject == f"₹94.40 went back to you: credit note {note.number}"
    assert message.to == [str(asha)]
    assert "CGST 9 %: ₹7.20" in message.body
    assert "Credits taken back: 400" in message.body
    (name, content, media_type) = message.attachments[0]
    assert (name, media_type) == (note.file_name, "application/pdf")
    assert content == queries.document_pdf(note)


def test_the_payment_successful_mail_brings_the_invoice(paid: TopUpRow) -> None:
    mail.outbox.clear()
    jobs.run(paid.id)
    (message,) = mail.outbox
    invoice = queries.invoice_of(top_up_id=paid.id)
    assert invoice is not None
    assert f"Invoice: {invoice.number} (attached)" in message.body
    assert [attachment[0] for attachment in message.attachments] == [invoice.file_name]


def disputed(paid: TopUpRow, gateway: StagedGateway, amount_minor: int, status: DisputeStatus) -> list[TaxDocument]:
    """The top-up's credit notes, once that dispute has been settled twice."""
    assert paid.credited_payment is not None
    gateway.stage_dispute(paid.credited_payment.payment_ref, amount_minor, status)
    for _ in range(2):
        settle_top_up(top_up_id=paid.id)
    found = queries.tax_documents(organisation_id=paid.organisation_id).rows
    return [document for document in found if document.is_credit_note]


def test_a_lost_dispute_takes_back_the_whole_invoice(paid: TopUpRow, gateway: StagedGateway) -> None:
    (note,) = disputed(paid, gateway, 118_000, DisputeStatus.LOST)
    assert (note.taxable_minor, amounts(note), note.total_minor) == (100_000, [9_000, 9_000], 118_000)
    assert note.description == "5,000 prepaid credits taken back"


def test_a_lost_dispute_takes_back_no_more_than_refunds_have_left(paid: TopUpRow, gateway: StagedGateway) -> None:
    refund = note_of(refunded(paid, 33_333, 5_085, credits=1_412))
    note = disputed(paid, gateway, 118_000, DisputeStatus.LOST)[0]
    assert refund.total_minor + note.total_minor == 118_000
    assert [sum(pair) for pair in zip(amounts(refund), amounts(note), strict=True)] == [9_000, 9_000]
    assert refund.rounding_minor + note.rounding_minor == 0


@pytest.mark.parametrize("status", [status for status in DisputeStatus if status is not DisputeStatus.LOST])
def test_a_dispute_that_is_not_lost_takes_nothing_back(
    paid: TopUpRow, gateway: StagedGateway, status: DisputeStatus
) -> None:
    assert disputed(paid, gateway, 118_000, status) == []
