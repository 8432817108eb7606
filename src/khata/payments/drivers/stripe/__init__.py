"""Stripe: a Checkout Session as the order, its charges as the payments, refunds, disputes, payouts, signed webhooks."""

from khata.payments.drivers.stripe.gateway import StripeGateway
from khata.payments.drivers.stripe.settings import StripeSettings

__all__ = ["StripeGateway", "StripeSettings"]
