"""What triage adds to the router for an exception: features, memory and the graph, on simulated exceptions.

Run: .venv/bin/python bench/triage_features.py
"""

from time import perf_counter

import numpy as np
from msgspec.structs import replace

import routing.pipeline as stages
from routing.items import FeatureVector, FoundException, NormalisedItem
from routing.triage.features import features_of
from routing.triage.memory import Memory
from routing.triage.model.artefact import SHIPPED
from routing.triage.model.scoring import Scorer
from simulator import simulate
from simulator.worlds import WORLDS
from training.labels import Labels
from training.replay import Replay

WORLD = replace(WORLDS["training"], stores=100, days=6)
MICROSECONDS = 1e6


class Clock:
    """What was spent on features and on remembering, in seconds."""

    def __init__(self) -> None:
        self.features = self.memory = 0.0
        self.exceptions = self.items = 0

    def features_of(
        self, found: FoundException, item: NormalisedItem, memory: Memory, received_at: float
    ) -> FeatureVector:
        """Compute a vector, and add the time."""
        started = perf_counter()
        vector = features_of(found, item, memory, received_at)
        self.features += perf_counter() - started
        self.exceptions += 1
        return vector


CLOCK = Clock()


class TimedMemory(Memory):
    """Adds the time of remembering."""

    def remember(self, item: NormalisedItem, received_at: float) -> None:
        """Remember, and add the time."""
        started = perf_counter()
        super().remember(item, received_at)
        CLOCK.memory += perf_counter() - started
        CLOCK.items += 1


def main() -> None:
    """Print microseconds for each part."""
    clock = CLOCK
    stages.features_of = clock.features_of
    stages.Memory = TimedMemory  # type: ignore[misc]  # the pipeline makes its own
    rows = Replay(Labels.load()).rows(simulate(WORLD), "bench")
    print(f"{clock.exceptions} exceptions in {clock.items} items")
    print(f"features: {clock.features / clock.exceptions * MICROSECONDS:.1f} us an exception")
    print(f"memory:   {clock.memory / clock.items * MICROSECONDS:.1f} us an item")
    scorer = Scorer((SHIPPED / "synthetic-prior" / "1.0.0" / "model.onnx").read_bytes())
    for size in (1, 16, 64, 256):
        batches = [np.ascontiguousarray(rows.x[at : at + size]) for at in range(0, len(rows) - size, size)]
        for batch in batches[:5]:
            scorer.score(batch)
        started = perf_counter()
        for batch in batches:
            scorer.score(batch)
        spent = (perf_counter() - started) / (len(batches) * size)
        print(f"graph, batches of {size}: {spent * MICROSECONDS:.1f} us an exception")


if __name__ == "__main__":
    main()
