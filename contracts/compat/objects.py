"""Objects: whether some object is in a term, by choosing which members it needs and what they are called."""

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from contracts.compat.choices import Refutes, solve_cases
from contracts.compat.logic import atoms
from contracts.compat.solution import Fuel, Solution
from contracts.compat.terms import Term, Terms
from contracts.compat.texts import TextSolver

FILL_LIMIT = 200


class Solves(Protocol):
    """What objects and arrays ask of the solver that they are a part of."""

    terms: Terms
    fuel: Fuel
    texts: TextSolver

    def solve(self, term: Term) -> Solution | None:
        """Return a value in the term, or None where it is empty."""


class Slot(Struct, frozen=True):
    """A member that the object must have: a name, or a term that its name is in, and its value's term."""

    name: str | None
    names: Term
    values: Term


class ObjectSolver:
    """Finds an object in a term about objects, or shows that there is none."""

    def __init__(self, solver: Solves) -> None:
        self._solver = solver

    def solve(self, term: Term) -> Solution | None:
        """Return an object in the term, or None where there is none."""
        solver = self._solver
        return solve_cases(solver.terms, solver.fuel, term, self._refuter, self._solve_case)

    def _refuter(self, facts: list[Term]) -> Refutes:
        members = _Members(self._solver, facts)

        def refutes(atom: Term) -> bool:
            self._solver.fuel.spend()
            if atom.kind == "exists":
                return next(members.places(atom.args[0], atom.args[1]), None) is None
            if atom.kind == "members>=":
                return members.most is not None and atom.args[0] > members.most
            return atom.kind == "members<=" and atom.args[0] < members.least

        return refutes

    def _solve_case(self, facts: list[Term]) -> Solution | None:
        members = _Members(self._solver, facts)
        slots = members.required()
        if slots is None:
            return None
        needs = [atom.args for atom in facts if atom.kind == "exists" and not _is_one(atom.args[0])]
        exact = not any(atom.kind in {"opaque", "not"} for atom in facts)
        unsure: Solution | None = None
        for assigned in _assignments(members, needs, slots):
            found = members.fill(assigned)
            if found is not None and found.exact and exact:
                return found
            unsure = unsure or (found and Solution(found.value, exact=False))
        return unsure


def _is_one(names: Term) -> bool:
    return names.kind == "in" and len(names.args[0]) == 1


def _assignments(
    members: "_Members", needs: list[tuple[Term, Term]], slots: list[Slot]
) -> Iterator[list[Slot]]:
    """Yield each way to give every need a member: one that is there already, or a new one."""
    if members.most is not None and len(slots) > members.most:
        return
    if not needs:
        yield slots
        return
    (names, values), *rest = needs
    for index, slot in enumerate(slots):
        merged = members.merged(slot, names, values)
        if merged is not None:
            yield from _assignments(members, rest, [*slots[:index], merged, *slots[index + 1 :]])
    taken = {slot.name for slot in slots}
    for slot in members.places(names, values):
        if slot.name is None or slot.name not in taken:
            yield from _assignments(members, rest, [*slots, slot])


