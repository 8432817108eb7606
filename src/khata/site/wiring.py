"""Which driver serves which port: the composition root."""

from functools import partial
from typing import Any, NamedTuple

from django.conf import settings

from khata.carriers.callbacks import register_callback_reader
from khata.carriers.drivers import anymail, http, smpp, smtp, twilio
from khata.carriers.registry import register_carrier
from khata.messaging.operations import configure_routes
from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from khata.payments.registry import register_gateway
from khata.site.carriers_file import CarrierEntry, CarriersFile
from khata.site.environment import Environment
from khata.site.variables import Misconfigured


class _Driver(NamedTuple):
    """What makes settings of a carrier's table, and a carrier of settings."""

    settings_of: Any
    make: Any
    calls_us: bool = False
    """Whether its far end calls on us, at our public address."""


_DRIVERS = {
    "anymail": _Driver(anymail.settings_of, anymail.AnymailCarrier, calls_us=True),
    "smpp": _Driver(smpp.settings_of, smpp.SmppCarrier),
    "http": _Driver(http.settings_of, http.HttpCarrier, calls_us=True),
    "smtp": _Driver(smtp.settings_of, smtp.SmtpCarrier, calls_us=True),
    "twilio": _Driver(twilio.settings_of, twilio.TwilioCarrier, calls_us=True),
}


def wire() -> None:
    """Registers the configured gateways, the first of them the default, carriers and routes; called once, at start."""
    environment: Environment = settings.ENVIRONMENT
    if environment.razorpay_key_id:
        register_gateway(RazorpayGateway(_razorpay(environment)))
    if environment.stripe_secret_key:
        register_gateway(StripeGateway(_stripe(environment)))
    configured: CarriersFile = settings.CARRIERS
    for entry in configured.carriers:
        _wire_carrier(entry, environment)
    configure_routes(configured.routes)


def _wire_carrier(entry: CarrierEntry, environment: Environment) -> None:
    """Raises Misconfigured."""
    driver = _DRIVERS.get(entry.driver)
    if driver is None:
        raise Misconfigured(f"The carrier {entry.name}: driver is one of {', '.join(_DRIVERS)}, not “{entry.driver}”.")
    table = {"public_url": environment.base_url, **entry.table} if driver.calls_us else entry.table
    try:
        carrier_settings = driver.settings_of(entry.name, table, is_sandbox=environment.is_sandbox)
        if driver.calls_us:
            register_callback_reader(entry.name, driver.make(carrier_settings))
    except ValueError as error:
        raise Misconfigured(f"The carrier {error}.") from error
    make: Any = partial(driver.make, carrier_settings)
    register_carrier(entry.name, make)


def _razorpay(environment: Environment) -> RazorpaySettings:
    return RazorpaySettings(
        base_url=environment.razorpay_base_url,
        checkout_url=environment.razorpay_checkout_url,
        key_id=environment.razorpay_key_id,
        key_secret=environment.razorpay_key_secret,
        webhook_secrets=environment.razorpay_webhook_secrets,
        merchant_name=environment.merchant_name,
        is_sandbox=environment.is_sandbox,
    )


def _stripe(environment: Environment) -> StripeSettings:
    return StripeSettings(
        base_url=environment.stripe_base_url,
        checkout_url=environment.stripe_checkout_url,
        secret_key=environment.stripe_secret_key,
        webhook_secrets=environment.stripe_webhook_secrets,
        is_sandbox=environment.is_sandbox,
    )
