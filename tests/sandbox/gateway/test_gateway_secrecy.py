"""Card numbers and CVVs leave no trace: not in the store, not on later pages, not in the logs."""

import logging
from pathlib import Path

import pytest

from khata_sandbox.gateway.settings import GatewaySettings, WrongSetting

from .merchant import Merchant
from .payer import Payer
from .test_gateway_checkout import start

NUMBER = "4100280000001007"
CVV = "739"
NAME = "Asha Venkatraman"


def test_number_cvv_and_name_are_nowhere_after_paying(
    merchant: Merchant, payer: Payer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    start(merchant, payer)
    card = {"card_number": f"{NUMBER[:8]} {NUMBER[8:]}", "card_expiry": "12/33", "card_cvv": CVV, "card_name": NAME}
    payer.press("Pay", within="#cards", **card | {"card_expiry": "01/20"}).press("Pay", within="#cards", **card)
    pages = [payer.response.text, payer.press("Submit OTP", otp="918273").response.text]
    pages.append(payer.open("/control").response.text)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"pay_" in stored
    for secret in (NUMBER, NUMBER[:8], NUMBER[:6], NAME, "918273"):
        assert secret.encode() not in stored
        assert secret not in caplog.text
        assert not any(secret in page for page in pages)
    assert f'"{CVV}"'.encode() not in stored
    assert not any(f">{CVV}<" in page or f'"{CVV}"' in page for page in pages)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("KEY_ID", "rzp_live_abc", "takes no live keys"),
        ("KEY_ID", "abc", "must start with rzp_test_"),
        ("KEY_SECRET", "", "must not be empty"),
        ("WEBHOOK_URL", "ftp://x", "must start with http"),
        ("PORT", "eighty", "must be a whole number"),
        ("TIME_SPEED", "0", "from 1 to 86400"),
        ("SEED", "x", "must be a whole number"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(WrongSetting, match=sentence):
        GatewaySettings.from_environment({f"SANDBOX_GATEWAY_{name}": value})


def test_settings_come_from_the_environment() -> None:
    settings = GatewaySettings.from_environment(
        {"SANDBOX_GATEWAY_KEY_ID": "rzp_test_a", "SANDBOX_GATEWAY_PORT": "9001", "SANDBOX_GATEWAY_DATA_DIR": "/d"}
    )
    assert (settings.key_id, settings.port, settings.data_dir) == ("rzp_test_a", 9001, Path("/d"))
    assert settings.host == "127.0.0.1"
