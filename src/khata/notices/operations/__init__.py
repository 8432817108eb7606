"""What can be done about notices: choose, watch, send."""

from khata.notices.operations.alert_settings import change_alert_settings
from khata.notices.operations.alerts import raise_alerts
from khata.notices.operations.disabled_endpoints import announce_disabled_endpoints
from khata.notices.operations.expiries import announce_expiries
from khata.notices.operations.mails import send_notice

__all__ = [
    "announce_disabled_endpoints",
    "announce_expiries",
    "change_alert_settings",
    "raise_alerts",
    "send_notice",
]
