"""Razorpay's REST API: one account's key, and how it says no."""

from khata.payments.drivers.razorpay.settings import RazorpaySettings
from khata.payments.port import Refused
from khata.payments.rest import Json, RestClient


def open_client(settings: RazorpaySettings) -> RestClient:
    return RestClient(
        base_url=settings.base_url,
        key=(settings.key_id, settings.key_secret),
        timeout_s=settings.timeout_s,
        is_sandbox=settings.is_sandbox,
        refusal=_refusal,
    )


def _refusal(error: Json) -> Refused:
    reason = error.get("reason")
    code = reason if isinstance(reason, str) and reason not in ("", "NA") else error.get("code")
    return Refused(code=str(code or "refused"), detail=str(error.get("description") or ""))
