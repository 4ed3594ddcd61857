"""One schema of a comparison, read once, and the schemas in it by their JSON Pointers."""

from typing import Any

from contracts.compat.dialects import Dialect, Schema, children
from contracts.compat.judges import Judge
from contracts.compat.reader import Reader
from contracts.compat.terms import Term, Terms, Type
from contracts.compat.texts import TextSolver
from contracts.compat.words import escaped


class Side:
    """One schema: its term for proofs, its judges for witnesses, its parts for findings."""

    def __init__(self, terms: Terms, texts: TextSolver, schema: Schema, dialect: Dialect) -> None:
        self.terms = terms
        self.texts = texts
        self.schema = schema
        self.dialect = dialect
        self.reader = Reader(terms, schema, dialect)
        self.term = self.reader.read()
        self._judge: Judge | None = None
        self._pointers: dict[int, str] = {}

    @property
    def judge(self) -> Judge:
        """The engines; made when they are first needed."""
        if self._judge is None:
            self._judge = Judge(self.schema, self.dialect)
        return self._judge

    def part(self, pointer: str) -> "Part | None":
        """Return the schema at a pointer; None where there is none."""
        place = self.reader.resources.find(f"#{pointer}", self.reader.resources.root[1])
        return None if place is None else Part(self, pointer, *place)

    def pointer(self, schema: Any) -> str | None:
        """Return where a schema of this document stands, None where it is in no known place."""
        if not self._pointers:
            waiting: list[tuple[str, Any]] = [("", self.schema)]
            while waiting:
                pointer, part = waiting.pop()
                self._pointers.setdefault(id(part), pointer)
                waiting += [("/".join([pointer, *map(escaped, way)]), child) for way, child in children(part)]
        return self._pointers.get(id(schema))


class Part:
    """A schema inside a document."""

    def __init__(self, side: Side, pointer: str, schema: Any, base: str) -> None:
        self.side = side
        self.pointer = pointer
        self.schema = schema
        self.base = base

    @property
    def keywords(self) -> dict[str, Any]:
        """The keywords; none for `true` and `false`."""
        return self.schema if isinstance(self.schema, dict) else {}

    @property
    def term(self) -> Term:
        """What is valid here."""
        return self.side.reader.term(self.schema, self.base)

    def keyword(self, keyword: str) -> Term:
        """Return what one keyword asserts, with the neighbours that it depends on."""
        if keyword not in self.keywords:
            return self.side.terms.true
        return self.side.reader.keyword(self.schema, keyword, self.base)

    def child(self, *way: str) -> "Part":
        """Return the schema at these parts of a pointer below this one."""
        schema: Any = self.schema
        for name in way:
            schema = schema[int(name)] if isinstance(schema, list) else schema[name]
        pointer = "/".join([self.pointer, *map(escaped, way)])
        return Part(self.side, pointer, schema, self.side.reader.resources.base(schema, self.base))

    def followed(self) -> "Part":
        """Return what a schema that is nothing but a reference leads to, as far as that goes."""
        part, seen = self, set()
        while "$ref" in part.keywords and id(part.schema) not in seen and part.is_reference():
            seen.add(id(part.schema))
            place = part.side.reader.target(part.schema, "$ref", part.base)
            pointer = None if place is None else part.side.pointer(place[0])
            if place is None or pointer is None:
                break
            part = Part(part.side, pointer, *place)
        return part

    def is_reference(self) -> bool:
        """Say whether nothing beside `$ref` asserts anything."""
        true = self.side.terms.true
        return all(self.keyword(each) is true for each in self.keywords if each != "$ref")

    def member(self, name: str) -> Term:
        """Return what the schema's own keywords allow as a member of this name."""
        keywords, below = self.keywords, self.side.reader.below
        rules = []
        members = keywords.get("properties")
        if isinstance(members, dict) and name in members:
            rules.append(below(members[name], self.base))
        if "additionalProperties" in keywords:
            rules.append(self._only("additionalProperties", name))
        if "patternProperties" in keywords:
            rules.append(self._only("patternProperties", name))
        return self.side.terms.all_of(rules)

    def _only(self, keyword: str, name: str) -> Term:
        """Return what a rule about members says of one name, where that is known."""
        from_terms = self.side.terms.view(self.keyword(keyword), Type.OBJECT)
        rules = from_terms.args if from_terms.kind == "and" else (from_terms,)
        found = []
        for rule in rules:
            if rule.kind == "members<=":
                found.append(self.side.terms.false)
            elif rule.kind == "forall" and self.side.texts.holds(rule.args[0], name):
                found.append(rule.args[1])
        return self.side.terms.all_of(found)

    def requires(self, name: str) -> bool:
        """Say whether `required` names a member."""
        names = self.keywords.get("required")
        return isinstance(names, list) and name in names
