"""Razorpay's signatures: hex HMAC-SHA256 of the return and of a webhook's raw bytes."""

import hashlib
import hmac


def payment_signature(key_secret: str, order_id: str, payment_id: str) -> str:
    """Proves a browser's return; covers the two ids, not the amount."""
    return sign(key_secret, f"{order_id}|{payment_id}".encode())


def link_signature(key_secret: str, link_id: str, reference_id: str, status: str, payment_id: str) -> str:
    """Proves the return from a payment link."""
    return sign(key_secret, f"{link_id}|{reference_id}|{status}|{payment_id}".encode())


def webhook_signature(webhook_secret: str, body: bytes) -> str:
    return sign(webhook_secret, body)


def form_token(key_secret: str, subject: str) -> str:
    """What a form of ours must bring back: no other site can know it."""
    return sign(key_secret, f"form|{subject}".encode())


def is_equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
