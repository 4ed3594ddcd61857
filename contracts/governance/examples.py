"""Whether a version's examples show what they say, under two engines that know nothing of each other."""

from pathlib import Path
from typing import Any

from contracts.folder import SCHEMA_FILE, read_json
from contracts.manifest import ContractsError, Manifest
from contracts.reference import reference
from contracts.validation import Validator
from contracts.views import writer_view

EXAMPLES_WANTED = 3


def example_findings(version: Path, manifest: Manifest) -> list[str]:
    """Return what is wrong with the examples in the folder of a version, one sentence each.

    A valid one is valid under `jsonschema-rs` and `jsonschema`; an invalid one under neither, and breaks the
    contract at exactly the places that it names.
    """
    try:
        schema = writer_view(read_json(version / SCHEMA_FILE), manifest.kind)
        validator = Validator(schema, manifest.pii)
    except ContractsError as error:
        return list(error.findings)
    draft = reference().Draft202012Validator
    second = draft(schema, format_checker=draft.FORMAT_CHECKER)
    found = []
    for kind, judge in (("valid", _valid), ("invalid", _invalid)):
        files = sorted((version / "examples" / kind).glob("*.json"))
        where = "/".join((version / "examples" / kind).parts[-4:])
        if len(files) < EXAMPLES_WANTED:
            found.append(f"{where}: {len(files)} examples; {EXAMPLES_WANTED} or more are wanted")
        for file in files:
            try:
                sentence = judge(read_json(file), validator, second)
            except ContractsError as error:
                sentence = error.findings[0]
            if sentence:
                found.append(f"{where}/{file.name}: {sentence}")
    return found


def _valid(tree: Any, validator: Validator, reference: Any) -> str:
    fast, slow = validator.is_valid(tree), reference.is_valid(tree)
    if fast and slow:
        return ""
    if fast != slow:
        return _disagreement(fast)
    first = validator.violations(tree, "")[0]
    return f"it is not valid: {first.path}: {first.detail}"


def _invalid(example: Any, validator: Validator, reference: Any) -> str:
    try:
        tree, named = (
            example["document"],
            {(each["pointer"], each["keyword"]) for each in example["violations"]},
        )
    except (TypeError, KeyError):
        return 'expected {"document": …, "violations": [{"pointer": …, "keyword": …}]}'
    found = {(each.pointer, each.keyword) for each in validator.violations(tree, "")}
    if reference.is_valid(tree) is bool(found):
        return _disagreement(not found)
    if not found:
        return "it is valid, and should not be"
    if found != named:
        told = ", ".join(f"{pointer} ({keyword})" for pointer, keyword in sorted(found))
        return f"it breaks the contract at {told}, which is not what it names"
    return ""


def _disagreement(fast: bool) -> str:
    verdicts = ("valid", "invalid") if fast else ("invalid", "valid")
    return f"two engines disagree: {verdicts[0]} for jsonschema-rs, {verdicts[1]} for jsonschema"
