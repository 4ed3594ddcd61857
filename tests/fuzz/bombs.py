"""Bodies as large as a message may be, grown out of one sample: `python -m fuzz.bombs <sample>`.

It ends with status 1 where one of them costs more than a second or 200 MiB, or raises what isn't ours.
"""

import os
import sys
from pathlib import Path

import msgspec

from fuzz.mutations import bombs
from fuzz.trial import MEMORY_LIMIT_MIB, fault, peak_memory_mib, seedlings

SIZE = 4 * 1024 * 1024 - 4096  # a little below `http.body_limit_bytes`


def main(name: str) -> int:
    """Try all bombs of a sample, and print what each cost where it was too much."""
    real = Path(os.environ.get("CROSSDOCK_SAMPLES") or Path.cwd().parent / "shared" / "samples")
    seedling = next(each for each in seedlings(real if real.is_dir() else None) if each.name == name)
    fault(seedling.system, seedling.message)
    is_wrong = False
    for kind, body in bombs(seedling.message.body, SIZE).items():
        before = peak_memory_mib()
        found = fault(seedling.system, msgspec.structs.replace(seedling.message, body=body))
        grown = peak_memory_mib() - before
        if found or grown > MEMORY_LIMIT_MIB:
            is_wrong = True
            print(f"{kind} ({len(body)} bytes, {grown:.0f} MiB): {found or 'too much memory'}")  # noqa: T201
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
