"""A text is a registered template or it is not, found in one pass, and what keeps it from being one is said."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.kernel.ids import new_uuid
from khata.messaging.core.dlt import Category
from khata.messaging.core.matching import difference, has_words, match
from khata.messaging.core.patterns import VARIABLES, InvalidTemplate, Variable, fill, read_pattern, variables_of
from khata.messaging.core.templates import Template, Unbound, bind, book_of, choose, nearest

OTP = "Dear {#var#}, {#numeric#} is your code for {#var#}. Do not share it."
LENGTH_MAX = 1_600


def template(text: str, ref: str = "1107000000000000001", sender: str = "ACMEIN") -> Template:
    return Template(new_uuid(), ref, sender, Category.SERVICE_IMPLICIT, read_pattern(text))


def why(text: str, pattern: str = OTP) -> tuple[str, str]:
    assert match(read_pattern(pattern), text) is None
    found = difference(read_pattern(pattern), text)
    return found.code, found.detail


def test_a_text_gives_its_values_back() -> None:
    values = match(read_pattern(OTP), "Dear Asha, 481516 is your code for ACME. Do not share it.")
    assert values == ("Asha", "481516", "ACME")


@pytest.mark.parametrize(
    ("pattern", "text", "values"),
    [
        ("Hello", "Hello", ()),
        ("Hi {#var#}", "Hi ", ("",)),
        ("{#var#} paid", "Ravi paid", ("Ravi",)),
        ("{#var#}{#var#} paid", "x" * 40 + " paid", ("x" * 30, "x" * 10)),
        ("Hi {#var#}, ok", "Hi a, ok, ok", ("a, ok",)),
        ("{#VAR#} ok", "very ok", ("very",)),
        ("Pay at {#url#} now", "Pay at https://acme.in/p?x=1 now", ("https://acme.in/p?x=1",)),
        ("Write to {#email#}.", "Write to help@acme.in.", ("help@acme.in",)),
        ("Call {#cbn#} now", "Call +91 80-4000 1234 now", ("+91 80-4000 1234",)),
        ("Ref {#alphanumeric#}!", "Ref 7Q2!", ("7Q2",)),
        ("नमस्ते {#var#}", "नमस्ते आशा", ("आशा",)),
        ("One\nTwo {#var#}", "One\nTwo a\nb", ("a\nb",)),
    ],
)
def test_these_match(pattern: str, text: str, values: tuple[str, ...]) -> None:
    assert match(read_pattern(pattern), text) == values


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=VARIABLES.keys())
def test_a_value_of_the_greatest_length_matches_and_one_more_does_not(variable: Variable) -> None:
    pattern = f"Code {{#{variable.tag}#}}; end"
    assert match(read_pattern(pattern), f"Code {'1' * variable.length_max}; end") is not None
    code, detail = why(f"Code {'1' * (variable.length_max + 1)}; end", pattern)
    assert code == "variable_too_long"
    assert f"has {variable.length_max + 1} characters; at most {variable.length_max}" in detail


def test_a_long_value_is_named_with_its_number() -> None:
    code, detail = why(f"Dear Asha, 1 is your code for {'x' * 31}. Do not share it.")
    assert (code, detail) == ("variable_too_long", "Variable 3 {#var#} has 31 characters; at most 30 are allowed.")


def test_a_value_of_the_wrong_kind_is_named() -> None:
    code, detail = why("Dear Asha, 48-16 is your code for ACME. Do not share it.")
    assert (code, detail) == ("variable_unfit", "Variable 2 {#numeric#} is “48-16”, not digits only.")


def test_a_missing_value_is_named() -> None:
    assert why("Dear Asha,  is your code for ACME. Do not share it.")[0] == "variable_empty"


def test_other_words_are_shown_beside_those_of_the_template() -> None:
    code, detail = why("Dear Asha, 1 is the code for ACME. Do not share it.")
    assert code == "text_differs"
    assert detail == "The text says “the code for ACME. Do no…” where the template says “your code for ”."


def test_a_text_that_ends_early_is_told() -> None:
    assert why("Dear Asha, 1 is your co") == (
        "text_differs",
        "The text ends where the template goes on with “de for ”.",
    )


def test_a_text_that_goes_on_is_told() -> None:
    assert why("Dear Asha, 1 is your code for ACME. Do not share it. Ever.")[1] == (
        "The text goes on with “ Ever.” where the template ends."
    )


@pytest.mark.parametrize(
    "text", ["", "{#var#}", " {#var#}{#numeric#} ", "Hi {#name#}", "Hi {#var}", "Hi {#var #}", "Hi #}", "{#"]
)
def test_a_text_that_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemplate):
        read_pattern(text)


def test_of_several_that_match_the_one_with_most_words_is_chosen_then_the_oldest() -> None:
    loose, first, second = template("Code {#var#}"), template("Code {#var#} ok"), template("Code {#var#} ok")
    assert choose(book_of([second, loose, first]), "Code 12 ok") == first
    assert choose(book_of([second, loose]), "Code 12") == loose
    assert choose(book_of([second]), "Code 12") is None


def test_the_nearest_is_the_one_with_most_of_its_words_in_the_text() -> None:
    wide = template("Dear customer, your parcel {#var#} was sent by road today")
    near = template("Dear customer, your code is {#numeric#}")
    found = nearest(book_of([wide, near]), "Dear customer, your code is 12x")
    assert found is not None
    assert (found[0], found[1].code) == (near, "variable_unfit")
    assert nearest((), "x") is None


def test_a_slip_in_the_first_word_does_not_hide_the_nearest() -> None:
    like, unlike = template("Dear customer, your code is {#numeric#}"), template("Deer cross {#var#}")
    found = nearest(book_of([like, unlike]), "Deer customer, your code is 12")
    assert found is not None
    assert found[0] == like


def test_who_registers_what_nearly_matches_everything_holds_nobody_up() -> None:
    decoys = [template("Hi {#numeric#}, {#numeric#}") for _ in range(100)]
    assert choose(book_of([*decoys[1:], template("Hi {#var#}")]), "Hi x, y") is not None
    assert choose(book_of([*decoys, template("Hi {#var#}")]), "Hi x, y") is None


def test_a_template_hidden_among_too_many_like_it_goes_by_its_number() -> None:
    book = book_of([*(template("Hi {#numeric#}, {#numeric#}") for _ in range(100)), template("Hi {#var#}", "222222")])
    found = bind(book, "Hi x, y", sender=None, ref=None)
    assert isinstance(found, Unbound)
    assert (found.code, "Nearest is template 222222." in found.detail) == ("too_many_alike", True)
    assert bind(book, "Hi x, y", sender=None, ref="222222") == book[-1]


@pytest.mark.parametrize(
    ("text", "sender", "ref", "field", "code"),
    [
        ("Hello Asha", None, "999999999999", "template", "unknown_template"),
        ("Hello Asha", "OTHERS", None, "from", "sender_not_registered"),
        ("Hello Asha", "ACMEIN", "222222222222", "from", "sender_not_registered"),
        ("Goodbye", None, None, "body", "text_differs"),
        ("Hello Asha", None, "222222222222", "body", "text_differs"),
    ],
)
def test_what_keeps_a_message_from_a_template_names_the_field(
    text: str, sender: str | None, ref: str | None, field: str, code: str
) -> None:
    book = book_of([template("Hello {#var#}", "111111111111"), template("Sale {#var#}", "222222222222", "ACMESL")])
    found = bind(book, text, sender=sender, ref=ref)
    assert isinstance(found, Unbound)
    assert (found.field, found.code) == (field, code)


def test_a_message_without_a_sender_gets_its_templates() -> None:
    book = book_of([template("Hello {#var#}", "111111111111"), template("Sale {#var#}", "222222222222", "ACMESL")])
    found = bind(book, "Sale today", sender=None, ref=None)
    assert isinstance(found, Template)
    assert found.sender == "ACMESL"


def test_without_any_template_no_text_matches() -> None:
    found = bind((), "Hello", sender=None, ref=None)
    assert isinstance(found, Unbound)
    assert found.code == "no_template"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a{#var#}" * 100 + "b", "a" * LENGTH_MAX),
        ("{#var#}" * 100 + "b", "a" * LENGTH_MAX),
        ("{#alphanumeric#} {#var#}" * 60 + "!", "a " * (LENGTH_MAX // 2)),
        ("a" * 800 + "{#url#}" * 50 + "a" * 700 + "b", "a" * LENGTH_MAX),
    ],
    ids=["words and variables", "variables only", "kinds that overlap", "long words"],
)
def test_hostile_texts_are_told_from_templates_at_once(pattern: str, text: str) -> None:
    parts = read_pattern(pattern)
    assert match(parts, text) is None
    assert difference(parts, text).detail


WORDS = st.text(alphabet="ab {}#!", min_size=1, max_size=6).filter(
    lambda words: "{#" not in words and "#}" not in words
)
VALUES = st.text(alphabet=string.printable, max_size=30)


@given(st.lists(st.tuples(WORDS, VALUES), min_size=1, max_size=8))
def test_a_filled_template_always_matches(pieces: list[tuple[str, str]]) -> None:
    pattern = tuple(part for words, _ in pieces for part in (f"x{words}x", VARIABLES["var"]))
    text = fill(pattern, [value for _, value in pieces])
    values = match(pattern, text)
    assert values is not None
    assert has_words(pattern, text)
    assert fill(pattern, values) == text
    assert all(len(value) <= 30 for value in values)


@given(st.text(alphabet="ab1 ", max_size=24), st.lists(st.sampled_from([*"ab1 ", *VARIABLES.values()]), max_size=7))
def test_a_text_either_matches_or_is_told_why_not(text: str, parts: list[str | Variable]) -> None:
    pattern = ("a", *parts)
    values = match(pattern, text)
    if values is None:
        assert difference(pattern, text).detail
    else:
        assert has_words(pattern, text)
        assert fill(pattern, values) == text
        for variable, value in zip(variables_of(pattern), values, strict=True):
            assert variable.length_min <= len(value) <= variable.length_max
            assert variable.characters is None or variable.characters.issuperset(value)


@given(
    st.lists(st.tuples(st.sampled_from("a1 "), st.integers(0, 45)), max_size=4),
    st.lists(st.sampled_from(["a", "1", " a", *VARIABLES.values()]), max_size=4),
)
def test_a_regular_expression_would_say_the_same(runs: list[tuple[str, int]], parts: list[str | Variable]) -> None:
    text = "".join(character * count for character, count in runs)
    pattern = (*parts, "a")
    assert (match(pattern, text) is not None) == (re.fullmatch("".join(map(expression, pattern)), text) is not None)


def expression(part: str | Variable) -> str:
    if isinstance(part, str):
        return re.escape(part)
    allowed = "." if part.characters is None else f"[{re.escape(''.join(sorted(part.characters)))}]"
    return f"{allowed}{{{part.length_min},{part.length_max}}}"
