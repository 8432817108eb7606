"""SMPP 3.4: messages handed to an SMSC as `submit_sm`, receipts taken as `deliver_sm`, over one bound connection."""

from khata.carriers.drivers.smpp.carrier import SmppCarrier
from khata.carriers.drivers.smpp.settings import SmppSettings

__all__ = ["SmppCarrier", "SmppSettings"]
