"""What is Razorpay's own about reading an answer; the rest stands in khata.payments.facts."""

import re
from datetime import datetime

from khata.payments.facts import NotUnderstood, instant, text, whole
from khata.payments.rest import Json

_REFERENCE = re.compile(r"[a-z]+_[A-Za-z0-9]{1,40}")
_UPI_ADDRESS = re.compile(r"upi://pay\?[A-Za-z0-9%&=@._~+*:/-]{1,1000}")
_WEB_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]{1,500}")


def items(collection: Json) -> list[Json]:
    found = collection.get("items")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise NotUnderstood("a collection without items")
    return found


def reference(entity: Json, key: str, prefix: str) -> str:
    found = entity.get(key)
    if not isinstance(found, str) or not found.startswith(prefix) or not _REFERENCE.fullmatch(found):
        raise NotUnderstood(f"{key} is no {prefix}…")
    return found


def reference_or_none(entity: Json, key: str) -> str | None:
    """For a reference that may be absent; what is there is taken as text, to be compared with our own."""
    return text(entity.get(key)) or None


def web_address(entity: Json, key: str) -> str:
    """Shown to people as a link, so it must be nothing else."""
    found = entity.get(key)
    if not isinstance(found, str) or not _WEB_ADDRESS.fullmatch(found):
        raise NotUnderstood(f"{key} is no address")
    return found


def upi_address(entity: Json, key: str) -> str:
    """What a UPI app is given; "" where it is not told, as for accounts without that feature."""
    found = entity.get(key)
    return found if isinstance(found, str) and _UPI_ADDRESS.fullmatch(found) else ""


def whole_or_zero(entity: Json, key: str) -> int:
    """Zero for null and for what is not there."""
    return 0 if entity.get(key) is None else whole(entity, key)


def instant_or_none(entity: Json, key: str) -> datetime | None:
    """None for null and for 0, which some of its entities write for "never"."""
    return instant(entity, key) if entity.get(key) else None


def bank_ref(entity: Json, keys: tuple[str, ...]) -> str:
    """The first of these that `acquirer_data` has; "" where there is none yet."""
    acquirer = entity.get("acquirer_data")
    if not isinstance(acquirer, dict):
        return ""
    return next((found for key in keys if (found := text(acquirer.get(key)))), "")
