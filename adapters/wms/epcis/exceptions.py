"""What an event says is wrong: objects that can't be sold any more, and an event that did not happen so."""

import hashlib
from decimal import Decimal

from adapters.keys import each_once, key, nearest
from adapters.reading import Reading
from adapters.values import plain
from adapters.wms.epcis.objects import Objects, only_item
from contracts.canonical import Category, Condition, Measure, Reference, RetailException
from contracts.limits import KEY_MAX_CHARACTERS, WORDS_MAX_CHARACTERS

PLACES = ("/bizLocation/id", "/readPoint/id")

SUMMARY_LIMIT = 3
CORRECTIVE_LIMIT = 10

_DECLARATION = ("/errorDeclaration/declarationTime", "/errorDeclaration/reason")
_EVENT = ("/eventID", "/eventTime", "/bizStep", "/disposition")

# CBV 2.0, section 7.2, and the names that 1.x had for the same. Left out although they sound like it:
# `destroyed`, `disposed` and `returned` end a case that somebody closed, `non_sellable_other`, `unavailable`
# and `unknown` (the condition) also say that goods wait for a decision, `non_conformant` and
# `needs_replacement` speak of equipment too
_UNSELLABLE = {
    "damaged": "damaged",
    "expired": "expired",
    "no_pedigree_match": "no_pedigree_match",
    "non_sellable_damaged": "damaged",
    "non_sellable_expired": "expired",
    "non_sellable_no_pedigree_match": "no_pedigree_match",
    "non_sellable_recalled": "recalled",
    "recalled": "recalled",
    "stolen": "stolen",
}
# that they differ is said, by how much is not
_MISMATCHES = frozenset({"mismatch_class", "mismatch_instance", "mismatch_quantity"})
# somebody knows, and deals with it
_DEALT_WITH = frozenset(
    {"decommissioning", "destroying", "disassembling", "killing", "repairing", "replacing", "returning"}
)


def unsellable(
    reading: Reading, subject: tuple[Objects, ...], references: tuple[Reference, ...]
) -> tuple[RetailException, ...]:
    """Return an exception for each class of objects and each disposition that takes them off the shelf.

    The book counts them as goods to sell, and none of them is. The taxonomy's tolerance is for counts that
    may be wrong; here the source says so itself, so that one piece is enough.
    """
    if reading.text("/bizStep") in _DEALT_WITH or reading.text("/action") == "DELETE":
        return ()
    return each_once(
        _unsellable(reading, each, references, word, pointer)
        for word, pointer in _dispositions(reading).items()
        for each in subject
        if each.number != 0
    )


def conditions(
    subject: tuple[Objects, ...], exceptions: tuple[RetailException, ...]
) -> tuple[Condition, ...]:
    """Return which of the exceptions each further step of the same objects would tell again.

    Objects with an EPC of their own stay what they are. Of a mere quantity a second event can mean others.
    """
    lasting = {key(each.id, each.unit): _digest(each.instances) for each in subject if each.instances}
    found = ((lasting.get(each.key.rpartition(":")[0]), each.key) for each in exceptions)
    return tuple(
        Condition(subject=f"{instances}/{told}"[:KEY_MAX_CHARACTERS], exception=told)
        for instances, told in found
        if instances
    )


def _digest(instances: frozenset[str]) -> str:
    return hashlib.blake2b("\n".join(sorted(instances)).encode(), digest_size=16).hexdigest()


def declared_wrong(
    reading: Reading, subject: tuple[Objects, ...], references: tuple[Reference, ...]
) -> RetailException:
    """Return the exception of an event that is declared to be wrong: what it said, and what is said of it."""
    corrective = reading.places("/errorDeclaration/correctiveEventIDs")
    reason = reading.text("/errorDeclaration/reason") or "for no stated reason"
    outcome = "corrected by another event" if corrective else "not corrected"
    return RetailException(
        category=Category.INVENTORY_VARIANCE,
        key="error-declaration",
        expected=_status(_summary(reading, subject)),
        actual=_status(f"declared wrong, {reason}, {outcome}"),
        occurred_at=reading.occurred_at("/errorDeclaration/declarationTime"),
        detected_at=reading.received_at,
        place=reading.place("dc", *PLACES),
        item=only_item(subject),
        references=nearest(*references),
        evidence=reading.evidence(*_DECLARATION, *corrective[:CORRECTIVE_LIMIT], *_EVENT),
        assumed=reading.assumed,
        missing=("unit_cost",) if corrective else ("unit_cost", "corrective_event"),
    )


def _dispositions(reading: Reading) -> dict[str, str]:
    """Return each disposition that the event gives its objects, with the pointer where it stands first."""
    found: dict[str, str] = {}
    for pointer in ("/disposition", *reading.places("/persistentDisposition/set")):
        word = reading.text(pointer) or ""
        if word in _UNSELLABLE or word in _MISMATCHES:
            found.setdefault(_UNSELLABLE.get(word, word), pointer)
    return found


def _unsellable(
    reading: Reading, subject: Objects, references: tuple[Reference, ...], word: str, pointer: str
) -> RetailException:
    if word in _MISMATCHES or subject.number is None:
        expected = _status("as announced" if word in _MISMATCHES else "sellable")
        actual = _status(word)
    else:
        reading.assume("quantity", "units that can be sold")
        expected = reading.measure(subject.number, subject.unit)
        actual = reading.measure(Decimal(0), subject.unit)
    return RetailException(
        category=Category.INVENTORY_VARIANCE,
        key=key(subject.id, subject.unit, word),
        expected=expected,
        actual=actual,
        occurred_at=reading.occurred_at("/eventTime"),
        detected_at=reading.received_at,
        place=reading.place("dc", *PLACES),
        item=subject.item,
        references=nearest(*references),
        evidence=reading.evidence(pointer, *subject.pointers, "/bizStep", "/eventID"),
        assumed=reading.assumed,
        missing=("unit_cost",),
    )


def _summary(reading: Reading, subject: tuple[Objects, ...]) -> str:
    """Return in a few words what the event said: `receiving: 12 EA 04012345000023, …`."""
    step = reading.text("/bizStep", "/action", "/type") or ""
    said = [each.item.id if each.number is None else f"{plain(each.number)} {each.unit} {each.item.id}"
            for each in subject[:SUMMARY_LIMIT]]  # fmt: skip
    if len(subject) > SUMMARY_LIMIT:
        said.append("…")
    return f"{step}: {', '.join(said)}" if said else step


def _status(words: str) -> Measure:
    return Measure(kind="status", value=words[:WORDS_MAX_CHARACTERS])
