"""A top-up as customers' programs see it: the API answers with it, webhooks carry it."""

from datetime import datetime
from typing import Any

from django.conf import settings

from khata.billing.queries import PaymentRow, RefundRow, TopUpRow
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.kernel.money import money_text
from khata.payments.ways import PayBy


def top_up_object(top_up: TopUpRow) -> dict[str, Any]:
    """Fit for JSON: money and credits as decimal strings, times as RFC 3339."""
    return {
        "id": top_up.public_id,
        "status": top_up.state.value,
        "purpose": top_up.purpose.value,
        "amount": money_text(top_up.amount_minor),
        "tax": money_text(top_up.tax_minor),
        "total": money_text(top_up.total_minor),
        "currency": top_up.currency,
        "credits": credits_text(top_up.credits_micro),
        "bonus_credits": credits_text(top_up.bonus_micro),
        "gateway": top_up.gateway_code,
        "pay_by": top_up.pay_by.value,
        "checkout_url": _checkout_url(top_up),
        "upi_uri": top_up.upi_uri or None,
        "created_at": rfc3339(top_up.created_at),
        "expires_at": rfc3339(top_up.expires_at),
        "paid_at": _instant(top_up.paid_at),
        "payments": [_payment_object(payment) for payment in top_up.payments],
        "refunds": [refund_object(refund) for refund in top_up.refunds],
        "invoice_id": top_up.invoice.public_id if top_up.invoice else None,
    }


def refund_object(refund: RefundRow) -> dict[str, Any]:
    return {
        "id": refund.public_id,
        "status": refund.state.value,
        "amount": money_text(refund.amount_minor),
        "tax": money_text(refund.tax_minor),
        "credits": credits_text(refund.credits_micro),
        "reason": refund.reason,
        "reference": refund.refund_ref,
        "bank_reference": refund.bank_ref or None,
        "created_at": rfc3339(refund.created_at),
        "finished_at": _instant(refund.ended_at),
    }


def _payment_object(payment: PaymentRow) -> dict[str, Any]:
    return {
        "reference": payment.payment_ref,
        "status": str(payment.status),
        "method": str(payment.method),
        "amount": money_text(payment.amount_minor),
        "bank_reference": payment.bank_ref or None,
        "created_at": rfc3339(payment.created_at),
    }


def _checkout_url(top_up: TopUpRow) -> str:
    """Where the payer pays: a payment link itself, the page that shows a QR code, or the way to the gateway."""
    if top_up.pay_by is PayBy.LINK and top_up.pay_url:
        return top_up.pay_url
    page = f"{settings.KHATA_BASE_URL}/billing/payments/{top_up.public_id}/"
    return f"{page}checkout/" if top_up.pay_by is PayBy.CHECKOUT else page


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
