"""The mails: written when the notice is made, so that what was told is what the notice keeps; sent by a job."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from khata.billing import queries as billing
from khata.billing.queries import TopUpPurpose, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.credits import MICRO_PER_CREDIT, credits_text
from khata.kernel.money import RUPEE_MINOR, group_indian, money_text
from khata.ledger.standings import ExpiringLot
from khata.notices import queries
from khata.notices.core.kinds import NoticeKind
from khata.notices.core.outlook import Outlook
from khata.notices.models import Notice
from khata.notices.one_tap import VALID_FOR, OneTap, one_tap_address
from khata.notices.operations.deferral import send_notice_later
from khata.pricing import queries as pricing
from khata.tenancy import queries as tenancy
from khata.webhooks.operations import DisabledEndpoint

SUGGESTED_MINOR = 1_000 * RUPEE_MINOR
"""What a link suggests to who has never paid."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def low_letter(organisation_id: int, outlook: Outlook) -> Letter:
    organisation = tenancy.organisation(organisation_id=organisation_id)
    left, runway = _credits(outlook.available), outlook.runway_words
    lines = [
        f"{organisation.name} has {left} left.",
        *([f"At the last 7 days' rate that lasts {runway}."] if runway else []),
        "",
        "At 0 sending stops: new messages are refused until there are credits again. What was accepted is still sent.",
        "",
        *_way_to_top_up(organisation_id),
        f"You get this mail because the balance fell below {_credits(outlook.level)}.",
        *_way_to_settings(),
    ]
    return Letter(f"Credits low: {left} left" + (f", {runway}" if runway else ""), _joined(lines))


def emptied_letter(organisation_id: int, emptied_at: datetime) -> Letter:
    """`emptied_at` is told in the organisation's own time."""
    organisation = tenancy.organisation(organisation_id=organisation_id)
    local = emptied_at.astimezone(ZoneInfo(organisation.time_zone))
    lines = [
        f"{organisation.name} has no credits left.",
        f"Sending stopped at {local:%H:%M} on {_day(local)} ({organisation.time_zone}).",
        "",
        "New messages are refused until there are credits again. What was accepted is still sent.",
        "",
        *_way_to_top_up(organisation_id),
        "You get this mail because the balance fell to 0.",
        *_way_to_settings(),
    ]
    return Letter(f"Sending stopped at {local:%H:%M}: no credits left", _joined(lines))


def expiry_letter(lot: ExpiringLot) -> Letter:
    organisation = tenancy.organisation(organisation_id=lot.organisation_id)
    local = lot.expires_at.astimezone(ZoneInfo(organisation.time_zone))
    amount = _credits(lot.remaining)
    lines = [
        f"{amount} of {organisation.name} expire on {_day(local)} at {local:%H:%M} ({organisation.time_zone}).",
        "",
        "Credits that expire first are used first, so there is nothing to do if you send enough until then.",
        "",
        f"All credits: {_address('billing')}",
        "",
        "This mail cost no credits.",
    ]
    return Letter(f"{amount} expire on {_day(local)}", _joined(lines))


def disabled_endpoint_letter(endpoint: DisabledEndpoint) -> Letter:
    organisation = tenancy.organisation(organisation_id=endpoint.organisation_id)
    lines = [
        f"Khata sends no more events of {organisation.name} to",
        endpoint.url,
        "",
        _why_disabled(endpoint, ZoneInfo(organisation.time_zone)),
        "",
        "Messages are sent and credits are used as before: only your program does not hear of it.",
        "Once it answers again, enable the endpoint here:",
        _address("webhooks"),
        "",
        "This mail cost no credits.",
    ]
    return Letter("A webhook endpoint of yours is disabled", _joined(lines))


def _why_disabled(endpoint: DisabledEndpoint, zone: ZoneInfo) -> str:
    if endpoint.is_gone:
        return "It answered 410 Gone, which asks for exactly that."
    assert endpoint.failing_since is not None
    since = endpoint.failing_since.astimezone(zone)
    return f"Since {since:%H:%M} on {_day(since)} every attempt has failed."


def make_notice(
    *, organisation_id: int, kind: NoticeKind, letter: Letter, lot_id: int | None = None, mark_days: int | None = None
) -> bool:
    """The notice and, where there is somebody to tell, its mail deferred; inside the caller's transaction.

    False where this very notice of an expiry is there already.
    """
    notice = Notice(
        organisation_id=organisation_id,
        kind=kind.value,
        recipients=queries.recipients(organisation_id=organisation_id),
        subject=letter.subject,
        text=letter.text,
        lot_id=lot_id,
        mark_days=mark_days,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    is_new = Notice.objects.filter(id=notice.id).exists()
    if is_new and notice.recipients:
        send_notice_later(notice.id)
    return is_new


def send_notice(*, notice_id: UUID) -> None:
    """Once it is sent, not again. Raises what the mail server raises."""
    notice = Notice.objects.get(id=notice_id)
    if notice.sent_at is not None:
        return
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(notice.subject, notice.text, to=notice.recipients, headers=headers).send()
    Notice.objects.filter(id=notice_id).update(sent_at=utc_now())


def _way_to_top_up(organisation_id: int) -> list[str]:
    amount_minor = _suggested_minor(organisation_id)
    buys = _credits(billing.credit_price(organisation_id=organisation_id).credits_for(amount_minor))
    return [
        f"Top up ₹{_rupees(amount_minor)} for {buys}:",
        one_tap_address(OneTap(organisation_id, amount_minor)),
        "",
        f"It opens Add Credits with this amount filled in, for {VALID_FOR.days} days. It pays nothing by itself.",
        "",
    ]


def _suggested_minor(organisation_id: int) -> int:
    """The last paid amount, within today's limits."""
    paid = billing.top_ups(
        organisation_id=organisation_id, limit=1, states=(TopUpState.PAID,), purpose=TopUpPurpose.CREDITS
    ).rows
    price = pricing.credit_price()
    wished = paid[0].amount_minor if paid else SUGGESTED_MINOR
    return min(max(wished, price.minimum_minor), price.maximum_minor)


def _way_to_settings() -> list[str]:
    return [f"When you are told: {_address('alerts')}", "This mail cost no credits."]


def _address(page: str) -> str:
    return f"{settings.ENVIRONMENT.base_url}{reverse(page)}"


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _credits(amount_micro: int) -> str:
    whole, point, fraction = credits_text(amount_micro).partition(".")
    return f"{group_indian(int(whole))}{point}{fraction} {'credit' if amount_micro == MICRO_PER_CREDIT else 'credits'}"


def _rupees(amount_minor: int) -> str:
    whole, _, fraction = money_text(amount_minor).partition(".")
    return group_indian(int(whole)) + ("" if fraction == "00" else f".{fraction}")


def _day(local: datetime) -> str:
    return f"{local.day} {local:%B %Y}"
