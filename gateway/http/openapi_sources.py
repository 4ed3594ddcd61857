"""Each registered source in the OpenAPI description: its own paths, the contracts that it may send, examples.

What a body must be, its contract says, over the decoded document; so a body has examples, one for each
contract, and the operation names the contracts (`x-contracts`) whose schemas are among the components.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from adapters.catalogue import Catalogue
from adapters.conformance import Sample, samples
from adapters.framing import messages
from contracts.adapter import Adapter, Signature
from contracts.errors import EventError
from contracts.registry import ContractVersion, Registry
from contracts.views import writer_view
from gateway.documents.components import Components
from gateway.documents.examples import canonical_examples
from gateway.http.openapi_parts import operation
from gateway.http.sources import CANONICAL_SYSTEM, RegisteredSource

CLOUD_EVENT = "application/cloudevents+json"
_JSON = "application/json"
_LINES = "application/x-ndjson"
_EXAMPLES = "#/components/examples/"
_UTF_8 = "utf-8"


class DescribedSource(Struct, frozen=True, kw_only=True):
    """One registered source, as far as it is told. `contracts` maps names to pins, none means all."""

    name: str
    title: str
    system: str
    contracts: Mapping[str, str] = {}

    @classmethod
    def of(cls, registered: RegisteredSource) -> "DescribedSource":
        """Return what is told of a source that the gateway knows."""
        return cls(
            name=registered.name,
            title=registered.title,
            system=registered.source.system,
            contracts=registered.contracts,
        )


class SourcePaths:
    """Describes sources; `components` and `examples` collect what they share."""

    def __init__(self, catalogue: Catalogue, registry: Registry) -> None:
        self._catalogue = catalogue
        self._registry = registry
        self.components = Components()
        self.examples: dict[str, dict[str, Any]] = {}
        self._media_types: dict[str, str] = {}  # of each example
        self._files: set[str] = set()  # examples with several items, which only the batch call takes
        self._taken: set[str] = set()
        self._taken_systems: set[str] = set()

    def of(
        self, source: DescribedSource, one: Mapping[str, Any], many: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """Return the paths of a source; `one` and `many` are what the two calls say for any source."""
        self._take_system(source.system)
        versions = list(self._versions(source))
        names = ", ".join(version.identifier for version in versions) or "none yet"
        said = {
            "description": f"{source.title}. Contracts: {names}.",
            "tags": [source.name],
            "x-contracts": [self._told(source, version) for version in versions],
        }
        schemes = tuple(f"signature_{adapter.format}" for adapter in self._signing(source.system))
        single = operation(
            f"sendEvent-{source.name}", f"Send one message of {source.name}", one["responses"],
            scope="events:write", signatures=schemes, parameters=one["parameters"],
            body={"required": True, "content": self._content(versions, with_files=False)},
        )  # fmt: skip
        batch = operation(
            f"sendEvents-{source.name}", f"Send a file, an array or lines of {source.name}",
            many["responses"], scope="events:write", signatures=schemes, parameters=many["parameters"],
            body={"required": True, "content": {**self._content(versions, with_files=True), _LINES: {}}},
        )  # fmt: skip
        path = f"/v1/sources/{source.name}/events"
        return {path: {"post": single | said}, f"{path}/batch": {"post": batch | said}}

    def cloud_events(self) -> dict[str, Any]:
        """Return the body of the call that takes canonical CloudEvents, one or many."""
        self._take_system(CANONICAL_SYSTEM)
        versions = list(self._versions(DescribedSource(name="", title="", system=CANONICAL_SYSTEM)))
        for version in versions:
            self.components.put(f"event-{version.name}", self._event(version))
        event = {"anyOf": [{"$ref": f"#/components/schemas/event-{version.name}"} for version in versions]}
        self.components.put("CloudEvent", event)
        one = {"$ref": "#/components/schemas/CloudEvent"}
        examples = self._content(versions, with_files=False).get(CLOUD_EVENT, {})
        return {
            "required": True,
            "content": {
                CLOUD_EVENT: {"schema": one, **examples},
                "application/cloudevents-batch+json": {"schema": {"type": "array", "items": one}},
                _JSON: {},
                _LINES: {},
            },
        }

    def _event(self, version: ContractVersion) -> dict[str, Any]:
        """Return a CloudEvent (1.0.2, JSON format) whose data keeps `version`."""
        family, _, kind = version.name.partition("-")
        plain = {"type": "string", "minLength": 1, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$"}
        return {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {
                    **plain,
                    "maxLength": 256,
                    "description": "The sender's own id; a repeat has the same.",
                },
                "source": {"type": "string", "format": "uri-reference", "minLength": 1},
                "type": {"const": f"retail.{family}.{kind}.v{version.version.partition('.')[0]}"},
                "subject": plain,
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": _JSON},
                "dataschema": {
                    "type": "string",
                    "format": "uri",
                    "description": f"…/contracts/{version.name}/<x.y.z>; without it the newest of the major.",
                },
                "data": self._schema(version),
            },
        }

    def _told(self, source: DescribedSource, version: ContractVersion) -> dict[str, Any]:
        manifest = self._registry.contract(version.name).manifest
        return {
            "contract": version.identifier,
            "title": manifest.title,
            "owner": manifest.owner.team,
            "pinned": bool(source.contracts.get(version.name)),
            "schema": self._schema(version),
        }

    def _schema(self, version: ContractVersion) -> dict[str, Any]:
        name = f"{version.name}-{version.version}"
        if name not in self._taken:
            self._taken.add(name)
            self.components.add(name, writer_view(version.schema, version.kind))
        return {"$ref": f"#/components/schemas/{name}"}

    def _versions(self, source: DescribedSource) -> Iterator[ContractVersion]:
        """Yield the versions that count for a source: its pins, else the newest."""
        for name in self._names(source.system):
            if source.contracts and name not in source.contracts:
                continue
            try:
                yield self._registry.resolve(name, source.contracts.get(name) or None)
            except EventError:  # a contract without a usable version takes nothing
                continue

    def _names(self, system: str) -> list[str]:
        adapters = [adapter for adapter in self._catalogue.adapters if adapter.system == system]
        return sorted(name for adapter in adapters for name in adapter.contracts)

    def _signing(self, system: str) -> Iterator[Adapter]:
        for adapter in self._catalogue.adapters:
            if adapter.system == system and isinstance(adapter.signature, Signature):
                yield adapter

    def _content(self, versions: list[ContractVersion], *, with_files: bool) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for version in versions:
            if version.name in self.examples and (with_files or version.name not in self._files):
                media_type = content.setdefault(self._media_types[version.name], {"examples": {}})
                media_type["examples"][version.name] = {"$ref": _EXAMPLES + version.name}
        return {**content, "*/*": {}}

    def _take_system(self, system: str) -> None:
        """Make one example for each contract of a system, unless that is done."""
        if system in self._taken_systems:
            return
        self._taken_systems.add(system)
        if system == CANONICAL_SYSTEM:
            for name, event in canonical_examples(self._registry).items():
                self._take(name, CLOUD_EVENT, {"summary": f"An event of {name}", "value": event})
            return
        read = [(self._contracts_of(sample), sample) for sample in samples(system)]
        # of a contract the shortest sample, one that is a single item before one that is a file of many
        for contracts, sample in sorted(read, key=lambda each: (len(each[0]), *_inconvenience(each[1]))):
            for contract in set(contracts) - self.examples.keys():
                self._files |= {contract} if len(contracts) > 1 else set()
                self._take(contract, sample.message.media_type, _shown(sample))

    def _take(self, contract: str, media_type: str, example: dict[str, Any]) -> None:
        self.examples[contract] = {**example, "x-contract": contract}
        self._media_types[contract] = media_type

    def _contracts_of(self, sample: Sample) -> list[str]:
        """Return the contract of each item of a sample; none where it can't be read here."""
        if sample.message.media_type == _LINES:
            return []
        try:
            return [
                adapter.decode(arrival).contract
                for message in messages(sample.message)
                for adapter in [self._catalogue.for_message(sample.system, message)]
                for arrival in adapter.split(message)
            ]
        except EventError:  # such as a drop file whose layout this installation doesn't have
            return []


def _inconvenience(sample: Sample) -> tuple[bool, int]:
    return _encoding(sample.message.body) != _UTF_8, len(sample.message.body)


def _shown(sample: Sample) -> dict[str, Any]:
    """Return a sample as an example: JSON as it is, else its text, and what that was encoded in."""
    body, encoding = sample.message.body, _encoding(sample.message.body)
    summary = f"{sample.format}: {sample.case.replace('-', ' ')}"
    if sample.message.media_type == _JSON:
        return {"summary": summary, "value": msgspec.json.decode(body)}
    shown = {"summary": summary, "value": body.decode(encoding)}
    return shown if encoding == _UTF_8 else {**shown, "x-encoding": encoding}


def _encoding(body: bytes) -> str:
    try:
        body.decode(_UTF_8)
    except UnicodeDecodeError:
        return "iso-8859-1"
    return _UTF_8
