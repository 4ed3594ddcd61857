"""`triage train`: a model from simulated worlds, or from a retailer's own closed cases."""

from pathlib import Path

import msgspec
import rich_click as click

from gateway.cli.common import CHECK_FAILED, USAGE, fail
from gateway.cli.triage.common import processes_option, require_extra
from gateway.cli.triage.evaluate import report_option, samples_option, show_report
from routing.triage.model.artefact import ModelRefused


@click.command()
@click.option("--simulate", "is_simulated", is_flag=True, help="Train on the simulator's worlds.")
@click.option("--cases", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="Closed cases, one a line, as `triage cases` writes them.")  # fmt: skip
@click.option("--base", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="A model's folder (…/NAME/VERSION) to go on from.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Where models are; this one becomes OUT/NAME/VERSION.")  # fmt: skip
@click.option("--name", default="", help="[default: synthetic-prior, or own-cases]")
@click.option("--version", default="1.0.0", show_default=True)
@click.option("--promise", type=click.FloatRange(0.5, 0.999), default=0.90, show_default=True,
              help="The precision that the thresholds must prove.")  # fmt: skip
@click.option("--seed", type=int, default=20_261_125, show_default=True)
@click.option(
    "--examine",
    is_flag=True,
    help="With --simulate: examine at once, as `triage evaluate --into-card` does, in less time.",
)
@report_option
@samples_option
@processes_option
def train(
    is_simulated: bool, cases: Path | None, base: Path | None, out: Path, name: str, version: str,
    promise: float, seed: int, examine: bool, report: Path | None, samples: Path | None, processes: int,
) -> None:  # fmt: skip
    """Train, calibrate and write a model's folder. The same rows and seed give the same model.

    What is trained with, calibrated with and examined with differs in stores, faults and time. Rows that know
    the future are refused, and so are too few.
    """
    if is_simulated == (cases is not None):
        fail("give --simulate or --cases", USAGE)
    if examine and cases is not None:
        fail("--examine is about simulated worlds", USAGE)
    require_extra()
    from gateway.training_run import Order, run
    from training.refusals import TrainingRefused

    order = Order(
        out=out, cases=cases, base=base, name=name, version=version, promise=promise, seed=seed,
        processes=processes, examine=examine, samples=samples,
    )  # fmt: skip
    try:
        with click.progressbar(length=100, label="training") as bar:
            found = run(order, click.echo, lambda done, steps: bar.update(100 * done // steps - bar.pos))
    except (TrainingRefused, ModelRefused, msgspec.DecodeError, KeyError) as error:
        fail(f"nothing was trained: {error}", CHECK_FAILED)
    if found is not None:
        show_report(found, report)
