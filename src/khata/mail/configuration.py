"""What the operator set for e-mail."""

from typing import NamedTuple

from django.conf import settings


class MailConfiguration(NamedTuple):
    """`dns_servers` are "address:port"; none means those of the machine."""

    base_url: str
    spf_include: str
    dns_servers: tuple[str, ...]


def mail_configuration() -> MailConfiguration:
    environment = settings.ENVIRONMENT
    return MailConfiguration(settings.KHATA_BASE_URL, environment.mail_spf_include, environment.dns_servers)
