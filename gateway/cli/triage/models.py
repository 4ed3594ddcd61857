"""`triage models`, `verify` and `use`: which models there are, whether one may decide, and which one does."""

from pathlib import Path

import rich_click as click
from msgspec import Struct

from gateway.bootstrap import Installation, model_demands
from gateway.cli.common import CHECK_FAILED, config_option, data_option, fail, installation, json_option, show
from routing.triage.model import artefact, publishing
from routing.triage.model.artefact import CHALLENGER, CURRENT, SHIPPED, ModelRefused
from routing.triage.model.checks import CheckedModel, check


class ModelLine(Struct, frozen=True, kw_only=True):
    """One model of the folder. `role` is empty where none is given to it; `fault` says why it may not
    decide.
    """

    model: str
    role: str
    signer: str
    autonomy: str
    promised: str
    batch_ms: float | None
    fault: str


def models_root(found: Installation) -> Path:
    """Return the folder of models of these settings."""
    folder = found.settings.triage.model.models_folder
    return Path(folder) if folder else SHIPPED


@click.command()
@data_option
@config_option
@json_option
def models(data: Path, config: Path | None, as_json: bool) -> None:
    """List the models of the settings' folder, each held against every check."""
    found = installation(data, config)
    root = models_root(found)
    try:
        roles = {artefact.pointer(root, CURRENT): CURRENT}
        challenger = found.settings.triage.model.challenger or artefact.pointer(root, CHALLENGER)
    except ModelRefused as error:
        fail(f"{root}: {error}", CHECK_FAILED)
    roles.setdefault(challenger, CHALLENGER)
    lines = [_line(found, root, place, roles.get(place, "")) for place in artefact.places(root)]
    columns = ("model", "role", "signer", "autonomy", "promised", "batch_ms", "fault")
    show(lines, columns, as_json=as_json)
    if any(line.role and line.fault for line in lines):
        fail("a model with a role does not pass", CHECK_FAILED)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@config_option
def verify(folder: Path, data: Path, config: Path | None) -> None:
    """Hold a model's folder (…/NAME/VERSION) against every check that the router makes."""
    folder = folder.resolve()
    root, place = folder.parent.parent, f"{folder.parent.name}/{folder.name}"
    try:
        model = _checked(installation(data, config), root, place)
    except ModelRefused as error:
        fail(f"{place} is refused: {error}", CHECK_FAILED)
    click.echo(
        f"{model.identity} passes: signed by {model.signer}, at most {model.manifest.autonomy},"
        f" 256 exceptions in {model.batch_seconds * 1e3:.2f} ms"
    )


@click.command()
@click.argument("place", metavar="NAME/VERSION")
@click.option("--role", type=click.Choice([CURRENT, CHALLENGER]), default=CURRENT, show_default=True)
@data_option
@config_option
def use(place: str, role: str, data: Path, config: Path | None) -> None:
    """Point to a model of the settings' folder, once it passes; the router takes it with its next look.

    Rolling back is pointing to the one before.
    """
    found = installation(data, config)
    root = models_root(found)
    try:
        model = _checked(found, root, place)
        publishing.point(root, role, place)
    except ModelRefused as error:
        fail(f"{place} is refused: {error}", CHECK_FAILED)
    except OSError as error:
        fail(f"{root / role} can't be written: {error.strerror}", CHECK_FAILED)
    click.echo(f"{role}: {model.identity}")


def _checked(found: Installation, root: Path, place: str) -> CheckedModel:
    return check(artefact.read_files(root, place), model_demands(found))


def _line(found: Installation, root: Path, place: str, role: str) -> ModelLine:
    try:
        model = _checked(found, root, place)
    except ModelRefused as error:
        return ModelLine(
            model=place, role=role, signer="", autonomy="", promised="", batch_ms=None, fault=str(error)
        )
    manifest = model.manifest
    proven = sum(row.threshold is not None for row in manifest.thresholds.values())
    return ModelLine(
        model=place,
        role=role,
        signer=model.signer,
        autonomy=manifest.autonomy,
        promised=f"{manifest.promised_precision:.0%} in {proven} categories",
        batch_ms=round(model.batch_seconds * 1e3, 2),
        fault="",
    )
