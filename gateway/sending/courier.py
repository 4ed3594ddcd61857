"""Brings pieces to a gateway, one after the other, and does not give up for what passes."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from gateway.sending.journal import Counts
from gateway.sending.pieces import Piece

TIMEOUT_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_TOO_LARGE = 413
_UNPROVEN = 401
_NOT_OURS = frozenset({403, 404})


class Refusal(Struct, frozen=True, kw_only=True):
    """One item that was not taken, or is a dead letter now. `place` is its own in the file, 1-based."""

    file: str
    place: int
    code: str
    detail: str
    pointer: str = ""


class GatewayUnreached(Exception):
    """The gateway could not be reached, or took nothing, for as long as we were told to wait."""


class SenderUnknown(Exception):
    """The gateway doesn't know who sends, or takes nothing from them for this source."""


class Courier:
    """One source's way to one gateway. `token` gives a fresh bearer token each time that it is called.

    `on_wait` hears why it waits, and for how many seconds more it will.
    """

    def __init__(
        self,
        client: httpx.Client,
        source: str,
        token: Callable[[], str],
        *,
        patience_seconds: float,
        dry_run: bool = False,
        on_wait: Callable[[str, float], None] = lambda reason, seconds: None,
    ) -> None:
        self._client = client
        self._path = f"/v1/sources/{source}/events/batch" + ("?dry_run=true" if dry_run else "")
        self._token = token
        self._bearer = ""
        self._patience_seconds = patience_seconds
        self._on_wait = on_wait

    def bring(self, piece: Piece, file: str) -> tuple[Counts, list[Refusal]]:
        """Send a piece until it is answered; say what became of its items.

        Raises: GatewayUnreached, SenderUnknown.
        """
        response, taken_before = self._answer(piece)
        halves = piece.halves() if response.status_code == _TOO_LARGE else ()
        if not halves:
            return _outcome(_content(response), piece, file, taken_before)
        counts, refusals = Counts(), []  # this gateway's limits are lower than what we cut for
        for half in halves:
            more, others = self.bring(half, file)
            counts.add(more)
            refusals += others
        return counts, refusals

    def _answer(self, piece: Piece) -> tuple[httpx.Response, set[int]]:
        """Return the last answer, and the places of items that an earlier one of this piece had accepted.

        Where only some items could not be kept yet, all are sent again, and the others come back as repeats.
        """
        taken: set[int] = set()
        deadline, pause = time.monotonic() + self._patience_seconds, FIRST_PAUSE_SECONDS
        is_renewed = False
        while True:
            reason, asked = "", 0.0
            try:
                response = self._post(piece)
            except httpx.TransportError as error:
                reason = f"the gateway doesn't answer ({error})"
            else:
                if response.status_code == _UNPROVEN and not is_renewed:
                    self._bearer, is_renewed = "", True
                    continue
                _check_sender(response)
                if _is_verdict(response) and not _is_passing(response):
                    return response, taken
                taken |= _accepted(response)
                reason, asked = _why(response), _retry_after(response)
            left = deadline - time.monotonic()
            if left < 0:
                raise GatewayUnreached(reason)
            self._on_wait(reason, left)
            time.sleep(max(pause, asked))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _post(self, piece: Piece) -> httpx.Response:
        self._bearer = self._bearer or self._token()
        headers = {"content-type": piece.media_type, "authorization": f"Bearer {self._bearer}"}
        return self._client.post(self._path, content=piece.body, headers=headers, timeout=TIMEOUT_SECONDS)


def _check_sender(response: httpx.Response) -> None:
    if response.status_code == _UNPROVEN or response.status_code in _NOT_OURS:
        raise SenderUnknown(_why(response))


def _is_verdict(response: httpx.Response) -> bool:
    """Say whether the gateway itself answers: something before it may redirect, or show a page of its own."""
    content = _content(response)
    return "items" in content or "code" in content


def _is_passing(response: httpx.Response) -> bool:
    """Say whether sending again may help: for the whole request, or for one of its items."""
    items = _content(response).get("items", ())
    statuses = {item["problem"]["status"] for item in items if "problem" in item}
    return response.status_code in _PASSING or not statuses.isdisjoint(_PASSING)


def _accepted(response: httpx.Response) -> set[int]:
    items = _content(response).get("items", ())
    return {place for place, item in enumerate(items) if _is_accepted(item) and not item.get("duplicate")}


def _is_accepted(item: dict[str, Any]) -> bool:
    return item.get("status") == "accepted"


def _why(response: httpx.Response) -> str:
    content = _content(response)
    return (
        f"{response.status_code} {content.get('code', '')}: {content.get('detail', response.reason_phrase)}"
    )


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), LONGEST_PAUSE_SECONDS) if text.isdecimal() else 0.0


def _content(response: httpx.Response) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _outcome(
    content: dict[str, Any], piece: Piece, file: str, taken_before: set[int]
) -> tuple[Counts, list[Refusal]]:
    """Read the gateway's answer: for each item, or, where it has none or not all of them, for the piece."""
    items = content.get("items", [])
    refusals = [
        _refusal(problem, file, place)
        for place, item in enumerate(items, piece.first)
        if (problem := _problem_of(item)) is not None
    ]
    unanswered = 0
    if content.get("stopped") or "items" not in content:
        refusals.append(_refusal(content, file, piece.first + len(items)))
        unanswered = max(len(piece.messages) - len(items), 1)
    dead_letter = content.get("dead_letter", 0)
    ours = sum(
        place in taken_before and _is_accepted(item) and bool(item.get("duplicate"))
        for place, item in enumerate(items)
    )
    counts = Counts(
        accepted=content.get("accepted", 0) + content.get("valid", 0) - dead_letter + ours,
        duplicate=content.get("duplicate", 0) - ours,
        dead_letter=dead_letter,
        refused=content.get("refused", 0) + unanswered,
    )
    return counts, refusals


def _problem_of(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return why an item was not taken, or is a dead letter now; None for one that was such before."""
    if item.get("status") == "dead_letter":
        return None if item.get("duplicate") else item
    problem: dict[str, Any] | None = item.get("problem")
    return problem


def _refusal(problem: dict[str, Any], file: str, place: int) -> Refusal:
    errors = problem.get("errors") or [{}]
    return Refusal(
        file=file,
        place=place,
        code=problem.get("code", ""),
        detail=problem.get("detail", ""),
        pointer=errors[0].get("pointer", ""),
    )