class _Members:
    """What a list of atoms says about members: by name, by kind of name, and how many."""

    def __init__(self, solver: Solves, facts: list[Term]) -> None:
        self._solver = solver
        self._terms = solver.terms
        self._named: dict[str, list[Term]] = {}
        self._general: list[tuple[Term, Term]] = []
        self.least, self.most = 0, None  # type: int, int | None
        names: set[str] = set()
        self._needed: dict[str, list[Term]] = {}
        for atom in facts:
            if atom.kind == "forall":
                self._add(*atom.args)
                names |= _listed(atom.args[0])
            elif atom.kind == "exists":
                names |= _listed(atom.args[0])
                if _is_one(atom.args[0]):
                    (name,) = atom.args[0].args[0]
                    self._needed.setdefault(name, []).append(atom.args[1])
            elif atom.kind == "members>=":
                self.least = max(self.least, atom.args[0])
            elif atom.kind == "members<=":
                self.most = atom.args[0] if self.most is None else min(self.most, atom.args[0])
        self._names = names
        self._values: dict[str, Term] = {}

    def _add(self, names: Term, values: Term) -> None:
        if names.kind != "in":
            self._general.append((names, values))
            return
        for name in names.args[0]:
            self._named.setdefault(name, []).append(values)

    def required(self) -> list[Slot] | None:
        """Return the members whose names are given; None where one of them can't have a value."""
        slots = []
        for name, needs in self._needed.items():
            wanted = self._terms.all_of([*needs, self._value_of(name)])
            if self._solver.solve(wanted) is None:
                return None
            slots.append(Slot(name, self._terms.texts([name]), wanted))
        return slots

    def places(self, names: Term, values: Term) -> Iterator[Slot]:
        """Yield every kind of member that is named in `names` and can have a value in `values`."""
        listed = names.args[0] if names.kind == "in" else self._names | _listed(names)
        for name in sorted(listed):
            if self._solver.texts.holds(names, name) is not False:
                wanted = self._terms.all_of([values, self._value_of(name)])
                if self._solver.solve(wanted) is not None:
                    yield Slot(name, self._terms.texts([name]), wanted)
        if names.kind != "in":
            others = self._terms.negate(self._terms.texts(listed)) if listed else self._terms.true
            yield from self._unlisted(self._terms.all_of([names, others]), values, 0)

    def _unlisted(self, names: Term, values: Term, index: int) -> Iterator[Slot]:
        """Yield the kinds of other names, each by which of the general rules speak of it."""
        if self._solver.texts.solve(names) is None or self._solver.solve(values) is None:
            return
        if index == len(self._general):
            yield Slot(None, names, values)
            return
        spoken_of, rule = self._general[index]
        outside = self._terms.all_of([names, self._terms.negate(spoken_of)])
        yield from self._unlisted(outside, values, index + 1)
        inside = self._terms.all_of([names, spoken_of])
        yield from self._unlisted(inside, self._terms.all_of([values, rule]), index + 1)

    def _value_of(self, name: str) -> Term:
        """Return what all the rules say of a member of this name."""
        found = self._values.get(name)
        if found is None:
            general = (rule for names, rule in self._general if self._solver.texts.holds(names, name))
            found = self._values[name] = self._terms.all_of([*self._named.get(name, []), *general])
        return found

    def merged(self, slot: Slot, names: Term, values: Term) -> Slot | None:
        """Return a member that is this one and serves another need too, None where that can't be."""
        if slot.name is not None and self._solver.texts.holds(names, slot.name) is False:
            return None
        called = self._terms.all_of([slot.names, names])
        if slot.name is None and self._solver.texts.solve(called) is None:
            return None
        wanted = self._terms.all_of([slot.values, values])
        return Slot(slot.name, called, wanted) if self._solver.solve(wanted) is not None else None

    def fill(self, slots: list[Slot]) -> Solution | None:
        """Return an object of these members and as many more as it must have, None where there are none."""
        found: dict[str, Any] = {}
        exact = True
        for slot in sorted(slots, key=lambda slot: slot.name is None):
            name, sure = self._free_name(slot, found)
            value = self._solver.solve(slot.values)
            if value is None:
                return None
            found[name] = value.value
            exact = exact and sure and value.exact and self._certain(slot)
        if len(found) < min(self.least, FILL_LIMIT):
            exact = self._add_others(found) and exact
            if len(found) < min(self.least, FILL_LIMIT):
                return None
        return Solution(found, exact=exact and len(found) >= self.least)

    def _free_name(self, slot: Slot, taken: dict[str, Any]) -> tuple[str, bool]:
        if slot.name is not None:
            return slot.name, True
        if "other" not in taken and self._solver.texts.holds(slot.names, "other"):
            return "other", True
        others = self._terms.negate(self._terms.texts(taken)) if taken else self._terms.true
        solution = self._solver.texts.solve(self._terms.all_of([slot.names, others]))
        if (
            solution is None
        ):  # all names of the kind are taken: another assignment may do, this one is no proof
            return f"{len(taken)}", False
        return solution.value, solution.exact

    def _certain(self, slot: Slot) -> bool:
        """Say whether it is known for each rule whether it speaks of the member."""
        if slot.name is None:
            return True
        return all(self._solver.texts.holds(names, slot.name) is not None for names, _ in self._general)

    def _add_others(self, found: dict[str, Any]) -> bool:
        """Add members until there are enough, or no more can be; say if they are surely good."""
        exact = True
        for slot in self.places(self._terms.true, self._terms.true):
            missing = min(self.least, FILL_LIMIT) - len(found)
            if missing <= 0:
                break
            if slot.name is not None:
                names = [] if slot.name in found else [slot.name]
            else:
                others = self._terms.negate(self._terms.texts(found)) if found else self._terms.true
                names, sure = self._solver.texts.words(self._terms.all_of([slot.names, others]), missing)
                exact = exact and sure
            value = self._solver.solve(slot.values)
            if value is not None:
                found.update(dict.fromkeys(names, value.value))
                exact = exact and value.exact
        return exact


def _listed(names: Term) -> frozenset[str] | set[str]:
    if names.kind == "in":
        listed: frozenset[str] = names.args[0]
        return listed
    return {name for atom in atoms(names) if atom.kind == "in" for name in atom.args[0]}
