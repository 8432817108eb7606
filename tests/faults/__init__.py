import pytest

pytest.register_assert_rewrite("tests.faults.books", "tests.faults.payer", "tests.faults.senders")
