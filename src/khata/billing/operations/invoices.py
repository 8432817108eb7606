"""Issuing tax documents: an invoice in the transaction that credits a top-up, a credit note in the one that settles a
refund or a lost dispute. Each exactly once, with the next number of its series, which a rollback gives back.

Call them last: the number is drawn under a lock that all organisations share until the commit.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from khata.billing.configuration import invoice_configuration
from khata.billing.core.invoices import DocumentKind, Party
from khata.billing.core.numbering import IST, document_number, financial_year
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.refund_amounts import Bought, RefundShare, money_left, share_of
from khata.billing.core.tax import TaxLine, tax_taken_back
from khata.billing.models import Dispute, Refund, TaxDocument, TopUp
from khata.billing.operations.deferral import SEND_CREDIT_NOTE_MAIL, defer
from khata.kernel.credits import credits_text
from khata.kernel.money import group_indian
from khata.kernel.transactions import in_transaction
from khata.tenancy.configuration import tax_scheme
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.models import Organisation

_DRAW = """
insert into billing_documentseries (mode, prefix, financial_year, last_serial, last_issued_at)
values (%s, %s, %s, 1, %s)
on conflict (mode, prefix, financial_year) do update
   set last_serial = billing_documentseries.last_serial + 1,
       last_issued_at = greatest(billing_documentseries.last_issued_at, excluded.last_issued_at)
returning id, last_serial, last_issued_at
"""
"""One statement, so that the first of a year waits for its rival like all others; a later number is never earlier."""


def frozen_parties(organisation: Organisation) -> dict[str, dict[str, str]]:
    """Supplier and customer as they stand now, for a top-up to keep until it is paid; of the customer only what the tax
    scheme asks for.
    """
    scheme = tax_scheme()
    customer = Party(
        name=organisation.legal_name,
        address=organisation.address,
        state_code=organisation.state_code if scheme.has_states else "",
        gstin="" if scheme is TaxScheme.NONE else organisation.gstin,
    )
    return {"supplier": asdict(invoice_configuration().supplier), "customer": asdict(customer)}


def issue_invoice(top_up: TopUp, now: datetime) -> None:
    """The invoice of a top-up that is being credited, unless it has one. The caller holds the top-up's lock."""
    if TaxDocument.objects.filter(top_up=top_up, kind=DocumentKind.INVOICE).exists():
        return
    configuration = invoice_configuration()
    invoice = TaxDocument(
        kind=DocumentKind.INVOICE,
        mode=top_up.mode,
        organisation_id=top_up.organisation_id,
        top_up=top_up,
        country=configuration.country,
        supplier=top_up.parties["supplier"],
        customer=top_up.parties["customer"],
        place_of_supply=top_up.parties["customer"]["state_code"],
        service_code=configuration.service_code,
        description=_description(top_up),
        credits_micro=top_up.credits_micro,
        currency=top_up.currency,
        taxable_minor=top_up.amount_minor,
        tax_lines=top_up.tax_lines,
        tax_minor=top_up.tax_minor,
        total_minor=top_up.total_minor,
        payment_ref=_payment_ref(top_up),
    )
    _save_numbered(invoice, configuration.invoice_prefix, now)


def issue_credit_note(cause: Refund | Dispute, now: datetime) -> None:
    """The credit note of a processed refund or a lost dispute, unless it has one. The caller holds the top-up's lock.

    A payment that was never invoiced (one captured beside the credited one, say) has nothing to take back from.
    """
    payment_ref = cause.attempt.payment_ref
    of_top_up = list(TaxDocument.objects.filter(top_up_id=cause.top_up_id))
    invoice = next((d for d in of_top_up if d.kind == DocumentKind.INVOICE and d.payment_ref == payment_ref), None)
    earlier = [document for document in of_top_up if document.kind == DocumentKind.CREDIT_NOTE]
    if invoice is None or any(cause.id in (note.refund_id, note.dispute_id) for note in earlier):
        return
    share = _share(cause, invoice, earlier)
    if share is None:
        return
    note = _credit_note(invoice, share, tax_before_minor=sum(_tax_in(note) for note in earlier))
    note.refund, note.dispute = (cause, None) if isinstance(cause, Refund) else (None, cause)
    _save_numbered(note, invoice_configuration().credit_note_prefix, now)
    defer(SEND_CREDIT_NOTE_MAIL, note.id)


