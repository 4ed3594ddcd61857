"""Values as vendors write them, and how far they may go."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.values import extensions, is_currency, plain


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1.50", "1.5"), ("300", "300"), ("-0.0", "0"), ("1E+3", "1000"),
        ("0." + "3" * 60, "0." + "3" * 31), ("1E-40", "0"), ("-1E-40", "0"),
    ],
)  # fmt: skip
def test_decimal_has_as_many_digits_after_the_point_as_a_contract_takes(number: str, written: str) -> None:
    assert plain(Decimal(number)) == written


@pytest.mark.parametrize(
    ("text", "is_code"), [("EUR", True), ("eur", False), ("E R", False), ("^EK", False), ("ÄÖÜ", False)]
)
def test_currency_is_three_letters(text: str, is_code: bool) -> None:
    assert is_currency(text) == is_code


def test_extensions_below_long_names_are_left_out() -> None:
    def below(levels: int) -> Any:
        return {"y" * 90: below(levels - 1)} if levels else {"short": 2}

    tree = {"x" * 2000: {"a": 1}, "deep": below(12), "flat": below(2), "c": 3}
    flat = "/flat" + ("/" + "y" * 90) * 2 + "/short"
    assert extensions(tree, frozenset(), frozenset()) == {flat: "2", "/c": "3"}
