"""Customers: whom cards and mandates belong to."""

import re
from dataclasses import replace

from khata_sandbox.gateway.customer_rows import Customer
from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.fields import Given, flag_field, text_field
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others

NAME_LENGTH_MAXIMUM = 50
FIELDS = ("name", "email", "contact", "fail_existing", "gstin", "notes")
EDITABLE = ("name", "email", "contact", "gstin", "fail_existing")


def create_customer(gateway: Gateway, given: Given) -> Customer:
    """With `fail_existing` "0" the customer who is there already is the answer; otherwise ApiError is raised."""
    refuse_others(given, FIELDS)
    is_failing = flag_field(given, "fail_existing", default=True)
    customer = Customer(
        id=new_id("cust"),
        name=_name(given),
        email=_email(given),
        contact=_contact(given),
        gstin=text_field(given, "gstin", 15),
        notes=notes_text(given.get("notes")),
        created_at=int(gateway.clock.now()),
    )
    with gateway.store.transaction():
        existing = _same(gateway, customer)
        if existing is None:
            gateway.store.save(customer)
        elif is_failing:
            raise ApiError("Customer already exists for the merchant")
    return existing or customer


def load_customer(gateway: Gateway, customer_id: str) -> Customer:
    """Raises ApiError for an id nobody knows."""
    customer = gateway.store.get(Customer, customer_id)
    if customer is None:
        raise unknown_id()
    return customer


def list_customers(gateway: Gateway, page: PageRequest) -> list[Customer]:
    """Newest first."""
    return gateway.store.select(Customer, "true", limit=page.count, skip=page.skip)


def edit_customer(gateway: Gateway, customer_id: str, given: Given) -> Customer:
    """Raises ApiError when another customer has the mail address and number already."""
    refuse_others(given, EDITABLE)
    with gateway.store.transaction():
        customer = load_customer(gateway, customer_id)
        edited = replace(
            customer,
            name=_name(given) if "name" in given else customer.name,
            email=_email(given) if "email" in given else customer.email,
            contact=_contact(given) if "contact" in given else customer.contact,
            gstin=text_field(given, "gstin", 15) if "gstin" in given else customer.gstin,
        )
        existing = _same(gateway, edited)
        if existing is not None and existing.id != customer_id:
            raise ApiError("Customer already exists for the merchant")
        gateway.store.save(edited)
    return edited


def _same(gateway: Gateway, customer: Customer) -> Customer | None:
    """Mail address and number together name a customer."""
    if customer.email is None and customer.contact is None:
        return None
    return gateway.store.first(Customer, "email IS ? AND contact IS ?", customer.email, customer.contact)


def _name(given: Given) -> str | None:
    return text_field(given, "name", NAME_LENGTH_MAXIMUM)


def _email(given: Given) -> str | None:
    email = text_field(given, "email", 64)
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise invalid("email", "The email must be a valid email address.")
    return email.lower() if email else None


def _contact(given: Given) -> str | None:
    value = given.get("contact")
    contact = str(value) if type(value) is int else text_field(given, "contact", 15)
    if contact and not re.fullmatch(r"\+?[0-9]{8,14}", contact):
        raise invalid("contact", "Contact number should be at least 8 digits, including country code")
    return contact or None
