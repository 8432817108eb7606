"""The tables of billing, one file a subject."""

from khata.billing.models.audit import OperatorAction, OperatorDeed
from khata.billing.models.auto_top_ups import AutoTopUp
from khata.billing.models.invoices import DocumentSeries, TaxDocument
from khata.billing.models.plans import Coupon, CouponUse, Plan, PlanPayment, PlanPeriod, Subscription
from khata.billing.models.reconciliation import (
    FindingState,
    ReconciliationFinding,
    ReconciliationRun,
    ReconciliationSubject,
    SettledLine,
)
from khata.billing.models.refunds import Dispute, Refund
from khata.billing.models.top_ups import OrderState, PaymentAttempt, TopUp, WebhookEvent

__all__ = [
    "AutoTopUp",
    "Coupon",
    "CouponUse",
    "Dispute",
    "DocumentSeries",
    "FindingState",
    "OperatorAction",
    "OperatorDeed",
    "OrderState",
    "PaymentAttempt",
    "Plan",
    "PlanPayment",
    "PlanPeriod",
    "ReconciliationFinding",
    "ReconciliationRun",
    "ReconciliationSubject",
    "Refund",
    "SettledLine",
    "Subscription",
    "TaxDocument",
    "TopUp",
    "WebhookEvent",
]
