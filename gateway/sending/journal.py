"""How far files were sent: what an interrupted `send` goes on from, and what the next one leaves out."""

import hashlib
import os
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct, field

from gateway.sending.pieces import BYTES_LIMIT, ITEMS_LIMIT

CUTTING = f"{ITEMS_LIMIT}/{BYTES_LIMIT}"  # pieces that were cut otherwise can't be told from one another


def readable(file: Path) -> str:
    """Return a path as text that any encoding takes: what is not UTF-8 in it is written `\\xe9`."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def _is_there(name: str) -> bool:
    # one with bytes that are not UTF-8 can't be told from its text: it stays
    return "\\x" in name or Path(name).exists()


class JournalFailed(Exception):
    """The journal can't be written, such as on a full disk: without it nobody knows what was answered."""


class Counts(Struct, kw_only=True):
    """What the gateway answered: items that it kept now, had before, kept as dead letters, and refused."""

    accepted: int = 0
    duplicate: int = 0
    dead_letter: int = 0
    refused: int = 0

    @property
    def items(self) -> int:
        """How many there were."""
        return self.accepted + self.duplicate + self.dead_letter + self.refused

    def add(self, other: "Counts") -> None:
        """Add another's numbers to these."""
        self.accepted += other.accepted
        self.duplicate += other.duplicate
        self.dead_letter += other.dead_letter
        self.refused += other.refused


class FileState(Struct, kw_only=True):
    """One file: the first `pieces` of it are answered. With another size or time it is another file."""

    size: int
    modified_ns: int
    pieces: int = 0
    is_done: bool = False
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def of(cls, file: Path) -> Self:
        """Return the state of a file that was never sent."""
        status = file.stat()
        return cls(size=status.st_size, modified_ns=status.st_mtime_ns)


class _Line(Struct, frozen=True, kw_only=True):
    """What is appended after each answer; the last line of a file counts."""

    file: str
    cutting: str
    state: FileState


class Journal:
    """The states of all files that one source was sent to one gateway from this data folder."""

    def __init__(self, folder: Path, url: str, source: str) -> None:
        name = hashlib.sha256(f"{url}\n{source}".encode()).hexdigest()[:16]
        self.path = folder / f"{source}-{name}.ndjson"
        self._states = self._read()

    def state(self, file: Path) -> FileState:
        """Return what is known of a file; a new state for one that changed since. Raises: OSError."""
        fresh, name = FileState.of(file), readable(file.absolute())
        known = self._states.get(name)
        if known is None or (known.size, known.modified_ns) != (fresh.size, fresh.modified_ns):
            known = self._states[name] = fresh
        return known

    def forget(self, file: Path) -> None:
        """Begin a file anew."""
        self._states.pop(readable(file.absolute()), None)

    def save(self, file: Path) -> None:
        """Write a file's state down. Raises: JournalFailed."""
        try:
            with self.path.open("ab") as opened:
                opened.write(self._line(readable(file.absolute())))
        except OSError as error:
            raise JournalFailed(f"{self.path}: {error.strerror}") from error

    def _line(self, name: str) -> bytes:
        return msgspec.json.encode(_Line(file=name, cutting=CUTTING, state=self._states[name])) + b"\n"

    def _read(self) -> dict[str, FileState]:
        """Return the states of files that are still there, and leave only these in the journal."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        states: dict[str, FileState] = {}
        for text in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                line = msgspec.json.decode(text, type=_Line)
            except msgspec.DecodeError:
                continue  # half a line: sending again is harmless, what is there already is a duplicate
            if line.cutting == CUTTING and _is_there(line.file):
                states[line.file] = line.state
        self._states = states
        draft = self.path.with_suffix(f".{os.getpid()}.draft")
        draft.write_bytes(b"".join(map(self._line, states)))
        draft.replace(self.path)
        return states
