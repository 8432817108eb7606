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


class ReviewClosed(KhataError):
    """This top-up is not being checked any more. Nothing was changed."""

    kind = ErrorKind.CONFLICT


class PaymentDoesNotFit(KhataError):
    """The gateway does not report this payment captured with the figures of the top-up. Nothing was changed."""

    kind = ErrorKind.CONFLICT


class CreditsNotGiven(KhataError):
    """The ledger did not take the grant. No credits were given."""

    kind = ErrorKind.CONFLICT


class TopUpNotPaid(KhataError):
    """This top-up was not paid, so there is nothing to refund."""

    kind = ErrorKind.REFUSED


class TopUpDisputed(KhataError):
    """The payer's bank is asking for this payment back, so it cannot be refunded. Nothing was changed."""

    kind = ErrorKind.REFUSED


class AlreadyRefunded(KhataError):
    """All of this top-up is refunded, or on its way back. Nothing was changed."""

    kind = ErrorKind.REFUSED


class RefundExceedsUnspent(KhataError):
    """Only credits that are neither used nor reserved can be refunded. Nothing was changed."""

    kind = ErrorKind.REFUSED


class PlanPaymentNotRefundable(KhataError):
    """The payment of a plan cannot be refunded: its credits last to the end of the month. Nothing was changed."""

    kind = ErrorKind.REFUSED


class PlanRunning(KhataError):
    """You have a plan already. Change it instead: the change takes effect when what you have paid for ends."""

    kind = ErrorKind.CONFLICT


class NoPlan(KhataError):
    """No plan is running, so there is nothing to change."""

    kind = ErrorKind.CONFLICT


class AutoTopUpIsOn(KhataError):
    """Auto top-up is on already. Change it, or stop it first. Nothing was changed."""

    kind = ErrorKind.CONFLICT


class AutoTopUpIsOff(KhataError):
    """Auto top-up is not on, so there is nothing to change."""

    kind = ErrorKind.CONFLICT
