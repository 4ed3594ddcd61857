"""Sends parcels through HTTP as their vendors do, and keeps what the gateway said."""

import base64
import hashlib
import hmac
from typing import Any, Literal

import httpx
from msgspec import Struct

from adapters.wms import ADAPTERS as WMS_ADAPTERS
from contracts import ids
from contracts.adapter import Signature
from contracts.errors import ContractUnknown
from gateway.bootstrap import Installation
from gateway.demo.parcels import Parcel
from gateway.issuer import mint

Status = Literal["accepted", "refused", "unsupported", "crashed"]

SHIPHERO = WMS_ADAPTERS[0]
MESSAGE_ID = "x-shiphero-message-id"


class Answer(Struct, kw_only=True):
    """The gateway's verdict on one parcel. `events` holds the ids of the items that were accepted first."""

    path: str
    source: str
    status: Status
    code: str = ""
    pointer: str = ""
    items: int = 1
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    events: list[str] = []


class Sender:
    """Sends as the client that each source has; other sources are sent for by `admin`."""

    def __init__(self, installation: Installation, url: str) -> None:
        self._installation = installation
        self._tokens: dict[str, str] = {}
        self._client = httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, parcel: Parcel) -> Answer:
        """Send one parcel; whatever happens is an answer."""
        answer = Answer(path=parcel.path, source=parcel.source, status="crashed")
        call = "events/batch" if parcel.is_batch else "events"
        try:
            response = await self._client.post(
                f"/v1/sources/{parcel.source}/{call}", content=parcel.body, headers=self._headers(parcel)
            )
        except httpx.HTTPError as error:
            answer.code = type(error).__name__
            return answer
        _read(response, parcel, answer)
        return answer

    def _headers(self, parcel: Parcel) -> dict[str, str]:
        sent = {"content-type": parcel.media_type, **parcel.headers}
        if MESSAGE_ID in parcel.headers and isinstance(SHIPHERO.signature, Signature):
            secret = self._installation.folder.webhook_secret(parcel.source)
            digest = hmac.new(secret, parcel.body, hashlib.sha256).digest()
            return {**sent, SHIPHERO.signature.header: base64.b64encode(digest).decode()}
        return {**sent, "authorization": f"Bearer {self._token(parcel.source)}"}

    def _token(self, source: str) -> str:
        clients = self._installation.settings.clients
        name = source if source in clients else "admin"
        if name not in self._tokens:
            self._tokens[name] = mint(self._installation.folder, name, clients[name].scopes)
        return self._tokens[name]


def _read(response: httpx.Response, parcel: Parcel, answer: Answer) -> None:
    """Fill the answer in from the response."""
    if response.is_server_error:
        answer.code = f"http {response.status_code}"
        return
    content = response.json()
    if response.is_client_error and "items" not in content:
        answer.refused = 1
        _blame(answer, content)
        answer.status = _refusal(answer)
        return
    if "items" not in content:
        vendor = {"event_id": ids.event_id(parcel.source, parcel.headers.get(MESSAGE_ID, ""))}
        content = {"items": [content if "event_id" in content else vendor]}
    answer.items = len(content["items"])
    for item in content["items"]:
        _count(answer, item)
    answer.status = _refusal(answer) if answer.refused else "accepted"


def _count(answer: Answer, item: dict[str, Any]) -> None:
    if "event_id" not in item or item.get("code"):
        answer.refused += 1
        _blame(answer, item.get("problem") or item)
    elif item.get("duplicate"):
        answer.duplicate += 1
    else:
        answer.accepted += 1
        answer.events.append(item["event_id"])


def _refusal(answer: Answer) -> Status:
    return "unsupported" if answer.code == ContractUnknown.code else "refused"


def _blame(answer: Answer, problem: dict[str, Any]) -> None:
    answer.code = answer.code or problem.get("code", "")
    errors = problem.get("errors") or [{}]
    answer.pointer = answer.pointer or errors[0].get("pointer", "")
