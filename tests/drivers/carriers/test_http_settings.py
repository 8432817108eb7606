"""A description that cannot work is refused at start, in a sentence that names the place."""

from typing import Any

import pytest

from khata.carriers.drivers.http import settings_of
from khata.carriers.port import ReceiptState

from .gateway_far_end import CALLBACK_SECRET, SECRET
from .gateway_tables import json_table, line_table

URL = "https://sms.example"
LINE, JSON = line_table(URL), json_table(URL)

WRONG: list[tuple[dict[str, Any], str]] = [
    (LINE | {"ulr": "x"}, "acme: unknown: ulr"),
    (LINE | {"url": ""}, "acme: url must be a text"),
    (LINE | {"url": "sms.example/send"}, "is not an http:// or https:// address"),
    (LINE | {"url": "https://sms.example:99999/send"}, "is not an http:// or https:// address"),
    (LINE | {"url": "https://[::1/send"}, "is not an http:// or https:// address"),
    (LINE | {"url": "http://sms.example/send"}, "must begin with https://"),
    (LINE | {"url": "https://asha:secret@sms.example/send"}, "is not an http:// or https:// address"),
    (LINE | {"url": f"{URL}/send?key=1"}, "belongs into query"),
    (LINE | {"method": "PUT"}, "method is GET or POST"),
    (LINE | {"method": "GET"}, "form and json need"),
    (LINE | {"json": {}}, "one of form and json"),
    (LINE | {"headers": {"x-text": "{text}"}}, "acme.headers.x-text: {text} is none of"),
    (LINE | {"headers": {"x\r\ny": "1"}}, "is no name of a header"),
    (LINE | {"headers": {"x-shop": "Chai é"}}, "the header x-shop holds more than printable ASCII"),
    (LINE | {"headers": {"x-key": "{secret}"}, "secret": SECRET + "\n"}, "the header x-key holds more"),
    (LINE | {"form": {"msg": "{text}", "id": "{reference}"}}, "{to} or {to_digits}"),
    (LINE | {"form": {"dest": "{to}", "msg": "{text}"}}, "{reference} must be sent"),
    (LINE | {"form": {"msg": "{txet}"}}, "acme.form.msg: {txet} is none of"),
    (LINE | {"form": {"msg": 1}}, "acme: form must be a table of texts"),
    (LINE | {"secret": ""}, "no secret_env names its variable"),
    (JSON | {"secret": ""}, "no secret_env names its variable"),
    (LINE | {"user": "asha"}, "user and password_env belong together"),
    (LINE | {"encodings": {"gsm7": "a"}}, "encodings names gsm7 and ucs2"),
    (LINE | {"callback_secret": "short"}, "callback_secret_env must name"),
    (LINE | {"callback_secret": "with/a/slash/in/it/0001"}, "callback_secret_env must name"),
    (LINE | {"accepted": {}}, "acme.accepted: say how a yes is known"),
    (LINE | {"accepted": {"pattern": "("}}, "acme.accepted: pattern is no regular expression"),
    (LINE | {"accepted": {"pattern": "OK", "id": "x"}}, "pattern stands alone"),
    (LINE | {"accepted": {"pattern": "(?P<sid>.*)"}}, "has the group sid"),
    (LINE | {"refused": {"reason": "x"}}, "acme.refused: unknown: reason"),
    (LINE | {"retry": {"statuses": ["503"]}}, "acme.retry: statuses must be a list of whole numbers"),
    (LINE | {"retry": {"codes": "busy"}}, "acme.retry: codes must be a list of texts"),
    (LINE | {"receipts": {"id": "x"}}, "acme.receipts: state must be a text"),
    (LINE | {"receipts": {"id": "x", "state": "y", "states": {"OK": "arrived"}}}, "arrived is none of"),
    (JSON | {"inbound": {"from": "a", "to": "b"}}, "acme.inbound: text must be a text"),
    (LINE | {"window": 0}, "window must be a whole number"),
    (LINE | {"window": True}, "window must be a whole number"),
    (LINE | {"submits_per_s_max": 0}, "submits_per_s_max must be a whole number"),
    (LINE | {"timeout_s": 500}, "timeout_s must be a whole number from 1 to 120"),
]


@pytest.mark.parametrize(("table", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_description_that_cannot_work_is_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        settings_of("acme", table, is_sandbox=False)
    assert sentence in str(refusal.value)
    assert SECRET not in str(refusal.value)
    assert CALLBACK_SECRET not in str(refusal.value)


@pytest.mark.parametrize("table", [LINE, JSON])
def test_no_secret_is_shown(table: dict[str, Any]) -> None:
    settings = settings_of("acme", table, is_sandbox=False)
    assert settings.secret == SECRET
    assert SECRET not in repr(settings)
    assert CALLBACK_SECRET not in repr(settings)
    assert settings.receipts is not None
    assert ReceiptState.DELIVERED in settings.receipts.states.values()


@pytest.mark.parametrize("text", ["", "id {reference}", "{reference}", "Bearer {secret}, of ours"])
def test_a_header_is_printable_ascii(text: str) -> None:
    assert settings_of("acme", LINE | {"headers": {"x-ours": text}}, is_sandbox=False).request.headers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_gateway_on_this_machine_needs_no_tls(host: str) -> None:
    settings_of("acme", LINE | {"url": f"http://{host}:13013/cgi-bin/sendsms"}, is_sandbox=False)


def test_a_carrier_that_tells_nothing_needs_no_callback_secret() -> None:
    table = {key: value for key, value in JSON.items() if key not in ("callback_secret", "receipts", "inbound")}
    assert settings_of("acme", table, is_sandbox=False).callback_url == ""
