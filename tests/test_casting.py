"""Casts between majors: what each operation does, what is refused on its face, and what documents show."""

import copy
import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from next_major import CAST, FIRST, NAME, SECOND, published, second_schema

from contracts import lock
from contracts.casting.cast import Cast, Direction, read_cast
from contracts.casting.lint import lint_cast
from contracts.casting.operations import AnyOperation
from contracts.casting.pointers import CastFailed
from contracts.casting.projection import project
from contracts.casting.route import find_route
from contracts.casting.verification import verify_casts
from contracts.errors import NoPath
from contracts.folder import PUBLISHED
from contracts.generation import generate
from contracts.manifest import ContractsError, Kind
from contracts.registry import Registry
from contracts.views import writer_view

REGISTRY = Registry.load()
VERSION = REGISTRY.contract(NAME).versions[FIRST]


def operation(**table: Any) -> Any:
    return msgspec.convert(table, AnyOperation)


def after(tree: Any, **table: Any) -> Any:
    changed = copy.deepcopy(tree)
    operation(**table).apply(changed)
    return changed


# operations

SPLIT = {"op": "split", "at": "/k", "separator": "/", "into": ["/a", "/b"]}
JOIN = {"op": "join", "of": ["/a", "/b"], "separator": "/", "to": "/k"}


@pytest.mark.parametrize(
    ("tree", "table", "expected"),
    [
        ({"a": 1}, {"op": "move", "at": "/a", "to": "/b"}, {"b": 1}),
        ({"a": 1}, {"op": "move", "at": "/x", "to": "/b"}, {"a": 1}),
        ({"a": 1}, {"op": "move", "at": "/a", "to": "/b/c"}, {"b": {"c": 1}}),
        ({"b": {"c": 1}}, {"op": "move", "at": "/b/c", "to": "/a"}, {"a": 1}),
        ({"b": {"c": 1, "d": 2}}, {"op": "move", "at": "/b/c", "to": "/a"}, {"b": {"d": 2}, "a": 1}),
        ({"a": None}, {"op": "move", "at": "/a", "to": "/b"}, {"b": None}),
        (
            {"l": [{"q": 1}, {}, {"q": 2}]},
            {"op": "move", "at": "/l/*/q", "to": "/l/*/n"},
            {"l": [{"n": 1}, {}, {"n": 2}]},
        ),
        ({"m": {"x": {"q": 1}}}, {"op": "move", "at": "/m/*/q", "to": "/m/*/n"}, {"m": {"x": {"n": 1}}}),
        ({"a~b": {"c/d": 1}}, {"op": "move", "at": "/a~0b/c~1d", "to": "/e"}, {"e": 1}),
        ({}, {"op": "set", "at": "/v", "value": {"x": 2}}, {"v": {"x": 2}}),
        ({"v": 1}, {"op": "set", "at": "/v", "value": 2}, {"v": 2}),
        ({}, {"op": "set", "at": "/v/x", "value": 2}, {}),
        ({"l": [{}, {"a": 1}]}, {"op": "default", "at": "/l/*/a", "value": 0}, {"l": [{"a": 0}, {"a": 1}]}),
        ({"a": None}, {"op": "default", "at": "/a", "value": 0}, {"a": None}),
        ({"a": 1, "b": [{"c": 1}]}, {"op": "drop", "at": "/b/*/c"}, {"a": 1, "b": [{}]}),
        ({"k": "x"}, {"op": "map", "at": "/k", "values": {"x": "y"}}, {"k": "y"}),
        ({"k": "z"}, {"op": "map", "at": "/k", "values": {"x": "y"}}, {"k": "z"}),
        ({"k": "z"}, {"op": "map", "at": "/k", "values": {"x": "y"}, "otherwise": "o"}, {"k": "o"}),
        ({"k": ["x", "z"]}, {"op": "map", "at": "/k/*", "values": {"x": "y"}}, {"k": ["y", "z"]}),
        ({"k": "x/y/z"}, SPLIT, {"a": "x", "b": "y/z"}),
        ({"k": "x"}, SPLIT, {"a": "x"}),
        ({"a": "x", "b": "y"}, JOIN, {"k": "x/y"}),
        ({"a": "x"}, JOIN, {"k": "x"}),
        ({}, JOIN, {}),
        (
            {"l": [{"u": "KGM", "v": "1.5"}, {"u": "GRM", "v": "7"}]},
            {"op": "convert", "at": "/l/*/v", "factor": "1000", "where": {"/l/*/u": "KGM"}},
            {"l": [{"u": "KGM", "v": "1500"}, {"u": "GRM", "v": "7"}]},
        ),
        ({"k": 1, "v": 2}, {"op": "drop", "at": "/v", "where": {"/k": True}}, {"k": 1, "v": 2}),
    ],
)  # fmt: skip
def test_an_operation_changes_what_it_names_and_nothing_else(tree: Any, table: Any, expected: Any) -> None:
    assert after(tree, **table) == expected


