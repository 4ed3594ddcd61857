"""What contract tests share: where real payloads lie."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples_folder() -> Path:
    """Real payloads of vendors; they are not part of this repository."""
    folder = Path(os.environ.get("CROSSDOCK_SAMPLES") or REPOSITORY.parent / "shared" / "samples")
    if not folder.is_dir():
        pytest.skip("no folder of real payloads: name one in CROSSDOCK_SAMPLES")
    return folder
