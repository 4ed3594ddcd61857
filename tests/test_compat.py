"""The compatibility of schemas: no break is ever called compatible, and each break shows an event."""

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from click.testing import CliRunner
from msgspec import UNSET
from random_schemas import Schemas

from contracts.compat import compare, compare_all
from contracts.compat.comparison import Comparison, Verdict
from contracts.compat.dialects import of_pair
from contracts.compat.rules import RULES
from contracts.compat.search import Values
from contracts.views import closed_view, open_view
from gateway.cli.contracts import contracts

REPOSITORY = Path(__file__).parent.parent
OWN = json.loads((REPOSITORY / "contract-tests" / "compat" / "cases.json").read_text("utf-8"))
DRAWN = {
    seed: line.split()
    for seed, line in json.loads(
        (REPOSITORY / "contract-tests" / "compat" / "random-pairs.json").read_text("utf-8")
    ).items()
}
DECIDED_WANTED = 0.98
PAIRS = 60
ATTACKS = 100


def shared(samples: Path, name: str) -> list[dict[str, Any]]:
    file = samples.parent / name
    if not file.exists():
        pytest.skip(f"there is no {name} beside the folder of real payloads")
    cases: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return cases


def views(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """What must be contained in what, by direction."""
    return {
        "backward": (old, new),
        "forward": (new, old),
        "two_view.backward": (closed_view(old, modern=True), open_view(new)),
        "two_view.forward": (closed_view(new, modern=True), open_view(old)),
    }


def verdicts(found: Comparison) -> dict[str, Verdict]:
    return {
        "backward": found.backward,
        "forward": found.forward,
        "two_view.backward": found.two_view.backward,
        "two_view.forward": found.two_view.forward,
    }


def wanted(case: dict[str, Any]) -> dict[str, bool]:
    two_view = {f"two_view.{name}": value for name, value in case.get("two_view", {}).items()}
    return {"backward": case["backward"], "forward": case["forward"]} | two_view


def judged(schema: Any, value: Any) -> set[bool]:
    """What two engines that we did not write say."""
    second = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    first = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return {first.is_valid(value), second.is_valid(value)}


def wrong(case: dict[str, Any]) -> list[str]:
    found = verdicts(compare(case["old"], case["new"]))
    return [
        f"{case['id']} {direction}: {found[direction]}"
        for direction, is_compatible in wanted(case).items()
        if found[direction] is not (Verdict.COMPATIBLE if is_compatible else Verdict.BREAKING)
    ]


def refuted(old: Any, new: Any, tries: int) -> list[str]:
    """Attack each `compatible` with random values near the boundaries of both schemas."""
    found, dialects = verdicts(compare(old, new)), of_pair(old, new)
    proven = {d: pair for d, pair in views(old, new).items() if found[d] is Verdict.COMPATIBLE}
    values = Values(list(zip((old, new), dialects, strict=True)), 1)
    try:
        engines = {
            d: [jsonschema_rs.Draft202012Validator(one, validate_formats=True) for one in pair]
            for d, pair in proven.items()
        }
    except (ValueError, jsonschema_rs.ValidationError):
        return []  # no engine takes the schema, so none can be asked
    for value in (values.value() for _ in range(tries)):
        for direction, (source, target) in engines.items():
            if source.is_valid(value) and not target.is_valid(value):
                return [f"{direction}: {json.dumps(value)} of {json.dumps(old)} -> {json.dumps(new)}"]
    return []


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in OWN])
def test_each_edit_of_our_table_has_its_verdict(case: dict[str, Any]) -> None:
    assert wrong(case) == []
    assert refuted(case["old"], case["new"], ATTACKS) == []


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in OWN])
def test_each_edit_of_our_table_has_its_floor_and_its_findings(case: dict[str, Any]) -> None:
    found = compare(case["old"], case["new"])
    told = [f"{f.rule} {f.direction} {f.old_pointer} {f.new_pointer}" for f in found.findings]
    assert (str(found.floor), told) == (case["floor"], case["findings"])
    assert all(finding.detail for finding in found.findings)


def test_reserved_names_must_not_come_back() -> None:
    old, new = {"type": "object"}, {"type": "object", "properties": {"cashier": {"type": "string"}}}
    found = compare(old, new, reserved=["cashier"])
    assert (str(found.floor), "property.reserved" in {f.rule for f in found.findings}) == ("major", True)
    assert "property.reserved" not in {f.rule for f in compare(old, new).findings}


@pytest.mark.parametrize("seed", sorted(DRAWN))
def test_random_pairs_of_schemas_keep_their_verdicts(seed: str) -> None:
    """What was decided and attacked once stays decided: a change of a verdict has to be looked at."""
    schemas = Schemas(random.Random(int(seed)), recursive=seed == "8")
    pairs = (schemas.pair() for _ in DRAWN[seed])
    found = ["".join(verdict[0] for verdict in verdicts(compare(*pair)).values()) for pair in pairs]
    assert found == DRAWN[seed]


