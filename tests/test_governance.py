"""The judgement of a version on its way: relation, floor, waivers, readers, and what may follow what."""

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from contract_folders import DAY, LOSS_PREVENTION, MANIFEST, contract, manifest, schema, text
from msgspec import UNSET, structs

from contracts.compat import compare
from contracts.compat.comparison import Comparison, Finding, Floor, Verdict, Verdicts
from contracts.governance import transitions
from contracts.governance.changelog import with_version
from contracts.governance.changes import Change, changes
from contracts.governance.manifest_text import EditRefused, with_entry, with_renamed
from contracts.governance.reading import parts, places, readers, touched
from contracts.governance.retirement import hindrances
from contracts.governance.review import Proposal, Review, review
from contracts.governance.transitions import TransitionRefused
from contracts.governance.versions import raised
from contracts.manifest import Deprecation, Kind, State, VersionEntry, Waiver
from contracts.usage import Used, VersionUsage
from contracts.validation import compile_schema

COMPATIBLE, BREAKING, UNDECIDED = Verdict.COMPATIBLE, Verdict.BREAKING, Verdict.UNDECIDED


def reviewed(schemas: dict[str, Any], proposed: dict[str, Any], version: str, **further: Any) -> Review:
    """The review of a schema under the real comparison, unless another one is given."""
    fake = further.pop("compare", compare)
    waivers = further.pop("own_waivers", ())
    return review(
        contract(schemas, **further),
        Proposal(schema=proposed, version=version, waivers=waivers, names_live=version in schemas),
        today=DAY,
        compare=fake,
    )


def saying(
    *findings: Finding,
    two_view: Verdict = COMPATIBLE,
    backward: Verdict = COMPATIBLE,
    floor: Floor = Floor.MAJOR,
) -> Any:
    """A comparison that says this of any two schemas."""
    return lambda _old, _new: Comparison(
        backward=backward,
        forward=COMPATIBLE,
        two_view=Verdicts(backward=COMPATIBLE, forward=two_view),
        floor=floor,
        findings=findings,
    )


def finding(rule: str = "pattern.changed", **further: Any) -> Finding:
    return Finding(
        **{
            "rule": rule,
            "kind": "language",
            "direction": "two_view.forward",
            "detail": "it is another pattern",
            "old_pointer": "/properties/id/pattern",
            "new_pointer": "/properties/id/pattern",
        }
        | further
    )


# ---- the floor


def test_the_same_language_is_a_patch() -> None:
    found = reviewed({"1.0.0": schema()}, schema("1.0.1") | {"title": "A hole"}, "1.0.1")
    assert (found.outcome, found.floor, found.least) == (COMPATIBLE, Floor.PATCH, "1.0.1")


def test_an_optional_member_is_a_minor_and_no_patch() -> None:
    proposed = schema("1.1.0", shelf=text())
    assert reviewed({"1.0.0": schema()}, proposed, "1.1.0").outcome is COMPATIBLE
    low = reviewed({"1.0.0": schema()}, proposed, "1.0.1")
    assert low.outcome is BREAKING
    assert low.refusals == (
        "1.0.1 raises too little above 1.0.0, whose language it changes: make it 1.1.0, or higher",
    )


def test_a_required_member_is_a_major_and_the_refusal_says_what_to_do() -> None:
    proposed = schema("1.2.0", shelf=text(demanded=True))
    found = reviewed({"1.0.0": schema()}, proposed, "1.2.0")
    assert (found.outcome, found.floor, found.least) == (BREAKING, Floor.MAJOR, "2.0.0")
    assert found.refusals == ("1.2.0 breaks 1.0.0: take back what breaks it, or make it 2.0.0",)


def test_an_author_may_go_higher() -> None:
    found = reviewed({"1.0.0": schema()}, schema("1.7.0", shelf=text()), "1.7.0")
    assert (found.outcome, found.least) == (COMPATIBLE, "1.1.0")
    assert reviewed({"1.0.0": schema()}, schema("2.0.0", shelf=text(demanded=True)), "2.0.0").refusals == ()


