"""Conditions of top-ups."""

from khata.kernel.errors import ErrorKind, KhataError


class BillingDetailsMissing(KhataError):
    """Please add your billing details first: they decide the tax and stand on the invoice."""

    kind = ErrorKind.REFUSED


class IdempotencyKeyReused(KhataError):
    """This idempotency key was already used for another request. Nothing was changed."""

    kind = ErrorKind.INVALID


class TopUpClosed(KhataError):
    """This top-up can no longer be paid. Start a new one for the same amount."""

    kind = ErrorKind.CONFLICT
