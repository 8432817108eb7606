"""E-mail by the HTTP interfaces of mail services that django-anymail speaks; their events by callback."""

from khata.carriers.drivers.anymail.carrier import AnymailCarrier
from khata.carriers.drivers.anymail.settings import AnymailSettings, settings_of

__all__ = ["AnymailCarrier", "AnymailSettings", "settings_of"]
