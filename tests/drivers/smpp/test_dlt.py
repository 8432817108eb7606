"""DLT registrations as optional parameters."""

import pytest

from khata.carriers.drivers.smpp.dlt import DLT_TLVS, DltTlv, chain_hash, dlt_tlvs
from khata.carriers.port import Dlt

ENTITY, AGGREGATOR, DELIVERY = "1101172974420810001", "1101172974420820002", "1101172974420830004"
TEMPLATE = "1107123456789012345"
HASH = "c0c951afca257c5b87c3da535c09112080483f35b7e6faf35e2428b3b526b694"
REGISTERED = Dlt(ENTITY, TEMPLATE, (ENTITY, DELIVERY))


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ((ENTITY, DELIVERY), HASH),
        ((ENTITY, AGGREGATOR, DELIVERY), "ba38bbe4ab3780a70aad6071c006e720eed8efc1ff70b00691d3b6844e6497e2"),
        ((), ""),
    ],
)
def test_a_chain_is_hashed_with_commas_between_its_ids(chain: tuple[str, ...], expected: str) -> None:
    assert chain_hash(chain) == expected


def test_the_usual_parameters_are_octet_strings_in_the_order_of_their_tags() -> None:
    assert dlt_tlvs(REGISTERED, DLT_TLVS) == (
        (0x1400, ENTITY.encode()),
        (0x1401, TEMPLATE.encode()),
        (0x1402, HASH.encode()),
    )


def test_a_carrier_may_want_other_tags_another_order_and_a_nul_at_the_end() -> None:
    wanted = (DltTlv(0x1400, "template_id", is_terminated=True), DltTlv(0x1501, "entity_id"))
    assert dlt_tlvs(REGISTERED, wanted) == ((0x1400, TEMPLATE.encode() + b"\0"), (0x1501, ENTITY.encode()))


def test_what_the_message_has_no_value_for_is_left_out() -> None:
    assert dlt_tlvs(Dlt(ENTITY, "", ()), DLT_TLVS) == ((0x1400, ENTITY.encode()),)


def test_a_carrier_that_wants_nothing_gets_nothing() -> None:
    assert dlt_tlvs(REGISTERED, ()) == ()
