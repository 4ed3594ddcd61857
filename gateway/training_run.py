"""One training run from order to folder. Needs the extra `training`: import it only when it is wanted."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from training import artefacts, simulated
from training.cases import CASE_SHARES, read_cases
from training.labels import Labels
from training.network import Recipe
from training.splits import Parts, split
from training.trainer import Plan, Trained, train

SIMULATED_NAME, CASES_NAME = "synthetic-prior", "own-cases"
CLOSE_CODE_NOISE = 0.06  # as resolvers leave it; simulated labels are all right


class Order(Struct, frozen=True, kw_only=True):
    """What to train. `cases` is None for the simulator's worlds; an empty `name` is the kind's usual one."""

    out: Path
    cases: Path | None
    base: Path | None
    name: str
    version: str
    promise: float
    seed: int
    processes: int


def run(order: Order, say: Callable[[str], None], progress: Callable[[int, int], None]) -> Path:
    """Train and write the model's folder, and return it.

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
    parts = _parts(order, labels, say)
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
    return folder


def _parts(order: Order, labels: Labels, say: Callable[[str], None]) -> Parts:
    if order.cases is None:
        return simulated.all_parts(order.processes)
    rows, without = read_cases(order.cases, labels)
    say(f"{len(rows)} cases teach, {without} don't")
    return split(rows, CASE_SHARES)


def _summary(folder: Path, trained: Trained, parts: Parts, promise: float) -> Iterator[str]:
    proven = sum(own.threshold is not None for own in trained.thresholds.values())
    yield (
        f"{folder}: {trained.rows} rows, {len(parts.calibration)} audited; a precision of {promise:.0%} is"
        f" proven in {proven} of {len(trained.thresholds)} categories; not signed yet"
    )
    if trained.at_prior:
        yield f"too few rows to be learned, left as they were: {', '.join(trained.at_prior)}"
