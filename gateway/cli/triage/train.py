"""`triage train`: a model from simulated worlds, or from a retailer's own closed cases."""

import importlib.util
import os
from pathlib import Path

import msgspec
import rich_click as click

from gateway.cli.common import CHECK_FAILED, USAGE, fail
from routing.triage.model.artefact import ModelRefused

processes_option = click.option(
    "--processes", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
    help="[default: as many as the machine has cores]",
)  # fmt: skip


def require_extra() -> None:
    """End the command where `onnx`, which writes model files, is not there."""
    if importlib.util.find_spec("onnx") is None:
        fail("`onnx` is not installed: pip install 'crossdock[training]'", USAGE)


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
@processes_option
def train(
    is_simulated: bool, cases: Path | None, base: Path | None, out: Path, name: str, version: str,
    promise: float, seed: int, processes: int,
) -> None:  # fmt: skip
    """Train, calibrate and write a model's folder. The same rows and seed give the same model.

    What is trained with, calibrated with and examined with differs in stores, faults and time. Rows that know
    the future are refused, and so are too few.
    """
    if is_simulated == (cases is not None):
        fail("give --simulate or --cases", USAGE)
    require_extra()
    from gateway.training_run import Order, run
    from training.refusals import TrainingRefused

    order = Order(
        out=out, cases=cases, base=base, name=name, version=version, promise=promise, seed=seed,
        processes=processes,
    )  # fmt: skip
    try:
        with click.progressbar(length=100, label="training") as bar:
            run(order, click.echo, lambda done, steps: bar.update(100 * done // steps - bar.pos))
    except (TrainingRefused, ModelRefused, msgspec.DecodeError, KeyError) as error:
        fail(f"nothing was trained: {error}", CHECK_FAILED)
