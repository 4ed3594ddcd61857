"""The commands of an architect, on a folder of contracts of the test's own."""

import asyncio
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result
from conftest import Connect
from contract_folders import NAME, everything, put, schema, text, write

from contracts import lock
from contracts.compat import Comparison, Floor, Verdict, Verdicts
from contracts.folder import PUBLISHED
from contracts.manifest import read_manifest
from gateway.cli import crossdock
from gateway.cli.contracts import check
from gateway.data_folder import DataFolder
from gateway.embedded_broker import EmbeddedBroker
from routing.contract_usage import UsageCounts, UsageWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound folder with one contract, `fact-shelf-gap` 1.0.0."""
    return put(tmp_path / "published")


def contracts(folder: Path, *words: str | Path) -> Result:
    """Run one command on a folder."""
    command = ["contracts", *map(str, words)]
    return CliRunner().invoke(crossdock, command, env={"CROSSDOCK_CONTRACTS": str(folder), "COLUMNS": "200"})


def done(folder: Path, *words: str | Path) -> str:
    result = contracts(folder, *words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(folder: Path, *words: str | Path, status: int = 1) -> str:
    """What a refusal says; nothing may be changed by it."""
    before = everything(folder)
    result = contracts(folder, *words)
    assert result.exit_code == status, result.output
    assert everything(folder) == before
    return result.output


def draft(folder: Path, version: str = "1.1.0", **members: Any) -> Path:
    """Draft the next version and give its schema further members."""
    done(folder, "draft", NAME)
    place = folder / NAME / "1.1.0"
    write(place / "schema.json", schema("1.1.0", **members))
    if version != "1.1.0":
        done(folder, "renumber", f"{NAME}@1.1.0", version)
        place = folder / NAME / version
    return place


def outside(tmp_path: Path, edited: dict[str, Any]) -> Path:
    """An edited schema as an architect has it on the desk."""
    file = tmp_path / "edited.json"
    write(file, edited)
    return file


def states(folder: Path) -> dict[str, str]:
    versions = read_manifest(folder / NAME / "contract.toml").versions
    return {version: str(entry.state) for version, entry in versions.items()}


# ---- check


def test_a_folder_of_all_contracts_is_sound_or_says_what_is_not(folder: Path) -> None:
    assert done(folder, "check", folder) == "1 contract is sound\n"
    file = folder / NAME / "1.0.0" / "schema.json"
    file.write_text(file.read_text() + "\n")
    said = refused(folder, "check", folder)
    assert f"{NAME}/1.0.0/schema.json: edited after publishing" in said
    assert "1 problems in" in said


def test_the_published_contracts_are_sound() -> None:
    assert "contracts are sound" in done(PUBLISHED, "check", PUBLISHED)


def test_a_schema_on_the_desk_names_its_contract_by_its_id(folder: Path, tmp_path: Path) -> None:
    said = done(folder, "check", outside(tmp_path, schema("1.0.0", shelf=text())))
    assert f"{NAME} 1.0.0 against 1.0.0 (published): compatible" in said
    assert "/shelf is new, optional, of type string" in said
    assert "make this 1.1.0, or higher" in said
    stranger = outside(tmp_path, schema() | {"$id": "https://crossdock.example/contracts/../../etc/1.0.0"})
    assert "names no contract" in refused(folder, "check", stranger, status=2)


def test_a_breaking_edit_ends_with_1_and_is_told_in_text_json_and_junit(folder: Path, tmp_path: Path) -> None:
    file = outside(tmp_path, schema("1.1.0", shelf=text(demanded=True)))
    report = tmp_path / "report.xml"
    said = refused(folder, "check", file, "--junit", report)
    assert "refused: 1.1.0 breaks 1.0.0: take back what breaks it, or make it 2.0.0" in said
    found = json.loads(refused(folder, "check", file, "--json"))
    (checked,) = found["reviews"]
    assert checked["review"]["outcome"] == "breaking"
    assert (checked["review"]["floor"], checked["review"]["least"]) == ("major", "2.0.0")
    assert checked["changes"] == [{"place": "/shelf", "words": "is new, required, of type string"}]
    failures = ElementTree.parse(report).getroot().iter("failure")
    assert any("1.1.0 breaks 1.0.0" in (failure.text or "") for failure in failures)


def test_junit_of_what_is_in_order_has_no_failure(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    done(folder, "check", outside(tmp_path, schema("1.1.0", shelf=text())), "--junit", report)
    root = ElementTree.parse(report).getroot()
    assert [suite.get("failures") for suite in root] == ["0", "0"]
    assert [case.get("name") for case in root.iter("testcase")] == [
        "1.1.0 against 1.0.0",
        "1.1.0 may be published",
        "manifests, schemas, examples and lock are sound",
    ]


def undecided(_old: Any, _new: Any) -> Comparison:
    """A comparison that finds no proof, in place of the one that finds nearly all."""
    open_question = Verdicts(backward=Verdict.COMPATIBLE, forward=Verdict.UNDECIDED)
    return Comparison(
        backward=Verdict.COMPATIBLE, forward=Verdict.UNDECIDED, two_view=open_question, floor=Floor.MAJOR
    )


def test_what_is_not_proven_ends_with_4(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "compare", undecided)
    file = outside(tmp_path, schema("1.1.0", shelf=text()))
    assert "is not proven to be compatible with 1.0.0" in refused(folder, "check", file, status=4)
    edit = outside(tmp_path, schema("1.0.0", shelf=text()))
    refused(folder, "check", edit, status=4)


def test_a_draft_is_checked_with_its_examples(folder: Path) -> None:
    place = draft(folder, shelf=text())
    assert "in order: at least a minor, 1.1.0 or higher" in done(folder, "check", place)
    assert "in order" in done(folder, "check", folder / NAME)
    assert "in order" in done(folder, "check", place / "schema.json")
    write(place / "examples" / "valid" / "0.json", {"id": 7, "quantity": 0})
    (place / "examples" / "invalid" / "0.json").unlink()
    said = refused(folder, "check", place)
    assert "examples/valid/0.json: it is not valid: $.id: " in said
    assert "examples/invalid: 2 examples; 3 or more are wanted" in said


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        ({"document": {"id": "a", "quantity": 1}, "violations": []}, "it is valid, and should not be"),
        (
            {"document": {"id": "a"}, "violations": []},
            "it breaks the contract at /quantity (required), which",
        ),
        ([], "expected {"),
    ],
)
def test_an_invalid_example_that_shows_something_else_is_told(
    folder: Path, example: Any, sentence: str
) -> None:
    place = draft(folder)
    write(place / "examples" / "invalid" / "0.json", example)
    assert sentence in refused(folder, "check", place)


def test_a_draft_outside_the_profile_is_told_with_its_verdict(folder: Path) -> None:
    place = draft(folder, shelf=text(demanded=True, contentEncoding="base64"))
    said = refused(folder, "check", place)
    assert "contentEncoding is outside the profile" in said
    assert "1.1.0 breaks 1.0.0" in said


def test_what_an_owner_says_it_reads_is_a_gate(folder: Path, tmp_path: Path) -> None:
    consumers = tmp_path / "consumers"
    consumers.mkdir()
    (consumers / "store-ops.toml").write_text(
        'owner = "store-ops"\ncontact = "so@example.com"\n[[reads]]\ncontract = "fact-shelf-gap"\nmajor = 1\n'
        'purpose = "fills it"\nfields = [{ pointer = "/quantity", always = true }, { pointer = "/note" }]\n'
    )
    said = refused(
        folder, "check", outside(tmp_path, schema("1.1.0", shelf=text())), "--consumers", consumers
    )
    assert "store-ops reads /note of fact-shelf-gap (major 1): 1.1.0 has no such member" in said
    assert "ask so@example.com" in said


# ---- check --against


def test_one_version_may_be_compared_with(folder: Path, tmp_path: Path) -> None:
    place = draft(folder, shelf=text())
    assert "against 1.0.0" in done(folder, "check", place, "--against", "1.0.0")
    assert "has no version 0.9.0" in refused(folder, "check", place, "--against", "0.9.0", status=2)


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_a_merge_request_is_held_against_the_branch_that_it_goes_to(folder: Path) -> None:
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    assert done(folder, "check", folder, "--against", "main") == "1 contract is sound\n"
    done(folder, "publish", draft(folder, shelf=text()))
    said = done(folder, "check", folder, "--against", "main")
    assert f"{NAME} 1.1.0 against 1.0.0 (published): compatible" in said
    assert "edited" not in said


def test_what_was_published_elsewhere_may_not_be_edited_deleted_or_leap(folder: Path, tmp_path: Path) -> None:
    base = shutil.copytree(folder, tmp_path / "base")
    schema_file, manifest = folder / NAME / "1.0.0" / "schema.json", folder / NAME / "contract.toml"
    schema_file.write_text(schema_file.read_text() + "\n")
    (folder / "contracts.lock").unlink()  # as somebody would who wants it to pass
    lock.write(folder)
    said = refused(folder, "check", folder, "--against", base)
    assert f"{NAME}/1.0.0/schema.json: edited or deleted after publishing; bring it back" in said
    manifest.write_text(manifest.read_text().replace('"published"', '"draft"'))
    assert f"{NAME}: 1.0.0 was published and can't become draft" in refused(
        folder, "check", folder / NAME, "--against", base
    )


def test_a_version_that_breaks_what_it_is_held_against_fails_there(folder: Path, tmp_path: Path) -> None:
    """Nobody used `publish`: the manifest says published, and the lock has it."""
    base = shutil.copytree(folder, tmp_path / "base")
    draft(folder, shelf=text(demanded=True))
    manifest = folder / NAME / "contract.toml"
    manifest.write_text(manifest.read_text().replace('"draft"', '"published"\npublished = 2026-12-01'))
    lock.write(folder)
    said = refused(folder, "check", folder, "--against", base)
    assert "1.1.0 breaks 1.0.0: take back what breaks it, or make it 2.0.0" in said


def test_a_reference_that_is_not_there_is_wrong_usage(folder: Path) -> None:
    for against in ("no-such-branch", "--upload-pack=x"):
        said = refused(folder, "check", folder, f"--against={against}", status=2)
        assert "is not a folder, a version or a git reference" in said


# ---- draft, renumber, publish


def test_a_draft_is_a_copy_of_the_newest_with_its_own_id(folder: Path) -> None:
    before = (folder / NAME / "contract.toml").read_text()
    said = done(folder, "draft", NAME)
    place = folder / NAME / "1.1.0"
    assert str(place) in said
    old, new = (folder / NAME / version / "schema.json" for version in ("1.0.0", "1.1.0"))
    assert new.read_text() == old.read_text().replace(f"{NAME}/1.0.0", f"{NAME}/1.1.0")
    assert len(list((place / "examples").rglob("*.json"))) == 6
    assert (folder / NAME / "contract.toml").read_text() == before.replace(
        "\n# who reads it", '\n[versions."1.1.0"]\nstate = "draft"\n\n# who reads it'
    )
    assert done(folder, "check", folder) == "1 contract is sound\n"
    assert "1.1.0 is a draft already" in refused(folder, "draft", NAME, status=2)


def test_a_draft_may_raise_another_part_and_begin_elsewhere(folder: Path) -> None:
    done(folder, "draft", NAME, "--part", "patch", "--from", "1.0.0")
    assert states(folder)["1.0.1"] == "draft"
    assert "no version 7.0.0" in refused(folder, "draft", NAME, "--from", "7.0.0", status=2)
    assert "there is no contract" in refused(folder, "draft", "fact-nothing", status=2)


def test_a_draft_gets_the_number_that_the_check_asks_for(folder: Path) -> None:
    place = draft(folder, "2.0.0", shelf=text(demanded=True))
    assert (place / "schema.json").read_text() == json.dumps(
        schema("2.0.0", shelf=text(demanded=True)), indent=2
    ) + "\n"
    assert states(folder) == {"1.0.0": "published", "2.0.0": "draft"}
    said = refused(folder, "renumber", f"{NAME}@1.0.0", "3.0.0")
    assert "is published: only a draft may move" in said
    assert "has a version 1.0.0 already" in refused(folder, "renumber", f"{NAME}@2.0.0", "1.0.0")
    refused(folder, "renumber", f"{NAME}@2.0.0", "2.0", status=2)
    refused(folder, "renumber", NAME, "2.0.0", status=2)


def test_publishing_is_a_change_of_manifest_lock_and_changelog(folder: Path) -> None:
    place = draft(folder, shelf=text())
    before = everything(folder)
    said = done(folder, "publish", place, "--date", "2026-12-01")
    assert "1.1.0 is published: 7 files locked" in said
    changed = {name for name, content in everything(folder).items() if before.get(name) != content}
    assert changed == {"contracts.lock", f"{NAME}/contract.toml", f"{NAME}/CHANGELOG.md"}
    assert 'state = "published"\npublished = 2026-12-01\n' in (folder / NAME / "contract.toml").read_text()
    assert "- `/shelf` is new, optional, of type string." in (folder / NAME / "CHANGELOG.md").read_text()
    assert done(folder, "check", folder) == "1 contract is sound\n"
    assert "it is published and can't become published" in refused(folder, "publish", place)


def test_a_candidate_is_fixed_first_and_published_later(folder: Path) -> None:
    place = draft(folder, shelf=text())
    assert "a candidate, fixed and on trial" in done(folder, "publish", place, "--candidate")
    assert states(folder)["1.1.0"] == "candidate"
    assert not (folder / NAME / "CHANGELOG.md").exists()
    file = place / "schema.json"
    fixed = file.read_text()
    file.write_text(fixed.replace("A text.", "Some text."))
    assert "edited after publishing" in refused(folder, "publish", place)
    file.write_text(fixed)
    done(folder, "publish", place)
    assert states(folder)["1.1.0"] == "published"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            lambda place: write(place / "schema.json", schema("1.1.0", shelf=text(demanded=True))),
            "breaks 1.0.0",
        ),
        (
            lambda place: write(place / "schema.json", schema("1.1.0", colour=text())),
            "'colour' must not come back",
        ),
        (lambda place: (place / "examples" / "valid" / "0.json").unlink(), "3 or more are wanted"),
        (lambda place: (place.parent / "1.0.0" / "schema.json").write_text("{}"), "edited after publishing"),
        (lambda place: write(place / "schema.json", schema("9.9.9")), "is not 'https"),
    ],
)
def test_what_is_wrong_is_not_published_and_nothing_changes(folder: Path, wrong: Any, sentence: str) -> None:
    place = draft(folder, shelf=text())
    wrong(place)
    assert sentence in refused(folder, "publish", place)


def test_a_new_major_of_ours_needs_a_way_across_or_a_note(folder: Path) -> None:
    place = draft(folder, "2.0.0", shelf=text(demanded=True))
    for file in (place / "examples" / "valid").glob("*.json"):
        write(file, json.loads(file.read_text()) | {"shelf": "A7"})
    for file in (place / "examples" / "invalid").glob("*.json"):
        example = json.loads(file.read_text())
        write(file, example | {"document": example["document"] | {"shelf": "A7"}})
    assert "cast.toml" in refused(folder, "publish", place)
    manifest = folder / NAME / "contract.toml"
    manifest.write_text(
        manifest.read_text().replace('"draft"', '"draft"\nno_path = "Ask the shelves team for the shelf."')
    )
    done(folder, "publish", place)
    assert states(folder)["2.0.0"] == "published"


# ---- deprecate, sunset, retire


@pytest.fixture
def two(folder: Path) -> Path:
    """The folder with 1.1.0 published, too."""
    done(folder, "publish", draft(folder, shelf=text()))
    return folder


def end(folder: Path, version: str = "1.0.0") -> None:
    """Bring a version to its sunset, with days in the past."""
    alternative = "1.1.0"
    done(folder, "deprecate", f"{NAME}@{version}", "--removal", "2099-01-01", "--alternative", alternative)
    manifest = folder / NAME / "contract.toml"
    past = manifest.read_text().replace(f"effective = {check.today()}", "effective = 2026-01-01")
    manifest.write_text(past.replace("removal = 2099-01-01", "removal = 2026-02-01"))
    done(folder, "sunset", f"{NAME}@{version}")


def test_a_deprecation_is_announced_with_its_brown_outs_and_names_whom_to_tell(two: Path) -> None:
    said = done(
        two, "deprecate", f"{NAME}@1.0.0", "--removal", "2099-01-01", "--alternative", "1.1.0",
        "--brown-out", "2098-01-01T10:00:00Z/2098-01-01T10:15:00Z", "--documentation", "https://shelves.example/x",
    )  # fmt: skip
    assert "takes events until 2099-01-01" in said
    assert "tell loss-prevention: lp@example.com" in said
    text_of = (two / NAME / "contract.toml").read_text()
    assert "# the first" in text_of
    assert "brown_outs = [{start = 2098-01-01T10:00:00+00:00, end = 2098-01-01T10:15:00+00:00}]" in text_of
    nearer = ("--removal", "2098-06-01", "--alternative", "1.1.0")
    assert "2099-01-01 was announced as its end" in refused(two, "deprecate", f"{NAME}@1.0.0", *nearer)
    done(two, "deprecate", f"{NAME}@1.0.0", "--removal", "2099-02-01", "--alternative", "1.1.0")
    assert "brown_outs = [" in (two / NAME / "contract.toml").read_text()


def test_a_version_does_not_end_before_its_day(two: Path) -> None:
    assert "it has to be deprecated first" in refused(two, "sunset", f"{NAME}@1.0.0")
    done(two, "deprecate", f"{NAME}@1.0.0", "--removal", "2099-01-01", "--alternative", "1.1.0")
    assert "2099-01-01 was announced as its end" in refused(two, "sunset", f"{NAME}@1.0.0")


def test_a_wrong_brown_out_or_alternative_is_refused(two: Path) -> None:
    begin = ("deprecate", f"{NAME}@1.0.0", "--removal", "2099-01-01", "--alternative")
    assert "two RFC 3339 times" in refused(
        two, *begin, "1.1.0", "--brown-out", "2098-01-01T10:00:00/soon", status=2
    )
    assert "is not between effective and removal" in refused(
        two, *begin, "1.1.0", "--brown-out", "2199-01-01T10:00:00Z/2199-01-01T11:00:00Z"
    )
    assert "can't take its place" in refused(two, *begin, "1.0.0")


def test_a_version_is_retired_offline_only_by_word(two: Path, tmp_path: Path) -> None:
    end(two)
    said = refused(two, "retire", f"{NAME}@1.0.0", "--data", tmp_path / "no-data", status=3)
    assert "--offline looks at declared consumers only" in said
    assert "only declared consumers were looked at" in done(two, "retire", f"{NAME}@1.0.0", "--offline")
    assert states(two)["1.0.0"] == "retired"
    assert done(two, "check", two) == "1 contract is sound\n"


def test_a_declared_consumer_keeps_the_last_version_of_its_major(two: Path) -> None:
    manifest = two / NAME / "contract.toml"
    end(two)
    done(two, "retire", f"{NAME}@1.0.0", "--offline")
    text_of = manifest.read_text().replace(
        f'state = "published"\npublished = {check.today()}\n',
        'state = "sunset"\npublished = 2026-01-01\n'
        'deprecated = {effective = 2026-01-02, removal = 2026-02-01, alternative = "1.0.0"}\n',
    )
    manifest.write_text(text_of)
    said = refused(two, "retire", f"{NAME}@1.1.0", "--offline")
    assert "loss-prevention (lp@example.com) declares that it reads major 1, at /quantity" in said


async def test_a_version_that_somebody_was_seen_with_is_not_retired(
    two: Path, broker: EmbeddedBroker, data_folder: DataFolder, connect_as: Connect
) -> None:
    end(two)
    counts = UsageCounts()
    counts.used(f"{NAME}@1.0.0", "pos-north")
    writer = UsageWriter(await connect_as("gateway"), "sent", counts, now=lambda: datetime.now(UTC))
    assert await writer.flush()
    retire = ("retire", f"{NAME}@1.0.0", "--data", data_folder.path)
    said = await asyncio.to_thread(refused, two, *retire)
    assert f"{NAME}@1.0.0 is still used" in said
    assert re.search(r"pos-north sends it: 1 events, the last at 20[0-9T:.+-]+", said)
    assert "nobody declares, sends or keeps it" in await asyncio.to_thread(
        done, two, *retire, "--quiet-days", "0"
    )
    assert states(two)["1.0.0"] == "retired"


# ---- words, export, impact


def test_differences_are_told_in_words(two: Path) -> None:
    assert "/shelf" in done(two, "diff", NAME, "1.0.0", "1.1.0")
    assert json.loads(done(two, "diff", NAME, "1.0.0", "1.1.0", "--json")) == [
        {"place": "/shelf", "words": "is new, optional, of type string"}
    ]
    assert "says the same as" in done(two, "diff", NAME, "1.0.0", "1.0.0")
    assert "has no version 4.0.0; it has 1.0.0, 1.1.0" in refused(
        two, "diff", NAME, "1.0.0", "4.0.0", status=2
    )


def test_lint_tells_what_is_outside_the_profile(folder: Path, tmp_path: Path) -> None:
    assert "keeps to the profile" in done(folder, "lint", folder)
    wrong = outside(tmp_path, schema("1.1.0", shelf={"type": "string", "pattern": "a"}))
    said = refused(folder, "lint", wrong)
    assert "edited.json#/properties/shelf" in said
    assert json.loads(refused(folder, "lint", wrong, "--json").partition("crossdock:")[0])


def test_a_contract_is_exported_in_the_words_of_odcs(two: Path) -> None:
    document = yaml.safe_load(done(two, "export", NAME, "--odcs", "--version", "1.0.0"))
    assert {key: document[key] for key in ("apiVersion", "kind", "version", "status")} == {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "version": "1.0.0",
        "status": "active",
    }
    (table,) = document["schema"]
    assert table["properties"][1] == {
        "name": "quantity",
        "logicalType": "integer",
        "physicalType": "integer",
        "description": "How many.",
        "logicalTypeOptions": {"minimum": 0},
        "customProperties": [{"property": "unit", "value": "pieces"}],
        "required": True,
    }
    assert json.loads(done(two, "export", NAME, "--odcs", "--json"))["version"] == "1.1.0"
    assert "--odcs" in refused(two, "export", NAME, status=2)


def test_a_choice_is_exported_with_the_values_that_tell_it_apart() -> None:
    document = yaml.safe_load(done(PUBLISHED, "export", "exception-inventory-variance", "--odcs"))
    expected = next(each for each in document["schema"][0]["properties"] if each["name"] == "expected")
    kind = next(each for each in expected["properties"] if each["name"] == "kind")
    assert kind["customProperties"] == [
        {"property": "allowedValues", "value": ["quantity", "amount", "status"]}
    ]


def edited(tmp_path: Path, name: str, version: str, edit: Any) -> Path:
    """A published schema with an edit, under the next minor's number."""
    document = json.loads((PUBLISHED / name / version / "schema.json").read_text())
    document["$id"] = document["$id"].replace(version, "1.99.0")
    edit(document)
    return outside(tmp_path, document)


