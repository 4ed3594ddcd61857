"""One training run from order to folder. Needs the extra `training`: import it only when it is wanted."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from training import artefacts, simulated, uci
from training.cases import CASE_SHARES, read_cases
from training.labels import Labels
from training.network import Recipe
from training.report import Report, make_report
from training.rows import Rows
from training.splits import Parts, split
from training.trainer import Plan, Trained, train

SIMULATED_NAME, CASES_NAME = "synthetic-prior", "own-cases"
CLOSE_CODE_NOISE = 0.06  # as resolvers leave it; simulated labels are all right


class Order(Struct, frozen=True, kw_only=True):
    """What to train. `cases` is None for the simulator's worlds; an empty `name` is the kind's usual one.

    Where `examine` is set, simulated models are examined at once, with worlds that are simulated beside; the
    figures go into the card. `samples` is the folder below which the UCI log is looked for.
    """

    out: Path
    cases: Path | None
    base: Path | None
    name: str
    version: str
    promise: float
    seed: int
    processes: int
    examine: bool = False
    samples: Path | None = None


def run(order: Order, say: Callable[[str], None], progress: Callable[[int, int], None]) -> Report | None:
    """Train and write the model's folder; return the report where one was asked for.

    Raises: TrainingRefused; ModelRefused, KeyError, msgspec.DecodeError for a base that can't be one.
    """
    labels = Labels.load()
    is_simulated = order.cases is None
    plan = Plan(
        promise=order.promise,
        label_noise=CLOSE_CODE_NOISE if is_simulated else 0.0,
        recipe=Recipe(seed=order.seed),
    )
    base, graph = artefacts.read(order.base) if order.base else (None, None)
    parts, worlds = _rows(order, labels, say)
    trained = train(parts, labels, plan, graph, progress)
    origin = artefacts.Origin(
        name=order.name or (SIMULATED_NAME if is_simulated else CASES_NAME),
        version=order.version,
        source=order.cases.name if order.cases else artefacts.SIMULATED,
        base=base.identity if base else "",
        settings=simulated.described() if is_simulated else {},
    )
    folder = artefacts.write(order.out, trained, parts.calibration, labels, plan, origin)
    for sentence in _summary(folder, trained, parts, order.promise):
        say(sentence)
    return examine(folder, worlds, order.samples, into_card=True) if order.examine and is_simulated else None


def examine(folder: Path, worlds: Mapping[str, Rows], samples: Path | None, *, into_card: bool) -> Report:
    """Hold a model's folder against rows that it has not seen. Raises: ModelRefused, msgspec.DecodeError."""
    manifest, graph = artefacts.read(folder)
    thresholds = artefacts.thresholds_of(manifest)
    report = make_report(
        manifest.identity, graph, thresholds, manifest.promised_precision, worlds, uci.evaluate(samples)
    )
    if into_card:
        artefacts.put_figures(folder, report)
    return report


def _rows(order: Order, labels: Labels, say: Callable[[str], None]) -> tuple[Parts, Mapping[str, Rows]]:
    if order.cases is None:
        return simulated.all_parts(order.processes, shifted=order.examine)
    rows, without = read_cases(order.cases, labels)
    say(f"{len(rows)} cases teach, {without} don't")
    return split(rows, CASE_SHARES), {}


def _summary(folder: Path, trained: Trained, parts: Parts, promise: float) -> Iterator[str]:
    proven = sum(own.threshold is not None for own in trained.thresholds.values())
    yield (
        f"{folder}: {trained.rows} rows, {len(parts.calibration)} audited; a precision of {promise:.0%} is"
        f" proven in {proven} of {len(trained.thresholds)} categories; not signed yet"
    )
    if trained.at_prior:
        yield f"too few rows to be learned, left as they were: {', '.join(trained.at_prior)}"