@pytest.mark.parametrize(
    ("value", "table", "expected"),
    [
        ("12.50", {"factor": "1000"}, "12500"),
        ("0.1", {"factor": "3"}, "0.3"),
        ("-0.07", {"factor": "100"}, "-7"),
        ("1", {"divisor": "8"}, "0.125"),
        ("9999999999999999999999999999999.1", {"factor": "10"}, "99999999999999999999999999999991"),
        ("1", {"divisor": "3", "places": 2}, "0.33"),
        ("0.125", {"factor": "1", "places": 2}, "0.12"),
        (5, {"factor": "12"}, 60),
        (60, {"divisor": "12"}, 5),
        ("0.0000000001", {"factor": "0.001"}, "0.0000000000001"),
    ],
)
def test_a_unit_is_converted_without_an_error_of_a_digit(value: Any, table: Any, expected: Any) -> None:
    assert after({"v": value}, op="convert", at="/v", **table) == {"v": expected}


@pytest.mark.parametrize(
    ("tree", "table", "said"),
    [
        ({"v": "many"}, {"op": "convert", "at": "/v", "factor": "2"}, "this text is not a decimal"),
        ({"v": "1e9"}, {"op": "convert", "at": "/v", "factor": "2"}, "this text is not a decimal"),
        ({"v": "NaN"}, {"op": "convert", "at": "/v", "factor": "2"}, "this text is not a decimal"),
        ({"v": 5}, {"op": "convert", "at": "/v", "divisor": "2"}, "the result is not an integer"),
        ({"v": True}, {"op": "convert", "at": "/v", "factor": "2"}, "neither an integer nor a decimal text"),
        ({"a": 1, "b": 2}, {"op": "move", "at": "/a", "to": "/b"}, "there is something already"),
        ({"a": 1, "b": 2}, {"op": "move", "at": "/a", "to": "/b/c"}, "is not an object"),
        ({"k": 1}, SPLIT, "this is not a text"),
    ],
)
def test_what_an_operation_cannot_do_is_said_without_the_value(tree: Any, table: Any, said: str) -> None:
    with pytest.raises(CastFailed, match=said) as caught:
        after(tree, **table)
    assert "many" not in str(caught.value)


def test_what_one_document_was_given_is_not_seen_in_the_next() -> None:
    tables = [{"op": "set", "at": "/m", "value": {"n": 1}}, {"op": "drop", "at": "/m/n"}]
    way = msgspec.convert({"operations": tables}, Direction)
    for _ in range(2):
        tree: dict[str, Any] = {}
        way.operations[0].apply(tree)
        assert tree == {"m": {"n": 1}}
        way.operations[1].apply(tree)


# what is refused on its face


def schema(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "additionalProperties": False}


TEXT = {"type": "string", "maxLength": 20}
OLD = schema(a=TEXT, b=TEXT, lines={"type": "array", "items": schema(q=TEXT)}, fixed={"const": "old"})
NEW = schema(a=TEXT, c=TEXT, rows={"type": "array", "items": schema(n=TEXT)})
LINES = {"op": "move", "at": "/lines", "to": "/rows"}
QUANTITY = {"op": "move", "at": "/rows/*/q", "to": "/rows/*/n"}
B = {"op": "move", "at": "/b", "to": "/c"}
FIXED = {"op": "drop", "at": "/fixed"}


def linted(*tables: dict[str, Any], losses: tuple[str, ...] = ()) -> list[str]:
    way = msgspec.convert({"operations": tables, "losses": losses}, Direction)
    return lint_cast(Cast(source="1.0.0", to="2.0.0", up=way), OLD, NEW)


def test_a_cast_that_says_where_everything_goes_has_no_finding() -> None:
    # a place within a list that was moved is named where it is by then; a constant is no loss
    assert linted(LINES, QUANTITY, B, FIXED) == []


