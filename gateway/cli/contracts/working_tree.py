"""Changes of contracts in the working tree: either all of a change is made, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts import lock
from contracts.governance.manifest_text import EditRefused, with_entry
from contracts.governance.transitions import TransitionRefused
from contracts.manifest import MANIFEST_FILE, ContractsError, VersionEntry
from contracts.registry import Registry
from gateway.cli.common import CHECK_FAILED, fail


@contextmanager
def all_or_nothing(*files: Path) -> Iterator[None]:
    """Bring these files back as they were, or away where they weren't, if what is done inside fails.

    What a person can mend is told, and ends with 1.
    """
    before = {file: file.read_bytes() if file.exists() else None for file in files}
    try:
        yield
    except BaseException as error:
        for file, content in before.items():
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(content)
        if isinstance(error, (ContractsError, EditRefused, TransitionRefused)):
            fail(f"nothing was changed: {error}", CHECK_FAILED)
        raise


def put_entry(contract: Path, version: str, entry: VersionEntry) -> None:
    """Write a version's entry into the manifest. Raises: EditRefused."""
    file = contract / MANIFEST_FILE
    file.write_text(with_entry(file.read_text("utf-8"), version, entry), "utf-8")


def require_sound(published: Path) -> None:
    """Load everything as the gateway would. Raises: ContractsError."""
    Registry.load(published)
    problems = lock.verify(published)
    if problems:
        raise ContractsError(problems)