def test_a_major_goes_above_every_major_that_is_there() -> None:
    versions = {"1.0.0": schema(), "2.0.0": schema("2.0.0", at=text(demanded=True))}
    found = reviewed(versions, schema("1.1.0", shelf=text(demanded=True)), "1.1.0")
    assert found.least == "3.0.0"


def test_a_number_below_the_newest_of_its_major_is_refused() -> None:
    versions = {"1.0.0": schema(), "1.2.0": schema("1.2.0", shelf=text())}
    found = reviewed(versions, schema("1.1.0", shelf=text(), row=text()), "1.1.0")
    assert found.refusals == ("1.1.0 is below 1.2.0, which is there already: make it 1.3.0, or higher",)


def test_the_relation_is_not_transitive_so_every_live_version_counts() -> None:
    number = {"description": "A number.", "type": "integer"}
    versions = {"1.0.0": schema(note=text()), "1.1.0": schema("1.1.0")}
    proposed = schema("1.2.0", note=number)
    found = reviewed(versions, proposed, "1.2.0")
    assert [(each.against, each.verdict) for each in found.steps] == [
        ("1.1.0", COMPATIBLE),
        ("1.0.0", BREAKING),
    ]
    assert found.refusals == ("1.2.0 breaks 1.0.0: take back what breaks it, or make it 2.0.0",)
    retired = reviewed(versions, proposed, "1.2.0", states={"1.0.0": State.RETIRED})
    assert retired.outcome is COMPATIBLE
    reserved = reviewed(versions, proposed, "1.2.0", states={"1.0.0": State.RETIRED}, reserved=("note",))
    assert reserved.outcome is BREAKING
    assert "'note' is a reserved name" in reserved.refusals[0]


def test_an_edit_of_a_published_version_is_told_what_it_would_be() -> None:
    found = reviewed({"1.0.0": schema()}, schema("1.0.0", shelf=text()), "1.0.0")
    assert found.outcome is COMPATIBLE
    assert found.notes == ("1.0.0 is published and stays as it is: make this 1.1.0, or higher",)
    assert reviewed({"1.0.0": schema()}, schema(), "1.0.0").notes == ()


def test_the_first_version_breaks_nobody() -> None:
    found = reviewed({}, schema(), "1.0.0")
    assert (found.outcome, found.steps, found.least) == (COMPATIBLE, (), "1.0.0")


BASE = schema(
    code=text(enum=["a", "b"]),
    reason={"description": "Why.", "type": "string", "x-extensible-enum": ["lost", "stolen"]},
    note=text(),
    aisle=text(demanded=True),
)


def edited(edit: Any) -> dict[str, Any]:
    proposed = copy.deepcopy(BASE) | {"$id": schema("1.1.0")["$id"]}
    edit(proposed)
    return proposed


def remove_aisle(proposed: dict[str, Any]) -> None:
    del proposed["properties"]["aisle"]
    proposed["required"].remove("aisle")


