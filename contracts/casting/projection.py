"""Reading a document of one minor as another of the same major: what that one doesn't declare is left out."""

from typing import Any

from contracts.casting.schema_places import Schema

_REFERENCE = "#/$defs/"


def project(tree: Any, schema: Schema) -> Any:
    """Return a copy of `tree` with the members that `schema` declares.

    Readers of a major ignore what they don't know, so this is what one of them sees. Objects that are open
    keep everything.
    """
    return _project(tree, schema, schema.get("$defs", {}))


def _project(tree: Any, schema: Any, definitions: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return tree
    while "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix(_REFERENCE)]
    if "oneOf" in schema:
        schema = _chosen(tree, schema["oneOf"], definitions)
    if isinstance(tree, list):
        items = schema.get("items")
        return [_project(item, items, definitions) for item in tree]
    if not isinstance(tree, dict):
        return tree
    declared, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    return {
        name: _project(child, declared.get(name, others), definitions)
        for name, child in tree.items()
        if name in declared or others is not False
    }


def _chosen(tree: Any, branches: list[Schema], definitions: dict[str, Any]) -> Schema:
    """Return the branch whose constants the object has; none of them lets everything through."""
    for branch in branches:
        while "$ref" in branch:
            branch = definitions[branch["$ref"].removeprefix(_REFERENCE)]  # noqa: PLW2901 - followed to its end
        constants = {
            name: part["const"] for name, part in branch.get("properties", {}).items() if "const" in part
        }
        if (
            isinstance(tree, dict)
            and constants
            and all(tree.get(n) == value for n, value in constants.items())
        ):
            return branch
    return {}
