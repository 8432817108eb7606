"""Conditions of payment gateways that other rooms raise or show."""

from khata.kernel.errors import ErrorKind, KhataError


class UnknownGateway(KhataError):
    """No payment gateway of that name is configured."""

    kind = ErrorKind.MISSING


class NoGatewayConfigured(KhataError):
    """Top-ups are not set up here: no payment gateway is configured."""

    kind = ErrorKind.MISCONFIGURED


class GatewayUnavailable(KhataError):
    """The payment gateway does not answer. No payment was started; try again shortly."""

    kind = ErrorKind.UNAVAILABLE


class GatewayRefused(KhataError):
    """The payment gateway refused to start this payment. No payment was started."""

    kind = ErrorKind.MISCONFIGURED
