"""The policy language: what it says, what it leaves unknown, and what it refuses before the first event."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.triage.policy import Evaluation, Expression, Kind, PolicyError

FACTS = {
    "a": Kind.NUMBER,
    "b": Kind.NUMBER,
    "c": Kind.NUMBER,
    "yes": Kind.BOOLEAN,
    "no": Kind.BOOLEAN,
    "maybe": Kind.BOOLEAN,
    "name": Kind.TEXT,
    "lambda": Kind.NUMBER,
    "None": Kind.NUMBER,
}
GIVEN = {"a": 7.0, "b": 2.0, "c": 3.0, "yes": True, "no": False, "name": "WFC", "lambda": 1.0, "None": 5.0}


def number(text: str) -> object:
    return Expression(text, FACTS, Kind.NUMBER).evaluate(GIVEN).value


def truth(text: str, **facts: object) -> object:
    return Expression(text, FACTS, Kind.BOOLEAN).evaluate({**GIVEN, **facts}).value  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b * c", 13.0),
        ("(a + b) * c", 27.0),
        ("a - b - c", 2.0),
        ("a / b / 2.0", 1.75),
        ("-a + b", -5.0),
        ("- -a", 7.0),
        ("a - -b", 9.0),
        ("min(a, b, c) + max(a, b)", 9.0),
        ("abs(b - a) * 2", 10.0),
        ("yes ? a : b", 7.0),
        ("no ? a : yes ? b : c", 2.0),
        ("(no ? a : b) + 1", 3.0),
        ("a > b ? 1.0 : 0.0", 1.0),
        ("lambda + None", 6.0),
    ],
)
def test_arithmetic_binds_as_in_cel(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes || no && no", True),
        ("(yes || no) && no", False),
        ("!no && yes", True),
        ("!(no || yes)", False),
        ("a + b >= 9 && c < 4", True),
        ("a == 7.0 && a != b", True),
        ('name == "WFC"', True),
        ("name == 'RFD' || name in ['INV', \"WFC\"]", True),
        ("a in [1, 2, 3 + 4]", True),
        ("b in [1.0, c]", False),
        ("yes == !no", True),
        ("true", True),
        ("false || a <= 7", True),
    ],
)
def test_logic_binds_as_in_cel(text: str, value: bool) -> None:
    assert truth(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("maybe", None),
        ("!maybe", None),
        ("maybe || yes", True),
        ("yes || maybe", True),
        ("maybe || no", None),
        ("maybe && no", False),
        ("no && maybe", False),
        ("maybe && yes", None),
        ("maybe ? yes : yes", None),
        ("yes ? no : maybe", False),
        ("no ? no : maybe", None),
        ("maybe == maybe", None),
    ],
)
def test_unknown_is_never_true_and_spreads_only_where_it_matters(text: str, value: bool | None) -> None:
    assert truth(text) is value


def test_an_unknown_result_names_the_facts_that_were_not_there() -> None:
    expression = Expression("a >= 5000.0 || b > 1.0 && maybe", FACTS, Kind.BOOLEAN)
    assert expression.evaluate({"b": 2.0}) == Evaluation(value=None, missing=("a", "maybe"))
    assert expression.evaluate({"a": 6000.0}) == Evaluation(value=True)


@pytest.mark.parametrize("absent", [None, math.nan])
def test_none_and_nan_are_absent_facts(absent: float | None) -> None:
    expression = Expression("a > 1.0", FACTS, Kind.BOOLEAN)
    assert expression.evaluate({"a": absent}) == Evaluation(value=None, missing=("a",))


@pytest.mark.parametrize("text", ["a / (b - b) > 0.0", "1.0 / 0.0 < 2.0"])
def test_a_division_by_zero_is_unknown(text: str) -> None:
    assert Expression(text, FACTS, Kind.BOOLEAN).evaluate(GIVEN) == Evaluation(value=None)


def test_an_unknown_member_of_a_list_hides_only_what_it_could_be() -> None:
    expression = Expression("a in [b, c]", FACTS, Kind.BOOLEAN)
    assert expression.evaluate({"a": 2.0, "b": 2.0}).value is True
    assert expression.evaluate({"a": 9.0, "b": 2.0}).value is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a value is expected"),
        ("a >", "a value is expected"),
        ("a > 1 2", "where the end is expected"),
        ("(a > 1", "where ')' is expected"),
        ("unheard > 1", "at 1: unknown name 'unheard'"),
        ("a > 1 && unheard", "at 10: unknown name 'unheard'"),
        ("__import__", "'_' is not part of the language"),
        ("a.b > 1", "'.' is not part of the language"),
        ("a['b'] > 1", "where the end is expected"),
        ("open(a)", "unknown name 'open'"),
        ("a > 1; b", "';' is not part of the language"),
        ("a = 1", "'=' is not part of the language"),
        ("a ** b > 1", "a value is expected"),
        ("a & b", "'&' is not part of the language"),
        ("name == 'a\\'b'", "not part of the language"),
        ('name == "open', "not part of the language"),
        ("a < b < c", "where the end is expected"),
        ("a", "gives a number, expected a boolean"),
        ("a && yes", "a number where a boolean is expected"),
        ("!a", "a number where a boolean is expected"),
        ("yes + 1 > 1", "a boolean where a number is expected"),
        ("name > 'a'", "a text where a number is expected"),
        ("a == name", "a text where a number is expected"),
        ("a in ['x']", "a text where a number is expected"),
        ("a in []", "a value is expected"),
        ("yes ? a : no", "a boolean where a number is expected"),
        ("min(a) > 1", "min takes 2 to 8 arguments"),
        ("abs(a, b) > 1", "abs takes 1 to 1 arguments"),
        ("min > 1", "unknown name 'min'"),
        ("[a] == [a]", "a value is expected"),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Expression(text, FACTS, Kind.BOOLEAN)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "a" + ")" * 500 + " > 1",
        "!" * 500 + "yes",
        "-" * 500 + "a > 1",
        " + ".join(["a"] * 300) + " > 1",
        "yes ? " * 300 + "a" + " : b" * 300 + " > 1",
        "yes" + " || yes" * 600,
    ],
)
def test_deep_and_long_expressions_are_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"deeper|longer"):
        Expression(text, FACTS, Kind.BOOLEAN)


def test_a_long_chain_of_conditions_is_not_deep() -> None:
    assert truth(" || ".join(["no"] * 200) + " || yes") is True


@given(text=st.text(alphabet="ab1. ()[]?:!&|<>=+-*/,'\"_inmaxyestru$", max_size=40))
def test_any_text_compiles_to_a_boolean_or_is_refused(text: str) -> None:
    try:
        expression = Expression(text, FACTS, Kind.BOOLEAN)
    except PolicyError:
        return
    assert expression.evaluate(GIVEN).value in {True, False, None}
    assert expression.evaluate({}).value in {True, False, None}


_booleans = st.sampled_from(["yes", "no", "maybe", "a > b", "b > a", "a / 0.0 > 1"])
_expressions = st.recursive(
    _booleans,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"!({text})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=6,
)


@given(text=_expressions)
def test_what_is_decided_without_a_fact_stays_so_whatever_the_fact_is(text: str) -> None:
    expression = Expression(text, FACTS, Kind.BOOLEAN)
    without = expression.evaluate(GIVEN).value
    if without is not None:
        assert {expression.evaluate({**GIVEN, "maybe": maybe}).value for maybe in (True, False)} == {without}
