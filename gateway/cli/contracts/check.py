"""`contracts check`: whether contracts are sound, and what a version on its way would break."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import rich_click as click
from click.exceptions import Exit

from contracts.compat import compare
from contracts.expectations import breaches
from contracts.folder import contract_folders
from contracts.governance.changes import changes
from contracts.governance.examples import example_findings
from contracts.governance.review import Proposal, review
from contracts.lock import verify
from contracts.manifest import ContractsError
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED
from gateway.cli.common import USAGE, fail, json_option, print_json
from gateway.cli.contracts.bases import base_folder, rebased
from gateway.cli.contracts.reports import Checked, Report, as_junit, as_plain, as_text
from gateway.cli.contracts.targets import (
    Target,
    consumers_option,
    folder_option,
    is_folder_of_all,
    read_target,
    with_expected_consumers,
)

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path, exists=True), default=PUBLISHED)
@click.option(
    "--against", default=None, metavar="VERSION|FOLDER|GIT-REF",
    help="What to compare with: one version, or the contracts of a folder or a git reference. "
    "Without it, every live version of the major.",
)  # fmt: skip
@folder_option
@consumers_option
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write a JUnit report, too.",
)
@json_option
def check_contracts(
    path: Path,
    against: str | None,
    folder: Path,
    consumers: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Check contracts: all of a folder, one, a version's folder, or a schema file that names its contract.

    A version on its way is held against every live version of its major: what it breaks, with an event that
    shows it, who reads there, and the least number that it may have. Exit status: 0 in order, 1 not, 4 not
    proven.
    """
    if is_folder_of_all(path):
        report = _all(path, against, consumers)
    else:
        report = _one(path, against, folder, consumers)
    if junit:
        as_junit(report, junit)
    if as_json:
        print_json(as_plain(report))
    else:
        for line in as_text(report):
            click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        fail(f"{len(report.problems)} problems in {path}", report.status)
    if report.status:
        raise Exit(report.status)


def today() -> date:
    """Return the day, in UTC, by which waivers and removals are judged."""
    return datetime.now(UTC).date()


def check_target(target: Target, against: str | None = None) -> Report:
    """Return what is wrong with a target's files, and the review of each of its proposals."""
    problems, reviews = list(target.problems), []
    for proposal in target.proposals:
        found = review(target.contract, proposal, today=today(), compare=compare, against=against)
        base = found.steps[0].against if found.steps else None
        changed = changes(target.contract.schemas[base], proposal.schema) if base else []
        reviews.append(Checked(review=found, changes=tuple(changed)))
        problems += _examples(target, proposal)
        problems += _breaches(target, proposal)
    return Report(problems=tuple(dict.fromkeys(problems)), reviews=tuple(reviews))


def _breaches(target: Target, proposal: Proposal) -> list[str]:
    manifest = target.contract.manifest
    found = breaches(target.expectations, manifest.name, proposal.version, proposal.schema, manifest.kind)
    return [f"{each.sentence}; ask {each.contact}" for each in found]


def _examples(target: Target, proposal: Proposal) -> list[str]:
    folder = target.published / target.contract.manifest.name / proposal.version
    own = target.contract.schemas.get(proposal.version)
    return (
        example_findings(folder, target.contract.manifest)
        if folder.is_dir() and own is proposal.schema
        else []
    )


def _one(path: Path, against: str | None, folder: Path, consumers: Path | None) -> Report:
    try:
        target = with_expected_consumers(read_target(path, folder), consumers)
        if against is None or _VERSION.fullmatch(against):
            if against and against not in target.contract.schemas:
                fail(f"{target.contract.manifest.name} has no version {against}", USAGE)
            return check_target(target, against)
        with base_folder(against, target.published) as base:
            return check_target(rebased(target, base))
    except ContractsError as error:
        return Report(problems=error.findings)


def _all(folder: Path, against: str | None, consumers: Path | None) -> Report:
    """Load and lint all contracts, hold them against their lock, and what is new in them against the base."""
    problems: list[str] = []
    reviews: list[Checked] = []
    count = 0
    try:
        registry = Registry.load(folder)
        count = len(registry.names)
        problems += verify(folder)
    except ContractsError as error:
        problems += error.findings
    if against is not None:
        with base_folder(against, folder) as base:
            for contract in contract_folders(folder):
                report = _of_one(contract, base, folder, consumers)
                problems += report.problems
                reviews += report.reviews
    return Report(contracts=count, problems=tuple(dict.fromkeys(problems)), reviews=tuple(reviews))


def _of_one(contract: Path, base: Path, folder: Path, consumers: Path | None) -> Report:
    try:
        target = rebased(read_target(contract, folder), base)
        return check_target(with_expected_consumers(target, consumers))
    except ContractsError as error:
        return Report(problems=error.findings)
