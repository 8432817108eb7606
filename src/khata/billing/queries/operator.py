"""Reads for operators: top-ups, webhooks and organisations of the whole installation, and the audit trail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import (
    FindingState,
    OperatorAction,
    OperatorDeed,
    PaymentAttempt,
    ReconciliationFinding,
    TopUp,
    WebhookEvent,
)
from khata.billing.queries.top_ups import TopUpRow, top_up_row
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, organisation_id_from_public, public_organisation_id, uuid_from_public
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.ledger import queries as ledger
from khata.ledger.queries import WalletRow
from khata.tenancy.models import Organisation

_PAID_WITHIN = timedelta(days=30)
"""A top-up paid today was made at most so long ago: its id says when, and the primary key finds it."""


@dataclass(frozen=True, slots=True)
class SalesRow:
    """What was paid since an instant: amounts before tax in minor units, credits in micro-credits."""

    paid_count: int
    amount_minor: int
    credits_micro: int


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What waits for a person."""

    reviews_count: int
    findings_count: int
    webhooks_count: int
    """Stored webhooks that are still to be settled; they are tried again by themselves."""


@dataclass(frozen=True, slots=True)
class OperatorTopUp:
    top_up: TopUpRow
    organisation_name: str
    organisation_public_id: str


@dataclass(frozen=True, slots=True)
class OperatorOrganisation:
    organisation: Organisation
    wallet: WalletRow


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """One stored webhook. `settled_at` is None while it waits; `note` says what stood in the way."""

    event_ref: str
    kind: str
    order_ref: str | None
    top_up_id: UUID | None
    received_at: datetime
    settled_at: datetime | None
    due_at: datetime | None
    tries: int
    note: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One line of the audit trail. `facts` are figures as they were written then."""

    id: UUID
    at: datetime
    deed: str
    member_email: str
    organisation_name: str
    organisation_public_id: str
    subject: str
    reason: str
    facts: tuple[tuple[str, object], ...]


def sales_since(*, since: datetime) -> SalesRow:
    made_after_ms = int((utc_now() - _PAID_WITHIN).timestamp()) * 1000
    paid = TopUp.objects.filter(id__gte=UUID(int=made_after_ms << 80), paid_at__gte=since)
    sums = paid.aggregate(count=Count("id"), amount=Sum("amount_minor"), credits=Sum("credits_micro"))
    return SalesRow(sums["count"], int(sums["amount"] or 0), int(sums["credits"] or 0))


def open_work() -> OpenWork:
    return OpenWork(
        reviews_count=TopUp.objects.filter(state=TopUpState.REVIEW).count(),
        findings_count=ReconciliationFinding.objects.filter(state=FindingState.OPEN).count(),
        webhooks_count=WebhookEvent.objects.filter(due_at__isnull=False).count(),
    )


def all_top_ups(
    *,
    state: TopUpState | None = None,
    search: str = "",
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
) -> Page[OperatorTopUp]:
    """Newest first. `search` is a top-up's id, an order's, a payment's or an organisation's, or part of its name."""
    rows = _all_top_ups().order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    if search.strip():
        rows = rows.filter(_search(search.strip()))
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    page = page_of(list(rows[: limit + 1]), limit)
    return Page([_operator_top_up(row) for row in page.rows], page.next_cursor)


def any_top_up(*, top_up_id: UUID) -> OperatorTopUp:
    """Raises NotFound."""
    row = _all_top_ups().filter(id=top_up_id).first()
    if row is None:
        raise NotFound
    return _operator_top_up(row)


def webhooks(
    *,
    is_waiting: bool = False,
    order_ref: str | None = None,
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
) -> Page[WebhookRow]:
    """Newest first."""
    rows = WebhookEvent.objects.order_by("-id")
    if is_waiting:
        rows = rows.filter(due_at__isnull=False)
    if order_ref is not None:
        rows = rows.filter(order_ref=order_ref)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    page = page_of(list(rows[: limit + 1]), limit)
    refs = {row.order_ref for row in page.rows if row.order_ref}
    top_ups = dict(TopUp.objects.filter(order_ref__in=refs).values_list("order_ref", "id"))
    return Page([_webhook_row(row, top_ups.get(row.order_ref)) for row in page.rows], page.next_cursor)


def organisations(
    *, search: str = "", limit: int = PAGE_SIZE_DEFAULT, before_id: int | None = None
) -> Page[OperatorOrganisation]:
    """By id, which is drawn at random. `search` is part of a name, of a member's e-mail address, or the id."""
    rows = Organisation.objects.order_by("-id")
    if search.strip():
        rows = rows.filter(id__in=Organisation.objects.filter(_search_organisation(search.strip())).values("id"))
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    page = page_of(list(rows[: limit + 1]), limit)
    wallets = ledger.wallets(organisation_ids=[row.id for row in page.rows])
    return Page(
        [OperatorOrganisation(row, wallets[row.id]) for row in page.rows if row.id in wallets], page.next_cursor
    )


