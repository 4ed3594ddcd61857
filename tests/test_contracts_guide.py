"""docs/contracts.md and examples/ci, done as they say, in a copy of the repository's contracts."""

import copy
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from contract_folders import DAY, contract, schema, text
from test_readme import BIN, REPOSITORY, commands, one

from contracts.compat import compare
from contracts.governance.review import Proposal, review
from contracts.manifest import Kind
from gateway.cli import crossdock

GUIDE = "docs/contracts.md"
NAME = "fact-stock-count"


class Desk:
    """An architect's clone: the contracts alone, in git, with the commands of this installation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.published = folder / "contracts" / "published"
        shutil.copytree(REPOSITORY / "contracts" / "published", self.published)
        self.run("git init --quiet --initial-branch=main")
        self.commit("as it was")

    def commit(self, message: str) -> None:
        self.run("git add .")
        self.run(f"git -c user.name=t -c user.email=t@example.com commit --quiet -m '{message}'")

    def crossdock(self, command: str) -> str:
        """Run a command of the guide in this process, for starting one takes longer than most commands."""
        words = shlex.split(command.removeprefix(".venv/bin/crossdock "))
        environ = {"CROSSDOCK_CONTRACTS": str(self.published), "CROSSDOCK_DATA": str(self.folder / "data")}
        done = CliRunner().invoke(crossdock, words, env={**environ, "COLUMNS": "200"})
        assert done.exit_code == 0, f"{command}: {done.output}"
        return done.output

    def run(self, command: str, status: int = 0, **environ: str) -> str:
        """Run a command of a shell."""
        done = subprocess.run(
            ["bash", "-c", command.replace(".venv/bin/", f"{BIN}/")],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, **environ},
        )  # fmt: skip
        assert done.returncode == status, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def new_member() -> dict[str, Any]:
    """The member that the guide adds, from its text."""
    blocks = re.findall(r"```json\n(.*?)```", (REPOSITORY / GUIDE).read_text(), flags=re.DOTALL)
    found: dict[str, Any] = json.loads("{" + next(each for each in blocks if '"method"' in each) + "}")
    return found


def test_the_guide_takes_an_architect_from_a_new_field_to_its_published_version(desk: Desk) -> None:
    found = commands(GUIDE)
    desk.crossdock(one(found, "contracts draft"))
    version = desk.published / NAME / "1.1.0"
    document = json.loads((version / "schema.json").read_text())
    document["properties"] |= new_member()
    (version / "schema.json").write_text(json.dumps(document, indent=2) + "\n")
    example = sorted((version / "examples" / "valid").glob("*.json"))[0]
    example.write_text(json.dumps(json.loads(example.read_text()) | {"method": "robot"}))
    said = desk.crossdock(one(found, "check contracts/published/fact-stock-count"))
    assert "against 1.0.0 (published): compatible" in said
    assert "/method is new, optional, of type string" in said
    assert "at least a minor, 1.1.0 or higher" in said
    assert "/method" in desk.crossdock(one(found, "contracts impact"))
    assert "1.1.0 is published" in desk.crossdock(one(found, "contracts publish"))
    assert "fact-stock-count 1.1.0 against 1.0.0" in desk.crossdock(one(found, "--against HEAD"))
    changed = desk.run("git status --porcelain --untracked-files=all").split()[1::2]
    assert {Path(each).name for each in changed} >= {"contracts.lock", "contract.toml", "CHANGELOG.md"}
    desk.commit("counts say how")
    _ends(desk, found)


def _ends(desk: Desk, found: list[str]) -> None:
    """The end of the version before it; the days in between pass in the manifest."""
    manifest = desk.published / NAME / "contract.toml"
    desk.crossdock(one(found, "contracts deprecate").replace("DATE", "2099-01-01"))
    past = "effective = 2026-01-01, removal = 2026-02-01"
    manifest.write_text(re.sub(r"effective = [0-9-]+, removal = [0-9-]+", past, manifest.read_text()))
    desk.crossdock(one(found, "contracts sunset"))
    assert "is retired" in desk.crossdock(one(found, "contracts retire"))
    assert "contracts are sound" in desk.crossdock(one(found, "check contracts/published "))


def test_the_other_commands_of_the_guide_work_as_they_stand(desk: Desk) -> None:
    found = commands(GUIDE)
    desk.crossdock(one(found, "contracts draft"))
    moved = one(found, "contracts renumber").replace("DRAFT", "1.1.0").replace("NUMBER", "1.2.0")
    assert "is 1.2.0 now" in desk.crossdock(moved)
    assert "/context" in desk.crossdock(one(found, "contracts diff"))
    assert "keeps to the profile" in desk.crossdock(one(found, "contracts lint"))
    assert yaml.safe_load(desk.crossdock(one(found, "contracts export")))["kind"] == "DataContract"


def test_every_command_of_the_guide_is_run_by_a_test() -> None:
    tried = {"draft", "check", "impact", "publish", "renumber", "deprecate", "sunset", "retire"}
    told = [
        command.split("contracts ")[1].split()[0] for command in commands(GUIDE) if "crossdock" in command
    ]
    assert set(told) == tried | {"diff", "lint", "export"}


# ---- the gates of a merge request


def scripts(name: str) -> list[str]:
    """The lines that a CI example runs, without setting up."""
    document = yaml.safe_load((REPOSITORY / "examples" / "ci" / name).read_text())
    if "jobs" in document:
        lines = [step["run"] for step in document["jobs"]["check"]["steps"] if "run" in step]
    else:
        lines = [*document["contracts"]["before_script"], *document["contracts"]["script"]]
    assert "make setup" in lines
    return [line for line in lines if line != "make setup"]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_a_merge_request_is_gated_by_the_example(desk: Desk, tmp_path_factory: Any, name: str) -> None:
    origin = tmp_path_factory.mktemp("origin")
    desk.run(f"git clone --quiet --bare . {origin}/it && git remote add origin {origin}/it")
    desk.run("git fetch --quiet origin")
    desk.run("git switch --quiet --create feature")
    branch = {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    gate = " && ".join(scripts(name))
    assert "contracts are sound" in desk.run(gate, **branch)
    schema_file = desk.published / NAME / "1.0.0" / "schema.json"
    schema_file.write_text(schema_file.read_text() + "\n")
    assert "edited" in desk.run(gate, status=1, **branch)
    report = (desk.folder / "contracts.xml").read_text()
    assert 'failures="1"' in report or 'failures="2"' in report


# ---- the table of edits is true


def _remove(name: str) -> Any:
    def edit(document: dict[str, Any]) -> None:
        del document["properties"][name]
        document["required"] = [each for each in document["required"] if each != name]

    return edit


EDITS: dict[str, tuple[Any, str, str]] = {
    "words, examples, order": (lambda s: s.update(title="Another"), "patch", "patch"),
    "an optional member more": (lambda s: s["properties"].update(shelf=text()), "minor", "major"),
    "one without a type": (lambda s: s["properties"].update(shelf={"description": "Any."}), "minor", "minor"),
    "an optional member less": (_remove("note"), "minor", "minor"),
    "a required member more": (
        lambda s: (s["properties"].update(shelf=text()), s["required"].append("shelf")), "major", "major",
    ),
    "a required member less": (_remove("aisle"), "major", "minor"),
    "required to optional": (lambda s: s["required"].remove("aisle"), "major", "minor"),
    "a value more in enum": (lambda s: s["properties"]["code"]["enum"].append("c"), "major", "minor"),
    "a value more in x-extensible-enum": (
        lambda s: s["properties"]["reason"]["x-extensible-enum"].append("c"), "minor", "minor",
    ),
    "a bound tightened": (lambda s: s["properties"]["quantity"].update(minimum=1), "major", "major"),
    "a bound loosened": (lambda s: s["properties"]["quantity"].update(minimum=-1), "major", "minor"),
    "renamed": (lambda s: s["properties"].update(remark=s["properties"].pop("note")), "major", "major"),
    "another unit": (lambda s: s["properties"]["quantity"].update({"x-unit": "cases"}), "major", "major"),
    "another basis": (lambda s: s["properties"]["quantity"].update({"x-basis": "net"}), "major", "major"),
    "another code list": (lambda s: s["properties"]["code"].update({"x-code-list": "b@2"}), "major", "major"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("kind", [Kind.CANONICAL, Kind.NATIVE])
def test_the_table_of_edits_is_true(edit: str, kind: Kind) -> None:
    old = schema(
        code=text(enum=["a", "b"]) | {"x-code-list": "a@1"},
        reason={"description": "Why.", "type": "string", "x-extensible-enum": ["a", "b"]},
        note=text(),
        aisle=text(demanded=True),
    )
    old["properties"]["quantity"]["x-basis"] = "gross"
    if kind is Kind.NATIVE:
        del old["additionalProperties"]
    proposed = copy.deepcopy(old)
    change, ours, native = EDITS[edit]
    change(proposed)
    found = review(
        contract({"1.0.0": old}, kind=kind),
        Proposal(schema=proposed, version="1.9.0"),
        today=DAY,
        compare=compare,
    )
    assert str(found.floor) == (ours if kind is Kind.CANONICAL else native)