@pytest.mark.parametrize(
    ("edit", "outcome", "rule", "words"),
    [
        (lambda s: s["properties"].update(shelf=text()), COMPATIBLE, None, ""),
        (lambda s: s["properties"]["reason"]["x-extensible-enum"].append("found"), COMPATIBLE, None, ""),
        (remove_aisle, BREAKING, "property.required.removed", "Keep it, or make it 2.0.0."),
        (
            lambda s: s["properties"]["code"]["enum"].append("c"), BREAKING, "enum.value.added",
            "as an `x-extensible-enum` it could grow in a minor",
        ),
        (
            lambda s: s["properties"]["quantity"].update(minimum=1), BREAKING, "minimum.raised",
            "loss-prevention (lp@example.com) reads /quantity. Keep the bound as it was",
        ),
        (
            lambda s: s["properties"].update(remark=s["properties"].pop("note")),
            BREAKING, "property.renamed",
            "Keep the old name, and add the new one beside it as an optional member",
        ),
        (
            lambda s: s["properties"]["quantity"].update({"x-unit": "cases"}), BREAKING, "unit.changed",
            "Keep the unit, and add a member of another name",
        ),
    ],
    ids=["optional-added", "code-added", "required-removed", "enum-widened", "minimum", "rename", "unit"],
)  # fmt: skip
def test_each_everyday_edit_has_its_verdict_a_sentence_to_act_on_and_a_witness(
    edit: Any, outcome: Verdict, rule: str | None, words: str
) -> None:
    proposed = edited(edit)
    found = reviewed({"1.0.0": BASE}, proposed, "1.1.0", consumers=(LOSS_PREVENTION,))
    assert found.outcome is outcome
    assert found.least == ("1.1.0" if outcome is COMPATIBLE else "2.0.0")
    standing = [each for each in found.steps[0].findings if each.verdict is not COMPATIBLE]
    assert [each.finding.rule for each in standing] == ([] if rule is None else [rule])
    for judged in standing:
        assert words in judged.sentence
        if judged.finding.kind == "language":
            verdicts = {
                (bool(engine.is_valid(judged.finding.witness)), side)
                for side, document in (("old", BASE), ("new", proposed))
                for engine in (compile_schema(document), jsonschema.Draft202012Validator(document))
            }
            assert len(verdicts) == 2  # both engines agree, and the two sides differ
            assert {valid for valid, _ in verdicts} == {True, False}


# ---- native contracts: what was valid stays valid


def test_of_a_native_contract_only_backward_counts() -> None:
    old = schema() | {"additionalProperties": True}
    wider = schema("1.1.0") | {"additionalProperties": True, "required": ["id"]}
    found = reviewed({"1.0.0": old}, wider, "1.1.0", kind=Kind.NATIVE)
    assert (found.outcome, found.floor) == (COMPATIBLE, Floor.MINOR)
    assert reviewed({"1.0.0": old}, wider, "1.1.0").outcome is BREAKING
    narrower = reviewed({"1.0.0": wider}, old, "1.1.0", kind=Kind.NATIVE)
    assert narrower.outcome is BREAKING


def test_of_a_native_contract_somebody_may_answer_for_what_vendors_never_send() -> None:
    typed = finding(
        "property.optional.added", direction="backward", witness={"shelf": 1}, new_pointer="/properties/shelf"
    )
    fake = saying(typed, backward=BREAKING)
    waiver = Waiver(
        rule=typed.rule,
        pointer="/properties/shelf",
        against="1.0.0",
        owner="ann",
        reason="dry run",
        expires=DAY,
    )
    versions, proposed = {"1.0.0": schema()}, schema("1.1.0", shelf=text())
    refused = reviewed(versions, proposed, "1.1.0", kind=Kind.NATIVE, compare=fake)
    assert refused.outcome is BREAKING
    assert "contracts dry-run" in refused.steps[0].findings[0].sentence
    waived = reviewed(versions, proposed, "1.1.0", kind=Kind.NATIVE, compare=fake, own_waivers=(waiver,))
    assert (waived.outcome, waived.floor) == (COMPATIBLE, Floor.MINOR)
    ours = saying(structs.replace(typed, direction="two_view.forward"), two_view=BREAKING)
    assert reviewed(versions, proposed, "1.1.0", compare=ours, own_waivers=(waiver,)).outcome is BREAKING


# ---- waivers


