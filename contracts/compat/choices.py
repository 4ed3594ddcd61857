"""Terms about objects and arrays, taken apart into cases: each a list of atoms that must all hold."""

from collections.abc import Callable

from contracts.compat.solution import Fuel, Solution
from contracts.compat.terms import Term, Terms

Refutes = Callable[[Term], bool]


def solve_cases(
    terms: Terms,
    fuel: Fuel,
    term: Term,
    refuter: Callable[[list[Term]], Refutes],
    solve_case: Callable[[list[Term]], Solution | None],
) -> Solution | None:
    """Return a value of one of the cases of `term`, an exact one where there is one.

    `refuter` looks at atoms that hold and returns a cheap test that may show that another can't hold beside
    them: with it a choice of a thousand mostly shrinks to one or none before anything is tried.
    """
    if term is terms.false:
        return None
    fuel.spend()
    facts, choices = _parts(term)
    refutes = refuter(facts)
    if any(refutes(fact) for fact in facts):
        return None
    if not choices:
        return solve_case(facts)
    known = {fact.id for fact in facts}

    def fails(atom: Term) -> bool:
        against = atom.complement
        return (against is not None and against.id in known) or refutes(atom)

    left = [terms.any_of(part for part in choice.args if not _refuted(part, fails)) for choice in choices]
    if any(choice is terms.false for choice in left):
        return None
    left = [choice for choice in left if not _settled(choice, known)]
    if any(choice.kind != "or" for choice in left) or not left:
        return solve_cases(terms, fuel, terms.all_of([*facts, *left]), refuter, solve_case)
    smallest = min(left, key=lambda choice: len(choice.args))
    rest = [choice for choice in left if choice is not smallest]
    unsure: Solution | None = None
    for part in smallest.args:
        found = solve_cases(terms, fuel, terms.all_of([*facts, part, *rest]), refuter, solve_case)
        if found is not None and found.exact:
            return found
        unsure = unsure or found
    return unsure


def _parts(term: Term) -> tuple[list[Term], list[Term]]:
    parts = term.args if term.kind == "and" else (term,)
    facts = [part for part in parts if part.kind not in {"or", "true"}]
    return facts, [part for part in parts if part.kind == "or"]


def _refuted(term: Term, refutes: Refutes) -> bool:
    if term.kind == "and":
        return any(_refuted(part, refutes) for part in term.args)
    if term.kind == "or":
        return all(_refuted(part, refutes) for part in term.args)
    return refutes(term)


def _settled(choice: Term, known: set[int]) -> bool:
    """Say whether one of the alternatives holds already."""
    return any(part.id in known for part in (choice.args if choice.kind == "or" else (choice,)))
