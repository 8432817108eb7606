"""What India's registers want, and their error codes in plain words."""

import pytest

from khata.messaging.core.dlt import REGISTER_NUMBER, Category, error_words, fits, is_header

INDIA = "+919812345678"


@pytest.mark.parametrize(
    ("header", "category", "is_fit"),
    [
        ("ACMEIN", Category.TRANSACTIONAL, True),
        ("acmein", Category.SERVICE_IMPLICIT, True),
        ("ACM", Category.SERVICE_EXPLICIT, True),
        ("AC", Category.SERVICE_EXPLICIT, False),
        ("ACMEIND", Category.TRANSACTIONAL, False),
        ("ACME1N", Category.TRANSACTIONAL, False),
        ("112233", Category.TRANSACTIONAL, False),
        ("112233", Category.PROMOTIONAL, True),
        ("11223", Category.PROMOTIONAL, False),
        ("ACMEIN", Category.PROMOTIONAL, False),
    ],
)
def test_a_header_fits_the_category_it_is_written_for(header: str, category: Category, is_fit: bool) -> None:
    assert fits(header, category) is is_fit


def test_a_header_is_letters_or_digits_of_the_western_kind() -> None:
    assert [is_header(text) for text in ("ACMEIN", "112233", "A1B2C3", "एकमेइन", "１１２２３３", "ACMEIN\n")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_a_template_number_need_not_have_nineteen_digits() -> None:
    lengths = {length for length in range(1, 25) if REGISTER_NUMBER.fullmatch("1" * length)}
    assert lengths == set(range(12, 21))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("633", "The text does not match the registered template."),
        ("0633", "The text does not match the registered template."),
        ("635", "A variable of the template is too long."),
        ("603", "The register does not accept the entity."),
        ("632", "The register does not accept the template."),
        ("651", "Messages of this kind may not go out at this hour."),
        ("5601", "The chain of telemarketers is not registered."),
        ("899", "The register refused the message."),
        ("0x0000000B", "The carrier does not accept the recipient's number."),
        ("0x000000C3", "A registration number that the carrier expects did not come with the message."),
    ],
)
def test_a_code_is_told_in_words(code: str, words: str) -> None:
    assert error_words(code, INDIA) == words


@pytest.mark.parametrize("code", ["", "000", "001", "404", "6330", "0x00000400", "６３３", "no_answer", "9" * 5_000])
def test_a_code_only_the_carrier_knows_gets_no_words(code: str) -> None:
    assert error_words(code, INDIA) == ""


def test_the_registers_codes_mean_nothing_outside_india() -> None:
    assert error_words("633", "+14155550123") == ""
    assert error_words("0x0000000B", "+14155550123")
