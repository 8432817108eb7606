"""An SMPP carrier from its table in the carriers file."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from khata.carriers.drivers.smpp import settings_of
from khata.carriers.drivers.smpp.dlt import DLT_TLVS, DltTlv
from khata.carriers.drivers.smpp.message_ids import MessageIds
from khata.carriers.drivers.smpp.settings import BindMode, SmppSettings
from khata.carriers.drivers.smpp.submissions import AS_USUAL, LongMessages, NumberKind, SubmitForm

from .fake_smsc import settings_for

CERTIFICATE = str(Path(__file__).with_name("loopback.pem"))
LEAST = {"host": "smsc.example", "system_id": "asha", "password": "s3cret"}


def read(**changes: Any) -> SmppSettings:
    return settings_of("fake", LEAST | changes, is_sandbox=True)


def test_host_and_system_id_are_enough() -> None:
    assert read() == SmppSettings("fake", "smsc.example", 2775, "asha", "s3cret", is_sandbox=True)
    assert read().submit_form == AS_USUAL


def test_every_key_has_its_effect() -> None:
    settings = read(
        port=2776,
        system_type="VMA",
        binds=2,
        bind_mode="separate",
        window=10,
        submits_per_s_max=100,
        message_ids="decimal_in_receipts",
        can_query=True,
        long_messages="sar",
        dlt_tlvs=[{"tag": 0x1401, "value": "entity_id", "is_terminated": True}, {"tag": 5122, "value": "chain_hash"}],
        sender_name=[5, 1],
        sender_number=[2, 1],
        sender_short_code=[3, 0],
        recipient=[0, 1],
        enquire_link_s=60,
        response_timeout_s=20,
        reconnect_max_s=120,
    )
    assert settings == SmppSettings(
        name="fake",
        host="smsc.example",
        port=2776,
        system_id="asha",
        password="s3cret",
        is_sandbox=True,
        system_type="VMA",
        binds=2,
        bind_mode=BindMode.SEPARATE,
        window=10,
        submits_per_s_max=100,
        message_ids=MessageIds.DECIMAL_IN_RECEIPTS,
        can_query=True,
        submit_form=SubmitForm(
            long_messages=LongMessages.SAR,
            dlt_tlvs=(DltTlv(0x1401, "entity_id", is_terminated=True), DltTlv(0x1402, "chain_hash")),
            sender_name=NumberKind(5, 1),
            sender_number=NumberKind(2, 1),
            sender_short_code=NumberKind(3, 0),
            recipient=NumberKind(0, 1),
        ),
        enquire_link_s=60,
        response_timeout_s=20,
        reconnect_max_s=120,
    )


def test_dlt_parameters_can_be_left_out() -> None:
    assert read().submit_form.dlt_tlvs == DLT_TLVS
    assert read(dlt_tlvs=[]).submit_form.dlt_tlvs == ()


@pytest.mark.parametrize(
    "keys", [{"tls": True}, {"tls_ca_file": CERTIFICATE}, {"tls": True, "tls_ca_file": CERTIFICATE}]
)
def test_tls_always_verifies_the_certificate_and_its_name(keys: dict[str, Any]) -> None:
    tls = read(**keys).tls
    assert tls is not None
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_without_tls_there_is_none() -> None:
    assert read(tls=False).tls is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host": ""}, "host must be a text"),
        ({"port": 0}, "port must be a whole number"),
        ({"binds": 0}, "binds must be"),
        ({"window": "100"}, "window must be a whole number"),
        ({"windows": 100}, "unknown: windows"),
        ({"bind_mode": "both"}, "bind_mode is one of transceiver, separate"),
        ({"message_ids": "hexadecimal"}, "message_ids is one of as_is, decimal, hex, "),
        ({"long_messages": 1}, "long_messages must be a text"),
        ({"can_query": "yes"}, "can_query is true or false"),
        ({"sender_name": [5]}, "sender_name is a list of two numbers"),
        ({"sender_name": [5, 256]}, "sender_name is a list of two numbers"),
        ({"recipient": "11"}, "recipient must be a list of whole numbers"),
        ({"dlt_tlvs": {"tag": 0x1400}}, "dlt_tlvs must be a list of tables"),
        ({"dlt_tlvs": [0x1400]}, "dlt_tlvs must be a list of tables"),
        (
            {"dlt_tlvs": [{"tag": 0x1E, "value": "entity_id"}]},
            "dlt_tlvs: tag must be a whole number from 5120 to 16383",
        ),
        ({"dlt_tlvs": [{"tag": 0x1400, "value": "entity"}]}, "value is one of entity_id, template_id, chain_hash"),
        ({"dlt_tlvs": [{"tag": 0x1400, "value": "entity_id", "type": "octets"}]}, "dlt_tlvs: unknown: type"),
        ({"tls": "on"}, "tls is true or false"),
        ({"tls": False, "tls_ca_file": CERTIFICATE}, "tls_ca_file is of no use"),
        ({"tls_ca_file": "/nowhere/ca.pem"}, "tls_ca_file cannot be used"),
        ({"tls_ca_file": __file__}, "tls_ca_file cannot be used"),
        ({"password": "a\0"}, "password must be ASCII"),
        ({"system_id": "é"}, "system_id must be ASCII"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^fake") as refusal:
        read(**changes)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"port": 0},
        {"port": 65_536},
        {"binds": 0},
        {"binds": 51},
        {"window": 0},
        {"submits_per_s_max": 0},
        {"enquire_link_s": 0},
        {"system_type": "é"},
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^fake"):
        settings_for(**({"port": 1} | change))


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(read())