WAIVER = Waiver(
    rule="pattern.changed", pointer="/properties/id/pattern", against="1.0.0",
    owner="ann@example.com", reason="no till can write it", expires=DAY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes_of_waiver", "outcome"),
    [
        ({}, COMPATIBLE),
        ({"expires": DAY - timedelta(days=1)}, UNDECIDED),
        ({"rule": "format.changed"}, UNDECIDED),
        ({"pointer": "/properties/quantity"}, UNDECIDED),
        ({"against": "0.9.0"}, UNDECIDED),
    ],
)
def test_somebody_may_answer_for_what_is_not_proven_until_a_day(
    changes_of_waiver: dict[str, Any], outcome: Verdict
) -> None:
    waiver = structs.replace(WAIVER, **changes_of_waiver)
    found = reviewed(
        {"1.0.0": schema()}, schema("1.1.0", shelf=text()), "1.1.0",
        compare=saying(finding(), two_view=UNDECIDED), own_waivers=(waiver,),
    )  # fmt: skip
    assert found.outcome is outcome
    (judged,) = found.steps[0].findings
    if outcome is COMPATIBLE:
        assert "ann@example.com answers for it until 2026-12-01: no till can write it." in judged.sentence
        assert found.notes == ()
    else:
        assert "have somebody answer for it" in found.refusals[0]
        assert len(found.notes) == 1


def test_nobody_can_answer_for_what_has_a_witness() -> None:
    found = reviewed(
        {"1.0.0": schema()}, schema("1.1.0", shelf=text()), "1.1.0",
        compare=saying(finding(witness={"id": "x"}), two_view=BREAKING), own_waivers=(WAIVER,),
    )  # fmt: skip
    assert found.outcome is BREAKING
    assert "covers nothing that can be waived" in found.notes[0]


def test_a_finding_without_a_witness_of_a_broken_direction_is_breaking_and_cannot_be_waived() -> None:
    found = reviewed(
        {"1.0.0": schema()}, schema("1.1.0", shelf=text()), "1.1.0",
        compare=saying(finding(), two_view=BREAKING), own_waivers=(WAIVER,),
    )  # fmt: skip
    assert [each.verdict for each in found.steps[0].findings] == [BREAKING]
    assert found.outcome is BREAKING


def test_a_verdict_that_no_finding_explains_stands() -> None:
    for verdict in (BREAKING, UNDECIDED):
        found = reviewed(
            {"1.0.0": schema()}, schema("1.1.0", shelf=text()), "1.1.0",
            compare=saying(two_view=verdict), own_waivers=(WAIVER,),
        )  # fmt: skip
        assert found.outcome is verdict


def test_a_changed_unit_is_a_major_that_somebody_may_answer_for() -> None:
    changed = finding("unit.changed", kind="policy", direction="both", raises=Floor.MAJOR)
    versions, proposed, fake = {"1.0.0": schema()}, schema("1.1.0", shelf=text()), saying(changed)
    found = reviewed(versions, proposed, "1.1.0", compare=fake)
    assert (found.outcome, found.floor) == (BREAKING, Floor.MAJOR)
    assert "add a member of another name for the new one beside it" in found.steps[0].findings[0].sentence
    waiver = structs.replace(WAIVER, rule="unit.changed")
    assert reviewed(versions, proposed, "1.1.0", compare=fake, own_waivers=(waiver,)).outcome is COMPATIBLE
    note = structs.replace(changed, raises=Floor.PATCH)
    fake = saying(note, floor=Floor.PATCH)
    assert reviewed(versions, proposed, "1.0.1", compare=fake).outcome is COMPATIBLE


# ---- who reads there


def test_a_finding_names_the_consumers_that_read_there() -> None:
    edit = finding(
        old_pointer="/properties/quantity/minimum", new_pointer="/properties/quantity/minimum", witness={}
    )
    found = reviewed(
        {"1.0.0": schema()}, schema("1.1.0"), "1.1.0",
        compare=saying(edit, two_view=BREAKING), consumers=(LOSS_PREVENTION,),
    )  # fmt: skip
    (judged,) = found.steps[0].findings
    assert judged.places == ("/quantity",)
    assert "loss-prevention (lp@example.com) reads /quantity." in judged.sentence
    elsewhere = saying(finding(witness={}), two_view=BREAKING)
    other = reviewed(
        {"1.0.0": schema()}, schema("1.1.0"), "1.1.0", compare=elsewhere, consumers=(LOSS_PREVENTION,)
    )
    assert other.steps[0].findings[0].readers == ()


