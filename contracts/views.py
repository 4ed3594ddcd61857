"""What a schema demands of those who write: more than of those who read."""

from typing import Any

from contracts.manifest import Kind

EXTENSIBLE_ENUM = "x-extensible-enum"


def writer_view(schema: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Return the schema that a sender is held to.

    A canonical contract's `x-extensible-enum` is a plain `enum` for writers, while readers must expect
    further values: so a value can be added in a minor version. In a native contract it only lists what is
    known, for the vendor decides what comes.
    """
    return _closed(schema) if kind is Kind.CANONICAL else schema


def reader_view(schema: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Return the schema that a reader may rely on.

    Of a canonical contract a later minor version may bring further members, and further values where
    `x-extensible-enum` stands: readers must let both pass.
    """
    return _opened(schema) if kind is Kind.CANONICAL else schema


def _opened(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_opened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    opened: dict[str, Any] = {}
    for name, value in schema.items():
        if name in {"properties", "$defs"}:
            opened[name] = {member: _opened(child) for member, child in value.items()}
        elif name in {"items", "additionalProperties", "oneOf"}:
            opened[name] = _opened(value)
        else:
            opened[name] = value
    if opened.get("additionalProperties") is False:
        del opened["additionalProperties"]
    return opened


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    closed = {
        "enum" if name == EXTENSIBLE_ENUM else name: value
        for name, value in schema.items()
        if name not in {"properties", "$defs", "items", "additionalProperties", "oneOf"}
    }
    for name in schema.keys() & {"properties", "$defs"}:
        closed[name] = {member: _closed(child) for member, child in schema[name].items()}
    for name in schema.keys() & {"items", "additionalProperties"}:
        closed[name] = _closed(schema[name])
    if "oneOf" in schema:
        closed["oneOf"] = [_closed(branch) for branch in schema["oneOf"]]
    return closed
