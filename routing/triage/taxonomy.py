"""The taxonomy as triage uses it: leaves in their fixed order, categories by name, expressions compiled."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.canonical import Category
from routing.triage import taxonomy_lint
from routing.triage.policy import Conditions, Expression, Kind, PolicyError, Value
from routing.triage.taxonomy_file import Severity, TaxonomyFile

DEFAULT_PATH = Path(__file__).with_name("taxonomy.yaml")


class TaxonomyRefused(ValueError):
    """The file can't be used; the message names the file and each place."""


class Leaf(Struct, frozen=True, kw_only=True):
    """A root cause. `id` is `INV.shrink`; `prior` is its share of the category before any evidence."""

    id: str
    category: Category
    prior: float
    level: str
    team: str
    definition: str


class CategoryEntry(Struct, frozen=True, kw_only=True):
    """A category with its leaves in the taxonomy's order and its expressions.

    `likeliest` is the leaf with the highest prior. `compliance_when` is None where no case of this category
    is one of compliance.
    """

    code: str
    category: Category
    leaves: tuple[Leaf, ...]
    likeliest: Leaf
    human_if_missing: tuple[str, ...]
    trigger: Expression
    exposure: Expression
    compliance_when: Expression | None


class SeverityStep(Struct, frozen=True, kw_only=True):
    """One severity and its condition."""

    severity: Severity
    when: Expression


class SeverityTable:
    """The steps of the severity, evaluated at once; what follows from the same answers is worked out once."""

    def __init__(self, steps: Sequence[SeverityStep]) -> None:
        self._steps = tuple(steps)
        self._conditions = Conditions([step.when for step in steps])
        self._known: dict[tuple[object, ...], tuple[Severity, tuple[str, ...]]] = {}

    def of(self, facts: Mapping[str, Value]) -> tuple[Severity, tuple[str, ...]]:
        """Return the first severity that is true, and the facts that could have raised it (hot path)."""
        found = self._conditions.evaluate(facts)
        key = (found, *facts)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judge(found, facts)
        return known

    def _judge(
        self, found: Sequence[bool | None], facts: Mapping[str, Value]
    ) -> tuple[Severity, tuple[str, ...]]:
        missing: dict[str, None] = {}
        for step, value in zip(self._steps, found, strict=True):
            if value is True:
                break
            if value is None:
                missing |= dict.fromkeys(name for name in step.when.names if name not in facts)
        return step.severity, tuple(missing)


class ReviewCondition(Struct, frozen=True, kw_only=True):
    """A condition under which a person decides, and the reason to give."""

    id: str
    when: Expression
    why: str


class Taxonomy:
    """A taxonomy that resolves.

    `sha256` is that of the file, `digest` its first 12 hex digits, `identity` is `<version>+<digest>`.
    """

    def __init__(self, file: TaxonomyFile, sha256: str) -> None:
        """Resolve `file`. Raises: TaxonomyRefused, naming the places that don't."""
        problems = taxonomy_lint.findings(file)
        if problems:
            raise TaxonomyRefused("; ".join(problems))
        names = _names(file)
        self.file = file
        self.sha256 = sha256
        self.digest = digest = sha256[:12]
        self.version = file.version
        self.identity = f"{file.version}+{digest}"
        self.currency = file.currency
        self.severity = tuple(
            SeverityStep(severity=row.sev, when=_condition(f"severity.{row.sev}", row.when, names))
            for row in file.severity
        )
        self.severity_table = SeverityTable(self.severity)
        self.review_rules = tuple(
            ReviewCondition(
                id=row.id, when=_condition(f"review_rules.{row.id}", row.when, names), why=row.why
            )
            for row in file.review_rules
        )
        entries = (_entry(file, code, names) for code in file.label_order)
        self.categories = {entry.category: entry for entry in entries}
        self.leaves = {leaf.id: leaf for entry in self.categories.values() for leaf in entry.leaves}

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> "Taxonomy":
        """Read and resolve a file. Raises: TaxonomyRefused, naming the file and the places; OSError."""
        content = path.read_bytes()
        try:
            file = msgspec.yaml.decode(content, type=TaxonomyFile)
            return cls(file, hashlib.sha256(content).hexdigest())
        except (msgspec.DecodeError, UnicodeDecodeError, TaxonomyRefused) as error:
            raise TaxonomyRefused(f"{path}: {error}") from None


def _names(file: TaxonomyFile) -> dict[str, Kind]:
    """Return what expressions may name: the declared facts, the parameters, and `p_<root cause>`."""
    names = {name: Kind(kind) for kind, members in file.facts.items() for name in members}
    names |= dict.fromkeys(file.params, Kind.NUMBER)
    for row in file.categories.values():
        names |= {f"p_{root_cause}": Kind.NUMBER for root_cause in row.root_causes}
    return names


def _compiled(place: str, text: str, names: Mapping[str, Kind], returns: Kind) -> Expression:
    try:
        return Expression(text, names, returns)
    except PolicyError as error:
        raise TaxonomyRefused(f"{place}: {error}") from None


def _condition(place: str, text: str, names: Mapping[str, Kind]) -> Expression:
    return _compiled(place, text, names, Kind.BOOLEAN)


def _entry(file: TaxonomyFile, code: str, names: Mapping[str, Kind]) -> CategoryEntry:
    row = file.categories[code]
    category = Category(row.name)
    leaves = tuple(
        Leaf(
            id=f"{code}.{name}",
            category=category,
            prior=root_cause.prior,
            level=root_cause.level,
            team=root_cause.owner,
            definition=root_cause.definition,
        )
        for name, root_cause in row.root_causes.items()
    )
    place = f"categories.{code}"
    compliance = row.compliance_when
    return CategoryEntry(
        code=code,
        category=category,
        leaves=leaves,
        likeliest=max(leaves, key=lambda leaf: leaf.prior),
        human_if_missing=row.human_if_missing,
        trigger=_condition(f"{place}.trigger", row.trigger, names),
        exposure=_compiled(f"exposure.{code}", file.exposure[code], names, Kind.NUMBER),
        compliance_when=_condition(f"{place}.compliance_when", compliance, names) if compliance else None,
    )
