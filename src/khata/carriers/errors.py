"""Conditions of carriers that other rooms raise or show."""

from khata.kernel.errors import ErrorKind, KhataError


class UnknownCarrier(KhataError):
    """No carrier of that name calls on this installation."""

    kind = ErrorKind.MISSING
