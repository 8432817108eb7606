"""Conditions of webhook endpoints and deliveries."""

from khata.kernel.errors import ErrorKind, KhataError


class WebhookEndpointLimitReached(KhataError):
    """An organisation has at most 10 webhook endpoints. Delete one you do not need."""

    kind = ErrorKind.CONFLICT


class WebhookEndpointDisabled(KhataError):
    """This webhook endpoint is disabled, so nothing is sent to it. Enable it first."""

    kind = ErrorKind.CONFLICT
