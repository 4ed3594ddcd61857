"""Answers what is asked of the registry."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
from litestar import Request, Response

from adapters.json import parse_json
from contracts.compat.comparison import Floor
from contracts.errors import ContractUnknown, NotFound, RequestInvalid
from contracts.folder import SCHEMA_FILE
from contracts.manifest import Kind, State
from contracts.refusals import ended
from contracts.registry import Contract, ContractVersion, Registry
from contracts.usage import VersionUsage
from contracts.views import open_view, writer_view
from gateway.http.auth import Authenticator
from gateway.http.lifecycle_headers import contract_headers
from gateway.http.registry import caching, pages
from gateway.http.registry.comparer import Comparer

SCOPE = "contracts:read"
SCHEMA_MEDIA_TYPE = "application/schema+json"
SMALL_BYTES = 64 << 10  # to judge less takes about a millisecond: not worth a thread
DIFFS_LIMIT = 256

Asked = Request[Any, Any, Any]
UsageOf = Callable[[str], Awaitable[list[VersionUsage]]]
View = Literal["writer", "reader"]

_FLOORS = (Floor.PATCH, Floor.MINOR, Floor.MAJOR)


class Contracts:
    """Answers for those whose token has the scope `contracts:read`. `folder` is the registry's own."""

    def __init__(
        self,
        registry: Registry,
        folder: Path,
        authenticator: Authenticator,
        comparer: Comparer,
        usage_of: UsageOf,
        clock: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._folder = folder
        self._authenticator = authenticator
        self._comparer = comparer
        self._usage_of = usage_of
        self._clock = clock
        self._diffs: dict[tuple[str, str, str], bytes] = {}

    async def show_all(self, request: Asked) -> Response[bytes]:
        """Return every contract with its versions."""
        await self._admit(request)
        at = self._clock()
        found = tuple(pages.summary(self._registry.contract(name), at) for name in self._registry.names)
        return _page(request, pages.ContractList(contracts=found))

    async def show(self, request: Asked, name: str) -> Response[bytes]:
        """Return one contract. Raises: NotFound."""
        await self._admit(request)
        return _page(request, pages.page(self._contract(name), self._clock()))

    async def show_version(self, request: Asked, name: str, version: str) -> Response[bytes]:
        """Return the schema, in the bytes that are locked. Raises: NotFound, ContractRetired."""
        await self._admit(request)
        found = self._readable(name, version)
        body = await asyncio.to_thread((self._place(found) / SCHEMA_FILE).read_bytes)
        return self._of_version(request, found, body, SCHEMA_MEDIA_TYPE)

    async def show_view(self, request: Asked, name: str, version: str, view: View) -> Response[bytes]:
        """Return what writers are held to, or what readers may rely on. Raises: NotFound, ContractRetired."""
        await self._admit(request)
        found = self._readable(name, version)
        schema = writer_view(found.schema, found.kind) if view == "writer" else _reader_view(found)
        body = msgspec.json.encode({**schema, "$id": f"{schema['$id']}/{view}"})
        return self._of_version(request, found, body, SCHEMA_MEDIA_TYPE)

    async def show_examples(self, request: Asked, name: str, version: str) -> Response[bytes]:
        """Return the examples of a version. Raises: NotFound, ContractRetired."""
        await self._admit(request)
        found = self._readable(name, version)
        body = await asyncio.to_thread(_examples, self._place(found) / "examples")
        return self._of_version(request, found, body, "application/json")

    async def diff(self, request: Asked, name: str) -> Response[bytes]:
        """Compare two versions. Raises: NotFound, RequestInvalid; what `Comparer.compare` raises."""
        await self._admit(request)
        versions = [request.query_params.get(each) for each in ("from", "to")]
        if not all(versions):
            raise RequestInvalid("from and to are expected in the query, each a version x.y.z")
        old, new = (self._version(name, each or "") for each in versions)
        key = (name, old.version, new.version)
        body = self._diffs.get(key)
        if body is None:
            answer = await self._comparer.compare(new.schema, {old.version: old.schema})
            found = pages.Diff(
                contract=name,
                from_version=old.version,
                to_version=new.version,
                comparison=answer.comparisons[old.version],
            )
            body = msgspec.json.encode(found)
            # a draft may still change, but not while this process runs
            self._diffs[key] = body
            if len(self._diffs) > DIFFS_LIMIT:
                del self._diffs[next(iter(self._diffs))]
        return caching.answer(request.headers, body, cache=caching.LOOK_AGAIN)

    async def check(self, request: Asked, name: str) -> Response[bytes]:
        """Compare a candidate with every version that lives. Raises: NotFound; see `Comparer.compare`."""
        await self._admit(request)
        contract, at = self._contract(name), self._clock()
        live = [v for v in contract.versions.values() if _lives(v.state_at(at))]
        answer = await self._comparer.compare(
            parse_json(await request.body()),
            {each.version: each.schema for each in live},
            contract.manifest.kind,
        )
        against = tuple(
            pages.ComparedVersion(
                version=each.version,
                state=each.state_at(at),
                comparison=answer.comparisons[each.version],
            )
            for each in reversed(live)
        )
        reply = pages.CheckReply(
            contract=name,
            floor=_floor(against),
            profile=tuple(pages.ProfileFinding(**found) for found in answer.profile),
            against=against,
        )
        return Response(msgspec.json.encode(reply), status_code=200, media_type="application/json")

    async def validate(self, request: Asked, name: str, version: str) -> Response[bytes]:
        """Say whether a decoded document keeps a version. Raises: NotFound, ContractRetired,
        RequestUnreadable.
        """
        await self._admit(request)
        found, body = self._readable(name, version), await request.body()

        def judged() -> bytes:
            violations = found.validator.violations(parse_json(body), "")
            reply = pages.ValidationReply(
                contract=name, version=version, valid=not violations, errors=violations
            )
            return msgspec.json.encode(reply)

        told = await asyncio.to_thread(judged) if len(body) > SMALL_BYTES else judged()
        headers = dict(contract_headers(found, self._clock()))
        return Response(told, status_code=200, media_type="application/json", headers=headers)

    async def usage(self, request: Asked, name: str) -> Response[bytes]:
        """Return who uses which version. Raises: NotFound, BrokerUnavailable."""
        await self._admit(request)
        self._contract(name)
        reply = pages.UsageReply(contract=name, versions=tuple(await self._usage_of(name)))
        return Response(
            msgspec.json.encode(reply),
            media_type="application/json",
            headers={"cache-control": caching.NEVER},
        )

    async def _admit(self, request: Asked) -> None:
        sender = await self._authenticator.authenticate(request.headers.get("authorization"))
        sender.require(SCOPE)

    def _contract(self, name: str) -> Contract:
        try:
            return self._registry.contract(name)
        except ContractUnknown as error:
            raise NotFound(error.detail) from None

    def _version(self, name: str, version: str) -> ContractVersion:
        try:
            return self._registry.exact(name, version)
        except ContractUnknown as error:
            raise NotFound(error.detail) from None

    def _readable(self, name: str, version: str) -> ContractVersion:
        found = self._version(name, version)
        if found.state is State.RETIRED:  # no day makes it that: an architect does
            raise ended(self._contract(name), found, self._clock())
        return found

    def _place(self, version: ContractVersion) -> Path:
        return self._folder / version.name / version.version

    def _of_version(
        self, request: Asked, version: ContractVersion, body: bytes, media_type: str
    ) -> Response[bytes]:
        cache = caching.NEVER if version.state is State.DRAFT else caching.IMMUTABLE
        headers = dict(contract_headers(version, self._clock()))
        return caching.answer(request.headers, body, cache=cache, media_type=media_type, headers=headers)


def _reader_view(version: ContractVersion) -> dict[str, Any]:
    """Return what a reader may rely on: of ours, a later minor brings members and codes that it overlooks."""
    schema: dict[str, Any] = open_view(version.schema) if version.kind is Kind.CANONICAL else version.schema
    return schema


def _page(request: Asked, page: object) -> Response[bytes]:
    return caching.answer(request.headers, msgspec.json.encode(page), cache=caching.LOOK_AGAIN)


def _lives(state: State) -> bool:
    return state not in {State.DRAFT, State.RETIRED}


def _floor(against: tuple[pages.ComparedVersion, ...]) -> Floor | None:
    """Return the greatest floor over the versions of the newest major."""
    if not against:
        return None
    major = against[0].version.partition(".")[0]
    floors = [each.comparison.floor for each in against if each.version.partition(".")[0] == major]
    return max(floors, key=_FLOORS.index)


def _examples(folder: Path) -> bytes:
    def read(kind: str) -> dict[str, Any]:
        return {file.stem: json.loads(file.read_bytes()) for file in sorted((folder / kind).glob("*.json"))}

    return msgspec.json.encode(pages.Examples(valid=read("valid"), invalid=read("invalid")))
