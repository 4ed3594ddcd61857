"""One run of `send`: every file in turn, every piece in order, each written down when it is answered."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

from contracts.errors import EventError
from gateway.sending.courier import Courier, Refusal
from gateway.sending.journal import Counts, FileState, Journal, readable
from gateway.sending.pieces import FileTooLarge, Piece, pieces


class Listener(Protocol):
    """Hears how it goes on."""

    def begins(self, file: Path, state: FileState) -> None:
        """A file is sent from its piece `state.pieces` on, or not at all where it is done."""
        ...

    def answered(self, piece: Piece, counts: Counts) -> None:
        """The gateway answered for a piece."""
        ...

    def passed_over(self, piece: Piece) -> None:
        """A piece was answered in an earlier run."""
        ...

    def refused(self, refusals: list[Refusal]) -> None:
        """Some items were not taken."""
        ...


class Errand:
    """Sends files; what an earlier run had answered is left out."""

    def __init__(self, courier: Courier, journal: Journal | None, listener: Listener) -> None:
        self._courier = courier
        self._journal = journal
        self._listener = listener

    def run(self, files: list[Path], root: Path) -> tuple[Counts, Counts]:
        """Send the files; return what became of their items in this run, and in earlier ones.

        Raises: GatewayUnreached, SenderUnknown, JournalFailed; the journal then says how far it came.
        """
        now, before = Counts(), Counts()
        for file in files:
            name = readable(file.relative_to(root))
            try:
                state = self._journal.state(file) if self._journal is not None else FileState.of(file)
            except OSError as error:
                now.add(self._unread(name, error))
                continue
            before.add(state.counts)
            self._listener.begins(file, state)
            if not state.is_done:
                now.add(self._send(file, name, state))
        return now, before

    def _send(self, file: Path, name: str, state: FileState) -> Counts:
        total = Counts()
        try:
            for number, piece in enumerate(pieces(file)):
                if number < state.pieces:
                    self._listener.passed_over(piece)
                else:
                    total.add(self._bring(piece, file, name, state))
        except (FileTooLarge, EventError, OSError) as error:
            total.add(self._unread(name, error))
            return total
        state.is_done = True
        self._save(file)
        return total

    def _unread(self, name: str, error: Exception) -> Counts:
        """Tell of a file that can't be read, or not to its end: the next run tries it again."""
        detail = str(error)
        self._listener.refused([Refusal(file=name, place=1, code="request.unreadable", detail=detail)])
        return Counts(refused=1)

    def _bring(self, piece: Piece, file: Path, name: str, state: FileState) -> Counts:
        counts, refusals = self._courier.bring(piece, name)
        state.counts.add(counts)
        state.pieces += 1
        if refusals:  # told before the piece counts as answered: it may come twice, but never not at all
            self._listener.refused(refusals)
        self._save(file)
        self._listener.answered(piece, counts)
        return counts

    def _save(self, file: Path) -> None:
        if self._journal is not None:
            self._journal.save(file)


def files_below(path: Path, pattern: str = "*") -> Iterator[Path]:
    """Yield the file, or every file below the folder whose name is like the pattern, in the order of names.

    Those that begin with a dot are left out.
    """
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        is_hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if file.is_file() and not is_hidden and fnmatch(file.name, pattern):
            yield file
