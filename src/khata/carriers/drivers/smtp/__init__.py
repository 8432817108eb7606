"""SMTP to a mail server that sends on (RFC 5321), and the bounces and complaints that come back."""

from khata.carriers.drivers.smtp.carrier import SmtpCarrier
from khata.carriers.drivers.smtp.settings import SmtpSettings, settings_of

__all__ = ["SmtpCarrier", "SmtpSettings", "settings_of"]
