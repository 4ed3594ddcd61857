"""The lock of published contracts: it grows, and refuses everything else."""

import hashlib
from pathlib import Path

import pytest

from contracts import lock
from contracts.manifest import ContractsError

MANIFEST = """
name = "fact-thing"
title = "A thing"
kind = "canonical"
domain = "facts"
description = "A thing."
[owner]
team = "things"
contact = "things@example.com"
"""


def put(folder: Path, **states: str) -> Path:
    """Write a contract whose versions `v1`, `v2` … (1.0.0, 2.0.0 …) are in these states."""
    contract = folder / "fact-thing"
    manifest = MANIFEST
    for name, state in states.items():
        version = f"{name[1:]}.0.0"
        manifest += f'[versions."{version}"]\nstate = "{state}"\npublished = 2026-11-23\n'
        (contract / version / "examples" / "valid").mkdir(parents=True, exist_ok=True)
        (contract / version / "schema.json").write_text(f'{{"version": "{version}"}}', "utf-8")
        (contract / version / "examples" / "valid" / "one.json").write_text("{}", "utf-8")
    (contract / "contract.toml").write_text(manifest, "utf-8")
    return folder


def test_lock_has_the_hash_of_each_file_of_each_version_but_drafts(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published", v2="candidate", v3="draft")
    added = lock.write(folder)
    assert added == [
        "fact-thing/1.0.0/examples/valid/one.json",
        "fact-thing/1.0.0/schema.json",
        "fact-thing/2.0.0/examples/valid/one.json",
        "fact-thing/2.0.0/schema.json",
    ]
    lines = (folder / "contracts.lock").read_text("utf-8").splitlines()
    schema = folder / "fact-thing" / "1.0.0" / "schema.json"
    assert lines[1] == f"{hashlib.sha256(schema.read_bytes()).hexdigest()}  fact-thing/1.0.0/schema.json"
    assert lock.verify(folder) == []


def test_draft_may_change_and_joins_the_lock_when_it_is_published(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published", v2="draft")
    lock.write(folder)
    (folder / "fact-thing" / "2.0.0" / "schema.json").write_text("{}", "utf-8")
    assert lock.verify(folder) == []
    put(tmp_path, v1="published", v2="published")
    assert [finding.split(";")[0] for finding in lock.verify(folder)] == [
        "fact-thing/2.0.0/examples/valid/one.json: not in contracts.lock",
        "fact-thing/2.0.0/schema.json: not in contracts.lock",
    ]
    assert len(lock.write(folder)) == 2
    assert lock.write(folder) == []


def test_state_of_a_version_may_change(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published")
    lock.write(folder)
    put(tmp_path, v1="retired")
    assert lock.verify(folder) == []


@pytest.mark.parametrize("file", ["schema.json", "examples/valid/one.json"])
def test_edited_file_is_found_and_not_locked_anew(tmp_path: Path, file: str) -> None:
    folder = put(tmp_path, v1="published")
    lock.write(folder)
    (folder / "fact-thing" / "1.0.0" / file).write_text("{ }", "utf-8")
    wanted = [f"fact-thing/1.0.0/{file}: edited after publishing; bring it back and publish a new version"]
    assert lock.verify(folder) == wanted
    with pytest.raises(ContractsError) as caught:
        lock.write(folder)
    assert list(caught.value.findings) == wanted
    assert lock.verify(folder) == wanted


def test_deleted_file_and_unpublished_version_are_found(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published", v2="published")
    lock.write(folder)
    (folder / "fact-thing" / "1.0.0" / "schema.json").unlink()
    put(tmp_path, v2="draft")
    with pytest.raises(ContractsError):
        lock.write(folder)
    assert len(lock.verify(folder)) == 4


def test_example_that_is_added_later_is_found(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published")
    lock.write(folder)
    (folder / "fact-thing" / "1.0.0" / "examples" / "valid" / "two.json").write_text("{}", "utf-8")
    (finding,) = lock.verify(folder)
    assert finding.startswith("fact-thing/1.0.0/examples/valid/two.json: not in contracts.lock")


def test_lock_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published")
    (folder / "contracts.lock").write_text("<<<<<<< ours\n", "utf-8")
    assert lock.verify(folder) == ["contracts.lock: line 1: expected a hash, two spaces and a path"]


def test_command_tells_what_it_locked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = put(tmp_path, v1="published")
    assert lock.main(folder) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "locked fact-thing/1.0.0/schema.json"
    (folder / "fact-thing" / "1.0.0" / "schema.json").write_text("", "utf-8")
    assert lock.main(folder) == 1
    assert "edited after publishing" in capsys.readouterr().err


def test_one_contract_may_be_looked_at_alone(tmp_path: Path) -> None:
    folder = put(tmp_path, v1="published")
    lock.write(folder)
    (folder / "fact-thing" / "1.0.0" / "schema.json").write_text("{ }", "utf-8")
    assert lock.verify(folder, "fact-thing") == lock.verify(folder)
    (folder / "fact-other").mkdir()
    (folder / "fact-other" / "contract.toml").write_text(
        MANIFEST.replace("fact-thing", "fact-other"), "utf-8"
    )
    assert lock.verify(folder, "fact-other") != lock.verify(folder, "fact-thing")
