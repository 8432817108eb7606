import pytest

from khata_sandbox.gateway.signatures import payment_signature, sign, webhook_signature

SHARED_KEY = "EnLs21M47BllR3X8PSFtjtbd"


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (
            "key_secret",
            "fake_order_id|fake_payment_id",
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
        ),
        (
            SHARED_KEY,
            "order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l",
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
        ),
        (
            SHARED_KEY,
            "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
            "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
        ),
        (
            SHARED_KEY,
            "pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I",
            "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693",
        ),
    ],
)
def test_published_signature_vectors_are_reproduced(key: str, message: str, expected: str) -> None:
    assert sign(key, message.encode()) == expected


def test_a_payment_signature_covers_order_then_payment() -> None:
    expected = "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89"
    assert payment_signature("key_secret", "fake_order_id", "fake_payment_id") == expected


def test_a_webhook_signature_covers_the_raw_bytes() -> None:
    assert webhook_signature("s", b'{"a":1}') != webhook_signature("s", b'{"a": 1}')
