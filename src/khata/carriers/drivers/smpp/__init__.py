"""SMPP 3.4: messages handed to an SMSC as `submit_sm`, receipts and inbound messages taken as `deliver_sm`."""

from khata.carriers.drivers.smpp.carrier import SmppCarrier
from khata.carriers.drivers.smpp.settings import SmppSettings, settings_of

__all__ = ["SmppCarrier", "SmppSettings", "settings_of"]