def test_impact_finds_the_adapter_that_reads_a_member_and_the_samples_that_break(tmp_path: Path) -> None:
    def tighten(document: dict[str, Any]) -> None:
        document["properties"]["BusinessDayDate"]["maxLength"] = 3

    file = edited(tmp_path, "pos-poslog-transaction", "1.1.0", tighten)
    found = json.loads(done(PUBLISHED, "impact", file, "--json", "--data", tmp_path))[0]
    assert found["places"] == ["/BusinessDayDate"]
    broken = [each for each in found["samples"] if each["broken"]]
    assert broken
    assert all(each["sample"].startswith("pos/poslog/") for each in broken)
    assert all(each["read"] == ["/BusinessDayDate"] for each in broken)
    assert "$.BusinessDayDate: " in broken[0]["broken"][0]
    assert "adapter pos/poslog reads /BusinessDayDate" in done(PUBLISHED, "impact", file, "--data", tmp_path)


def test_impact_finds_what_triage_and_owners_read_of_an_exception(tmp_path: Path) -> None:
    def retype(document: dict[str, Any]) -> None:
        document["properties"]["evidence"]["maxItems"] = 3
        document["properties"]["place"] = {"description": "Where.", "type": "string", "maxLength": 9}

    file = edited(tmp_path, "exception-inventory-variance", "1.1.0", retype)
    found = json.loads(done(PUBLISHED, "impact", file, "--json", "--data", tmp_path))[0]
    assert {each["name"] for each in found["consumers"]} >= {"inventory-control", "store-ops"}
    assert "/evidence" in {each["place"] for each in found["parts"] if each["part"] == "triage"}
    features = {each["part"] for each in found["parts"] if each["place"] == "/place"}
    assert {"feature sim_store_1h", "feature store_exc_rate"} <= features
    assert "triage" not in features
    assert any("reads /place/id" in each["sentence"] for each in found["breaches"])


def test_impact_needs_something_under_work(folder: Path) -> None:
    assert "nothing is under work" in refused(folder, "impact", folder / NAME, status=2)
