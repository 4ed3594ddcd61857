"""What a dry run counts, in bounded memory: by source and place, and by pointer and keyword."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.errors import Violation

ROWS_LIMIT = 5_000  # sources and places of theirs
FAULTS_LIMIT = 500
SAMPLES = 3
FURTHER = "(further)"


class Row(Struct, kw_only=True):
    """One source, and the place that its documents are about (`store/0042`); empty where they say none."""

    source: str
    place: str
    held: int = 0
    refused: int = 0


class Sample(Struct, frozen=True, kw_only=True):
    """One refusal. Values of personal data are not in `detail`."""

    event: str
    source: str
    place: str
    pointer: str
    path: str
    detail: str


class Fault(Struct, kw_only=True):
    """A place at which documents break the candidate, with `*` for indexes. `count` is of documents."""

    pointer: str
    keyword: str
    count: int = 0
    samples: list[Sample]


class Tally(Struct, kw_only=True):
    """`events` were read; of the documents in them, or made of them, `held` were held against the candidate.

    `unread` events could not be decoded, or not be understood, so that nothing is known of what they yield.
    """

    events: int = 0
    unread: int = 0
    held: int = 0
    refused: int = 0
    rows: dict[tuple[str, str], Row] = {}
    faults: dict[tuple[str, str], Fault] = {}

    @property
    def share(self) -> float:
        """How much of what was held would be refused, 0..1."""
        return self.refused / self.held if self.held else 0.0

    def take(self, event: str, source: str, place: str, violations: Iterable[Violation]) -> None:
        """Note one document: without violations it keeps the candidate."""
        row = self._row(source, place)
        self.held += 1
        row.held += 1
        seen: set[tuple[str, str]] = set()
        for violation in violations:
            key = (_starred(violation.pointer), violation.keyword)
            if key not in self.faults and len(self.faults) >= FAULTS_LIMIT:
                key = (FURTHER, "")
            fault = self.faults.setdefault(key, Fault(pointer=key[0], keyword=key[1], samples=[]))
            if key in seen:
                continue
            seen.add(key)
            fault.count += 1
            if len(fault.samples) < SAMPLES:
                fault.samples.append(
                    Sample(
                        event=event,
                        source=source,
                        place=place,
                        pointer=violation.pointer,
                        path=violation.path,
                        detail=violation.detail,
                    )
                )
        if seen:
            self.refused += 1
            row.refused += 1

    def by_source(self) -> list[Row]:
        """Return the rows, those with most refusals first."""
        return sorted(self.rows.values(), key=lambda row: (-row.refused, row.source, row.place))

    def by_fault(self) -> list[Fault]:
        """Return the faults, the most frequent first."""
        return sorted(self.faults.values(), key=lambda fault: (-fault.count, fault.pointer, fault.keyword))

    def _row(self, source: str, place: str) -> Row:
        key = (source, place)
        if key not in self.rows and len(self.rows) >= ROWS_LIMIT:
            key = (source, FURTHER)
        return self.rows.setdefault(key, Row(source=key[0], place=key[1]))


def _starred(pointer: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))
