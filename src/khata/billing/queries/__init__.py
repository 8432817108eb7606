"""Reads of billing, one file a subject; always scoped to one organisation but where the name says otherwise."""

from khata.billing.core.plans import Plan
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.tax import TaxLine
from khata.billing.core.top_up_life import TopUpState
from khata.billing.queries.offers import all_coupons, has_offers
from khata.billing.queries.plans import (
    PeriodRow,
    PlanStanding,
    all_plans,
    credit_price,
    included_left,
    periods_by_reference,
    plan_grants_for_anyone,
    plan_offered,
    plan_standing,
    plans_offered,
)
from khata.billing.queries.refunds import (
    DisputeRow,
    RefundRow,
    Reversal,
    has_refund_with_key,
    refund_for_anyone,
    refundable_minor,
    reversals_by_reference,
)
from khata.billing.queries.top_ups import (
    PaymentRow,
    TopUpFailure,
    TopUpQuote,
    TopUpRow,
    has_top_up_with_key,
    open_top_ups,
    quote,
    quote_plan,
    top_up,
    top_up_for_anyone,
    top_up_row,
    top_ups,
    top_ups_by_reference,
)

__all__ = [
    "DisputeRow",
    "PaymentRow",
    "PeriodRow",
    "Plan",
    "PlanStanding",
    "RefundRow",
    "Reversal",
    "TaxLine",
    "TopUpFailure",
    "TopUpPurpose",
    "TopUpQuote",
    "TopUpRow",
    "TopUpState",
    "all_coupons",
    "all_plans",
    "credit_price",
    "has_offers",
    "has_refund_with_key",
    "has_top_up_with_key",
    "included_left",
    "open_top_ups",
    "periods_by_reference",
    "plan_grants_for_anyone",
    "plan_offered",
    "plan_standing",
    "plans_offered",
    "quote",
    "quote_plan",
    "refund_for_anyone",
    "refundable_minor",
    "reversals_by_reference",
    "top_up",
    "top_up_for_anyone",
    "top_up_row",
    "top_ups",
    "top_ups_by_reference",
]
