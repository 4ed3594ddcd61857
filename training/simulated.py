"""Rows of simulated worlds: one world a process, since each takes a while."""

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from msgspec.structs import replace

from simulator import WorldSettings, simulate
from simulator.worlds import WORLDS
from training.labels import Labels
from training.replay import Replay
from training.rows import Rows, joined
from training.splits import Parts, Shares, split

TRAINING = "training"
# the rows to train with come from before the world that is examined, from other stores and other faults
LESSONS = ((11, "2025-11-03"), (12, "2026-01-05"))
EXAMINED = Shares(training=0.0, calibration=0.4, cut=0.5)


def world_rows(world: WorldSettings) -> Rows:
    """Return what production code finds in a world, with the truth; all of it counts as audited."""
    rows = Replay(Labels.load()).rows(simulate(world), f"{world.name}-{world.seed}")
    rows = replace(rows, is_audited=np.ones(len(rows), np.bool_))
    return rows.where(np.argsort(rows.at, kind="stable"))


def rows_of(worlds: Sequence[WorldSettings], processes: int) -> list[Rows]:
    """Return the rows of several worlds, in their order."""
    if processes == 1 or len(worlds) == 1:
        return [world_rows(world) for world in worlds]
    # spawned: a fork would take over the threads of whoever calls this
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return list(pool.map(world_rows, worlds))


def lessons() -> list[WorldSettings]:
    """Return the worlds to train with."""
    return [replace(WORLDS[TRAINING], seed=seed, start=start) for seed, start in LESSONS]


def parts_of(taught: Sequence[Rows], examined: Rows) -> Parts:
    """Return lessons to train with, and the examined world in two: what calibrates, and what examines."""
    rest = split(examined, EXAMINED)
    return Parts(training=joined(taught), calibration=rest.calibration, examination=rest.examination)


def all_parts(processes: int, *, shifted: bool = False) -> tuple[Parts, Mapping[str, Rows]]:
    """Simulate all that a model is made from, and all that it is examined with where `shifted` is set."""
    taught = lessons()
    names = [TRAINING, *(name for name in WORLDS if shifted and name != TRAINING)]
    found = rows_of([*taught, *(WORLDS[name] for name in names)], processes)
    worlds = dict(zip(names, found[len(taught) :], strict=True))
    parts = parts_of(found[: len(taught)], worlds[TRAINING])
    return parts, worlds | {TRAINING: parts.examination}


def described() -> dict[str, str]:
    """Return what a manifest says of the worlds that a model is made from."""
    return {
        "worlds to train with": ", ".join(f"seed {seed} from {start}" for seed, start in LESSONS),
        "world to calibrate with": f"seed {WORLDS[TRAINING].seed} from {WORLDS[TRAINING].start}",
        "days and stores of each": f"{WORLDS[TRAINING].days} and {WORLDS[TRAINING].stores}",
    }


def examinations(processes: int) -> Mapping[str, Rows]:
    """Return the rows that each world examines with; of the training world only the held-out part."""
    names = list(WORLDS)
    found = dict(zip(names, rows_of([WORLDS[name] for name in names], processes), strict=True))
    return found | {TRAINING: split(found[TRAINING], EXAMINED).examination}