MONEY = {"$ref": "#/$defs/money"}
SHARED = {
    "type": "object",
    "required": ["total"],
    "properties": {
        "total": MONEY,
        "lines": {"type": "array", "items": {"type": "object", "properties": {"cost": MONEY}}},
    },
    "$defs": {
        "money": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "string"}}}
    },
}


def test_a_definition_stands_for_each_place_that_uses_it() -> None:
    walked = tuple(parts(SHARED))
    assert places(walked, "/$defs/money/properties/amount/type") == {"/total/amount", "/lines/*/cost/amount"}
    assert places(walked, "/properties/lines/items") == {"/lines/*"}
    assert places(walked, "") == {""}


def test_an_edit_of_required_is_about_the_members_and_not_about_the_object() -> None:
    new = {**SHARED, "required": ["total", "lines"]}
    edit = finding(old_pointer="/required", new_pointer="/required/1")
    assert touched(tuple(parts(SHARED)), tuple(parts(new)), edit) == {"/lines"}


def test_readers_are_those_of_the_major_at_below_or_above_the_place() -> None:
    everything = structs.replace(LOSS_PREVENTION, name="archive", pointers=())
    next_major = structs.replace(everything, name="future", major=2)
    consumers = (LOSS_PREVENTION, everything, next_major)
    for place, names in {
        "/lines": ["loss-prevention", "archive"],
        "/lines/*/item/id": ["loss-prevention", "archive"],
        "/lines/*/price": ["archive"],
        "": ["loss-prevention", "archive"],
    }.items():
        assert [each.name for each in readers(consumers, 1, {place})] == names


def test_a_schema_that_leads_back_to_itself_is_walked_to_an_end() -> None:
    loop = {"properties": {"next": {"$ref": "#"}}}
    assert max(len(part.place) for part in parts(loop)) < 1000


# ---- changes in words


def test_changes_are_told_in_words_by_the_place_in_the_document() -> None:
    old = schema(note=text(), code=text(enum=["a", "b"]), gone=text())
    new = schema(note=text(maxLength=9, demanded=True), code=text(enum=["b", "c"]), shelf=text())
    assert [f"{each.place} {each.words}" for each in changes(old, new)] == [
        "/code takes the value c",
        "/code no longer takes the value a",
        "/gone is gone",
        "/note is required now",
        "/note maxLength is 9; it was 20",
        "/shelf is new, optional, of type string",
    ]
    assert changes(old, old) == []


def test_what_is_below_a_new_member_goes_without_saying() -> None:
    inner = {"description": "x", "type": "object", "properties": {"deep": {"type": "string"}}}
    assert [each.place for each in changes(schema(), schema(box=inner))] == ["/box"]


def test_a_changelog_has_the_newest_version_on_top_and_keeps_the_rest() -> None:
    first = with_version("", name="fact-x", version="1.0.0", on=DAY, since=None, changes=())
    edit = [Change(place="/shelf", words="is new")]
    both = with_version(first, name="fact-x", version="1.1.0", on=DAY, since="1.0.0", changes=edit)
    assert both.startswith(
        "# fact-x\n\n## 1.1.0 - 2026-12-01\n\n- `/shelf` is new.\n\nCompared with 1.0.0.\n"
    )
    assert both.endswith(first.removeprefix("# fact-x\n\n"))


# ---- the life of a version

NOTICE = Deprecation(effective=DAY, removal=date(2027, 6, 1), alternative="1.1.0")
LIVING = manifest({"1.0.0": State.PUBLISHED, "1.1.0": State.PUBLISHED, "1.2.0": State.DRAFT})


def at(state: State, deprecated: Deprecation | None = None) -> Any:
    entry = VersionEntry(state=state, published=DAY, deprecated=deprecated)
    return structs.replace(LIVING, versions=LIVING.versions | {"1.0.0": entry})


