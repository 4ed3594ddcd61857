"""What contract tests share: where real payloads lie, and a Crossdock that runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_system import RunningSystem

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples_folder() -> Path:
    """Real payloads of vendors; they are not part of this repository."""
    folder = Path(os.environ.get("CROSSDOCK_SAMPLES") or REPOSITORY.parent / "shared" / "samples")
    if not folder.is_dir():
        pytest.skip("no folder of real payloads: name one in CROSSDOCK_SAMPLES")
    return folder


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """One system for all tests that ask for it, since it takes seconds to start."""
    running = RunningSystem(tmp_path_factory.mktemp("system") / "data")
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
