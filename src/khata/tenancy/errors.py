"""Conditions of organisations, members and API keys."""

from khata.kernel.errors import ErrorKind, KhataError


class InvalidApiKey(KhataError):
    """The API key is missing, malformed, unknown, expired or revoked."""

    kind = ErrorKind.UNAUTHENTICATED


class MissingScope(KhataError):
    """This API key may not do that."""

    kind = ErrorKind.FORBIDDEN
