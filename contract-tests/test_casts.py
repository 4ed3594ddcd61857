"""Every published cast keeps its promise: see docs/casting.md.

Documents are made from the schemas. What a cast makes of them keeps the version that it leads to, as writers
are held to it, and what goes there and back is the same, but for the losses that the cast declares.
"""

from pathlib import Path

import pytest

from contracts.casting.cast import CAST_FILE
from contracts.casting.verification import verify_casts
from contracts.folder import PUBLISHED

CASTS = sorted(PUBLISHED.glob(f"*/*/{CAST_FILE}"))
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("file", CASTS, ids=lambda file: f"{file.parent.parent.name}@{file.parent.name}")
def test_a_published_cast_holds_on_generated_documents_both_ways(file: Path) -> None:
    for seed in SEEDS:
        assert verify_casts(file.parent.parent, seed=seed, version=file.parent.name) == []
