"""The mails of auto top-up: before a debit, after one that did not succeed, and on a pause; each says how to stop."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from khata.billing import queries
from khata.billing.core.auto_top_up import AutoTopUpState, PauseReason
from khata.billing.queries import auto_top_ups
from khata.billing.queries.auto_top_ups import AutoTopUpRow
from khata.kernel.credits import credits_text
from khata.kernel.money import group_indian
from khata.tenancy import queries as tenancy

_PAUSED = {
    PauseReason.DECLINED: "Three payments in a row did not succeed",
    PauseReason.CAP_REACHED: "This month's cap is reached",
    PauseReason.TAKEN_BACK: "An automatic payment was refunded or is disputed",
    PauseReason.UNCLEAR: "An automatic payment is being checked by the operator",
    PauseReason.ABOVE_MANDATE: "A payment would be more than your bank allows at once",
}
_GOES_ON = {
    PauseReason.CAP_REACHED: "It goes on by itself when the month ends, or when you raise the cap.",
    PauseReason.ABOVE_MANDATE: "Choose a smaller amount, or stop it and set it up again.",
}
_BY_HAND = "It goes on when you say so on that page."


def send_charge_notice(*, top_up_id: UUID) -> None:
    """Before a debit that takes its time to arrive; not where it is over already."""
    top_up = queries.top_up_for_anyone(top_up_id=top_up_id)
    if not top_up.state.is_open:
        return
    amount = _money(top_up.total_minor)
    day = _day(top_up.organisation_id, auto_top_ups.arrives_by(top_up))
    text = [
        f"Your credits are running low, so auto top-up charges {amount} (tax included) by {day}.",
        f"It buys {_credits(top_up.credits_micro)}.",
        "",
        "Your bank tells you of it as well. Until it is debited you can stop it:",
        _address(),
        "",
        f"Top-up: {top_up.public_id}",
    ]
    _send(top_up.organisation_id, f"Auto top-up: {amount} will be charged by {day}", text)


def send_auto_top_up_mail(*, auto_top_up_id: UUID) -> None:
    """How it stands now, where that is news: paused, or on and waiting to try again."""
    organisation_id, row = auto_top_ups.auto_top_up_for_anyone(auto_top_up_id=auto_top_up_id)
    if row.state is AutoTopUpState.PAUSED and row.pause_reason is not None:
        _send(organisation_id, "Auto top-up is paused", _paused_text(row, row.pause_reason))
    elif row.state is AutoTopUpState.ON and row.next_try_at is not None:
        text = _declined_text(organisation_id, row, row.next_try_at)
        _send(organisation_id, f"Auto top-up: a payment of {_money(row.total_minor)} did not succeed", text)


def _paused_text(row: AutoTopUpRow, reason: PauseReason) -> list[str]:
    return [
        f"Auto top-up is paused. {_PAUSED[reason]}.",
        *_problem(row),
        f"Taken this month: {_money(row.taken_minor)} of at most {_money(row.cap_minor)}.",
        "",
        "Nothing is charged by itself now, so credits can run out. Top up by hand if you need more.",
        _GOES_ON.get(reason, _BY_HAND),
        _address(),
    ]


def _declined_text(organisation_id: int, row: AutoTopUpRow, next_try_at: datetime) -> list[str]:
    local = next_try_at.astimezone(_zone(organisation_id))
    return [
        f"An automatic payment of {_money(row.total_minor)} did not succeed. No credits were added.",
        *_problem(row),
        "",
        f"The next try is not before {local:%H:%M} on {_day(organisation_id, next_try_at)}. After three it pauses.",
        "To stop it, or to top up by hand:",
        _address(),
    ]


def _problem(row: AutoTopUpRow) -> list[str]:
    return [f"The gateway says: {row.problem}"] if row.problem else []


def _send(organisation_id: int, subject: str, text: list[str]) -> None:
    """To the organisation's owner; an organisation without one gets none. Raises what the mail server raises."""
    recipient = tenancy.owner_email(organisation_id=organisation_id)
    if recipient:
        headers = {"Auto-Submitted": "auto-generated"}
        EmailMessage(subject, "\n".join(text) + "\n", to=[recipient], headers=headers).send()


def _address() -> str:
    return f"{settings.ENVIRONMENT.base_url}{reverse('auto_top_up')}"


def _day(organisation_id: int, at: datetime) -> str:
    local = at.astimezone(_zone(organisation_id))
    return f"{local.day} {local:%B %Y}"


def _zone(organisation_id: int) -> ZoneInfo:
    return ZoneInfo(tenancy.organisation(organisation_id=organisation_id).time_zone)


def _credits(amount_micro: int) -> str:
    whole, point, fraction = credits_text(amount_micro).partition(".")
    return f"{group_indian(int(whole))}{point}{fraction} credits"


def _money(amount_minor: int) -> str:
    return f"₹{group_indian(amount_minor // 100)}.{amount_minor % 100:02d}"