def test_a_version_is_deprecated_sunset_and_retired_in_that_order() -> None:
    deprecated = transitions.deprecate(LIVING, "1.0.0", NOTICE, DAY)
    assert (deprecated.state, deprecated.deprecated) == (State.DEPRECATED, NOTICE)
    ended = transitions.end(at(State.DEPRECATED, NOTICE), "1.0.0", NOTICE.removal)
    assert (ended.state, ended.deprecated) == (State.SUNSET, NOTICE)
    assert transitions.retire(at(State.SUNSET, NOTICE), "1.0.0").state is State.RETIRED


def test_a_deprecation_that_begins_later_only_announces_itself() -> None:
    later = structs.replace(NOTICE, effective=date(2027, 1, 1))
    assert transitions.deprecate(LIVING, "1.0.0", later, DAY).state is State.PUBLISHED


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: transitions.end(LIVING, "1.0.0", DAY), "it has to be deprecated first"),
        (lambda: transitions.retire(LIVING, "1.0.0"), "it has to be sunset first"),
        (lambda: transitions.retire(LIVING, "9.0.0"), "has no version 9.0.0; it has 1.0.0, 1.1.0, 1.2.0"),
        (lambda: transitions.end(at(State.DEPRECATED, NOTICE), "1.0.0", DAY), "2027-06-01 was announced"),
        (
            lambda: transitions.deprecate(LIVING, "1.2.0", NOTICE, DAY),
            "it is draft and can't become",
        ),
        (
            lambda: transitions.publish(LIVING.versions["1.0.0"], DAY),
            "it is published and can't",
        ),
        (
            lambda: transitions.deprecate(LIVING, "1.0.0", structs.replace(NOTICE, removal=DAY), DAY),
            "has to be after 2026-12-01",
        ),
        (
            lambda: transitions.deprecate(LIVING, "1.0.0", structs.replace(NOTICE, alternative="1.2.0"), DAY),
            "1.2.0 can't take its place",
        ),
        (
            lambda: transitions.deprecate(LIVING, "1.0.0", structs.replace(NOTICE, alternative="1.0.0"), DAY),
            "there is 1.1.0",
        ),
        (
            lambda: transitions.deprecate(
                at(State.DEPRECATED, NOTICE), "1.0.0", structs.replace(NOTICE, removal=date(2027, 5, 1)), DAY
            ),
            "only a later day can take its place",
        ),
    ],
)
def test_a_state_that_cannot_follow_is_refused_with_what_to_do(act: Any, sentence: str) -> None:
    with pytest.raises(TransitionRefused) as caught:
        act()
    assert sentence in str(caught.value)


def test_leaps_between_two_manifests_are_named() -> None:
    before = manifest({"1.0.0": State.PUBLISHED, "1.1.0": State.RETIRED, "1.2.0": State.DRAFT})
    after = manifest({"1.0.0": State.DRAFT, "1.1.0": State.PUBLISHED})
    assert transitions.leaps(before, after) == [
        "1.0.0 was published and can't become draft",
        "1.1.0 was retired and can't become published",
    ]
    assert transitions.leaps(before, before) == []
    gone = manifest({"1.1.0": State.RETIRED})
    assert transitions.leaps(before, gone) == ["1.0.0 was published and is gone: bring it back"]


# ---- retirement

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def test_a_version_is_not_retired_while_anybody_needs_it() -> None:
    alone = manifest({"1.0.0": State.SUNSET, "2.0.0": State.PUBLISHED}, consumers=(LOSS_PREVENTION,))
    usage = VersionUsage(
        contract=alone.name, version="1.0.0", retained=41,
        senders=(Used(name="pos-north", count=9, last="2026-11-30T08:00:00Z"),),
        readers=(
            Used(name="store-ops", count=7, last="2026-11-29T08:00:00Z"),
            Used(name="finance", count=2, last="2026-10-29T08:00:00Z"),
        ),
    )  # fmt: skip
    assert hindrances(alone, "1.0.0", usage, now=NOW, quiet=MONTH) == [
        "loss-prevention (lp@example.com) declares that it reads major 1, at /quantity, /lines/*/item,"
        " and 1.0.0 is the last of it",
        "pos-north sends it: 9 events, the last at 2026-11-30T08:00:00Z",
        "store-ops reads it: 7 events, the last at 2026-11-29T08:00:00Z",
        "41 events of it are kept in the streams, and could be read or replayed",
    ]


