"""The mails about plans: the next month wants paying, or was not paid. To the organisation's owner."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from khata.billing import queries
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import Subscription
from khata.kernel.credits import credits_text
from khata.kernel.money import group_indian, money_text
from khata.tenancy import queries as tenancy


def send_renewal_mail(*, top_up_id: UUID) -> None:
    """With the way to pay; none where it is paid or taken back already. Raises what the mail server raises."""
    top_up = queries.top_up_for_anyone(top_up_id=top_up_id)
    row = Subscription.objects.filter(renewal_id=top_up_id).first()
    if row is None or row.paid_until is None or top_up.state is not TopUpState.CREATED:
        return
    day = _day(row.paid_until, row.organisation_id)
    lines = [
        f"Your plan {row.plan.name} ends on {day}.",
        "",
        f"{top_up.plan_name} for the month after it, {_credits(top_up.credits_micro)} credits included:",
        f"Amount: {_money(top_up.amount_minor)}",
        *(f"{line.label}: {_money(line.amount_minor)}" for line in top_up.tax_lines),
        f"Total: {_money(top_up.total_minor)}",
        "",
        "Pay here:",
        _address("payment", top_up.id),
        "",
        "Nothing is charged by itself. If it is not paid by then you pay as you go, at the price without a plan.",
        "Credits you bought stay as they are. Included credits expire with their month.",
        "",
        f"Change or cancel: {_address('plan')}",
    ]
    _send(row.organisation_id, f"Your plan ends on {day}: {_money(top_up.total_minor)} for the next month", lines)


def send_plan_lapsed_mail(*, subscription_id: UUID) -> None:
    """Raises what the mail server raises."""
    row = Subscription.objects.select_related("plan").get(id=subscription_id)
    assert row.paid_until is not None
    lines = [
        f"Your plan {row.plan.name} ended on {_day(row.paid_until, row.organisation_id)}, since the next month was not",
        "paid.",
        "",
        "From now on you pay as you go. Sending goes on while there are credits; those you bought stay as they are.",
        "",
        f"Choose a plan again: {_address('plan')}",
        "A payment that arrives late starts a fresh month on the day it arrives.",
    ]
    _send(row.organisation_id, f"Your plan {row.plan.name} has ended: you pay as you go now", lines)


def _send(organisation_id: int, subject: str, lines: list[str]) -> None:
    recipient = tenancy.owner_email(organisation_id=organisation_id)
    if recipient:
        headers = {"Auto-Submitted": "auto-generated"}
        EmailMessage(subject, "\n".join(lines) + "\n", to=[recipient], headers=headers).send()


def _address(page: str, *arguments: object) -> str:
    return f"{settings.ENVIRONMENT.base_url}{reverse(page, args=arguments)}"


def _day(at: datetime, organisation_id: int) -> str:
    zone = ZoneInfo(tenancy.organisation(organisation_id=organisation_id).time_zone)
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _credits(credits_micro: int) -> str:
    whole, point, fraction = credits_text(credits_micro).partition(".")
    return group_indian(int(whole)) + point + fraction


def _money(amount_minor: int) -> str:
    whole, point, fraction = money_text(amount_minor).partition(".")
    return f"₹{group_indian(int(whole))}{point}{fraction}"
