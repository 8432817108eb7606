"""What the operator set for webhooks."""

from django.conf import settings

from khata.webhooks.core.targets import Network


def opened_networks() -> tuple[Network, ...]:
    """Besides the public internet; none by default."""
    networks: tuple[Network, ...] = settings.ENVIRONMENT.webhook_networks
    return networks
