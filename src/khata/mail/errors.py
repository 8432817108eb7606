"""Conditions of e-mail."""

from khata.kernel.errors import ErrorKind, KhataError


class SenderNotVerified(KhataError):
    """E-mail is sent only from domains whose DNS carries the organisation's key. Add and check the domain first."""

    kind = ErrorKind.INVALID


class RecipientSuppressed(KhataError):
    """This address bounced, complained or unsubscribed, so nothing is sent to it."""


class DomainExists(KhataError):
    """This organisation has that domain already."""

    kind = ErrorKind.CONFLICT


class DomainLimitReached(KhataError):
    """An organisation has at most 20 sending domains. Remove one you do not need."""

    kind = ErrorKind.CONFLICT
