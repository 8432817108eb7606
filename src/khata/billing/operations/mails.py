"""The mails about money: a top-up was paid, a part of it went back. Each brings its paper."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.mail import EmailMessage

from khata.billing import queries
from khata.billing.core.invoices import TaxDocument
from khata.billing.queries import TopUpRow
from khata.billing.queries import invoices as documents
from khata.kernel.credits import credits_text
from khata.kernel.money import group_indian, money_text
from khata.tenancy import queries as tenancy

_PDF = "application/pdf"
_MINUS = "\u2212"


def send_top_up_mail(*, top_up_id: UUID) -> None:
    """To the organisation's owner; an organisation without one gets none. Raises what the mail server raises."""
    top_up = queries.top_up_for_anyone(top_up_id=top_up_id)
    _send(top_up.organisation_id, _subject(top_up), _text(top_up), documents.invoice_of(top_up_id=top_up_id))


def send_credit_note_mail(*, document_id: UUID) -> None:
    """The same for a credit note."""
    note = documents.tax_document_for_anyone(document_id=document_id)
    subject = f"{_money(note.total_minor)} went back to you: credit note {note.number}"
    _send(note.organisation_id, subject, _credit_note_text(note), note)


def _send(organisation_id: int, subject: str, text: Sequence[str], document: TaxDocument | None) -> None:
    recipient = tenancy.owner_email(organisation_id=organisation_id)
    if not recipient:
        return
    headers = {"Auto-Submitted": "auto-generated"}
    mail = EmailMessage(subject, "\n".join(text) + "\n", to=[recipient], headers=headers)
    if document is not None:
        mail.attach(document.file_name, documents.document_pdf(document), _PDF)
    mail.send()


def _subject(top_up: TopUpRow) -> str:
    if top_up.plan_name:
        return f"Payment Successful: plan {top_up.plan_name} ({_money(top_up.total_minor)})"
    return f"Payment Successful: {_credits(top_up)} credits added ({_money(top_up.total_minor)})"


def _text(top_up: TopUpRow) -> list[str]:
    payment = top_up.credited_payment
    lines = [
        "Payment Successful" + (", confirmed late by your bank" if top_up.is_paid_late else ""),
        "",
        *_what_it_brought(top_up),
        "",
        f"Amount: {_money(top_up.amount_minor)}",
        *(f"{line.label}: {_money(line.amount_minor)}" for line in top_up.tax_lines),
        f"Total: {_money(top_up.total_minor)}",
        "",
        f"Top-up: {top_up.public_id}",
    ]
    if payment is not None:
        lines.append(f"Payment: {payment.payment_ref}")
    if payment is not None and payment.bank_ref:
        lines.append(f"Bank reference: {payment.bank_ref}")
    if top_up.is_automatic:
        lines.append("Charged by auto top-up, which you can stop at any time on its page under Billing.")
    if top_up.invoice is not None:
        lines.append(f"Invoice: {top_up.invoice.number} (attached)")
    return lines


def _what_it_brought(top_up: TopUpRow) -> list[str]:
    if top_up.plan_name and top_up.plan_ends_at is not None:
        zone = ZoneInfo(tenancy.organisation(organisation_id=top_up.organisation_id).time_zone)
        ends_at = top_up.plan_ends_at.astimezone(zone)
        day = f"{ends_at.day} {ends_at:%B %Y}"
        return [
            f"Your plan {top_up.plan_name} runs until {day}.",
            f"{_credits(top_up)} included credits were added. What is left of them then expires.",
        ]
    bonus = f" and {_credit_count(top_up.bonus_micro)} bonus credits" if top_up.bonus_micro else ""
    return [f"{_credits(top_up)} credits{bonus} were added."]


def _credit_note_text(note: TaxDocument) -> list[str]:
    assert note.corrects is not None
    return [
        f"{_money(note.total_minor)} of your payment went back.",
        "",
        f"Amount: {_money(note.taxable_minor)}",
        *(f"{line.label}: {_money(line.amount_minor)}" for line in note.tax_lines),
        *([f"Rounding: {_money(note.rounding_minor)}"] if note.rounding_minor else []),
        f"Total: {_money(note.total_minor)}",
        "",
        f"Credits taken back: {_credit_count(note.credits_micro)}",
        f"Payment: {note.payment_ref}",
        f"Credit note: {note.number} (attached), for invoice {note.corrects.number}",
    ]


def _credits(top_up: TopUpRow) -> str:
    return _credit_count(top_up.credits_micro)


def _credit_count(credits_micro: int) -> str:
    whole, point, fraction = credits_text(credits_micro).partition(".")
    return group_indian(int(whole)) + point + fraction


def _money(amount_minor: int) -> str:
    whole, point, fraction = money_text(abs(amount_minor)).partition(".")
    return f"{_MINUS if amount_minor < 0 else ''}₹{group_indian(int(whole))}{point}{fraction}"
