"""What can be done with top-ups, in the order of their life."""

from khata.billing.errors import (
    AlreadyRefunded,
    BillingDetailsMissing,
    IdempotencyKeyReused,
    NoPlan,
    PlanPaymentNotRefundable,
    PlanRunning,
    RefundExceedsUnspent,
    TopUpClosed,
    TopUpDisputed,
    TopUpNotPaid,
)
from khata.billing.operations.checkouts import begin_checkout, cancel_top_up, look_again
from khata.billing.operations.checks import settle_due_top_ups_later, settle_due_webhooks_later
from khata.billing.operations.mails import send_credit_note_mail, send_top_up_mail
from khata.billing.operations.organisations import open_organisation
from khata.billing.operations.plan_mails import send_plan_lapsed_mail, send_renewal_mail
from khata.billing.operations.refunds import send_due_refunds_later, send_refund, start_refund
from khata.billing.operations.returns import settle_after_return
from khata.billing.operations.settlement import settle_top_up
from khata.billing.operations.subscriptions import (
    cancel_plan,
    choose_next_plan,
    look_after_subscriptions,
    pay_plan_again,
    subscribe,
)
from khata.billing.operations.top_ups import start_top_up
from khata.billing.operations.webhooks import receive_webhook, settle_webhook
from khata.payments.errors import GatewayRefused, GatewayUnavailable, NoGatewayConfigured, UnknownGateway

__all__ = [
    "AlreadyRefunded",
    "BillingDetailsMissing",
    "GatewayRefused",
    "GatewayUnavailable",
    "IdempotencyKeyReused",
    "NoGatewayConfigured",
    "NoPlan",
    "PlanPaymentNotRefundable",
    "PlanRunning",
    "RefundExceedsUnspent",
    "TopUpClosed",
    "TopUpDisputed",
    "TopUpNotPaid",
    "UnknownGateway",
    "begin_checkout",
    "cancel_plan",
    "cancel_top_up",
    "choose_next_plan",
    "look_after_subscriptions",
    "look_again",
    "open_organisation",
    "pay_plan_again",
    "receive_webhook",
    "send_credit_note_mail",
    "send_due_refunds_later",
    "send_plan_lapsed_mail",
    "send_refund",
    "send_renewal_mail",
    "send_top_up_mail",
    "settle_after_return",
    "settle_due_top_ups_later",
    "settle_due_webhooks_later",
    "settle_top_up",
    "settle_webhook",
    "start_refund",
    "start_top_up",
    "subscribe",
]
