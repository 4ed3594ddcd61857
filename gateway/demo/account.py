"""The demo's books: what was sent, what the streams hold, what the owners saw; and whether it all fits."""

from collections import Counter, defaultdict

from msgspec import Struct

from contracts import headers, subjects
from contracts.records import Outcome, VerdictKind
from contracts.verdicts import read_verdict
from gateway.demo.sender import Answer
from gateway.demo.staff import Staff
from ledger.conservation import Balance
from routing.broker.api import StreamReader
from routing.receipts import decode


class SourceLine(Struct, kw_only=True):
    """One source's numbers: first what its sender was told, then what became of it."""

    sent: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    observed: int = 0
    with_exceptions: int = 0
    dead: int = 0
    exceptions: int = 0
    deliveries: int = 0
    done: int = 0
    open: int = 0
    dead_letters: int = 0
    replayed: int = 0


class FileLine(Struct, kw_only=True):
    """One file's verdict."""

    path: str
    source: str
    status: str
    code: str
    pointer: str
    items: int
    exceptions: int


class Account(Struct, kw_only=True):
    """Everything that the demo reports; `faults` says what does not fit."""

    sources: dict[str, SourceLine]
    files: list[FileLine]
    balance: Balance
    faults: list[str]

    @property
    def is_balanced(self) -> bool:
        """Whether every number fits every other."""
        return not self.faults


async def draw_up(reader: StreamReader, answers: list[Answer], staff: Staff, found: Balance) -> Account:
    """Read the streams and hold them against what senders and owners saw."""
    sources: dict[str, SourceLine] = defaultdict(SourceLine)
    for answer in answers:
        line = sources[answer.source]
        line.sent += answer.items
        line.accepted += answer.accepted
        line.duplicate += answer.duplicate
        line.refused += answer.refused
    exceptions = await _outcomes(reader, sources)
    delivered = await _deliveries(reader, sources)
    await _dead_letters(reader, sources)
    files = [
        FileLine(
            path=answer.path, source=answer.source, status=answer.status, code=answer.code,
            pointer=answer.pointer, items=answer.items,
            exceptions=sum(exceptions[event] for event in answer.events),
        )
        for answer in answers
    ]  # fmt: skip
    return Account(
        sources=dict(sources),
        files=files,
        balance=found,
        faults=_faults(answers, staff, found, delivered),
    )


async def _outcomes(reader: StreamReader, sources: dict[str, SourceLine]) -> Counter[str]:
    """Count outcomes by source; return the exceptions of each event."""
    exceptions: Counter[str] = Counter()
    async for stored in reader.scan(subjects.OUT_STREAM, "receipt.*"):
        receipt = decode(stored).receipt
        for entry in receipt.entries:
            if entry.sequence > receipt.through:
                continue
            line = sources[entry.source]
            line.exceptions += entry.exceptions
            exceptions[entry.event] += entry.exceptions
            if entry.outcome is Outcome.DUPLICATE:
                continue  # the sender was told already, and counted
            setattr(line, entry.outcome.value, getattr(line, entry.outcome.value) + 1)
    return exceptions


async def _deliveries(reader: StreamReader, sources: dict[str, SourceLine]) -> dict[tuple[str, int], str]:
    """Count deliveries by source; return the owner that each (delivery, cycle) was published to."""
    published: dict[tuple[str, int], str] = {}
    source_of: dict[str, str] = {}
    async for stored in reader.scan(subjects.OUT_STREAM, "out.>"):
        delivery = stored.headers[headers.DELIVERY]
        published[delivery, int(stored.headers[headers.CYCLE])] = stored.subject.split(".")[1]
        source_of[delivery] = stored.headers[headers.SOURCE]
    done: set[tuple[str, str]] = set()
    async for stored in reader.scan(subjects.RESULTS_STREAM, "result.>"):
        verdict = read_verdict(stored.body)
        if verdict is not None and verdict.verdict is VerdictKind.DONE:
            _, owner, delivery = stored.subject.split(".")
            done.add((owner, delivery))
    owner_of = {delivery: owner for (delivery, _), owner in published.items()}
    for delivery, source in source_of.items():
        sources[source].deliveries += 1
        sources[source].done += (owner_of[delivery], delivery) in done
    for line in sources.values():
        line.open = line.deliveries - line.done
    return published


async def _dead_letters(reader: StreamReader, sources: dict[str, SourceLine]) -> None:
    async for stored in reader.scan(subjects.DEAD_LETTERS_STREAM, "dlq.>"):
        line = sources[stored.headers.get(headers.SOURCE, "")]
        line.dead_letters += 1
        _, _, subject_id, cycle = stored.subject.split(".")
        act = subjects.audit("replayed", subject_id, int(cycle))
        line.replayed += await reader.last(subjects.AUDIT_STREAM, act) is not None


def _faults(
    answers: list[Answer], staff: Staff, found: Balance, published: dict[tuple[str, int], str]
) -> list[str]:
    faults = [
        f"{answer.path}: the gateway crashed ({answer.code})"
        for answer in answers
        if answer.status == "crashed"
    ]
    told = sum(answer.accepted for answer in answers)
    if told != found.items.accepted:
        faults.append(f"senders were told of {told} accepted items, the intake holds {found.items.accepted}")
    faults += found.faults
    if found.items.in_progress or any(line.open for line in found.by_owner.values()):
        faults.append("something is still open")
    if staff.received != published:
        missed = len(published.keys() - staff.received.keys())
        faults.append(f"what the owners received is not what was published: {missed} never arrived")
    if staff.misdelivered:
        faults.append(f"{len(staff.misdelivered)} deliveries came to an owner that their route does not name")
    return faults
