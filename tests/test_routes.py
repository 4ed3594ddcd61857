"""Routes: who gets an exception, why, and which tables are refused before the first one."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import Category, Measure, Place, RetailException
from routing.items import FoundException, TriageDecision, TriagedException
from routing.owners import OwnerSettings, OwnersRefused, load_owners
from routing.routes import RoutesRefused, RouteTable
from routing.routes_file import Given, RoutesFile, Traits
from routing.triage.rules import RuleTriage
from routing.triage.taxonomy import Taxonomy

DEFAULTS = Path(__file__).parent.parent / "gateway" / "defaults"
TAXONOMY = Taxonomy.load()
OWNERS = ("store-ops", "inventory-control", "finance", "review")
LAST = '[[routes]]\nname = "last"\nmatch = {}\nowners = ["review"]\n'


def table(text: str) -> RouteTable:
    return RouteTable(msgspec.toml.decode(text, type=RoutesFile), OWNERS, TAXONOMY)


def row(name: str, match: str, owners: str = '["store-ops"]') -> str:
    return f'[[routes]]\nname = "{name}"\nmatch = {match}\nowners = {owners}\n'


def triaged(
    root_cause: str = "INV.shrink",
    *,
    severity: str = "P3",
    review: bool = False,
    source: str = "wms-demo",
    system: str = "wms",
    place: Place | None = None,
) -> TriagedException:
    leaf = TAXONOMY.leaves[root_cause]
    side = Measure(kind="quantity", value="1", unit="EA")
    exception = RetailException(
        category=leaf.category, key="1", expected=side, actual=side, place=place,
        occurred_at="2026-11-23T08:00:00+00:00", detected_at="2026-11-23T08:00:01+00:00",
    )  # fmt: skip
    found = FoundException(
        exception_id="e" * 26, event_id="v" * 26, source=source, system=system, contract="c@1.0.0",
        exception=exception,
    )  # fmt: skip
    decision = TriageDecision(
        category=leaf.category, root_cause=root_cause, confidence=0.8, level=leaf.level, team=leaf.team,
        severity=severity, priority=severity.lower(), review=review, decided_by="test", taxonomy="test",
    )  # fmt: skip
    return TriagedException(found=found, decision=decision)


def test_the_first_row_that_fits_wins_and_names_itself() -> None:
    routes = table(
        row("one", '{ level = "regional" }') + row("two", '{ category = "inventory-variance" }') + LAST
    )
    assert routes.route(triaged("INV.shrink")).row == "one"
    assert routes.route(triaged("INV.misplaced")).row == "two"
    assert routes.route(triaged("IVM.qty_short")).row == "last"


def test_a_row_may_name_several_owners_and_all_get_it_in_its_order() -> None:
    routes = table(row("one", '{ level = "regional" }', '["finance", "store-ops"]') + LAST)
    exception = triaged("INV.shrink")
    routed = routes.route(exception)
    assert routed.owners == ("finance", "store-ops")
    assert routed.triaged is exception


STORE = Place(kind="store", id="1203")


@pytest.mark.parametrize(
    ("match", "fitting", "other"),
    [
        ('{ category = "inventory-variance" }', triaged(), triaged("IVM.qty_short")),
        (
            '{ root_cause = ["INV.shrink", "INV.misplaced"] }',
            triaged("INV.misplaced"),
            triaged("INV.count_error"),
        ),
        ('{ level = "warehouse_supply" }', triaged("INV.delayed_receipt"), triaged()),
        ('{ severity = ["P1", "P2"] }', triaged(severity="P2"), triaged(severity="P3")),
        ("{ review = true }", triaged(review=True), triaged()),
        ("{ review = false }", triaged(), triaged(review=True)),
        ('{ source = "wms-demo" }', triaged(), triaged(source="wms-other")),
        ('{ system = ["erp", "wms"] }', triaged(), triaged(system="pos")),
        ('{ place_kind = "store" }', triaged(place=STORE), triaged(place=Place(kind="dc", id="1203"))),
        ('{ place_kind = "store" }', triaged(place=STORE), triaged()),
        (
            '{ place_prefix = ["11", "12"] }',
            triaged(place=STORE),
            triaged(place=Place(kind="store", id="2103")),
        ),
        ('{ place_prefix = "12" }', triaged(place=STORE), triaged()),
        ('{ level = "regional", severity = "P1" }', triaged(severity="P1"), triaged(severity="P2")),
    ],
)
def test_all_matchers_that_are_set_must_fit(
    match: str, fitting: TriagedException, other: TriagedException
) -> None:
    routes = table(row("wanted", match) + LAST)
    assert routes.route(fitting).row == "wanted"
    assert routes.route(other).row == "last"


def test_explain_says_for_each_row_which_matcher_failed_and_which_row_was_chosen() -> None:
    routes = table(
        row("people", "{ review = true }")
        + row("urgent", '{ category = "inventory-variance", severity = ["P1", "P2"], place_prefix = "9" }')
        + row("stock", '{ category = "inventory-variance" }', '["inventory-control", "finance"]')
        + LAST
    )
    people, urgent, stock, last = routes.explain(triaged(place=STORE))
    assert people.misfits == ("review is false, the row wants true",)
    assert urgent.misfits == (
        "severity is 'P3', the row wants 'P1' or 'P2'",
        "place_id is '1203', the row wants it to begin with '9'",
    )
    assert (stock.fits, stock.chosen, stock.owners) == (True, True, ("inventory-control", "finance"))
    assert (last.fits, last.chosen, last.misfits) == (True, False, ())
    assert not people.fits
    assert [trial.row for trial in routes.explain(triaged()) if trial.chosen] == ["stock"]


@pytest.mark.parametrize(
    ("match", "owners", "complaint"),
    [
        ("{ review = true }", "[]", "no owners"),
        ("{ review = true }", '["ghosts"]', "unknown owner 'ghosts'"),
        ("{ review = true }", '["review", "review"]', "owner 'review' stands 2 times"),
        ('{ category = "stock" }', '["review"]', "unknown category 'stock'"),
        ('{ root_cause = "INV.ghost" }', '["review"]', "unknown root_cause 'INV.ghost'"),
        ('{ level = ["store", "moon"] }', '["review"]', "unknown level 'moon'"),
        ('{ severity = "p1" }', '["review"]', "unknown severity 'p1'"),
        ('{ place_kind = "shop" }', '["review"]', "unknown place_kind 'shop'"),
        ("{ source = [] }", '["review"]', "source: expected a name or a list of names"),
        ('{ place_prefix = "" }', '["review"]', "place_prefix: expected a name or a list of names"),
        (
            '{ category = "refund-anomaly", root_cause = ["RFD.goodwill_legit", "INV.shrink"] }',
            '["review"]',
            "unreachable: root cause 'INV.shrink' never occurs",
        ),
        (
            '{ category = "workforce-conflict", level = "corp_finance" }',
            '["review"]',
            "unreachable: category 'workforce-conflict' never occurs",
        ),
        (
            '{ category = "workforce-conflict", level = ["store", "corp_finance"] }',
            '["review"]',
            "unreachable: level 'corp_finance' never occurs",
        ),
    ],
)
def test_lint_names_the_row_and_what_is_wrong_with_it(match: str, owners: str, complaint: str) -> None:
    with pytest.raises(RoutesRefused) as refusal:
        table(row("one", match, owners) + LAST)
    assert f"row 'one': {complaint}" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "gap: no rows"),
        (row("one", "{ review = true }"), "row 'one': gap: the last row must match everything: match = {}"),
        (row("a", "{ review = true }") + row("a", "{ review = false }") + LAST, "the name stands on 2 rows"),
        (row(" ", "{ review = true }") + LAST, "a row has no name"),
    ],
)
def test_lint_finds_gaps_and_names_that_do_not_tell_rows_apart(text: str, complaint: str) -> None:
    with pytest.raises(RoutesRefused) as refusal:
        table(text)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("before", "unreachable", "takers"),
    [
        (["{}"], "{ review = true }", "'row 0'"),
        (["{}"], "{}", "'row 0'"),
        (
            ['{ category = "invoice-mismatch" }'],
            '{ root_cause = "IVM.qty_short", severity = "P1" }',
            "'row 0'",
        ),
        (["{ review = true }", "{ review = false }"], '{ system = "pos" }', "'row 0', 'row 1'"),
        (['{ place_prefix = "12" }'], '{ place_prefix = ["121", "129"] }', "'row 0'"),
        (['{ source = ["a", "b"] }'], '{ source = "b", level = "store" }', "'row 0'"),
    ],
)
def test_lint_names_the_rows_that_leave_nothing_to_another(
    before: list[str], unreachable: str, takers: str
) -> None:
    rows = [row(f"row {number}", match) for number, match in enumerate([*before, unreachable])]
    with pytest.raises(RoutesRefused) as refusal:
        table("".join(rows) + LAST)
    complaint = f"row 'row {len(before)}': unreachable: all that it matches is taken before by {takers}"
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        row("narrow", '{ level = "store", severity = "P1" }') + row("wide", '{ level = "store" }') + LAST,
        row("one", '{ source = "a", level = "store" }') + row("any", '{ level = "store" }') + LAST,
        row("twelve", '{ place_prefix = "12" }') + row("one", '{ place_prefix = "1" }') + LAST,
        row("store", '{ place_kind = "store" }') + row("some", '{ place_prefix = "1" }') + LAST,
        "".join(row(category.value, f'{{ category = "{category.value}" }}') for category in Category) + LAST,
    ],
)
def test_rows_that_overlap_without_covering_are_no_finding(text: str) -> None:
    table(text)


def with_test(given_: str, row_: str = "one", owners: str = '["store-ops"]') -> str:
    expect = f'{{ row = "{row_}", owners = {owners} }}'
    return row("one", "{ review = true }") + LAST + f"[[tests]]\ngiven = {given_}\nexpect = {expect}\n"


REVIEWED = '{ root_cause = "INV.shrink", review = true }'


def test_a_table_whose_own_tests_pass_is_taken() -> None:
    assert table(with_test(REVIEWED)).run_tests() == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (with_test('{ category = "refund-anomaly" }'), "taken by row 'last', expected 'one'"),
        (with_test(REVIEWED, row_="ghost"), "taken by row 'one', expected 'ghost'"),
        (with_test(REVIEWED, owners="[]"), "row 'one' has owners ['store-ops'], expected []"),
        (with_test("{ review = true }"), "expected a category or a root cause"),
        (with_test('{ category = "x" }'), "unknown category 'x'"),
        (with_test('{ root_cause = "x" }'), "unknown root cause 'x'"),
        (with_test('{ root_cause = "INV.shrink", level = "x" }'), "unknown level 'x'"),
        (with_test('{ root_cause = "INV.shrink", severity = "P9" }'), "unknown severity 'P9'"),
        (with_test('{ root_cause = "INV.shrink", place_kind = "x" }'), "unknown place_kind 'x'"),
        (
            with_test('{ category = "refund-anomaly", root_cause = "INV.shrink" }'),
            "root cause 'INV.shrink' is not one of category 'refund-anomaly'",
        ),
    ],
)
def test_a_table_whose_own_tests_fail_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RoutesRefused) as refusal:
        table(text)
    assert f"test 1: {complaint}" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[routes]", "Expected ']]' at the end of an array declaration"),
        (
            '[[routes]]\nname = "one"\nowners = ["review"]\n',
            "missing required field `match` - at `$.routes[0]`",
        ),
        (row("one", '{ colour = "red" }'), "unknown field `colour` - at `$.routes[0].match`"),
        (row("one", '{ review = "yes" }'), "at `$.routes[0].match.review`"),
        (row("one", "{ severity = 1 }"), "at `$.routes[0].match.severity`"),
        ("[extra]\n", "unknown field `extra`"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_its_name_and_the_key(
    text: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "routes.toml"
    path.write_text(text)
    with pytest.raises(RoutesRefused) as refusal:
        RouteTable.load(path, OWNERS, TAXONOMY)
    assert str(refusal.value).startswith(f"{path}: ")
    assert complaint in str(refusal.value)


def test_a_file_that_is_not_utf_8_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(RoutesRefused, match=r"table\.toml: "):
        RouteTable.load(path, OWNERS, TAXONOMY)
    with pytest.raises(OwnersRefused, match=r"table\.toml: "):
        load_owners(path)


def test_lint_findings_name_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "routes.toml"
    path.write_text(row("one", "{ review = true }", '["ghosts"]') + LAST)
    with pytest.raises(RoutesRefused, match=r"routes\.toml: row 'one': unknown owner 'ghosts'"):
        RouteTable.load(path, OWNERS, TAXONOMY)


DEFAULT_TABLE = RouteTable.load(DEFAULTS / "routes.toml", load_owners(DEFAULTS / "owners.toml"), TAXONOMY)


def test_the_default_owners_are_the_four_of_the_demo() -> None:
    assert tuple(load_owners(DEFAULTS / "owners.toml")) == OWNERS


def test_the_default_tests_reach_every_row() -> None:
    assert {test.expect.row for test in DEFAULT_TABLE.tests} == {one.name for one in DEFAULT_TABLE.rows}
    assert DEFAULT_TABLE.run_tests() == []


def test_by_default_only_what_needs_a_person_or_fits_nowhere_goes_to_review() -> None:
    for leaf in TAXONOMY.leaves.values():
        assert DEFAULT_TABLE.route(triaged(leaf.id, review=True)).owners == ("review",)
        if leaf.category is not Category.WORKFORCE_CONFLICT:
            assert "review" not in DEFAULT_TABLE.route(triaged(leaf.id)).owners


@given(
    root_cause=st.sampled_from(sorted(TAXONOMY.leaves)),
    severity=st.sampled_from(["P1", "P2", "P3", "P4"]),
    review=st.booleans(),
    source=st.text(max_size=8),
    place=st.none()
    | st.builds(Place, kind=st.sampled_from(["store", "dc", "company"]), id=st.text(max_size=6)),
)
def test_every_triaged_exception_has_a_route_that_explain_agrees_with(
    root_cause: str, severity: str, review: bool, source: str, place: Place | None
) -> None:
    exception = triaged(root_cause, severity=severity, review=review, source=source, place=place)
    routed = DEFAULT_TABLE.route(exception)
    assert routed.owners
    assert set(routed.owners) <= set(OWNERS)
    (chosen,) = [trial for trial in DEFAULT_TABLE.explain(exception) if trial.chosen]
    assert (chosen.row, chosen.owners) == (routed.row, routed.owners)


@given(category=st.sampled_from(list(Category)), expected=st.text(max_size=5), actual=st.text(max_size=5))
def test_whatever_triage_decides_has_a_route(category: Category, expected: str, actual: str) -> None:
    found = msgspec.structs.replace(
        triaged().found,
        exception=RetailException(
            category=category, key="1",
            expected=Measure(kind="quantity", value=expected), actual=Measure(kind="quantity", value=actual),
            occurred_at="2026-11-23T08:00:00+00:00", detected_at="2026-11-23T08:00:01+00:00",
        ),
    )  # fmt: skip
    (decision,) = RuleTriage(TAXONOMY).decide([found])
    assert DEFAULT_TABLE.route(TriagedException(found=found, decision=decision)).owners


def test_a_decision_of_a_newer_taxonomy_ends_in_the_last_row() -> None:
    traits = Traits(category="shelf-gap", root_cause="GAP.x", level="orbit", severity="P1", review=False)
    assert DEFAULT_TABLE.row_for(traits).name == "everything-else"


def test_a_made_up_exception_takes_what_it_does_not_say_from_the_taxonomy() -> None:
    traits = DEFAULT_TABLE.traits(Given(category="refund-anomaly"))
    assert (traits.root_cause, traits.level, traits.severity) == ("RFD.goodwill_legit", "store", "P4")


def owners_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "owners.toml"
    path.write_text(text)
    return path


def test_an_owner_needs_a_title_and_a_contact_and_the_rest_has_defaults(tmp_path: Path) -> None:
    path = owners_file(
        tmp_path, '[owners.night-shift]\ntitle = "Night"\ncontact = "n@example.com"\nmax_attempts = 2\n'
    )
    assert load_owners(path) == {
        "night-shift": OwnerSettings(title="Night", contact="n@example.com", max_attempts=2)
    }


@pytest.mark.parametrize(
    ("name", "settings", "complaint"),
    [
        ("Night", "", "owners.Night: a name is"),
        ('"a.b"', "", "owners.a.b: a name is"),
        ("night", 'title = " "', "owners.night: expected a title and a contact"),
        ("night", "max_attempts = 0", "owners.night.max_attempts: 0 is less than 1"),
        ("night", "retry_delays_seconds = []", "owners.night.retry_delays_seconds: expected one or more"),
        (
            "night",
            "retry_delays_seconds = [5, -1]",
            "owners.night.retry_delays_seconds: expected one or more",
        ),
        ("night", "retry_delays_seconds = [inf]", "owners.night.retry_delays_seconds: expected one or more"),
        ("night", "deliveries_in_flight = 0", "owners.night.deliveries_in_flight: 0 is outside"),
        ("night", "deliveries_in_flight = 1001", "owners.night.deliveries_in_flight: 1001 is outside"),
        ("night", "colour = 1", "unknown field `colour`"),
    ],
)
def test_owners_that_can_not_be_served_are_refused_with_file_and_key(
    name: str, settings: str, complaint: str, tmp_path: Path
) -> None:
    title = "" if settings.startswith("title") else 'title = "N"\n'
    path = owners_file(tmp_path, f'[owners.{name}]\n{title}contact = "n@example.com"\n{settings}\n')
    with pytest.raises(OwnersRefused) as refusal:
        load_owners(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert complaint in str(refusal.value)


def test_a_file_without_owners_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OwnersRefused, match="expected at least one"):
        load_owners(owners_file(tmp_path, "[owners]\n"))
