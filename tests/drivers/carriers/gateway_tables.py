"""The carriers file's tables for the two stand-ins of gateway_far_end.py, secrets put in."""

from typing import Any

from .gateway_far_end import CALLBACK_SECRET, SECRET

PUBLIC_URL = "https://credits.example"

_SHARED: dict[str, Any] = {
    "public_url": PUBLIC_URL,
    "secret": SECRET,
    "callback_secret": CALLBACK_SECRET,
    "timeout_s": 4,
}


def json_table(url: str) -> dict[str, Any]:
    return _SHARED | {
        "url": f"{url}/v2/send",
        "headers": {"authorization": "Bearer {secret}"},
        "json": {
            "flow": 4,
            "is_flash": False,
            "entity": "{dlt_entity_id}",
            "template": "{dlt_template_id}",
            "callback": "{callback_url}",
            "messages": [{"to": "{to_digits}", "from": "{from}", "text": "{text}", "kind": "{encoding}"}],
        },
        "encodings": {"gsm7": "plain", "ucs2": "unicode"},
        "accepted": {"when": {"type": "success"}, "id": "data.0.id"},
        "refused": {"when": {"type": "error"}, "code": "code", "detail": "text"},
        "retry": {"codes": ["queue_full"]},
        "receipts": {
            "list": "reports",
            "id": "id",
            "state": "status",
            "error_code": "err",
            "states": {"SENT": "accepted", "OK": "delivered", "LOST": "undelivered"},
        },
        "inbound": {"id": "mo.id", "from": "mo.msisdn", "to": "mo.code", "text": "mo.body"},
    }


def line_table(url: str) -> dict[str, Any]:
    return _SHARED | {
        "url": f"{url}/sendsms",
        "query": {"key": "{secret}", "dlr": "{callback_url}"},
        "form": {
            "dest": "{to_digits}",
            "sender": "{from}",
            "msg": "{text}",
            "id": "{reference}",
            "entityid": "{dlt_entity_id}",
            "templateid": "{dlt_template_id}",
        },
        "accepted": {"pattern": r"^OK\b"},
        "refused": {"pattern": r"^ERR (?P<code>\d+): (?P<detail>.+)"},
        "retry": {"statuses": [503]},
        "receipts": {"id": "myid", "state": "stat", "states": {"DELIVRD": "delivered", "UNDELIV": "undelivered"}},
    }
