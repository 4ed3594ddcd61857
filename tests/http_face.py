"""The gateway's HTTP face on a real broker, for tests, with a format and a contract of the tests' own."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from nats.aio.client import Client

from adapters.catalogue import Catalogue
from adapters.framing import looks_like_json
from adapters.json import parse_json
from contracts import subjects
from contracts.adapter import Reply, Signature
from contracts.canonical import Category, Fact, FactKind, Measure, Normalised, RetailException
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import ContractUnknown, Unmapped
from contracts.folder import PUBLISHED, contract_folders
from contracts.registry import Registry
from contracts.usage import VersionUsage
from gateway import bootstrap
from gateway.balance import LedgerReader
from gateway.http.acceptance import Acceptance
from gateway.http.app import GatewayParts, create_app
from gateway.http.auth import Authenticator
from gateway.http.health import Readiness
from gateway.http.keys import KeyStore
from gateway.http.sources import RegisteredSource
from gateway.settings import AuthSettings, ClientSettings, HttpSettings
from gateway.timeline import Timelines
from ledger.contract_usage import RetainedEvents, read_usage
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.publisher import Publisher

Connect = Callable[[str], Awaitable[Client]]
OpenFace = Callable[..., "Face"]


class PaperAdapter:
    """A format of the tests' own: one JSON object with `id`, `store` and `quantity`.

    A member `bug` makes the stage of its name raise what no stage should.
    """

    system = "paper"
    format = "paper"
    title = "paper notes"
    contracts = ("paper-note",)
    signature: Signature | None = Signature(header="x-paper-signature", timestamp_header="x-paper-time")
    reply: Reply | None = Reply(status=200, body=b'{"thanks":true}')

    def recognises(self, message: Message) -> bool:
        return looks_like_json(message)

    def split(self, message: Message) -> Iterator[Arrival]:
        if b'"bug":"split"' in message.body:
            raise KeyError("split")
        yield whole(message, message.headers.get("x-paper-id"))

    def decode(self, arrival: Arrival) -> Document:
        tree = parse_json(arrival.body)
        if tree.get("bug") == "decode":
            raise KeyError("decode")
        if "kind" in tree:
            raise ContractUnknown(f"no such kind of paper: {tree['kind']}")
        return Document(
            contract="paper-note",
            tree=tree,
            business_key=f"store:{tree.get('store')}",
            source_event_id=tree.get("id"),
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        if document.tree.get("bug") == "normalise":
            raise Unmapped("/bug: this is not a number")
        fact = Fact(kind=FactKind.STOCK_COUNT, key="1", occurred_at=received_at)
        exception = RetailException(
            category=Category.INVENTORY_VARIANCE,
            key="1",
            expected=Measure(kind="quantity", value="1", unit="EA"),
            actual=Measure(kind="quantity", value="2", unit="EA"),
            occurred_at=received_at,
            detected_at=received_at,
        )
        return Normalised(facts=(fact,), exceptions=(exception,))


PAPER_MANIFEST = """
name = "paper-note"
title = "A note on paper"
kind = "native"
domain = "paper"
description = "For tests."
owner = {team = "tests", contact = "tests@example.com"}
[versions."1.0.0"]
state = "deprecated"
published = 2026-01-01

[versions."1.0.0".deprecated]
effective = 2026-02-01
removal = 2027-02-01
alternative = "1.1.0"
documentation = "https://example.com/paper"
brown_outs = [
    {start = 2027-01-10T09:00:00Z, end = 2027-01-10T10:00:00Z},
    {start = 2026-12-10T09:00:00+01:00, end = 2026-12-10T10:00:00+01:00},
]