@pytest.mark.parametrize(
    ("tables", "losses", "finding"),
    [
        ([LINES, QUANTITY, FIXED], (), "up: /b is not in the version that it ends in: move it, or drop it"),
        ([LINES, B, FIXED], (), "up: /lines/*/q is not in the version that it ends in: move it, or drop it"),
        ([LINES, QUANTITY, B], (), "up: /fixed is not in the version that it ends in: move it, or drop it"),
        (
            [LINES, QUANTITY, B, FIXED, {"op": "set", "at": "/nowhere", "value": 1}],
            (),
            "up: operation 5: /nowhere is in neither version",
        ),
        (
            [LINES, QUANTITY, B, FIXED, {"op": "map", "at": "/a", "values": {}, "where": {"/no": "x"}}],
            (),
            "up: operation 5: /no is in neither version",
        ),
        (
            [LINES, QUANTITY, FIXED, {"op": "drop", "at": "/b"}],
            (),
            "up: operation 4: it is dropped, and `losses` has no /b",
        ),
        (
            [LINES, FIXED, B, {"op": "drop", "at": "/rows/*/q"}],
            (),
            "up: operation 4: it is dropped, and `losses` has no /lines/*/q",
        ),
        (
            [LINES, QUANTITY, B, FIXED, {"op": "map", "at": "/a", "values": {"x": "z", "y": "z"}}],
            (),
            "up: operation 5: two codes become one, and `losses` has no /a",
        ),
        (
            [LINES, QUANTITY, B, FIXED, {"op": "convert", "at": "/a", "divisor": "3", "places": 2}],
            (),
            "up: operation 5: it is rounded, and `losses` has no /a",
        ),
        ([LINES, QUANTITY, B, FIXED], ("/c",), "up: losses: /c is not in the version that is cast"),
        (
            [{"op": "convert", "at": "/a", "divisor": "3"}],
            (),
            "up: operation 1: /a: the results have no end as decimals; say to how many `places`",
        ),
        (
            [{"op": "move", "at": "/lines/*/q", "to": "/a"}],
            (),
            "up: operation 1: /a: all pointers of an operation are alike up to the last `*`",
        ),
        (
            [{"op": "drop", "at": "/lines/*"}],
            ("/lines",),
            "up: operation 1: /lines/*: an operation on whole elements is `map` or `convert`",
        ),
        (
            [{"op": "convert", "at": "/a", "factor": "0"}],
            (),
            "up: operation 1: /a: a factor is more than 0",
        ),
    ],
)
def test_a_cast_that_cannot_be_right_is_refused(tables: Any, losses: Any, finding: str) -> None:
    assert finding in linted(*tables, losses=losses)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('op = "rename"', "Invalid value 'rename'"),
        ('op = "move"\nat = "/a"', "missing required field `to`"),
        ('op = "drop"\nat = "/a"\nwhen = 1', "unknown field `when`"),
    ],
)
def test_an_operation_that_is_not_known_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "cast.toml"
    good = '[[up.operations]]\nop = "drop"\nat = "/a"\n'
    file.write_text(f'from = "1.0.0"\nto = "2.0.0"\n{good}[[up.operations]]\n{text}\n')
    with pytest.raises(ContractsError, match=r"\(operation 2 of `up`\)") as caught:
        read_cast(file)
    assert said in str(caught.value)


# the folder


