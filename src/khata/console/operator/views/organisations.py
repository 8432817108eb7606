"""Organisations: the list with wallets, one of them, and what an operator may do to it."""

from datetime import date, datetime, time, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from khata.billing.operations import operator_actions
from khata.billing.operations.operator_actions import Deed
from khata.billing.queries import operator as operator_queries
from khata.billing.queries.operator import OperatorOrganisation
from khata.console.history import history_lines
from khata.console.operator.access import OperatorRequest, draw, operator_page
from khata.console.operator.asking import Question, ask
from khata.console.operator.forms import GrantForm, OrganisationFilter, ReasonForm
from khata.console.paging import pager
from khata.console.words import credits_words
from khata.kernel.errors import NotFound
from khata.ledger import queries as ledger
from khata.tenancy import queries as tenancy

_ROWS = 10
_AREA = "organisations"


@operator_page
@require_safe
def organisations(request: OperatorRequest) -> HttpResponse:
    form = OrganisationFilter(request.GET)
    search = form.cleaned_data["search"] if form.is_valid() else ""
    pages = pager(request.GET)
    page = operator_queries.organisations(search=search, before_id=_whole(pages.before))
    older, newer = pages.older(page.next_cursor), pages.newer
    return draw(request, "organisations", _AREA, form=form, search=search, rows=page.rows, older=older, newer=newer)


@operator_page
@require_safe
def organisation(request: OperatorRequest, organisation_id: int) -> HttpResponse:
    found = operator_queries.any_organisation(organisation_id=organisation_id)
    return draw(
        request,
        "organisation",
        _AREA,
        found=found,
        owner_email=tenancy.owner_email(organisation_id=organisation_id),
        lines=history_lines(organisation_id, ledger.history(organisation_id=organisation_id, limit=_ROWS).rows),
        top_ups=operator_queries.all_top_ups(search=found.organisation.public_id, limit=_ROWS).rows,
        actions=operator_queries.operator_actions(organisation_id=organisation_id, limit=_ROWS).rows,
    )


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: OperatorRequest, organisation_id: int) -> HttpResponse:
    found = operator_queries.any_organisation(organisation_id=organisation_id)
    question = Question(
        area=_AREA,
        title=f"Stop sending for “{found.organisation.name}”?",
        consequences=(
            "New messages are refused from this moment. Those that wait are cancelled, and their credits return.",
            "What a carrier has, or is just being given, cannot be called back.",
            "Its members can still sign in and top up.",
        ),
        button="Stop sending",
        done=f"Sending is stopped for “{found.organisation.name}”.",
        back=_address(found),
        is_dangerous=True,
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_actions.stop_sending(deed, organisation_id=organisation_id)

    return ask(request, question, act)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def allow(request: OperatorRequest, organisation_id: int) -> HttpResponse:
    found = operator_queries.any_organisation(organisation_id=organisation_id)
    question = Question(
        area=_AREA,
        title=f"Allow sending for “{found.organisation.name}” again?",
        consequences=("New messages are accepted from this moment, as far as its credits go.",),
        button="Allow sending",
        done=f"“{found.organisation.name}” can send again.",
        back=_address(found),
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_actions.allow_sending(deed, organisation_id=organisation_id)

    return ask(request, question, act)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: OperatorRequest, organisation_id: int) -> HttpResponse:
    found = operator_queries.any_organisation(organisation_id=organisation_id)
    question = Question(
        area=_AREA,
        title=f"Give credits to “{found.organisation.name}”",
        consequences=(
            f"It has {credits_words(found.wallet.available)} now; what you give is there at once, as a bonus.",
            "No money moves and no invoice is written. Given credits cannot be taken back.",
        ),
        button="Give credits",
        done="The credits are given.",
        back=_address(found),
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        last_day = form.cleaned_data["expires_on"]
        operator_actions.give_credits(
            deed,
            organisation_id=organisation_id,
            amount_micro=form.cleaned_data["credits"],
            expires_at=_end_of(last_day) if last_day else None,
        )

    return ask(request, question, act, GrantForm)


def _end_of(day: date) -> datetime:
    """The first instant after that day, where the operator is."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone())


def _address(found: OperatorOrganisation) -> str:
    return reverse("operator_organisation", args=[found.organisation.id])


def _whole(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= 2**63:
        raise NotFound
    return int(cursor)
