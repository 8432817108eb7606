"""Razorpay: orders over its REST API, hosted checkout by an auto-posting form, signed returns and webhooks."""

from khata.payments.drivers.razorpay.gateway import RazorpayGateway
from khata.payments.drivers.razorpay.settings import RazorpaySettings

__all__ = ["RazorpayGateway", "RazorpaySettings"]