def test_a_new_major_has_casts_both_ways_or_a_note(tmp_path: Path) -> None:
    folder = published(tmp_path / "with")
    assert Registry.load(folder).resolve(NAME).version == SECOND
    (folder / NAME / SECOND / "cast.toml").unlink()
    with pytest.raises(
        ContractsError, match=r"a new major has 2\.0\.0/cast\.toml with `up` and `down`, or `no_path`"
    ):
        Registry.load(folder)
    assert Registry.load(published(tmp_path / "note", cast=None)).resolve(NAME).version == SECOND
    one_way = CAST[: CAST.index("[down]")]
    manifest = folder / NAME / "contract.toml"
    (folder / NAME / SECOND / "cast.toml").write_text(one_way)
    with pytest.raises(ContractsError, match="`no_path`"):
        Registry.load(folder)
    manifest.write_text(manifest.read_text() + 'no_path = "there is no way back"\n')
    Registry.load(folder)
    (folder / NAME / SECOND / "cast.toml").write_text(CAST)
    with pytest.raises(ContractsError, match="there are casts both ways"):
        Registry.load(folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('from = "1.1.0"', 'from = "1.7.0"', "from: '1.7.0' is not a version of an earlier major"),
        ('from = "1.1.0"', 'from = "2.0.0"', "from: '2.0.0' is not a version of an earlier major"),
        ('to = "2.0.0"', 'to = "2.0.1"', "to: '2.0.1' is not '2.0.0', whose folder it stands in"),
        ('losses = ["/missing"]', "", "up: operation 3: it is dropped, and `losses` has no /missing"),
        ('at = "/shelf"', 'at = "/shelves"', "down: operation 3: /shelves is in neither version"),
    ],
)
def test_a_wrong_cast_is_refused_with_its_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = published(tmp_path / "published", CAST.replace(old, new, 1))
    with pytest.raises(ContractsError) as caught:
        Registry.load(folder)
    assert f"{NAME}/2.0.0/cast.toml: {said}" in str(caught.value)


def test_a_cast_is_locked_and_one_that_comes_later_may_be_added(tmp_path: Path) -> None:
    folder = published(tmp_path / "published", cast=None)
    lock.write(folder)
    (folder / NAME / SECOND / "cast.toml").write_text(CAST)
    assert lock.write(folder) == [f"{NAME}/2.0.0/cast.toml"]
    (folder / NAME / SECOND / "cast.toml").write_text(CAST + "# edited\n")
    (finding,) = lock.verify(folder)
    assert finding.startswith(f"{NAME}/2.0.0/cast.toml: edited after publishing")


# running


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.load(published(tmp_path_factory.mktemp("casts") / "published"))


def example() -> Any:
    first = min((PUBLISHED / NAME / FIRST / "examples" / "valid").iterdir())
    return json.loads(first.read_text())


def test_a_document_goes_up_and_comes_back_but_for_what_is_declared(registry: Registry) -> None:
    contract = registry.contract(NAME)
    tree = example() | {
        "money_at_risk": {"amount": "1", "currency": "EUR"},
        "references": [{"kind": "delivery", "id": "7"}, {"kind": "count", "id": "8"}],
        "missing": ["unit_cost"],
    }
    before = copy.deepcopy(tree)
    up = registry.cast(NAME, tree, FIRST, contract.versions[SECOND])
    assert tree == before
    assert up["exposure"] == {"amount": "1", "currency": "EUR"}
    assert [each["kind"] for each in up["references"]] == ["outbound-delivery", "count"]
    down = registry.cast(NAME, up, SECOND, contract.versions[FIRST])
    assert down == {name: value for name, value in tree.items() if name != "missing"}


def test_an_older_minor_is_read_as_the_newest_and_cast_from_there(registry: Registry) -> None:
    up = registry.cast(NAME, example(), "1.0.0", registry.contract(NAME).versions[SECOND])
    assert registry.contract(NAME).versions[SECOND].validator.is_valid(up)


def test_what_a_reader_of_a_minor_does_not_know_is_left_out(registry: Registry) -> None:
    versions = registry.contract(NAME).versions
    tree = example() | {"context": [{"name": "on_hand", "value": "1"}]}
    read = registry.cast(NAME, tree, FIRST, versions["1.0.0"])
    assert read == {name: value for name, value in tree.items() if name != "context"}
    measure = {"kind": "quantity", "value": "1", "unit": "EA"}
    assert project(measure | {"x": 1}, VERSION.schema["$defs"]["quantity-measure"]) == measure


def test_a_cast_that_yields_what_its_version_forbids_is_no_path(tmp_path: Path) -> None:
    careless = CAST.replace('outbound-delivery" }', 'no-such-kind" }', 1)
    registry = Registry.load(published(tmp_path / "published", careless))
    tree = example() | {"references": [{"kind": "delivery", "id": "7"}]}
    with pytest.raises(NoPath, match=r"references\[0\]\.kind: .*is none of"):
        registry.cast(NAME, tree, FIRST, registry.contract(NAME).versions[SECOND])


def test_without_a_cast_there_is_no_path_and_the_note_is_told(tmp_path: Path) -> None:
    registry = Registry.load(published(tmp_path / "published", cast=None))
    with pytest.raises(NoPath, match=r"no cast leads .* to 2\.0\.0: send 1\.1\.0 until there is a cast"):
        registry.cast(NAME, example(), FIRST, registry.contract(NAME).versions[SECOND])


