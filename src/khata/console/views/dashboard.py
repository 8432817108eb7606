"""The Dashboard, and the header's balance on its own for polling."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from khata.console.access import member_page
from khata.console.history import history_lines
from khata.console.requests import MemberRequest
from khata.ledger import queries as ledger
from khata.ledger.standings import standing
from khata.messaging import queries as messaging
from khata.notices import queries as notices
from khata.tenancy import queries as tenancy

STEPS_COUNT = 4
_ROWS = 5


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a new organisation has done so far."""

    has_key: bool
    has_sent: bool
    has_paid: bool
    has_alert: bool

    @property
    def is_complete(self) -> bool:
        return self.done_count == STEPS_COUNT

    @property
    def done_count(self) -> int:
        return sum((self.has_key, self.has_sent, self.has_paid, self.has_alert))


@member_page
@require_safe
def dashboard(request: MemberRequest) -> HttpResponse:
    organisation_id = request.organisation.id
    messages = messaging.messages(organisation_id=organisation_id, limit=_ROWS)
    entries = ledger.history(organisation_id=organisation_id, limit=_ROWS)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    shown = {
        "messages_recent": messages.rows,
        "lines": history_lines(organisation_id, entries.rows),
        "counts": messaging.counts_since(organisation_id=organisation_id, since=midnight),
        "used_today_micro": standing(organisation_id=organisation_id, since=midnight).used,
        "steps": _first_steps(organisation_id, has_sent=bool(messages.rows)),
    }
    return render(request, "console/dashboard.html", shown)


@member_page
@require_safe
def balance(request: MemberRequest) -> HttpResponse:
    return render(request, "console/_balance.html")


def _first_steps(organisation_id: int, *, has_sent: bool) -> FirstSteps:
    keys = tenancy.api_keys(organisation_id=organisation_id)
    return FirstSteps(
        has_key=any(key.revoked_at is None for key in keys),
        has_sent=has_sent,
        has_paid=ledger.has_credits_come(organisation_id=organisation_id),
        has_alert=notices.alert_settings(organisation_id=organisation_id).is_enabled,
    )
