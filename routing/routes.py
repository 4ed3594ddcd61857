"""Who gets an exception: a table of rows; the first that matches wins, and the last matches everything."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.errors import NoRoute
from routing.items import RoutedException, TriagedException
from routing.route_lint import findings
from routing.routes_file import (
    Given,
    Match,
    RoutesFile,
    RouteTest,
    Row,
    Traits,
    names,
    traits_given,
    traits_of,
)
from routing.triage.taxonomy import Taxonomy


class RoutesRefused(ValueError):
    """The table can't be used; the message names the file, each row and what is wrong with it."""


class Trial(Struct, frozen=True, kw_only=True):
    """What one row says: `misfits` are the matchers that failed; only the first row that fits is `chosen`."""

    row: str
    owners: tuple[str, ...]
    fits: bool
    chosen: bool
    misfits: tuple[str, ...] = ()


class RouteTable:
    """A table without lint findings whose tests pass. Pure."""

    def __init__(self, file: RoutesFile, owners: Collection[str], taxonomy: Taxonomy) -> None:
        """Raises: RoutesRefused, naming each row with a finding, or each test that fails."""
        _refuse([str(finding) for finding in findings(file, owners, taxonomy)])
        self.rows = file.routes
        self.tests = file.tests
        self._taxonomy = taxonomy
        self._matchers = [(row, _Matcher(row.match)) for row in file.routes]
        self._by_category = {
            category.value: [pair for pair in self._matchers if pair[1].may_match(category.value)]
            for category in taxonomy.categories
        }
        _refuse(self.run_tests())

    @classmethod
    def load(cls, path: Path, owners: Collection[str], taxonomy: Taxonomy | None = None) -> "RouteTable":
        """Read a table; `taxonomy` is the packaged one where none is given.

        Raises: RoutesRefused, naming the file and the places; OSError.
        """
        try:
            file = msgspec.toml.decode(path.read_bytes(), type=RoutesFile)
            return cls(file, owners, taxonomy or Taxonomy.load())
        except (msgspec.DecodeError, UnicodeDecodeError, RoutesRefused) as error:
            raise RoutesRefused(f"{path}: {error}") from None

    def route(self, triaged: TriagedException) -> RoutedException:
        """Return the exception with its owners. Raises: NoRoute, which the mandatory last row prevents."""
        row = self.row_for(traits_of(triaged))
        return RoutedException(triaged=triaged, owners=row.owners, row=row.name)

    def row_for(self, traits: Traits) -> Row:
        """Return the first row that fits. Raises: NoRoute."""
        for row, matcher in self._by_category.get(traits.category, self._matchers):
            if matcher.fits(traits):
                return row
        raise NoRoute(f"no row matches {traits.category} of {traits.root_cause}")

    def explain(self, triaged: TriagedException) -> list[Trial]:
        """Return what each row, in order, has to say of this exception."""
        return self.explain_traits(traits_of(triaged))

    def explain_traits(self, traits: Traits) -> list[Trial]:
        """Return what each row, in order, has to say of an exception with these traits."""
        trials: list[Trial] = []
        for row, matcher in self._matchers:
            misfits = tuple(matcher.misfits(traits))
            chosen = not misfits and not any(trial.fits for trial in trials)
            trials.append(
                Trial(row=row.name, owners=row.owners, fits=not misfits, chosen=chosen, misfits=misfits)
            )
        return trials

    def traits(self, given: Given) -> Traits:
        """Fill in what a test, or a person at the command line, left out.

        Raises: ValueError for a name that the taxonomy lacks, or a root cause of another category.
        """
        return traits_given(given, self._taxonomy)

    def run_tests(self) -> list[str]:
        """Return a sentence for each test of the file that fails."""
        return [problem for number, test in enumerate(self.tests, 1) for problem in self._run(number, test)]

    def _run(self, number: int, test: RouteTest) -> Iterator[str]:
        try:
            row = self.row_for(self.traits(test.given))
        except (NoRoute, ValueError) as error:
            yield f"test {number}: {error}"
            return
        if row.name != test.expect.row:
            yield f"test {number}: taken by row {row.name!r}, expected {test.expect.row!r}"
        elif row.owners != test.expect.owners:
            expected = list(test.expect.owners)
            yield f"test {number}: row {row.name!r} has owners {list(row.owners)}, expected {expected}"


class _Matcher:
    """A row's matchers, compiled."""

    def __init__(self, match: Match) -> None:
        wanted = {
            "category": names(match.category),
            "root_cause": names(match.root_cause),
            "level": names(match.level),
            "severity": names(match.severity),
            "source": names(match.source),
            "system": names(match.system),
            "place_kind": names(match.place_kind),
        }
        self._wanted = tuple((trait, those) for trait, those in wanted.items() if those is not None)
        self._review = match.review
        prefixes = names(match.place_prefix)
        self._prefixes = None if prefixes is None else tuple(sorted(prefixes))

    def may_match(self, category: str) -> bool:
        return all(trait != "category" or category in those for trait, those in self._wanted)

    def fits(self, traits: Traits) -> bool:
        return (
            (self._review is None or self._review == traits.review)
            and all(getattr(traits, trait) in those for trait, those in self._wanted)
            and (self._prefixes is None or traits.place_id.startswith(self._prefixes))
        )

    def misfits(self, traits: Traits) -> Iterator[str]:
        if self._review is not None and self._review != traits.review:
            yield f"review is {_word(traits.review)}, the row wants {_word(self._review)}"
        for trait, those in self._wanted:
            value = getattr(traits, trait)
            if value not in those:
                yield f"{trait} is {value!r}, the row wants {_listed(those)}"
        if self._prefixes is not None and not traits.place_id.startswith(self._prefixes):
            yield f"place_id is {traits.place_id!r}, the row wants it to begin with {_listed(self._prefixes)}"


def _refuse(problems: list[str]) -> None:
    if problems:
        raise RoutesRefused("; ".join(problems))


def _word(value: bool) -> str:
    return "true" if value else "false"


def _listed(those: Collection[str]) -> str:
    return " or ".join(repr(one) for one in sorted(those))
