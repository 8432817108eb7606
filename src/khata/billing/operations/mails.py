"""The mail that says a top-up was paid."""

from uuid import UUID

from django.core.mail import EmailMessage

from khata.billing import queries
from khata.billing.queries import TopUpRow
from khata.kernel.credits import credits_text
from khata.kernel.money import group_indian, money_text
from khata.tenancy import queries as tenancy


def send_top_up_mail(*, top_up_id: UUID) -> None:
    """To the organisation's owner; an organisation without one gets none. Raises what the mail server raises."""
    top_up = queries.top_up_for_anyone(top_up_id=top_up_id)
    recipient = tenancy.owner_email(organisation_id=top_up.organisation_id)
    if recipient:
        headers = {"Auto-Submitted": "auto-generated"}
        EmailMessage(_subject(top_up), _text(top_up), to=[recipient], headers=headers).send()


def _subject(top_up: TopUpRow) -> str:
    return f"Payment Successful: {_credits(top_up)} credits added ({_money(top_up.total_minor)})"


def _text(top_up: TopUpRow) -> str:
    payment = top_up.credited_payment
    lines = [
        "Payment Successful" + (", confirmed late by your bank" if top_up.is_paid_late else ""),
        "",
        f"{_credits(top_up)} credits were added.",
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
    return "\n".join(lines) + "\n"


def _credits(top_up: TopUpRow) -> str:
    whole, point, fraction = credits_text(top_up.credits_micro).partition(".")
    return group_indian(int(whole)) + point + fraction


def _money(amount_minor: int) -> str:
    whole, point, fraction = money_text(amount_minor).partition(".")
    return f"₹{group_indian(int(whole))}{point}{fraction}"
