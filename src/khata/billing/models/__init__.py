"""The tables of billing, one file a subject."""

from khata.billing.models.top_ups import OrderState, PaymentAttempt, TopUp, WebhookEvent

__all__ = ["OrderState", "PaymentAttempt", "TopUp", "WebhookEvent"]
