"""`triage evaluate`: a model beside static routing and the rules, in every simulated world."""

from pathlib import Path

import msgspec
import rich_click as click

from gateway.cli.common import CHECK_FAILED, fail, show
from gateway.cli.triage.train import processes_option, require_extra
from routing.triage.model.artefact import SHIPPED, ModelRefused


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--samples", type=click.Path(path_type=Path), envvar="CROSSDOCK_SAMPLES", default=None,
              help="The folder of real payloads; the UCI incident log is looked for below it.")  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the figures to this file, as JSON.")  # fmt: skip
@click.option("--into-card", is_flag=True, help="Write the figures into the model's card and manifest.")
@processes_option
def evaluate(
    folder: Path | None, samples: Path | None, report: Path | None, into_card: bool, processes: int
) -> None:
    """Examine the model in FOLDER (…/NAME/VERSION), else the shipped one.

    Where a promise fails, the first lines say so. Nothing here was trained or calibrated with.
    """
    require_extra()
    from training import artefacts, simulated, uci
    from training.report import COLUMNS, category_table, make_report, report_json, summary, table

    folder = (folder or SHIPPED / "synthetic-prior" / "1.0.0").resolve()
    try:
        manifest, graph = artefacts.read(folder)
        thresholds = artefacts.thresholds_of(manifest)
        worlds = simulated.examinations(processes)
        found = make_report(
            manifest.identity, graph, thresholds, manifest.promised_precision, worlds, uci.evaluate(samples)
        )
        if into_card:
            artefacts.put_figures(folder, found)
    except (ModelRefused, msgspec.DecodeError) as error:
        fail(str(error), CHECK_FAILED)
    for remark in found.remarks:
        click.echo(remark)
    show(table(found), COLUMNS, as_json=False, title=found.model)
    show(
        category_table(found),
        ("category", *found.worlds),
        as_json=False,
        title="reaches its threshold / precision",
    )
    for sentence in summary(found):
        click.echo(sentence)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_bytes(report_json(found))