def cast(told: str) -> Cast:
    source, to, *only_up = told.split()
    way = Direction(operations=())
    return Cast(source=source, to=to, up=way, down=None if only_up else way)


@pytest.mark.parametrize(
    ("casts", "start", "end", "expected"),
    [
        ("1.0.0 2.0.0, 2.1.0 3.0.0", "1", "3", "1.0.0 2.0.0, 2.1.0 3.0.0"),
        ("1.0.0 2.0.0, 2.1.0 3.0.0", "3", "1", "3.0.0 2.1.0, 2.0.0 1.0.0"),
        ("1.0.0 2.0.0", "1", "1", ""),
        ("1.0.0 2.0.0 up", "2", "1", None),
        ("1.0.0 2.0.0, 2.0.0 3.0.0, 1.0.0 3.0.0", "1", "3", "1.0.0 3.0.0"),
        ("1.0.0 2.0.0, 1.2.0 2.10.0, 1.1.0 2.9.0", "1", "2", "1.2.0 2.10.0"),
        ("1.0.0 2.0.0", "1", "4", None),
    ],
)
def test_casts_are_chained_over_majors_and_the_newest_counts(
    casts: str, start: str, end: str, expected: str | None
) -> None:
    route = find_route([cast(told) for told in casts.split(", ")], start, end)
    found = None if route is None else ", ".join(f"{leg.start} {leg.end}" for leg in route)
    assert found == expected


# generated documents


@pytest.mark.parametrize(
    "name", [name for name in REGISTRY.names if name.startswith(("exception-", "fact-"))]
)
def test_generated_documents_keep_the_contract_under_the_reference_engine_too(name: str) -> None:
    version = REGISTRY.resolve(name)
    writer = writer_view(version.schema, version.kind)
    engine = jsonschema.Draft202012Validator(
        writer, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    first = list(islice(generate(writer, random.Random(1)), 10))
    assert first == list(islice(generate(writer, random.Random(1)), 10))
    assert all(engine.is_valid(tree) for tree in first)


def test_generated_documents_have_each_branch_each_code_and_each_member() -> None:
    writer = writer_view(VERSION.schema, Kind.CANONICAL)
    trees = list(islice(generate(writer, random.Random(1)), 300))
    assert set().union(*trees) == set(writer["properties"])
    assert {tree["expected"]["kind"] for tree in trees} == {"quantity", "amount", "status"}
    kinds = {each["kind"] for tree in trees for each in tree.get("references", ())}
    assert kinds == set(VERSION.schema["$defs"]["reference"]["properties"]["kind"]["x-extensible-enum"])


def test_the_cast_of_the_fixture_holds_on_generated_documents(tmp_path: Path) -> None:
    assert verify_casts(published(tmp_path / "published") / NAME, seed=5, count=150) == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "pointer"),
    [
        # a code that the new version has not
        ('outbound-delivery" }', 'no-such-kind" }', "cast.invalid", "/references/*/kind"),
        # a code that comes back as another
        (
            'outbound-delivery = "delivery"',
            'outbound-delivery = "receipt"',
            "cast.loss",
            "/references/*/kind",
        ),
        # money that nobody brings back
        (
            'losses = ["/shelf"]\n[[down.operations]]\nop = "move"\nat = "/exposure"\nto = "/money_at_risk"',
            'losses = ["/shelf", "/exposure"]\n[[down.operations]]\nop = "drop"\nat = "/exposure"',
            "cast.loss",
            "/money_at_risk",
        ),
    ],
)
def test_generated_documents_show_what_the_schemas_do_not(
    tmp_path: Path, old: str, new: str, rule: str, pointer: str
) -> None:
    text = CAST.replace(old, new, 1)
    assert text != CAST
    found = verify_casts(published(tmp_path / "published", text) / NAME, seed=5, count=150)
    mine = [each for each in found if (each.rule, each.pointer) == (rule, pointer)]
    assert mine, found
    assert mine[0].cast == "1.1.0 -> 2.0.0"
    assert VERSION.validator.is_valid(mine[0].document)


def test_the_schema_of_the_fixture_is_another_language(registry: Registry) -> None:
    assert second_schema()["properties"].keys() - VERSION.schema["properties"].keys() == {"exposure", "shelf"}
