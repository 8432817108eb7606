"""Conditions of the ledger that other rooms raise or show."""

from khata.kernel.errors import ErrorKind, KhataError


class InsufficientCredits(KhataError):
    """There are not enough credits. Nothing was sent and nothing was charged."""

    kind = ErrorKind.UNPAID


class WalletFrozen(KhataError):
    """Sending is stopped for this organisation. Nothing was sent and nothing was charged."""

    kind = ErrorKind.FORBIDDEN


class CreditsOwed(KhataError):
    """This organisation owes credits, so sending stays stopped. Credits that are added pay what is owed first."""

    kind = ErrorKind.CONFLICT