def _share(cause: Refund | Dispute, invoice: TaxDocument, earlier: Sequence[TaxDocument]) -> RefundShare | None:
    """What goes back. A refund knows its tax; a dispute takes what the notes so far have left, if anything."""
    if isinstance(cause, Refund):
        return RefundShare(cause.amount_minor, cause.tax_minor, cause.credits_micro)
    bought = Bought(invoice.total_minor, invoice.tax_minor, invoice.credits_micro)
    given_back = [RefundShare(note.total_minor, _tax_in(note), note.credits_micro) for note in earlier]
    amount_minor = min(cause.amount_minor, money_left(bought, given_back))
    if amount_minor <= 0:
        return None
    return replace(share_of(bought, given_back, amount_minor), credits_micro=cause.credits_micro)


def _tax_in(note: TaxDocument) -> int:
    return note.tax_minor + note.rounding_minor


def _credit_note(invoice: TaxDocument, share: RefundShare, *, tax_before_minor: int) -> TaxDocument:
    lines, rounding_minor = tax_taken_back(
        [TaxLine(**line) for line in invoice.tax_lines], tax_before_minor=tax_before_minor, tax_minor=share.tax_minor
    )
    return TaxDocument(
        kind=DocumentKind.CREDIT_NOTE,
        mode=invoice.mode,
        organisation_id=invoice.organisation_id,
        top_up_id=invoice.top_up_id,
        corrects=invoice,
        country=invoice.country,
        supplier=invoice.supplier,
        customer=invoice.customer,
        place_of_supply=invoice.place_of_supply,
        service_code=invoice.service_code,
        description=f"{_credits(share.credits_micro)} prepaid credits taken back",
        credits_micro=share.credits_micro,
        currency=invoice.currency,
        taxable_minor=share.amount_minor - share.tax_minor,
        tax_lines=[asdict(line) for line in lines],
        tax_minor=share.tax_minor - rounding_minor,
        rounding_minor=rounding_minor,
        total_minor=share.amount_minor,
        payment_ref=invoice.payment_ref,
    )


def _description(top_up: TopUp) -> str:
    credits = _credits(top_up.credits_micro)
    if top_up.purpose == TopUpPurpose.PLAN:
        period = top_up.plan_period
        first, last = (f"{at.astimezone(IST):%d %b %Y}" for at in (period.starts_at, period.ends_at))
        return f"Plan {period.plan.name}, {first} to {last}, with {credits} credits included"
    bonus = f", with {_credits(top_up.bonus_micro)} bonus credits" if top_up.bonus_micro else ""
    return f"{credits} prepaid credits for messages{bonus}"


def _payment_ref(top_up: TopUp) -> str:
    credited = top_up.attempts.filter(purchase_reference__isnull=False)
    return credited.values_list("payment_ref", flat=True).get()


def _save_numbered(document: TaxDocument, prefix: str, now: datetime) -> None:
    year = financial_year(now)
    with in_transaction() as connection:
        drawn = connection.execute(_DRAW, (document.mode, prefix, year, now)).fetchone()
        assert drawn is not None
        document.series_id, document.serial, document.issued_at = drawn
        document.number = document_number(prefix=prefix, year=year, serial=document.serial)
        document.save(force_insert=True)


def _credits(credits_micro: int) -> str:
    whole, point, fraction = credits_text(credits_micro).partition(".")
    return group_indian(int(whole)) + point + fraction
