"""The gateways this installation has. `khata.site.wiring` fills it at start; nobody else names a driver."""

from collections.abc import Mapping
from datetime import datetime

from khata.kernel.transactions import forbid_inside_transaction
from khata.payments.errors import NoGatewayConfigured, UnknownGateway
from khata.payments.port import (
    Gateway,
    Order,
    OrderRequest,
    Payer,
    Payment,
    Refused,
    ReturnHint,
    SettledItem,
    Snapshot,
    Start,
    Unavailable,
    Unknown,
    WebhookHint,
)
from khata.payments.reversals import Refund, RefundRequest, Reversal
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod

_gateways: dict[str, Gateway] = {}


def register_gateway(gateway: Gateway) -> None:
    """The first one registered is the default; registering a code again replaces its gateway."""
    _gateways[gateway.code] = _OutsideTransactions(gateway)


def gateway(code: str) -> Gateway:
    """Raises UnknownGateway."""
    found = _gateways.get(code)
    if found is None:
        raise UnknownGateway
    return found


def gateways() -> tuple[Gateway, ...]:
    """All of them, the default first."""
    return tuple(_gateways.values())


def default_gateway() -> Gateway:
    """Raises NoGatewayConfigured."""
    for found in _gateways.values():
        return found
    raise NoGatewayConfigured


class _OutsideTransactions:
    """A gateway that refuses to reach for the network while a transaction is open: locks never wait for a far end."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.code = gateway.code
        self.display_name = gateway.display_name
        self.mode = gateway.mode
        self.checkout_origin = gateway.checkout_origin
        self.is_sandbox = gateway.is_sandbox
        self.capabilities = gateway.capabilities

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        forbid_inside_transaction()
        return self._gateway.create_order(request)

    def close_order(self, order_ref: str) -> Refused | Unavailable | Unknown | None:
        forbid_inside_transaction()
        return self._gateway.close_order(order_ref)

    def start(self, *, order_ref: str, request: OrderRequest, payer: Payer) -> Start | Refused | Unavailable:
        forbid_inside_transaction()
        return self._gateway.start(order_ref=order_ref, request=request, payer=payer)

    def read(self, order_ref: str) -> Snapshot | Refused | Unavailable:
        forbid_inside_transaction()
        return self._gateway.read(order_ref)

    def register_customer(self, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
        forbid_inside_transaction()
        return self._gateway.register_customer(request)

    def charge_saved(self, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
        forbid_inside_transaction()
        return self._gateway.charge_saved(request)

    def forget_saved(self, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
        forbid_inside_transaction()
        return self._gateway.forget_saved(saved)

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown:
        forbid_inside_transaction()
        return self._gateway.refund(request)

    def list_payments(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Payment, ...] | Refused | Unavailable:
        forbid_inside_transaction()
        return self._gateway.list_payments(created_from=created_from, created_until=created_until)

    def list_reversals(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Reversal, ...] | Refused | Unavailable:
        forbid_inside_transaction()
        return self._gateway.list_reversals(created_from=created_from, created_until=created_until)

    def list_settled(self, *, year: int, month: int, day: int) -> tuple[SettledItem, ...] | Refused | Unavailable:
        forbid_inside_transaction()
        return self._gateway.list_settled(year=year, month=month, day=day)

    def read_return(self, *, order_ref: str, fields: Mapping[str, str]) -> ReturnHint:
        return self._gateway.read_return(order_ref=order_ref, fields=fields)

    def read_webhook(self, *, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        return self._gateway.read_webhook(body=body, headers=headers)
