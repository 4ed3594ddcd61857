"""`contracts publish`: a draft or candidate becomes a version that nobody edits any more."""

from datetime import date, datetime
from pathlib import Path

import rich_click as click

from contracts import lock
from contracts.folder import read_contract
from contracts.governance import transitions
from contracts.governance.changelog import CHANGELOG_FILE, with_version
from contracts.manifest import MANIFEST_FILE, ContractsError
from gateway.cli.common import CHECK_FAILED, USAGE, fail
from gateway.cli.contracts.check import check_target, today
from gateway.cli.contracts.reports import UNDECIDED, Checked, Report, as_text
from gateway.cli.contracts.targets import (
    consumers_option,
    folder_option,
    path_argument,
    read_target,
    with_expected_consumers,
)
from gateway.cli.contracts.working_tree import all_or_nothing, put_entry, require_sound


@click.command("publish")
@path_argument
@click.option("--candidate", is_flag=True, help="Fix it and put it on trial first, instead of publishing it.")
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day; today without it."
)
@folder_option
@consumers_option
def publish_contract(
    path: Path, candidate: bool, on: datetime | None, folder: Path, consumers: Path | None
) -> None:
    """Publish the version in the folder PATH, as a change of the working tree: manifest, lock and changelog.

    Everything is checked first: the profile, its number, the examples under two engines, the lock. Where
    something is wrong nothing changes. Commit and merge the change; nothing is ever published over HTTP.
    """
    target = with_expected_consumers(read_target(path, folder), consumers)
    if target.version_folder is None:
        fail(f"{path} is not the folder of a version", USAGE)
    report = check_target(target)
    _refuse(report)
    (checked,) = report.reviews
    contract, version = target.published / checked.review.contract, checked.review.version
    files = (contract / MANIFEST_FILE, contract / CHANGELOG_FILE, target.published / lock.LOCK_FILE)
    day = on.date() if on else today()
    with all_or_nothing(*files):
        entry = transitions.entry_of(target.contract.manifest, version)
        put_entry(
            contract, version, transitions.try_out(entry) if candidate else transitions.publish(entry, day)
        )
        read_contract(contract)
        locked = lock.write(target.published)
        if strangers := [each for each in locked if not each.startswith(f"{contract.name}/{version}/")]:
            raise ContractsError(
                [f"{each} is not locked yet, and is not of this version" for each in strangers]
            )
        if not candidate:
            _add_to_changelog(contract / CHANGELOG_FILE, checked, day)
        require_sound(target.published)
    became = "a candidate, fixed and on trial" if candidate else "published"
    click.echo(f"{contract.name} {version} is {became}: {len(locked)} files locked")
    click.echo(f"commit the change of {target.published} and have it merged")


def _refuse(report: Report) -> None:
    if report.status == 0:
        return
    for line in as_text(report):
        click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    undecided = report.status == UNDECIDED
    fail("nothing was changed: it is not in order", UNDECIDED if undecided else CHECK_FAILED)


def _add_to_changelog(file: Path, checked: Checked, day: date) -> None:
    review = checked.review
    text = with_version(
        file.read_text("utf-8") if file.exists() else "",
        name=review.contract,
        version=review.version,
        on=day,
        since=review.steps[0].against if review.steps else None,
        changes=checked.changes,
    )
    file.write_text(text, "utf-8")
