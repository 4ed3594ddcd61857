"""What an adapter says keeps its canonical contract, or is a dead letter: never an owner's trouble."""

import pytest

from contracts.canon import Canon
from contracts.canonical import Category, Fact, FactKind, FactLine, Item, Measure, Normalised, RetailException
from contracts.errors import Unmapped
from contracts.registry import Registry

CANON = Canon(Registry.load())
NOW = "2026-11-23T12:00:00+00:00"


def sale(*lines: FactLine) -> Fact:
    return Fact(kind=FactKind.SALE, key="sale:1", occurred_at=NOW, lines=lines)


def variance(key: str) -> RetailException:
    measure = Measure(kind="quantity", value="1", unit="EA")
    return RetailException(
        category=Category.INVENTORY_VARIANCE, key=key, expected=measure, actual=measure, occurred_at=NOW,
        detected_at=NOW,
    )  # fmt: skip


def test_what_keeps_its_contract_is_returned_as_it_is() -> None:
    said = Normalised(facts=(sale(FactLine(line="1", item=Item(id="4711"))),), exceptions=(variance("1"),))
    assert CANON.hold(said) is said


def test_fact_with_more_lines_than_its_contract_takes_is_not_mapped() -> None:
    lines = [FactLine(line=str(number)) for number in range(10_001)]
    assert CANON.hold(Normalised(facts=(sale(*lines[:10_000]),)))
    with pytest.raises(Unmapped, match=r"fact-sale@1.0.0 .*\$\.lines: .*10000"):
        CANON.hold(Normalised(facts=(sale(*lines),)))


def test_text_that_is_longer_than_its_contract_takes_is_not_mapped() -> None:
    with pytest.raises(Unmapped, match=r"\$\.lines\[0\]\.item\.id: "):
        CANON.hold(Normalised(facts=(sale(FactLine(line="1", item=Item(id="x" * 257))),)))


def test_exception_is_held_like_a_fact() -> None:
    with pytest.raises(Unmapped, match=r"exception-inventory-variance@1.1.0 .*\$\.key: "):
        CANON.hold(Normalised(exceptions=(variance(""),)))


def test_event_of_more_exceptions_than_a_fact_has_lines_is_not_mapped() -> None:
    found = tuple(variance(str(number)) for number in range(10_001))
    assert CANON.hold(Normalised(exceptions=found[1:]))
    with pytest.raises(Unmapped, match="10001 exceptions, more than 10000"):
        CANON.hold(Normalised(exceptions=found))
