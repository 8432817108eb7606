"""The carriers file is read strictly: what cannot be meant is refused in a sentence that names it."""

from pathlib import Path

import pytest

from khata.messaging.core.routes import ChargeOn, Policy, Route
from khata.site.carriers_file import CarriersFile, carriers_of
from khata.site.environment import read_environment
from khata.site.variables import Misconfigured

NEEDED = {"DATABASE_URL": "postgresql://localhost/khata", "KHATA_SECRET_KEY": "x" * 40}
SECRETS = {"ACME_PASSWORD": "s3cret-of-acme", "TOKEN": "token-of-twilio"}
CARRIERS = """
[[carriers]]
name = "acme"
driver = "smpp"
host = "smpp.acme.example"
password_env = "ACME_PASSWORD"

[[carriers]]
name = "twilio"
driver = "twilio"
headers = { authorization_env = "TOKEN" }
"""
ROUTES = """
[[routes]]
name = "india"
channel = "sms"
prefixes = ["+9170", "91"]
senders = ["ACMEIN"]
carriers = ["acme", "twilio"]
charge_on = "delivered"
return_undelivered_after_h = 24
credits_kept_per_segment = "0.12"
is_safe_to_resend = true

[[routes]]
name = "rest"
carriers = ["twilio"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "carriers.toml"


def read(file: Path, text: str) -> CarriersFile:
    file.write_text(text, encoding="utf-8")
    environment = read_environment(NEEDED | {"KHATA_CARRIERS_FILE": str(file)})
    return carriers_of(environment, SECRETS.__getitem__)


def test_carriers_come_in_order_with_their_secrets_put_in(file: Path) -> None:
    found = read(file, CARRIERS)
    acme, twilio = found.carriers
    assert (acme.name, acme.driver) == ("acme", "smpp")
    assert acme.table == {"host": "smpp.acme.example", "password": "s3cret-of-acme"}
    assert twilio.table == {"headers": {"authorization": "token-of-twilio"}}
    assert found.secrets == ("s3cret-of-acme", "token-of-twilio")
    assert "s3cret" not in repr(found)


def test_routes_come_in_order_with_their_policies(file: Path) -> None:
    policy = Policy(ChargeOn.DELIVERED, receipt_wait_h=24, kept_per_segment=120_000, is_safe_to_resend=True)
    assert read(file, CARRIERS + ROUTES).routes == (
        Route("india", ("acme", "twilio"), prefixes=("9170", "91"), senders=("ACMEIN",), policy=policy),
        Route("rest", ("twilio",)),
    )


def test_without_routes_one_takes_every_message_to_the_carriers_in_their_order(file: Path) -> None:
    assert read(file, CARRIERS).routes == (Route("default", ("acme", "twilio")),)


def test_without_a_file_the_environment_gives_a_carrier_and_a_route_for_each_channel() -> None:
    smpp = {"KHATA_SMPP_SYSTEM_ID": "khata", "KHATA_SMPP_PASSWORD": "pw", "KHATA_SMPP_SUBMITS_PER_SECOND_MAX": "40"}
    carrier, mail = carriers_of(read_environment(NEEDED | smpp), SECRETS.__getitem__).carriers
    assert (carrier.name, carrier.driver, carrier.table["submits_per_s_max"]) == ("smpp", "smpp", 40)
    assert (mail.name, mail.driver, mail.channel, mail.table["host"]) == ("smtp", "smtp", "email", "127.0.0.1")
    found = carriers_of(read_environment(NEEDED), SECRETS.__getitem__)
    assert [carrier.name for carrier in found.carriers] == ["smtp"]
    assert found.routes == (Route("default", ("smpp",)), Route("email", ("smtp",), "email"))


@pytest.mark.parametrize("driver", ["smtp", "anymail"])
def test_a_file_without_routes_gives_each_channel_its_carriers(file: Path, driver: str) -> None:
    found = read(file, CARRIERS + f"[[carriers]]\nname = 'post'\ndriver = '{driver}'\n")
    assert [(route.name, route.channel) for route in found.routes] == [("default", "sms"), ("email", "email")]
    assert found.routes[1].carriers == ("post",)
    assert "post" not in found.routes[0].carriers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("carriers = 3", "KHATA_CARRIERS_FILE: carriers must be written as [[carriers]], one for each."),
        ("[[carriers]", "KHATA_CARRIERS_FILE is not TOML"),
        ("", "KHATA_CARRIERS_FILE: it names no carrier."),
        ("[[carriers]]\ndriver = 'smpp'", "a carrier: name must be a text that is not empty."),
        ("[[carriers]]\nname = 'a'", "a: driver must be a text that is not empty."),
        (CARRIERS + "[routers]", "unknown: routers."),
        (CARRIERS + CARRIERS, "two carriers have the name acme."),
        (CARRIERS + ROUTES + ROUTES, "two routes have the name india."),
        (CARRIERS + "[[routes]]\nname = 'r'", "r: carriers must be some of acme, twilio."),
        (CARRIERS + "[[routes]]\nname = 'r'\ncarriers = ['other']", "r: carriers must be some of acme, twilio."),
        (CARRIERS + ROUTES + "prefixes = ['44x']", "rest: a prefix is digits of a telephone number, not “44x”."),
        (CARRIERS + ROUTES + "channel = 'fax'", "rest: channel is sms or email."),
        (CARRIERS + ROUTES + "channel = 'email'", "rest: carriers must be some of the carriers of its channel."),
        (CARRIERS + ROUTES + "charge_on = 'paid'", "rest: charge_on is one of accepted, delivered."),
        (CARRIERS + ROUTES + "is_safe_to_resend = 1", "rest: is_safe_to_resend is true or false."),
        (CARRIERS + ROUTES + "priority = 1", "rest: unknown: priority."),
        (
            CARRIERS + ROUTES + "return_undelivered_after_h = 4",
            "rest: return_undelivered_after_h needs charge_on = “delivered”.",
        ),
        (
            CARRIERS + ROUTES + "charge_on = 'delivered'\nreturn_undelivered_after_h = 0",
            "rest: return_undelivered_after_h must be a whole number from 1 to 720.",
        ),
        (
            CARRIERS + ROUTES + "charge_on = 'delivered'\ncredits_kept_per_segment = 0.12",
            "rest: credits_kept_per_segment must be a text that is not empty.",
        ),
        (
            CARRIERS + ROUTES + "charge_on = 'delivered'\ncredits_kept_per_segment = '-1'",
            "rest: credits_kept_per_segment is an amount of credits like “0.12”.",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(file: Path, text: str, sentence: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(file, text)
    assert sentence in str(refused.value)


def test_a_file_that_is_not_there_is_named() -> None:
    environment = read_environment(NEEDED | {"KHATA_CARRIERS_FILE": "/nowhere/carriers.toml"})
    with pytest.raises(Misconfigured, match=r"^KHATA_CARRIERS_FILE cannot be read: No such file or directory\.$"):
        carriers_of(environment, SECRETS.__getitem__)
