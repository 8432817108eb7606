"""Reads of top-ups."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.billing.configuration import tax_law
from khata.billing.core.failures import is_outcome_clear
from khata.billing.core.invoices import DocumentKind
from khata.billing.core.offers import NO_BONUS, Bonus
from khata.billing.core.plans import Plan
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.tax import TaxLine, rounded_share, tax_lines
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import PaymentAttempt, TopUp
from khata.billing.queries import offers, plans
from khata.billing.queries.refunds import DisputeRow, RefundRow, dispute_row, refund_row
from khata.kernel.errors import NotFound
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.payments.port import PaymentMethod, PaymentStatus
from khata.payments.ways import PayBy
from khata.tenancy import queries as tenancy
from khata.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class TopUpQuote:
    """What an amount would cost and buy now.

    While the customer's State is missing `tax_lines` is empty and the tax an estimate, right to the paisa or one off.
    """

    amount_minor: int
    tax_lines: tuple[TaxLine, ...]
    tax_minor: int
    total_minor: int
    credits_micro: int
    credits_micro_per_rupee: int
    bonus: Bonus = NO_BONUS

    @property
    def bonus_micro(self) -> int:
        return self.bonus.credits_micro


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment of a top-up as the gateway last reported it."""

    payment_ref: str
    status: PaymentStatus
    method: PaymentMethod
    method_detail: str
    bank_ref: str
    amount_minor: int
    created_at: datetime
    error_code: str
    error_reason: str
    error_source: str
    error_step: str
    error_description: str
    is_credited: bool
    is_surplus: bool


@dataclass(frozen=True, slots=True)
class TopUpFailure:
    """Why the last payment of a top-up ended without credits, in the gateway's words.

    `is_outcome_clear` is true only where the payer was certainly not charged.
    """

    code: str
    reason: str
    source: str
    step: str
    description: str
    is_outcome_clear: bool


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """A tax document of a top-up: where it is and what it is called."""

    id: UUID
    public_id: str
    kind: DocumentKind
    number: str


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """Amounts in minor units, credits in micro-credits; payments, documents, refunds and disputes
    oldest first."""

    id: UUID
    public_id: str
    organisation_id: int
    purpose: TopUpPurpose
    plan_name: str
    """What a plan's payment is for; "" for credits."""
    plan_ends_at: datetime | None
    """Until when that plan runs by this payment, once it is paid."""
    state: TopUpState
    is_paid_late: bool
    review_reason: str
    amount_minor: int
    tax_minor: int
    total_minor: int
    currency: str
    credits_micro: int
    bonus_micro: int
    tax_lines: tuple[TaxLine, ...]
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    gateway_code: str
    order_ref: str | None
    pay_by: PayBy
    pay_url: str
    """A payment link's address, or that of a QR code's image; "" for the checkout, and before the order is there."""
    upi_uri: str
    """What a QR code holds; "" where the gateway keeps it to itself."""
    is_automatic: bool
    """Begun by auto top-up."""
    failure: TopUpFailure | None
    payments: tuple[PaymentRow, ...]
    documents: tuple[DocumentReference, ...]
    refunds: tuple[RefundRow, ...]
    disputes: tuple[DisputeRow, ...]

    @property
    def invoice(self) -> DocumentReference | None:
        return next((document for document in self.documents if document.kind is DocumentKind.INVOICE), None)

    @property
    def credited_payment(self) -> PaymentRow | None:
        return next((payment for payment in self.payments if payment.is_credited), None)


def quote(*, organisation_id: int, amount_minor: int, coupon_code: str = "") -> TopUpQuote:
    """Any positive amount: minimum and maximum are `start_top_up`'s to refuse, and so are coupons; one that does not
    exist counts for nothing here. Raises NotFound.
    """
    price = plans.credit_price(organisation_id=organisation_id)
    credits_micro = price.credits_for(amount_minor)
    coupon = offers.coupon_of(coupon_code) if coupon_code else None
    bonus = offers.bonus(
        amount_minor=amount_minor,
        credits_micro=credits_micro,
        coupon=offers.coupon_row(coupon) if coupon else None,
    )
    return _quote(organisation_id, amount_minor, credits_micro, price.credits_micro_per_rupee, bonus)


def quote_plan(*, organisation_id: int, plan: Plan) -> TopUpQuote:
    """A month of a plan that has a fee. Raises NotFound."""
    return _quote(organisation_id, plan.fee_minor, plan.included_micro, plan.credits_micro_per_rupee)


def _quote(
    organisation_id: int,
    amount_minor: int,
    credits_micro: int,
    credits_micro_per_rupee: int,
    bonus: Bonus = NO_BONUS,
) -> TopUpQuote:
    lines, tax_minor = _tax_on(tenancy.organisation(organisation_id=organisation_id), amount_minor)
    return TopUpQuote(
        amount_minor=amount_minor,
        tax_lines=lines,
        tax_minor=tax_minor,
        total_minor=amount_minor + tax_minor,
        credits_micro=credits_micro,
        credits_micro_per_rupee=credits_micro_per_rupee,
        bonus=bonus,
    )


def _tax_on(organisation: Organisation, amount_minor: int) -> tuple[tuple[TaxLine, ...], int]:
    """While the customer's State is missing the sum is known already, and its lines are not."""
    law = tax_law()
    if law.scheme.has_states and not organisation.state_code:
        return (), rounded_share(amount_minor, law.rate_bp)
    lines = tax_lines(
        law,
        amount_minor=amount_minor,
        customer_state=organisation.state_code,
        customer_registration=organisation.gstin,
    )
    return lines, sum(line.amount_minor for line in lines)


