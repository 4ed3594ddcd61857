"""The closed table of rules: what a finding may be called, what it means, and the version it asks for."""

from typing import Literal

from msgspec import Struct

from contracts.compat.comparison import Floor


class Rule(Struct, frozen=True, kw_only=True):
    """`raises` is what a policy finding asks for by itself; a language finding asks for what it breaks."""

    name: str
    kind: Literal["language", "policy"]
    meaning: str
    raises: Floor = Floor.PATCH


_BOUNDS = {
    "minimum": "the least number",
    "maximum": "the greatest number",
    "exclusiveMinimum": "the bound below all numbers",
    "exclusiveMaximum": "the bound above all numbers",
    "minLength": "the least length of a text",
    "maxLength": "the greatest length of a text",
    "minItems": "the least number of items",
    "maxItems": "the greatest number of items",
    "minProperties": "the least number of members",
    "maxProperties": "the greatest number of members",
    "minContains": "the least number of items that match `contains`",
    "maxContains": "the greatest number of items that match `contains`",
}
_VALUES = {
    "const": "the only value",
    "pattern": "the pattern of a text",
    "format": "the format of a text",
    "multipleOf": "the step of a number",
    "uniqueItems": "whether items may repeat",
    "items": "what items must be",
    "prefixItems": "what the first items must be",
    "additionalItems": "what items after the first must be",
    "contains": "what some items must be",
    "additionalProperties": "what members must be that are not declared",
    "unevaluatedProperties": "what members must be that nothing has looked at",
    "unevaluatedItems": "what items must be that nothing has looked at",
    "patternProperties": "what members must be whose names match a pattern",
    "propertyNames": "what names of members must be",
    "dependentRequired": "which members need others",
    "dependentSchemas": "what follows from a member",
    "dependencies": "what follows from a member",
    "not": "what is refused",
    "if": "a condition, and what follows from it",
    "allOf": "what must hold at once",
    "anyOf": "the alternatives",
    "oneOf": "the alternatives of which exactly one holds",
    "$ref": "the schema that is referred to",
    "$dynamicRef": "the schema that is referred to",
    "type": "the type",
    "enum": "the list of values",
}


def _language() -> list[Rule]:
    found = [
        ("type.widened", "a type is allowed that was not"),
        ("type.narrowed", "a type is no longer allowed"),
        ("type.changed", "other types are allowed"),
        ("enum.value.added", "a value is allowed that was not"),
        ("enum.value.removed", "a value is no longer allowed"),
        ("property.optional.added", "a member is declared that was not, and may be left out"),
        ("property.required.added", "a member is declared that was not, and must be there"),
        ("property.optional.removed", "a member is no longer declared"),
        ("property.required.removed", "a member that had to be there is no longer declared"),
        ("property.made_required", "a member must be there that could be left out"),
        ("property.made_optional", "a member may be left out that had to be there"),
        ("required.added", "a member must be there that is not declared"),
        ("required.removed", "a member that is not declared need not be there any more"),
        ("branch.added", "an alternative is new"),
        ("branch.removed", "an alternative is gone"),
        ("schema.narrowed", "values are refused that were valid, and no single edit shows why"),
        ("schema.widened", "values are valid that were refused, and no single edit shows why"),
        ("schema.undecided", "it is neither proven nor refuted that nothing breaks"),
    ]
    for keyword, meaning in _BOUNDS.items():
        found += [
            (f"{keyword}.{edit}", f"{meaning} is {edit}")
            for edit in ("added", "removed", "raised", "lowered")
        ]
    for keyword, meaning in _VALUES.items():
        found += [(f"{keyword}.{edit}", f"{meaning} is {edit}") for edit in ("added", "removed", "changed")]
    names = dict(reversed(found))
    return [Rule(name=name, kind="language", meaning=names[name]) for name in sorted(names)]


def _policy() -> list[Rule]:
    major, minor, note = Floor.MAJOR, Floor.MINOR, Floor.PATCH
    found = [
        (
            "property.renamed",
            major,
            "one member is gone and another of the same shape is new: readers lose it silently",
        ),
        ("property.reserved", major, "a member has a name that is reserved: it meant something else once"),
        ("unit.changed", major, "`x-unit` differs: the same number means another amount"),
        ("unit.stated", minor, "`x-unit` is new: it says what was meant"),
        ("basis.changed", major, "`x-basis` differs: the same number is reckoned from another base"),
        ("basis.stated", minor, "`x-basis` is new: it says what was meant"),
        ("code_list.changed", major, "`x-code-list` differs: the same code may mean something else"),
        ("code_list.stated", minor, "`x-code-list` is new: it says what was meant"),
        ("default.changed", minor, "`default` differs: a reader that fills it in reads something else"),
        (
            "extensible_enum.value.added",
            minor,
            "writers may send a code that they could not; readers expect any",
        ),
        ("extensible_enum.value.removed", minor, "writers may no longer send a code"),
        (
            "integer.width",
            minor,
            "`format` asks for another width of an integer: no validator checks it, programs do",
        ),
        ("annotation.changed", note, "words about the schema differ, nothing else"),
        ("format.unknown", note, "a format that no engine knows asserts nothing"),
        ("enum.dead_value", note, "a listed value can't occur: another keyword refuses it"),
        ("schema.unsatisfiable", note, "nothing is valid here"),
        ("nullable.ignored", note, "`nullable` is no keyword of JSON Schema: null is not allowed by it"),
        ("then.without_if", note, "`then` or `else` without `if` says nothing"),
        ("keyword.unknown", note, "no draft knows this keyword: if it asserts something, it isn't compared"),
        ("writers.changed", minor, "writers may send other values than before, and readers must not notice"),
    ]
    return [Rule(name=name, kind="policy", raises=raises, meaning=meaning) for name, raises, meaning in found]


RULES: dict[str, Rule] = {rule.name: rule for rule in (*_language(), *_policy())}
"""Every rule by its name: language first, then policy."""
