"""Any carrier with a simple HTTP API, described by the operator: what to send it, and how to read what it answers."""

from khata.carriers.drivers.http.carrier import HttpCarrier
from khata.carriers.drivers.http.settings import HttpSettings, settings_of

__all__ = ["HttpCarrier", "HttpSettings", "settings_of"]