def test_each_break_shows_an_event_on_which_two_engines_agree() -> None:
    shown = 0
    for case in OWN:
        pairs = views(case["old"], case["new"])
        for finding in compare(case["old"], case["new"]).findings:
            if finding.kind == "language" and finding.witness is not UNSET and finding.direction in pairs:
                source, target = pairs[finding.direction]
                assert judged(source, finding.witness) == {True}, (case["id"], finding)
                assert judged(target, finding.witness) == {False}, (case["id"], finding)
                shown += 1
    assert shown >= sum(not value for case in OWN for value in wanted(case).values())


def test_no_break_of_the_shared_table_is_called_compatible_and_nearly_all_are_decided(
    samples_folder: Path,
) -> None:
    cases = shared(samples_folder, "compat_cases.json")
    found = [(verdicts(compare(c["old"], c["new"])), wanted(c)) for c in cases]
    pairs = [(verdict[direction], want[direction]) for verdict, want in found for direction in want]
    assert [p for p in pairs if p[0] is Verdict.COMPATIBLE and not p[1]] == []
    assert [p for p in pairs if p[0] is Verdict.BREAKING and p[1]] == []
    assert sum(p[0] is not Verdict.UNDECIDED for p in pairs) >= DECIDED_WANTED * len(pairs)


def test_two_views_are_no_chain_so_every_version_is_compared(samples_folder: Path) -> None:
    for chain in shared(samples_folder, "compat_chains.json"):
        *olds, new = chain["versions"]
        found = compare_all({str(place): old for place, old in enumerate(olds)}, new)
        answers = {
            (one.two_view if chain["relation"] == "two_view" else one).backward for one in found.values()
        }
        assert (answers == {Verdict.COMPATIBLE}) is (chain["pairwise"] and chain["transitive"]), chain["id"]


@pytest.mark.parametrize("recursive", [False, True])
def test_random_pairs_of_schemas_refute_no_proof(recursive: bool) -> None:
    schemas = Schemas(random.Random(26), recursive=recursive)
    pairs = [schemas.pair() for _ in range(PAIRS)]
    assert [line for old, new in pairs for line in refuted(old, new, ATTACKS)] == []


@pytest.mark.fuzz
def test_many_random_pairs_of_schemas_refute_no_proof() -> None:
    schemas = Schemas(random.Random(), recursive=True)
    for _ in range(5_000):
        old, new = schemas.pair()
        assert refuted(old, new, 1_000) == []


def test_an_unknown_keyword_or_dialect_is_never_passed_over() -> None:
    for new in ({"type": "string", "lenght": 3}, {"$schema": "https://else.example/dialect", "minLength": 2}):
        found = compare({"type": "string"}, new)
        assert Verdict.COMPATIBLE not in {found.backward, found.two_view.backward}, new


def test_a_thousand_members_are_decided_in_under_a_second() -> None:
    old = {f"m{n}": {"type": "string", "maxLength": 10} for n in range(1_000)}
    new = {name: {"type": "string", "maxLength": 20} for name in old}
    begun = time.perf_counter()
    found = compare({"type": "object", "properties": old}, {"type": "object", "properties": new})
    took = time.perf_counter() - begun
    assert (found.backward, found.forward) == (Verdict.COMPATIBLE, Verdict.BREAKING)
    assert took < 3.0  # a third of it where nothing else runs


@pytest.mark.parametrize(
    ("new", "status"),
    [
        ({"type": "string", "title": "Other"}, 0),
        ({"type": "integer"}, 1),
        ({"type": "string", "pattern": "(?=)"}, 4),  # says nothing, which we can't prove
    ],
)
def test_the_command_ends_as_it_decided(tmp_path: Path, new: Any, status: int) -> None:
    for name, schema in (("old", {"type": "string"}), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(schema))
    files = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    ended = CliRunner().invoke(contracts, ["compare", *files, "--json"])
    said = json.loads(ended.stdout)
    assert set(said) == {"backward", "forward", "two_view", "floor", "findings"}
    assert all(
        set(each) == {"rule", "kind", "direction", "old_pointer", "new_pointer", "detail", "witness"}
        for each in said["findings"]
    )
    assert ended.exit_code == status


def test_the_documented_rules_are_those_of_the_code() -> None:
    text = (REPOSITORY / "docs" / "compatibility.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-zA-Z$_.]+)` \| (?:language|policy) \| ([^|]+) \|", text, re.MULTILINE))
    assert rows == {rule.name: rule.meaning for rule in RULES.values()}
