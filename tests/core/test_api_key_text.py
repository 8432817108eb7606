"""API keys: junk is told from a key without asking the database."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.tenancy.core.api_key_text import BASE62, SECRET_LENGTH, api_key_digest, api_key_text, is_well_formed

SECRETS = st.text(alphabet=BASE62, min_size=SECRET_LENGTH, max_size=SECRET_LENGTH)
KEY = api_key_text("test", "a" * SECRET_LENGTH)


@given(SECRETS, st.sampled_from(("test", "live")))
def test_a_key_we_made_is_well_formed(secret: str, mode: str) -> None:
    text = api_key_text("test" if mode == "test" else "live", secret)
    assert is_well_formed(text)
    assert text.startswith(f"kh_{mode}_{secret}")
    assert len(text) == len("kh_test_") + SECRET_LENGTH + 6


@given(SECRETS, st.integers(0, SECRET_LENGTH + 13), st.sampled_from(BASE62))
def test_one_changed_character_is_noticed(secret: str, place: int, character: str) -> None:
    text = api_key_text("test", secret)
    changed = text[:place] + character + text[place + 1 :]
    assert is_well_formed(changed) == (changed == text)


@pytest.mark.parametrize(
    "text", ["", "kh_test_", KEY + "a", KEY[:-1], KEY.upper(), f" {KEY}", KEY + "\n", "Bearer " + KEY]
)
def test_junk_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


def test_digests_tell_keys_apart_and_do_not_hold_them() -> None:
    keys = [api_key_text("live", "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))) for _ in range(100)]
    digests = {api_key_digest(key) for key in keys}
    assert len(digests) == 100
    assert all(len(digest) == 32 for digest in digests)