def test_a_declared_consumer_is_served_by_another_version_of_its_major() -> None:
    served = manifest({"1.0.0": State.SUNSET, "1.1.0": State.PUBLISHED}, consumers=(LOSS_PREVENTION,))
    assert hindrances(served, "1.0.0", None, now=NOW, quiet=MONTH) == []


# ---- contract.toml as text


def test_an_edit_keeps_comments_and_order() -> None:
    entry = VersionEntry(state=State.DEPRECATED, published=date(2026, 11, 23), deprecated=NOTICE)
    edited = with_entry(MANIFEST, "1.0.0", entry)
    assert edited == MANIFEST.replace(
        'state = "published"  # the first\npublished = 2026-11-23\n',
        'state = "deprecated"  # the first\npublished = 2026-11-23\n'
        'deprecated = {effective = 2026-12-01, removal = 2027-06-01, alternative = "1.1.0"}\n',
    )
    back = with_entry(edited, "1.0.0", VersionEntry(state=State.PUBLISHED, published=date(2026, 11, 23)))
    assert back == MANIFEST


def test_a_new_version_comes_after_the_last_and_before_the_comment_of_what_follows() -> None:
    edited = with_entry(MANIFEST, "1.1.0", VersionEntry(state=State.DRAFT))
    assert edited == MANIFEST.replace(
        "\n# who reads it", '\n[versions."1.1.0"]\nstate = "draft"\n\n# who reads it'
    )
    assert with_renamed(edited, "1.1.0", "2.0.0") == edited.replace('"1.1.0"', '"2.0.0"')


def test_values_over_several_lines_and_waivers_are_edited_in_their_place() -> None:
    text_of = MANIFEST.replace(
        'state = "published"  # the first\n',
        'state = "deprecated"\ndeprecated = { effective = 2026-12-01, removal = 2027-06-01,'
        ' alternative = """\n1.1.0""" }\n',
    ).replace(
        "\n# who reads it",
        '[[versions."1.0.0".waivers]]\nrule = "a"\npointer = ""\nagainst = "0.9.0"\nowner = "b"\n'
        'reason = "c"\nexpires = 2027-01-01\n\n# who reads it',
    )
    waiver = Waiver(rule="a", pointer="", against="0.9.0", owner="b", reason="c", expires=date(2027, 1, 1))
    later = structs.replace(NOTICE, removal=date(2028, 1, 1))
    entry = VersionEntry(
        state=State.DEPRECATED, published=date(2026, 11, 23), deprecated=later, waivers=(waiver,)
    )
    edited = with_entry(text_of, "1.0.0", entry)
    assert "removal = 2028-01-01" in edited
    assert '"""' not in edited
    assert edited.count("[[versions") == 1


def test_what_only_a_person_can_edit_is_refused() -> None:
    inline = MANIFEST.replace(
        '[versions."1.0.0"]\nstate = "published"  # the first\npublished = 2026-11-23\n',
        '[versions]\n"1.0.0" = {state = "published", published = 2026-11-23}\n',
    )
    with pytest.raises(EditRefused):
        with_entry(inline, "1.0.0", VersionEntry(state=State.RETIRED, published=date(2026, 11, 23)))


def test_each_part_of_a_number_is_raised_and_the_rest_begins_anew() -> None:
    assert [raised("1.2.3", floor) for floor in (Floor.MAJOR, Floor.MINOR, Floor.PATCH)] == [
        "2.0.0",
        "1.3.0",
        "1.2.4",
    ]
    assert finding().witness is UNSET
