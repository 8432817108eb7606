"""A staged gateway that charges saved methods: its bank answers when the test says, its answers get lost on command."""

from collections.abc import Callable

from khata.payments.port import Payment, PaymentStatus, Refused, Unavailable, Unknown
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod

from .staged_gateway import StagedGateway

CUSTOMER, TOKEN = "cust_1", "token_1"


class ChargingGateway(StagedGateway):
    """`status` is what a charge becomes at once; `charge_trouble` is answered instead, and nothing charged."""

    def __init__(self) -> None:
        super().__init__()
        self.status = PaymentStatus.CREATED
        self.charged: list[ChargeRequest] = []
        self.charge_trouble: Refused | Unavailable | Unknown | None = None
        self.is_charge_answer_lost = False
        self.before_charge: Callable[[], None] = lambda: None
        """Between looking for an earlier charge and making one: no gateway does both at once."""
        self.after_charge: Callable[[], None] = lambda: None
        self.customers: list[CustomerRequest] = []
        self.forgotten: list[SavedMethod] = []
        self.forget_trouble: Refused | Unavailable | Unknown | None = None

    def register_customer(self, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
        self.customers.append(request)
        return Customer(CUSTOMER)

    def charge_saved(self, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
        if self.charge_trouble is not None:
            return self.charge_trouble
        known = list(self.payments.get(request.order_ref, {}).values())
        if not known:
            self.before_charge()
            self.charged.append(request)
        payment = known[0] if known else self.stage(request.order_ref, self.status)
        self.after_charge()
        return Unknown("the answer was lost") if self.is_charge_answer_lost else payment

    def forget_saved(self, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
        if self.forget_trouble is None:
            self.forgotten.append(saved)
        return self.forget_trouble

    def confirm(self, order_ref: str | None) -> None:
        """The bank takes the money of the order's payment."""
        assert order_ref is not None
        (payment,) = self.payments[order_ref].values()
        self.stage(order_ref, PaymentStatus.CAPTURED, payment_ref=payment.payment_ref)

    def decline(self, order_ref: str | None) -> None:
        assert order_ref is not None
        (payment,) = self.payments[order_ref].values()
        self.stage(order_ref, PaymentStatus.FAILED, payment_ref=payment.payment_ref)
