"""What an operator sets to take money through one Razorpay account."""

from dataclasses import dataclass, field

from khata.payments.port import Mode
from khata.payments.rest import check_addresses, origin_of

_MODES: dict[str, Mode] = {"rzp_test_": "test", "rzp_live_": "live"}
_KEY_PREFIX_LENGTH = 9


@dataclass(frozen=True, slots=True)
class RazorpaySettings:
    """One account. Raises ValueError where a value cannot work; the message never holds a secret."""

    base_url: str
    """Where the API is: scheme, host and port, without `/v1`."""
    checkout_url: str
    """Where browsers are sent, likewise; the API's own address but behind some proxies."""
    key_id: str
    key_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """The present one first; earlier ones stay valid, since retries keep the secret they were signed with."""
    merchant_name: str
    is_sandbox: bool
    timeout_s: float = 5
    """How long each step of a call may take, a whole call about twice that: a browser back from paying waits for it."""

    def __post_init__(self) -> None:
        if self.key_id[:_KEY_PREFIX_LENGTH] not in _MODES:
            raise ValueError("a Razorpay key id begins with rzp_test_ or rzp_live_")
        if not self.key_secret or not all(self.webhook_secrets):
            raise ValueError("Razorpay's key secret and webhook secrets must not be empty")
        if self.is_sandbox and self.mode == "live":
            raise ValueError("a live key must not be sent to a sandbox")
        check_addresses(self.base_url, self.checkout_url)

    @property
    def mode(self) -> Mode:
        """Test and live share one address; the key decides."""
        return _MODES[self.key_id[:_KEY_PREFIX_LENGTH]]

    @property
    def checkout_origin(self) -> str:
        return origin_of(self.checkout_url)
