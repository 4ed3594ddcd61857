"""A contract in the words of the Open Data Contract Standard, version 3.1 (bitol.io)."""

from collections.abc import Iterator
from typing import Any

from contracts.folder import BASE_URI, ContractFolder
from contracts.governance.versions import major_of
from contracts.manifest import State

API_VERSION = "v3.1.0"
STATUS = {
    State.DRAFT: "draft",
    State.CANDIDATE: "proposed",
    State.PUBLISHED: "active",
    State.DEPRECATED: "deprecated",
    State.SUNSET: "deprecated",
    State.RETIRED: "retired",
}
_LOGICAL = {"boolean", "integer", "number", "string", "array", "object"}
_BY_FORMAT = {"date": "date", "date-time": "timestamp", "time": "time"}
_OPTIONS = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "array": ("minItems", "maxItems"),
}
# what the standard has no word for travels as a custom property
_CUSTOM = {
    "enum": "allowedValues",
    "const": "constantValue",
    "x-extensible-enum": "knownValues",
    "x-unit": "unit",
    "x-basis": "basis",
    "x-code-list": "codeList",
    "default": "defaultValue",
}


def odcs(contract: ContractFolder, version: str) -> dict[str, Any]:
    """Return one version of a contract as an ODCS document: plain values, in the order of the standard."""
    manifest, schema = contract.manifest, contract.schemas[version]
    entry, owner = manifest.versions[version], manifest.owner
    document = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"{BASE_URI}/{manifest.name}",
        "name": manifest.title,
        "version": version,
        "status": STATUS[entry.state],
        "domain": manifest.domain,
        "description": {"purpose": manifest.description},
        "schema": [
            {
                "name": manifest.name,
                "logicalType": "object",
                "physicalType": "event",
                "description": schema.get("description", manifest.description),
                "properties": _Elements(schema, dict(manifest.pii)).members(schema, ""),
            }
        ],
        "support": [
            {"channel": manifest.owner.team, "tool": "email", "url": f"mailto:{manifest.owner.contact}"}
        ],
        "team": {
            "name": owner.team,
            "members": [{"username": owner.contact, "role": "owner"}],
        },
        "customProperties": list(_properties(contract, version)),
    }
    if entry.published:
        document["contractCreatedTs"] = f"{entry.published}T00:00:00Z"
    return document


def _properties(contract: ContractFolder, version: str) -> Iterator[dict[str, Any]]:
    manifest = contract.manifest
    entry = manifest.versions[version]
    yield {"property": "schemaKind", "value": str(manifest.kind)}
    yield {"property": "lifecycleState", "value": str(entry.state)}
    if entry.deprecated:
        yield {"property": "removal", "value": entry.deprecated.removal.isoformat()}
        yield {"property": "alternative", "value": entry.deprecated.alternative}
    if manifest.reserved:
        yield {"property": "reservedNames", "value": list(manifest.reserved)}
    consumers = [
        {"name": each.name, "contact": each.contact, "pointers": list(each.pointers)}
        for each in manifest.consumers
        if each.major == major_of(version)
    ]
    if consumers:
        yield {"property": "consumers", "value": consumers}


class _Elements:
    """Turns the schemas inside one into the elements of the standard."""

    def __init__(self, root: dict[str, Any], pii: dict[str, str]) -> None:
        self._root = root
        self._pii = pii

    def members(self, schema: dict[str, Any], place: str) -> list[dict[str, Any]]:
        """Return the members of an object; of a choice those of each branch, none of them required."""
        schema = self._resolved(schema)
        found: dict[str, dict[str, Any]] = {}
        for name, child in schema.get("properties", {}).items():
            required = {"required": True} if name in schema.get("required", []) else {}
            found[name] = {"name": name, **self._element(child, f"{place}/{name}"), **required}
        chosen: dict[str, list[Any]] = {}
        for branch in (self._resolved(each) for each in schema.get("oneOf", [])):
            for name, child in branch.get("properties", {}).items():
                found.setdefault(name, {"name": name, **self._element(child, f"{place}/{name}")})
                if "const" in (constant := self._resolved(child)):
                    chosen.setdefault(name, []).append(constant["const"])
        for name, values in chosen.items():
            # the constant that tells branches apart has as many values as there are branches
            found[name]["customProperties"] = [{"property": _CUSTOM["enum"], "value": values}]
        return list(found.values())

    def _element(self, schema: Any, place: str) -> dict[str, Any]:
        described = schema.get("description") if isinstance(schema, dict) else None
        schema = self._resolved(schema)
        types = schema.get("type", "object" if "oneOf" in schema or "properties" in schema else "string")
        kinds = [each for each in (types if isinstance(types, list) else [types]) if each in _LOGICAL]
        kind = kinds[0] if kinds else "string"
        logical = _BY_FORMAT.get(schema.get("format", ""), kind)
        element: dict[str, Any] = {"logicalType": logical, "physicalType": "/".join(kinds) or "any"}
        if described or schema.get("description"):
            element["description"] = described or schema["description"]
        options = {name: schema[name] for name in _OPTIONS.get(logical, ()) if name in schema}
        if options:
            element["logicalTypeOptions"] = options
        if place in self._pii:
            element["classification"] = self._pii[place]
        if schema.get("examples"):
            element["examples"] = schema["examples"]
        if kind == "object":
            element["properties"] = self.members(schema, place)
        if kind == "array":
            element["items"] = self._element(schema.get("items", {}), f"{place}/*")
        said = [keyword for keyword in _CUSTOM if keyword in schema]
        custom = [{"property": _CUSTOM[keyword], "value": schema[keyword]} for keyword in said]
        return element | ({"customProperties": custom} if custom else {})

    def _resolved(self, schema: Any) -> dict[str, Any]:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self._root.get("$defs", {}).get(schema["$ref"].removeprefix("#/$defs/"))
        return schema if isinstance(schema, dict) else {}
