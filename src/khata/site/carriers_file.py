"""The carriers file: which carriers there are and which routes lead to them (docs/guide/carriers-and-routes.md).

Without one, the environment gives the carriers "smpp" and "smtp", and one route to each takes every message of its
channel there.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from khata.carriers.table import Table
from khata.kernel.credits import NotCredits, micro_from_text
from khata.messaging.core.routes import RECEIPT_WAIT_H, ChargeOn, Policy, Route
from khata.site.environment import Environment
from khata.site.variables import Misconfigured

_SECRET = "_env"  # noqa: S105 - how the key of a secret ends
_DELIVERED_ONLY = ("return_undelivered_after_h", "credits_kept_per_segment")
_WAIT_H_MAX = 30 * 24
_EMAIL_DRIVERS = ("smtp", "anymail")
_DEFAULT_ROUTES = (("default", "sms"), ("email", "email"))


@dataclass(frozen=True, slots=True)
class CarrierEntry:
    """One carrier. `table` is the driver's own part, with its secrets put in."""

    name: str
    driver: str
    table: Mapping[str, Any] = field(repr=False)

    @property
    def channel(self) -> str:
        return "email" if self.driver in _EMAIL_DRIVERS else "sms"


@dataclass(frozen=True, slots=True)
class CarriersFile:
    carriers: tuple[CarrierEntry, ...]
    routes: tuple[Route, ...]
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must never be shown or logged."""


def carriers_of(environment: Environment, secret_named: Callable[[str], str]) -> CarriersFile:
    """What is configured. `secret_named` gives an environment variable's value. Raises Misconfigured."""
    path = environment.carriers_file
    if not path:
        return _of_environment(environment)
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise Misconfigured(f"KHATA_CARRIERS_FILE cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"KHATA_CARRIERS_FILE is not TOML: {error}.") from error
    try:
        return _of_file(content, secret_named)
    except ValueError as error:
        raise Misconfigured(f"KHATA_CARRIERS_FILE: {error}.") from error


def _of_environment(environment: Environment) -> CarriersFile:
    table: dict[str, Any] = {
        "host": environment.smpp_host,
        "port": environment.smpp_port,
        "system_id": environment.smpp_system_id,
        "password": environment.smpp_password,
        "window": environment.smpp_window,
    }
    if environment.smpp_submits_per_s_max:
        table["submits_per_s_max"] = environment.smpp_submits_per_s_max
    mail_table = {
        "host": environment.smtp_host,
        "port": environment.smtp_port,
        "bounce_domain": environment.mail_bounce_domain,
        "bounce_secret": environment.mail_bounce_secret,
    }
    smpp = (CarrierEntry("smpp", "smpp", table),) if environment.smpp_system_id else ()
    routes = (Route("default", ("smpp",)), Route("email", ("smtp",), channel="email"))
    return CarriersFile((*smpp, CarrierEntry("smtp", "smtp", mail_table)), routes)


def _of_file(content: Mapping[str, Any], secret_named: Callable[[str], str]) -> CarriersFile:
    secrets: list[str] = []

    def secret(name: str) -> str:
        secrets.append(secret_named(name))
        return secrets[-1]

    carriers = tuple(_carrier(_with_secrets(table, secret)) for table in _tables(content, "carriers"))
    _distinct("carriers", [carrier.name for carrier in carriers])
    routes = tuple(_route(table, carriers) for table in _tables(content, "routes"))
    _distinct("routes", [route.name for route in routes])
    if unknown := content.keys() - {"carriers", "routes"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if not carriers:
        raise ValueError("it names no carrier")
    return CarriersFile(carriers, routes or _default_routes(carriers), tuple(secrets))


def _default_routes(carriers: Sequence[CarrierEntry]) -> tuple[Route, ...]:
    """One for each channel that has a carrier."""
    routes = (Route(name, _names_of(carriers, channel), channel) for name, channel in _DEFAULT_ROUTES)
    return tuple(route for route in routes if route.carriers)


def _names_of(carriers: Sequence[CarrierEntry], channel: str) -> tuple[str, ...]:
    return tuple(carrier.name for carrier in carriers if carrier.channel == channel)


def _tables(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    tables = content.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise ValueError(f"{key} must be written as [[{key}]], one for each")
    return tables


def _distinct(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two {what} have the name {name}")


def _with_secrets(value: Any, secret: Callable[[str], str]) -> Any:
    """`password_env = "NAME"` becomes `password`, wherever it stands."""
    if isinstance(value, list):
        return [_with_secrets(item, secret) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key.removesuffix(_SECRET): secret(str(item)) if key.endswith(_SECRET) else _with_secrets(item, secret)
        for key, item in value.items()
    }


def _carrier(table: Mapping[str, Any]) -> CarrierEntry:
    read = Table("a carrier", table)
    name = read.text("name")
    driver = Table(name, table).text("driver")
    return CarrierEntry(name, driver, {key: value for key, value in table.items() if key not in ("name", "driver")})


def _route(table: Mapping[str, Any], carriers: Sequence[CarrierEntry]) -> Route:
    name = Table("a route", table).text("name")
    read = Table(name, {key: value for key, value in table.items() if key != "name"})
    route = Route(
        name,
        carriers=read.texts("carriers"),
        channel=read.text("channel", "sms"),
        prefixes=tuple(prefix.removeprefix("+") for prefix in read.texts("prefixes")) or ("",),
        senders=read.texts("senders"),
        policy=_policy(read),
    )
    read.end()
    if route.channel not in ("sms", "email"):
        raise ValueError(f"{name}: channel is sms or email")
    fit = _names_of(carriers, route.channel)
    if not route.carriers or not set(route.carriers) <= set(fit):
        raise ValueError(f"{name}: carriers must be some of {', '.join(fit) or 'the carriers of its channel'}")
    if route.channel == "email" and route.prefixes != ("",):
        raise ValueError(f"{name}: prefixes are of telephone numbers, and its channel is email")
    for prefix in route.prefixes:
        if prefix and not (prefix.isascii() and prefix.isdigit()):
            raise ValueError(f"{name}: a prefix is digits of a telephone number, not “{prefix}”")
    return route


def _policy(read: Table) -> Policy:
    charge_on = read.text("charge_on", ChargeOn.ACCEPTED)
    if charge_on not in list(ChargeOn):
        raise ValueError(f"{read.where}: charge_on is one of {', '.join(ChargeOn)}")
    for key in _DELIVERED_ONLY:
        if key in read and charge_on != ChargeOn.DELIVERED:
            raise ValueError(f"{read.where}: {key} needs charge_on = “delivered”")
    is_safe_to_resend = read.anything("is_safe_to_resend")
    if not isinstance(is_safe_to_resend, bool | None):
        raise ValueError(f"{read.where}: is_safe_to_resend is true or false")
    return Policy(
        charge_on=ChargeOn(charge_on),
        receipt_wait_h=read.number("return_undelivered_after_h", RECEIPT_WAIT_H, most=_WAIT_H_MAX),
        kept_per_segment=_credits(read, "credits_kept_per_segment"),
        is_safe_to_resend=bool(is_safe_to_resend),
    )


def _credits(read: Table, key: str) -> int:
    """Written as a text: "0.12" is exact, a TOML float is not."""
    try:
        return micro_from_text(read.text(key, "0"))
    except NotCredits:
        raise ValueError(f"{read.where}: {key} is an amount of credits like “0.12”") from None