[versions."1.1.0"]
state = "published"
published = 2026-02-01
[versions."1.2.0"]
state = "draft"
[versions."0.9.0"]
state = "retired"
published = 2025-01-01
"""

PAPER_NOW = 1790000000.0  # 2026-09-21: 1.0.0 is deprecated
ISSUER_KEY = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
SECRETS = (b"the old secret", b"the new secret")


@pytest.fixture(scope="session")
def paper_contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published contracts, and versions of a paper one; only in 1.1.0 a note needs a store."""
    folder = tmp_path_factory.mktemp("contracts")
    for published in contract_folders(PUBLISHED):
        (folder / published.name).symlink_to(published)
    for version, required in (
        ("0.9.0", ["id"]),
        ("1.0.0", ["id"]),
        ("1.1.0", ["id", "store"]),
        ("1.2.0", ["id"]),
    ):
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"https://crossdock.example/contracts/paper-note/{version}",
            "title": "A note",
            "description": "For tests.",
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "store": {"type": "string"},
                "quantity": {"type": "integer", "minimum": 0},
            },
            "required": required,
        }
        place = folder / "paper-note" / version
        place.mkdir(parents=True)
        (place / "schema.json").write_text(json.dumps(schema))
    (folder / "paper-note" / "contract.toml").write_text(PAPER_MANIFEST)
    return folder


@pytest.fixture(scope="session")
def paper_registry(paper_contracts: Path) -> Registry:
    """What the gateway makes of them."""
    return Registry.load(paper_contracts)


def signed(body: bytes, secret: bytes = SECRETS[1], at: float | None = None) -> dict[str, str]:
    """The headers of a paper vendor's webhook."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).digest()
    return {"x-paper-signature": base64.b64encode(digest).decode(), "x-paper-time": stamp}


class Face:
    """The gateway's HTTP face on a real broker, and what a test asks of it."""

    def __init__(self, parts: GatewayParts, reader: StreamReader) -> None:
        self.parts = parts
        self.app = create_app(parts)
        self.reader = reader
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    @staticmethod
    def token(client: str = "paper", key: Any = ISSUER_KEY, **claims: Any) -> str:
        """A token of the issuer's; a claim that is None is left out, `header` changes the header."""
        now = int(time.time())
        header = {"alg": "ES256", "kid": "k1", **claims.pop("header", {})}
        usual = {
            "iss": "https://issuer.example",
            "aud": "crossdock",
            "client_id": client,
            "scope": "events:write events:read contracts:read payloads:read admin",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        body = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(header, body, key, algorithms=[header["alg"]])

    async def post(self, path: str, content: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """POST as the client `paper`, unless the headers say who."""
        sent = {"content-type": "application/json", **(headers or {})}
        if "authorization" not in sent and "x-paper-signature" not in sent:
            sent["authorization"] = f"Bearer {self.token()}"
        sent = {name: text for name, text in sent.items() if text}
        body = (
            content
            if isinstance(content, bytes | str) or hasattr(content, "__aiter__")
            else json.dumps(content)
        )
        return await self.client.post(path, content=body, headers=sent)

    async def note(self, note: Any, source: str = "paper-1", **headers: str) -> httpx.Response:
        """POST one note."""
        return await self.post(
            f"/v1/sources/{source}/events", note, {n.replace("_", "-"): t for n, t in headers.items()}
        )

    async def get(self, path: str, client: str = "paper") -> httpx.Response:
        """GET as a client."""
        return await self.client.get(path, headers={"authorization": f"Bearer {self.token(client)}"})

    async def kept(self) -> list[StoredMessage]:
        """Everything in XD_INTAKE."""
        return [stored async for stored in self.reader.scan(subjects.INTAKE_STREAM, "in.>")]


@pytest.fixture
async def open_face(
    connect_as: Connect, paper_registry: Registry, paper_contracts: Path
) -> AsyncIterator[OpenFace]:
    """Open the gateway's HTTP face; `settings` are HttpSettings, further arguments replace parts."""
    client = await connect_as("gateway")
    reader = StreamReader(client)
    opened: list[tuple[Face, Publisher]] = []

    async def keys() -> bytes:
        return json.dumps(KeySet([ISSUER_KEY]).as_dict(private=False)).encode()

    async def ready() -> Readiness:
        return Readiness(ready=True, broker_connected=True, durability="fsync")

    async def note_read(_event_id: str, _client: str) -> None: ...

    async def usage_of(contract: str) -> list[VersionUsage]:
        ledger = LedgerReader(client)
        retained = await RetainedEvents(ledger, 1).counts()
        return await read_usage(ledger, contract, paper_registry.contract(contract).versions, retained)

    def opens(settings: HttpSettings | None = None, **changed: Any) -> Face:
        publisher = Publisher(client)
        publisher.start()
        timelines = Timelines(reader, 1)
        auth = AuthSettings(issuer="https://issuer.example", jwks_file="keys.json", leeway_seconds=5)
        parts = {
            "settings": settings or HttpSettings(),
            "registry": paper_registry,
            "catalogue": Catalogue((PaperAdapter(), *bootstrap.catalogue().adapters)),
            "sources": paper_sources(),
            "authenticator": Authenticator(auth, PAPER_CLIENTS, KeyStore(keys)),
            "acceptance": Acceptance(publisher, reader),
            "partitions": 1,
            "timeline": timelines.find,
            "original": timelines.original,
            "audit_read": note_read,
            "readiness": ready,
            "metrics": lambda: b"crossdock_up 1\n",
            "asyncapi": b'{"asyncapi":"3.0.0"}',
            "usage_of": usage_of,
            "clock": lambda: PAPER_NOW,
            "contracts_folder": paper_contracts,
        }
        face = Face(GatewayParts(**(parts | changed)), reader)
        opened.append((face, publisher))
        return face

    yield opens
    for face, publisher in opened:
        await face.client.aclose()
        await publisher.stop()


@pytest.fixture
async def face(open_face: OpenFace) -> Face:
    """The gateway's HTTP face as most tests want it."""
    return open_face()


class Socket:
    """The face behind uvicorn on a loopback port."""

    def __init__(self, face: Face) -> None:
        self.face = face
        config = uvicorn.Config(
            face.app, host="127.0.0.1", port=0, http="httptools", ws="none", log_config=None, access_log=False
        )
        self.server = uvicorn.Server(config)

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    def head(self, *lines: str, path: str = "/v1/sources/paper-1/events") -> bytes:
        usual = [
            f"POST {path} HTTP/1.1",
            "Host: gateway",
            f"Authorization: Bearer {self.face.token()}",
            "Content-Type: application/json",
        ]
        return "\r\n".join([*usual, *lines, "", ""]).encode()

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one response: status, headers, body."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().splitlines()
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))


