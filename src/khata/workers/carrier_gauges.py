"""Each carrier's health, read whenever the metrics are."""

from collections.abc import Iterable
from functools import partial

from khata.carriers.port import Carrier
from khata.kernel.metrics import CARRIER_BOUND, CARRIER_OUTSTANDING


def measure_carriers(carriers: Iterable[Carrier]) -> None:
    for carrier in carriers:
        CARRIER_BOUND.labels(carrier.name).set_function(partial(_is_bound, carrier))
        CARRIER_OUTSTANDING.labels(carrier.name).set_function(partial(_outstanding_count, carrier))


def _is_bound(carrier: Carrier) -> float:
    return carrier.health().is_bound


def _outstanding_count(carrier: Carrier) -> float:
    return carrier.health().outstanding_count
