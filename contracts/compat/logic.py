"""Truth of a term when the truth of its atoms is known, or known in part."""

from collections.abc import Callable, Iterator
from itertools import product

from contracts.compat.terms import Term

FREE_LIMIT = 8

Valuation = Callable[[Term], bool | None]


def atoms(term: Term) -> list[Term]:
    """Return the atoms that stand in a term about one type, each once and without its negation."""
    found: dict[int, Term] = {}
    for atom in _atoms(term, set()):
        found[atom.id] = atom
    return list(found.values())


def _atoms(term: Term, seen: set[int]) -> Iterator[Term]:
    if term.id in seen:
        return
    seen.add(term.id)
    if term.kind in {"and", "or", "not"}:
        for part in term.args:
            yield from _atoms(part, seen)
    elif term.kind not in {"true", "false"}:
        yield term


def truth(term: Term, value: Valuation) -> bool | None:
    """Return whether the term holds; None where that depends on an unknown atom."""
    if term.kind in {"and", "or"}:
        decisive = term.kind == "or"
        unknown = False
        for part in term.args:
            found = truth(part, value)
            if found is decisive:
                return decisive
            unknown = unknown or found is None
        return None if unknown else not decisive
    if term.kind == "not":
        found = truth(term.args[0], value)
        return None if found is None else not found
    if term.kind in {"true", "false"}:
        return term.kind == "true"
    return value(term)


def possible(term: Term, value: Valuation) -> bool | None:
    """Return True where the term holds, None where unknown atoms decide, False where it can't hold."""
    found = truth(term, value)
    if found is not None:
        return found
    free = [atom for atom in atoms(term) if value(atom) is None]
    if len(free) > FREE_LIMIT:
        return None
    for chosen in product((True, False), repeat=len(free)):
        known = {atom.id: each for atom, each in zip(free, chosen, strict=True)}
        if truth(term, lambda atom, known=known: known.get(atom.id, value(atom))):  # type: ignore[misc]
            return None
    return False
