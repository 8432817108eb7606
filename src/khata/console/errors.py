"""Conditions of the console itself."""

from khata.kernel.errors import ErrorKind, KhataError


class NotAnOwner(KhataError):
    """Only an owner of the organisation may do that."""

    kind = ErrorKind.FORBIDDEN