@pytest.fixture
async def socket(face: Face) -> AsyncIterator[Socket]:
    socket = Socket(face)
    task = asyncio.create_task(socket.server.serve())
    while not socket.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    yield socket
    socket.server.should_exit = True
    await task


PAPER_CLIENTS = {
    "paper": ClientSettings(
        scopes=("events:write", "events:read", "contracts:read"),
        sources=("paper-1", "paper-kept", "paper-pinned", "till", "dock", "card-1"),
    ),
    "reader": ClientSettings(scopes=("events:read",), sources=("paper-1",)),
    "stranger": ClientSettings(scopes=("events:write", "events:read"), sources=("paper-2",)),
    "admin": ClientSettings(scopes=("events:write", "events:read", "payloads:read", "admin"), sources=("*",)),
}


def paper_sources() -> dict[str, RegisteredSource]:
    """The sources of these clients; `paper-kept` keeps what it may not send, and takes signatures."""

    def source(name: str, system: str = "paper") -> Source:
        return Source(name=name, system=system, time_zone="UTC", currency="EUR", hash_key=b"k")

    return {
        "paper-1": RegisteredSource(source=source("paper-1")),
        "paper-2": RegisteredSource(source=source("paper-2")),
        "paper-kept": RegisteredSource(
            source=source("paper-kept"), on_violation="dead_letter", webhook_secrets=SECRETS
        ),
        "paper-pinned": RegisteredSource(source=source("paper-pinned"), contracts={"paper-note": "1.0.0"}),
        "till": RegisteredSource(source=source("till", "pos")),
        "dock": RegisteredSource(source=source("dock", "wms"), webhook_secrets=SECRETS),
        "card-1": RegisteredSource(source=source("card-1", "canonical")),
        "card-2": RegisteredSource(source=source("card-2", "canonical")),
    }
