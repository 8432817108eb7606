"""Twilio's REST API, and others that speak it: whole messages by POST, receipts and answers from phones by callback."""

from khata.carriers.drivers.twilio.carrier import TwilioCarrier
from khata.carriers.drivers.twilio.settings import TwilioSettings, settings_of

__all__ = ["TwilioCarrier", "TwilioSettings", "settings_of"]
