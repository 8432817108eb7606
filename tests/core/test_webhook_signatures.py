"""Signatures by the Standard Webhooks specification: its own library verifies ours, and we sign as it does."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from khata.webhooks.core.signatures import secret_text, signed_headers

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
NOW = datetime(2026, 11, 22, 13, 48, 13, tzinfo=UTC)
BODY = '{"type":"message.delivered","data":{"body":"नमस्ते €"}}'.encode()

VECTORS = [
    (KEY, "evt_1", 1_614_265_330, b'{"test": 2432232314}', "v1,WyexmCITqdBtToZRPqUQg29ykDO9mdYqGHgJYLfHCrc="),
    (OTHER, "evt_2", 1_795_355_293, b"{}", "v1,9Q04WEQZfnw+PEeswnR6jtY5NSoJbUdjigmvZsrcX2w="),
]
"""Reckoned by hand from the specification: base64(HMAC-SHA256(key, "{id}.{seconds}.{body}"))."""


def headers(*keys: bytes, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    return signed_headers(webhook_id="evt_1", timestamp_s=int(at.timestamp()), body=body, keys=keys)


def now_headers(*keys: bytes) -> dict[str, str]:
    return headers(*keys, at=datetime.now(UTC))


@pytest.mark.parametrize(("key", "webhook_id", "timestamp_s", "body", "signature"), VECTORS)
def test_a_signature_is_what_the_specification_says(
    key: bytes, webhook_id: str, timestamp_s: int, body: bytes, signature: str
) -> None:
    signed = signed_headers(webhook_id=webhook_id, timestamp_s=timestamp_s, body=body, keys=[key])
    assert signed["webhook-signature"] == signature
    at = datetime.fromtimestamp(timestamp_s, UTC)
    assert Webhook(secret_text(key)).sign(webhook_id, at, body.decode()) == signature


def test_the_specifications_own_library_accepts_what_we_sign() -> None:
    assert Webhook(secret_text(KEY)).verify(BODY, now_headers(KEY)) == json.loads(BODY)


def test_while_a_secret_is_changed_both_verify() -> None:
    signed = now_headers(OTHER, KEY)
    assert signed["webhook-signature"].count("v1,") == 2
    for key in (KEY, OTHER):
        assert Webhook(secret_text(key)).verify(BODY, signed) == json.loads(BODY)


def test_another_secret_another_body_and_another_time_do_not_verify() -> None:
    verifier = Webhook(secret_text(KEY))
    signed = now_headers(KEY)
    for body, told in (
        (BODY, now_headers(OTHER)),
        (BODY + b" ", signed),
        (BODY, signed | {"webhook-id": "evt_2"}),
        (BODY, headers(KEY)),
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, told)
