"""What triage costs an exception: `python bench/triage.py [models folder]`; without one, the shipped
model's.

Microseconds an exception, the best of nine rounds, for batches of several sizes: features, the model's
graph, the whole stage with model and rules, and rules alone for comparison. The exceptions are those of the
adapters' samples.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from adapters.conformance import samples, systems
from contracts.documents import Source
from contracts.errors import EventError
from gateway.bootstrap import catalogue
from routing.items import FoundException, NormalisedItem, RouterItem
from routing.triage.features import features_of
from routing.triage.memory import Memory
from routing.triage.model.artefact import SHIPPED
from routing.triage.model.checks import Demands
from routing.triage.model.hearing import rows_of
from routing.triage.model.observer import SilentModelObserver
from routing.triage.model.scoring import Scorer
from routing.triage.model.signatures import read_public_keys
from routing.triage.model.triage import ModelTriage
from routing.triage.model.watch import ModelWatch
from routing.triage.model_settings import ModelSettings
from routing.triage.rules import RuleTriage
from routing.triage.taxonomy import Taxonomy

ROUNDS, REPEATS = 9, 5
SIZES = (1, 16, 64, 250, 1000)
AT = "2026-03-14T10:00:00+00:00"


def exceptions() -> list[tuple[FoundException, NormalisedItem]]:
    """Every exception of every sample, with its item and its features."""
    known, memory, found = catalogue(), Memory(), []
    for system in systems():
        source = Source(name=system, system=system, time_zone="UTC", currency="EUR", hash_key=b"k")
        for sample in samples(system):
            adapter = known.for_message(system, sample.message)
            for arrival in adapter.split(sample.message):
                try:
                    normalised = adapter.normalise(adapter.decode(arrival), source, AT)
                except EventError:
                    continue  # a sample of what is refused
                found += _of(sample.case, system, arrival, normalised, memory)
    return found


def _of(case, system, arrival, normalised, memory):  # type: ignore[no-untyped-def]
    item = RouterItem(
        sequence=1,
        partition=0,
        event_id=case,
        source=system,
        contract="c@1.0.0",
        arrival=arrival,
        received_at=AT,
    )
    plain = [
        FoundException(
            exception_id=f"{case}{number}",
            event_id=case,
            source=system,
            system=system,
            contract="c@1.0.0",
            exception=exception,
        )
        for number, exception in enumerate(normalised.exceptions)
    ]
    whole_item = NormalisedItem(item=item, facts=normalised.facts, exceptions=tuple(plain))
    return [
        (msgspec.structs.replace(one, features=features_of(one, whole_item, memory, 1.77e9)), whole_item)
        for one in plain
    ]


def best(work: Callable[[], object], count: int) -> float:
    """Return microseconds for each of `count`."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(REPEATS):
            work()
        took.append((time.perf_counter() - started) / REPEATS)
    return min(took) * 1e6 / count


def main(folder: Path) -> None:
    taxonomy = Taxonomy.load()
    rules = RuleTriage(taxonomy)
    demands = Demands(
        taxonomy=taxonomy, trusted=read_public_keys(SHIPPED.glob("*.pem")), needs_signature=folder == SHIPPED
    )
    watch = ModelWatch(demands, ModelSettings(models_folder=str(folder)), SilentModelObserver())
    watch.look()
    if watch.champion is None:
        raise SystemExit(watch.why_rules)
    model = ModelTriage(taxonomy, rules, watch, 0.02, SilentModelObserver())
    known = exceptions()
    print(f"{watch.champion.sheet.identity}, {len(known)} exceptions of samples, microseconds an exception")
    print(" batch  features  graph  model  rules  encoding more  in all")
    for size in SIZES:
        pairs = (known * (size // len(known) + 1))[:size]
        _measure(pairs, watch.champion.sheet.model.scorer, model, rules)


def _measure(
    pairs: list[tuple[FoundException, NormalisedItem]], scorer: Scorer, model: ModelTriage, rules: RuleTriage
) -> None:
    size, batch = len(pairs), [one for one, _ in pairs]
    memory, encode, rows = Memory(), msgspec.json.Encoder().encode, rows_of(batch)
    features = best(lambda: [features_of(one, item, memory, 1.77e9) for one, item in pairs], size)
    graph = best(lambda: scorer.score(rows), size)
    both, alone = best(lambda: model.decide(batch), size), best(lambda: rules.decide(batch), size)
    full, short = model.decide(batch), rules.decide(batch)
    encoding = best(lambda: list(map(encode, full)), size) - best(lambda: list(map(encode, short)), size)
    whole = features + both + encoding
    print(
        f"{size:>6} {features:>9.1f} {graph:>6.1f} {both:>6.1f} {alone:>6.1f} {encoding:>14.1f} {whole:>7.1f}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