def top_up(*, organisation_id: int, top_up_id: UUID) -> TopUpRow:
    """Raises NotFound, for another organisation's top-up too."""
    return _one(with_attempts().filter(organisation_id=organisation_id, id=top_up_id))


def has_top_up_with_key(*, organisation_id: int, idempotency_key: str) -> bool:
    """Whether that Idempotency-Key has made a top-up."""
    return TopUp.objects.filter(organisation_id=organisation_id, idempotency_key=idempotency_key).exists()


def top_up_for_anyone(*, top_up_id: UUID) -> TopUpRow:
    """For a payer who comes back signed out: show the state, nothing else. Raises NotFound."""
    return _one(with_attempts().filter(id=top_up_id))


def top_ups(
    *,
    organisation_id: int,
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
    states: Sequence[TopUpState] | None = None,
    purpose: TopUpPurpose | None = None,
) -> Page[TopUpRow]:
    """Newest first; `next_cursor` is the id to continue before."""
    rows = with_attempts().filter(organisation_id=organisation_id).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    if states is not None:
        rows = rows.filter(state__in=states)
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    return page_of([top_up_row(row) for row in rows[: limit + 1]], limit)


def open_top_ups(*, organisation_id: int) -> list[TopUpRow]:
    """Those that may still be paid: the gateway has their order. Newest first."""
    rows = with_attempts().filter(
        organisation_id=organisation_id, state__in=(TopUpState.CREATED, TopUpState.PENDING), order_ref__isnull=False
    )
    return [top_up_row(row) for row in rows.order_by("-id")]


def top_ups_by_reference(*, organisation_id: int, references: Collection[UUID]) -> dict[UUID, TopUpRow]:
    """The ledger's purchase references and the top-ups they stand for; unknown ones are left out."""
    credited = PaymentAttempt.objects.filter(
        top_up__organisation_id=organisation_id, purchase_reference__in=list(references)
    )
    reference_by_id = {a.top_up_id: a.purchase_reference for a in credited if a.purchase_reference is not None}
    return {reference_by_id[row.id]: top_up_row(row) for row in with_attempts().filter(id__in=reference_by_id)}


def top_up_row(row: TopUp) -> TopUpRow:
    attempts = sorted(row.attempts.all(), key=lambda attempt: (attempt.created_at, attempt.payment_ref))
    period = getattr(row, "plan_period", None)
    return TopUpRow(
        id=row.id,
        public_id=row.public_id,
        organisation_id=row.organisation_id,
        purpose=TopUpPurpose(row.purpose),
        plan_name=row.plan_payment.plan.name if row.purpose == TopUpPurpose.PLAN else "",
        plan_ends_at=period.ends_at if period else None,
        state=TopUpState(row.state),
        is_paid_late=row.is_paid_late,
        review_reason=row.review_reason,
        amount_minor=row.amount_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        currency=row.currency,
        credits_micro=row.credits_micro,
        bonus_micro=row.bonus_micro,
        tax_lines=tuple(TaxLine(**line) for line in row.tax_lines),
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        gateway_code=row.gateway_code,
        order_ref=row.order_ref,
        pay_by=PayBy(row.pay_by),
        pay_url=row.pay_url,
        upi_uri=row.upi_uri,
        is_automatic=row.is_automatic,
        failure=_failure(row, attempts),
        payments=tuple(_payment_row(attempt) for attempt in attempts),
        documents=tuple(
            DocumentReference(document.id, document.public_id, DocumentKind(document.kind), document.number)
            for document in sorted(row.documents.all(), key=lambda document: document.id)
        ),
        refunds=tuple(sorted(map(refund_row, row.refunds.all()), key=lambda refund: refund.created_at)),
        disputes=tuple(sorted(map(dispute_row, row.disputes.all()), key=lambda dispute: dispute.created_at)),
    )


def with_attempts() -> QuerySet[TopUp]:
    rows = TopUp.objects.select_related("plan_payment__plan", "plan_period")
    return rows.prefetch_related("attempts", "documents", "refunds__attempt", "disputes__attempt")


def _one(rows: QuerySet[TopUp]) -> TopUpRow:
    found = rows.first()
    if found is None:
        raise NotFound
    return top_up_row(found)


def _failure(row: TopUp, attempts: Sequence[PaymentAttempt]) -> TopUpFailure | None:
    """Of the last payment that ended without credits; none once there are credits."""
    ended = [a for a in attempts if a.status in (PaymentStatus.FAILED, PaymentStatus.REFUNDED)]
    if TopUpState(row.state).is_credited or not ended:
        return None
    last = ended[-1]
    clear = [
        is_outcome_clear(status=PaymentStatus(a.status), code=a.error_code, reason=a.error_reason) for a in attempts
    ]
    return TopUpFailure(
        code=last.error_code,
        reason=last.error_reason,
        source=last.error_source,
        step=last.error_step,
        description=last.error_description,
        # "You were not charged" must hold for every attempt, not only for the last.
        is_outcome_clear=all(clear),
    )


def _payment_row(attempt: PaymentAttempt) -> PaymentRow:
    return PaymentRow(
        payment_ref=attempt.payment_ref,
        status=PaymentStatus(attempt.status),
        method=PaymentMethod(attempt.method),
        method_detail=attempt.method_detail,
        bank_ref=attempt.bank_ref,
        amount_minor=attempt.amount_minor,
        created_at=attempt.created_at,
        error_code=attempt.error_code,
        error_reason=attempt.error_reason,
        error_source=attempt.error_source,
        error_step=attempt.error_step,
        error_description=attempt.error_description,
        is_credited=attempt.purchase_reference is not None,
        is_surplus=attempt.is_surplus,
    )
