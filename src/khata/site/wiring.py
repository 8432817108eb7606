"""Which driver serves which port: the composition root."""

from django.conf import settings

from khata.carriers.drivers.smpp import SmppCarrier, SmppSettings
from khata.carriers.registry import register_carrier
from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from khata.payments.registry import register_gateway
from khata.site.environment import Environment


def wire() -> None:
    """Registers the configured gateways, the first of them the default, and the carrier; called once, at start."""
    environment: Environment = settings.ENVIRONMENT
    if environment.razorpay_key_id:
        register_gateway(RazorpayGateway(_razorpay(environment)))
    if environment.stripe_secret_key:
        register_gateway(StripeGateway(_stripe(environment)))
    if environment.smpp_system_id:
        register_carrier("smpp", lambda: SmppCarrier(_smpp(environment)))


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


def _smpp(environment: Environment) -> SmppSettings:
    return SmppSettings(
        name="smpp",
        host=environment.smpp_host,
        port=environment.smpp_port,
        system_id=environment.smpp_system_id,
        password=environment.smpp_password,
        window=environment.smpp_window,
        submits_per_s_max=environment.smpp_submits_per_s_max or None,
        is_sandbox=environment.is_sandbox,
    )
