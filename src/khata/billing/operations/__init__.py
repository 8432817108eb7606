"""What can be done with top-ups, in the order of their life."""

from khata.billing.errors import BillingDetailsMissing, IdempotencyKeyReused, TopUpClosed
from khata.billing.operations.checkouts import begin_checkout, cancel_top_up
from khata.billing.operations.checks import settle_due_top_ups_later, settle_due_webhooks_later
from khata.billing.operations.mails import send_top_up_mail
from khata.billing.operations.organisations import open_organisation
from khata.billing.operations.returns import settle_after_return
from khata.billing.operations.settlement import settle_top_up, settle_top_up_later
from khata.billing.operations.top_ups import start_top_up
from khata.billing.operations.webhooks import receive_webhook, settle_webhook
from khata.payments.errors import GatewayRefused, GatewayUnavailable, NoGatewayConfigured, UnknownGateway

__all__ = [
    "BillingDetailsMissing",
    "GatewayRefused",
    "GatewayUnavailable",
    "IdempotencyKeyReused",
    "NoGatewayConfigured",
    "TopUpClosed",
    "UnknownGateway",
    "begin_checkout",
    "cancel_top_up",
    "open_organisation",
    "receive_webhook",
    "send_top_up_mail",
    "settle_after_return",
    "settle_due_top_ups_later",
    "settle_due_webhooks_later",
    "settle_top_up",
    "settle_top_up_later",
    "settle_webhook",
    "start_top_up",
]
