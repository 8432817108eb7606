"""Reads of notices, always of one organisation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.ledger.standings import standing
from khata.notices.core.kinds import NoticeKind
from khata.notices.core.outlook import RATE_SPAN, Outlook
from khata.notices.models import AlertSettings, Notice
from khata.tenancy import queries as tenancy


@dataclass(frozen=True, slots=True)
class AlertSettingsRow:
    """`level_credits_micro` None is automatic; `emails` are told besides the owner."""

    is_enabled: bool = True
    level_credits_micro: int | None = None
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """`sent_at` is None while the mail server has not taken it."""

    id: UUID
    kind: NoticeKind
    made_at: datetime
    sent_at: datetime | None
    recipients: tuple[str, ...]
    subject: str


def alert_settings(*, organisation_id: int) -> AlertSettingsRow:
    """The defaults where nothing was chosen."""
    row = AlertSettings.objects.filter(organisation_id=organisation_id).first()
    return AlertSettingsRow(row.is_enabled, row.level_credits_micro, tuple(row.emails)) if row else AlertSettingsRow()


def outlook(*, organisation_id: int) -> Outlook:
    """How the credits stand now, and how long they last."""
    now = standing(organisation_id=organisation_id, since=utc_now() - RATE_SPAN)
    settings = alert_settings(organisation_id=organisation_id)
    return Outlook(available=now.available, used=now.used, level_chosen=settings.level_credits_micro)


def recipients(*, organisation_id: int) -> list[str]:
    """The owner, then whom the owner named, each once; empty where there is nobody."""
    owner = tenancy.owner_email(organisation_id=organisation_id)
    emails = alert_settings(organisation_id=organisation_id).emails
    return list(dict.fromkeys(email for email in (owner, *emails) if email))


def notices(
    *,
    organisation_id: int,
    kind: NoticeKind | None = None,
    before_id: UUID | None = None,
    limit: int = PAGE_SIZE_DEFAULT,
) -> Page[NoticeRow]:
    """Newest first; `next_cursor` is the id to continue before."""
    rows = Notice.objects.filter(organisation_id=organisation_id).order_by("-id")
    if kind is not None:
        rows = rows.filter(kind=kind)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    found = [_notice_row(row) for row in rows.defer("text")[: limit + 1]]
    return page_of(found, limit)


def _notice_row(row: Notice) -> NoticeRow:
    return NoticeRow(row.id, NoticeKind(row.kind), row.made_at, row.sent_at, tuple(row.recipients), row.subject)
