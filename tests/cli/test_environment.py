"""The environment is checked before anything starts: what cannot be meant is refused in a sentence that names it."""

import pytest

from khata.site.environment import Environment, read_environment
from khata.site.variables import Misconfigured

NEEDED = {"DATABASE_URL": "postgresql://localhost/khata", "KHATA_SECRET_KEY": "x" * 40}
LIVE = {"KHATA_MODE": "live", "KHATA_BASE_URL": "https://khata.example"}
RAZORPAY, STRIPE = "KHATA_GATEWAY_RAZORPAY_KEY_ID", "KHATA_GATEWAY_STRIPE_SECRET_KEY"


def read(**changes: str) -> Environment:
    return read_environment(NEEDED | changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({RAZORPAY: "rzp_live_1"}, f"KHATA_MODE is sandbox, but {RAZORPAY} is a live key."),
        ({STRIPE: "sk_live_1"}, f"KHATA_MODE is sandbox, but {STRIPE} is a live key."),
        ({STRIPE: "rk_live_1"}, f"KHATA_MODE is sandbox, but {STRIPE} is a live key."),
        (LIVE | {RAZORPAY: "rzp_test_1"}, f"KHATA_MODE is live, but {RAZORPAY} is a test key."),
        (LIVE | {STRIPE: "sk_test_1"}, f"KHATA_MODE is live, but {STRIPE} is a test key."),
        (LIVE | {"KHATA_GATEWAY_STRIPE_BASE_URL": "http://stripe.example"}, "KHATA_GATEWAY_STRIPE_BASE_URL must begin"),
        (
            LIVE | {"KHATA_GATEWAY_RAZORPAY_BASE_URL": "http://razorpay.example"},
            "KHATA_GATEWAY_RAZORPAY_BASE_URL must begin",
        ),
        ({"KHATA_GATEWAY_STRIPE_CHECKOUT_URL": "checkout.stripe.com"}, "KHATA_GATEWAY_STRIPE_CHECKOUT_URL must be an"),
    ],
    ids=str,
)
def test_a_gateway_that_does_not_fit_the_mode_is_refused(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(**changes)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("text", ["khata.example", "https://", "https://[::1", "https://khata.example:443x"])
def test_what_is_no_web_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^KHATA_BASE_URL must be an http:// or https:// address, not “"):
        read(KHATA_BASE_URL=text)


def test_payers_may_be_sent_only_to_the_gateways_that_are_configured() -> None:
    assert read().checkout_urls == ()
    assert read(**{STRIPE: "sk_test_1"}).checkout_urls == ("https://checkout.stripe.com",)
    both = read(**{STRIPE: "sk_test_1", RAZORPAY: "rzp_test_1"})
    assert both.checkout_urls == ("https://api.razorpay.com", "https://checkout.stripe.com")


def test_every_gateways_secrets_are_kept_out_of_the_log() -> None:
    given = {
        STRIPE: "sk_test_hidden",
        "KHATA_GATEWAY_STRIPE_WEBHOOK_SECRETS": "whsec_new, whsec_old",
        "KHATA_GATEWAY_RAZORPAY_KEY_SECRET": "razorpay-hidden",
        "KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS": "hook-hidden",
    }
    hidden = {"sk_test_hidden", "whsec_new", "whsec_old", "razorpay-hidden", "hook-hidden"}
    assert hidden <= set(read(**given).secrets)


@pytest.mark.parametrize("text", ["everything", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.0/8;::1/128"])
def test_what_is_no_network_is_opened_to_no_webhook(text: str) -> None:
    with pytest.raises(Misconfigured, match="KHATA_WEBHOOK_NETWORKS must list networks"):
        read(KHATA_WEBHOOK_NETWORKS=text)


def test_networks_for_webhooks_are_opened_one_by_one_and_none_by_itself() -> None:
    assert read().webhook_networks == ()
    opened = read(KHATA_WEBHOOK_NETWORKS="127.0.0.0/8, ::1/128").webhook_networks
    assert [str(network) for network in opened] == ["127.0.0.0/8", "::1/128"]
