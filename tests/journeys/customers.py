"""Customers: each test has one of its own, with an organisation in which nothing has happened yet."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.payer import Payer
from tests.faults.running_demo import RunningDemo

PASSWORD = "a lotus on still water"
PHONE = "+919812345678"


@dataclass(frozen=True, slots=True)
class Customer:
    """The owner of an organisation in Karnataka, whose tax is half CGST and half SGST."""

    name: str
    email: str
    password: str
    organisation: str


def named(name: str) -> Customer:
    """Nobody else's name and address; signs up later."""
    mark = uuid.uuid4().hex[:10]
    return Customer(name, f"{name.lower()}-{mark}@example.com", PASSWORD, f"{name} {mark}")


def sign_up(ready: Mapping[str, str], name: str, *, rupees: int = 0) -> Customer:
    """Signed up, billing details given, and `rupees` of credits paid; by pages' forms, without a browser."""
    customer = named(name)
    with Payer(ready) as payer:
        payer.open(f"{ready['console_url']}/accounts/signup/")
        payer.press(
            "Sign up",
            name=customer.name,
            organisation_name=customer.organisation,
            email=customer.email,
            password1=customer.password,
        )
        payer.open(f"{ready['console_url']}/billing/details/")
        payer.press("Save", legal_name=f"{name} Traders", state_code="29", phone=PHONE)
        if rupees:
            payer.open(f"{ready['console_url']}/billing/add-credits/?amount={rupees}")
            payer.press("Add Credits")
            payer.press("Continue to payment")
            payer.press("Pay", within="#netbanking")
            payer.press("Success")
            payer.return_to_console()
    return customer


def top_ups_count(demo: RunningDemo, customer: Customer) -> int:
    """How many top-ups the customer's organisation has, whatever their state."""
    ((count,),) = demo.select(
        """select count(*) from billing_topup
             join tenancy_membership membership using (organisation_id)
             join tenancy_member member on member.id = membership.member_id
            where member.email = %s""",
        customer.email,
    )
    return int(count)
