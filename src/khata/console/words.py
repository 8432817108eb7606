"""Numbers and states in the words of the console. Amounts come in as integers and are never rounded up."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from khata.kernel.credits import MICRO_PER_CREDIT, credits_text
from khata.kernel.money import RUPEE_MINOR, group_indian

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as icon, word and colour together. `tone` is ok, warn, bad, busy or calm."""

    word: str
    tone: str
    icon: str


OK, WARN, BAD, BUSY, CALM, LATER = (
    ("ok", "check-circle"),
    ("warn", "exclamation-triangle"),
    ("bad", "x-circle"),
    ("busy", "clock"),
    ("calm", "minus-circle"),
    ("calm", "calendar"),
)


def badge(word: str, look: tuple[str, str]) -> Badge:
    return Badge(word, *look)


def money(amount_minor: int) -> str:
    """Paise → `1,23,456.00`, with a minus sign where below zero."""
    whole, rest = divmod(abs(amount_minor), RUPEE_MINOR)
    return f"{MINUS if amount_minor < 0 else ''}{group_indian(whole)}.{rest:02d}"


def rupees(amount_minor: int) -> str:
    """As `money`, but without decimals where there are none to tell: `1,000`."""
    return money(amount_minor).removesuffix(".00")


def credits_exact(amount_micro: int) -> str:
    """Micro-credits → `4,820` or `0.1`: grouped, trailing zeros dropped, nothing lost."""
    whole, _, fraction = credits_text(abs(amount_micro)).partition(".")
    sign = MINUS if amount_micro < 0 else ""
    return f"{sign}{group_indian(int(whole))}{'.' + fraction if fraction else ''}"


def credits_words(amount_micro: int) -> str:
    """`1 credit`, `6 credits`, `0.1 credits`."""
    return f"{credits_exact(amount_micro)} {'credit' if amount_micro == MICRO_PER_CREDIT else 'credits'}"


def credits_whole(amount_micro: int) -> str:
    """Whole credits, rounded down."""
    return group_indian(amount_micro // MICRO_PER_CREDIT)


def credits_column(amount_micro: int) -> str:
    """One decimal for columns, cut, so that figures stand under each other; finer amounts show all they have."""
    text = credits_exact(amount_micro)
    return text if "." in text else f"{text}.0"


def credits_signed(amount_micro: int) -> str:
    """As in a column, with its sign always."""
    return f"{'+' if amount_micro > 0 else ''}{credits_column(amount_micro)}"


def count(number: int) -> str:
    return group_indian(number)


def plural(number: int, one: str, many: str) -> str:
    return f"{group_indian(number)} {one if number == 1 else many}"


def credits_are(amount_micro: int) -> str:
    """`1 credit is`, `6 credits are`."""
    return f"{credits_words(amount_micro)} {'is' if amount_micro == MICRO_PER_CREDIT else 'are'}"


def minute(at: datetime) -> str:
    """The local time: `23 Dec 2026, 10:00`."""
    return f"{timezone.localtime(at):%d %b %Y, %H:%M}"


def day(at: datetime) -> str:
    """The local day: `23 Dec 2026`."""
    return f"{timezone.localtime(at):%d %b %Y}"
