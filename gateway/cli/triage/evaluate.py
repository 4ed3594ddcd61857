"""`triage evaluate`: a model beside static routing and the rules, in every simulated world."""

from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from gateway.cli.common import CHECK_FAILED, fail, show
from gateway.cli.triage.common import processes_option, require_extra
from routing.triage.model.artefact import SHIPPED, ModelRefused

samples_option = click.option(
    "--samples", type=click.Path(path_type=Path), envvar="CROSSDOCK_SAMPLES", default=None,
    help="The folder of real payloads; the UCI incident log is looked for below it.",
)  # fmt: skip
report_option = click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="Write the figures to this file, as JSON.",
)  # fmt: skip


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@samples_option
@report_option
@click.option("--into-card", is_flag=True, help="Write the figures into the model's card and manifest.")
@processes_option
def evaluate(
    folder: Path | None, samples: Path | None, report: Path | None, into_card: bool, processes: int
) -> None:
    """Examine the model in FOLDER (…/NAME/VERSION), else the shipped one.

    Where a promise fails, the first lines say so. Nothing here was trained or calibrated with.
    """
    require_extra()
    from gateway.training_run import examine
    from training.simulated import examinations

    folder = (folder or SHIPPED / "synthetic-prior" / "1.0.0").resolve()
    try:
        found = examine(folder, examinations(processes), samples, into_card=into_card)
    except (ModelRefused, msgspec.DecodeError) as error:
        fail(str(error), CHECK_FAILED)
    show_report(found, report)


def show_report(found: Any, file: Path | None) -> None:
    """Show a `training.report.Report`, and write it to a file where one is named."""
    from training.report import COLUMNS, category_table, report_json, summary, table

    for remark in found.remarks:
        click.echo(remark)
    show(table(found), COLUMNS, as_json=False, title=found.model)
    title = "reaches its threshold / precision"
    show(category_table(found), ("category", *found.worlds), as_json=False, title=title)
    for sentence in summary(found):
        click.echo(sentence)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(report_json(found))
