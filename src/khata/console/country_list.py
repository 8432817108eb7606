"""Countries as the page that allows them lists them: what a segment costs there, and looking one up."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from khata.console.phones import calling_code
from khata.messaging.core.countries import countries_sold
from khata.messaging.core.country_names import country_name
from khata.pricing.queries import rate_card

_NAMES_TOLD = 4


@dataclass(frozen=True, slots=True)
class Country:
    """`credits_micro` is None where nothing is sold just now: only countries allowed before are listed so."""

    region: str
    name: str
    credits_micro: int | None
    is_home: bool
    is_allowed: bool

    @property
    def calling_code(self) -> str:
        return f"+{calling_code(self.region)}"


def country_list(allowed: Collection[str], home: str) -> list[Country]:
    """Home, then what is allowed, then the others, each by name."""
    prices = {country.region: country.credits_micro for country in countries_sold(rate_card())}
    regions = {home, *allowed, *prices}
    found = [Country(each, country_name(each), prices.get(each), each == home, each in allowed) for each in regions]
    return sorted(found, key=lambda country: (not country.is_home, not country.is_allowed, country.name))


def is_like(country: Country, words: str) -> bool:
    """Whether the words are in its name, or begin its calling code."""
    plain = _plain(words)
    return plain in _plain(country.name) or country.calling_code.startswith((plain, f"+{plain}"))


def names_in_words(regions: Sequence[str]) -> str:
    """`India and Nepal`, `India, Nepal, Singapore and 21 more`."""
    names = [country_name(region) for region in regions]
    if len(names) > _NAMES_TOLD:
        names = [*names[: _NAMES_TOLD - 1], f"{len(names) - _NAMES_TOLD + 1} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _plain(text: str) -> str:
    """Without accents and case: "cote" is in "Côte d’Ivoire"."""
    spelled = unicodedata.normalize("NFKD", text.strip()).casefold()
    return "".join(character for character in spelled if not unicodedata.combining(character))