def any_organisation(*, organisation_id: int) -> OperatorOrganisation:
    """Raises NotFound."""
    row = Organisation.objects.filter(id=organisation_id).first()
    wallet = ledger.wallets(organisation_ids=[organisation_id]).get(organisation_id)
    if row is None or wallet is None:
        raise NotFound
    return OperatorOrganisation(row, wallet)


def operator_actions(
    *,
    organisation_id: int | None = None,
    subject: str = "",
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
) -> Page[ActionRow]:
    """Newest first."""
    rows = OperatorAction.objects.select_related("member", "organisation").order_by("-at", "-id")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    if subject:
        rows = rows.filter(subject=subject)
    if before_id is not None:
        last = OperatorAction.objects.filter(id=before_id).values_list("at", flat=True).first()
        rows = rows.filter(Q(at__lt=last) | Q(at=last, id__lt=before_id)) if last else rows.none()
    return page_of([_action_row(row) for row in rows[: limit + 1]], limit)


def _all_top_ups() -> QuerySet[TopUp]:
    """With everything a row tells of them."""
    rows = TopUp.objects.select_related("organisation")
    return rows.prefetch_related("attempts", "documents", "refunds__attempt", "disputes__attempt")


def _search(text: str) -> Q:
    try:
        return Q(id=uuid_from_public("top", text))
    except NotAnId:
        ours = Organisation.objects.filter(_search_organisation(text)).values("id")
        return (
            Q(order_ref=text)
            | Q(id__in=PaymentAttempt.objects.filter(payment_ref=text).values("top_up"))
            | Q(organisation__in=ours)
        )


def _search_organisation(text: str) -> Q:
    try:
        return Q(id=organisation_id_from_public(text))
    except NotAnId:
        return Q(name__icontains=text) | Q(legal_name__icontains=text) | Q(members__email__icontains=text)


def _operator_top_up(row: TopUp) -> OperatorTopUp:
    return OperatorTopUp(top_up_row(row), row.organisation.name, row.organisation.public_id)


def _webhook_row(row: WebhookEvent, top_up_id: UUID | None) -> WebhookRow:
    return WebhookRow(
        event_ref=row.event_ref,
        kind=row.kind,
        order_ref=row.order_ref,
        top_up_id=top_up_id,
        received_at=row.received_at,
        settled_at=row.processed_at,
        due_at=row.due_at,
        tries=row.tries,
        note=row.error,
    )


def _action_row(row: OperatorAction) -> ActionRow:
    organisation = row.organisation
    return ActionRow(
        id=row.id,
        at=row.at,
        deed=OperatorDeed(row.deed).label,
        member_email=row.member.email,
        organisation_name=organisation.name if organisation else "",
        organisation_public_id=public_organisation_id(organisation.id) if organisation else "",
        subject=row.subject,
        reason=row.reason,
        facts=tuple(row.facts.items()),
    )
