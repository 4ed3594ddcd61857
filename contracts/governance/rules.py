"""What each rule of a comparison asks of a version, and of its author."""

from contracts.compat.comparison import Finding, Floor

_KEEP_BOUND = "Keep the bound as it was"
_NEW_NAME = "Keep it as it was and add a member of another name beside it"
_ADVICE = {
    "type.narrowed": "Keep the types that were allowed",
    "type.widened": _NEW_NAME,
    "type.changed": _NEW_NAME,
    "format.changed": _NEW_NAME,
    "pattern.changed": _NEW_NAME,
    "enum.value.added": "Keep the list as it was; as an `x-extensible-enum` it could grow in a minor",
    "enum.value.removed": "Keep the value, and say in its description that it is out of use",
    "x-extensible-enum.value.removed": "Keep the value, and say in its description that it is out of use",
    "property.required.added": "Make it optional",
    "property.made_required": "Leave it optional",
    "required.added": "Leave it optional",
    "property.made_optional": "Leave it required",
    "property.required.removed": "Keep it",
    "required.removed": "Leave it required",
    "property.optional.removed": "Keep it",
    "property.renamed": "Keep the old name, and add the new one beside it as an optional member",
    "property.reserved": "Choose another name",
    "unit.changed": "Keep the unit, and add a member of another name for the new one beside it",
    "basis.changed": "Keep the basis, and add a member of another name for the new one beside it",
    "code_list.changed": "Keep the code list, and add a member of another name for the new one beside it",
}
# of a native contract nobody can make a vendor write anything else
_NATIVE_ADVICE = {
    "property.optional.added": (
        "A vendor may have sent anything there: declare it without a type, or look with `contracts dry-run`"
        " what really comes and answer for it in `waivers`"
    ),
}
_BOUND_EDITS = (".raised", ".lowered", ".added", ".removed")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "min", "max")


def asks_for_a_major(finding: Finding) -> bool:
    """Say whether a policy finding makes a version a major by itself."""
    return finding.kind == "policy" and finding.raises is Floor.MAJOR


def advice(finding: Finding, *, native: bool) -> str:
    """Return what an author can do instead of a major, as a clause; empty where the rule says no more."""
    if native and finding.rule in _NATIVE_ADVICE:
        return _NATIVE_ADVICE[finding.rule]
    if finding.rule.startswith(_BOUNDS) and finding.rule.endswith(_BOUND_EDITS):
        return _KEEP_BOUND
    return _ADVICE.get(finding.rule, "")
